import type { Operation } from '../../../lib/engine/operation.ts'

/** What lib/transport/short-calls.ts has to list. */
export function shortCalls(operations: readonly Operation[]): string[] {
  const short = operations.filter(({ lane }) => lane === 'short').map(({ method, path }) => `${method} ${path}`)
  return [...new Set(short)].toSorted()
}
