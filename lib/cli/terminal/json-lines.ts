import type { Output } from '../../base/terminal/output.ts'

/** Writes one line of JSON. `type` comes first, and `data` can't override it. */
export function writeLine(
  output: Output,
  type: 'step' | 'renewed' | 'failed' | 'result' | 'error',
  data: object,
): void {
  output.write(`${JSON.stringify(Object.assign({ type }, data, { type }))}\n`)
}
