import type { Output } from './io.ts'

/** One line of JSON for a program that reads along; `type` says what it is, whatever else there is in it. */
export function writeLine(output: Output, type: 'step' | 'result' | 'error', data: object): void {
  output.write(`${JSON.stringify(Object.assign({ type }, data, { type }))}\n`)
}
