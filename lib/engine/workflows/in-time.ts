import { withTimeout } from '../../base/abort.ts'
import { callTimeout } from '../../transport/time-limits.ts'
import type { RequestOptions } from '../send.ts'

/** Options for the requests of a workflow. The time limit is that of the workflow, and aborts their signal. */
export type StepOptions = Pick<RequestOptions, 'signal' | 'idleTimeout'>

/** Runs a workflow of several requests within its time limit. */
export function allInTime<Result>(
  name: string,
  { timeout, signal, idleTimeout }: RequestOptions,
  run: (options: StepOptions) => Promise<Result>,
): Promise<Result> {
  if (timeout === undefined) return run({ signal, idleTimeout })
  const late = callTimeout(name, timeout)
  return withTimeout({ timeout, signal, late }, (inTime) => run({ signal: inTime, idleTimeout }))
}
