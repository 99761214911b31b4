import { ArgumentError, HealthError, type HealthErrorCode } from '../../base/errors.ts'
import { keysOf, shown } from '../description.ts'
import { refuseUnknown } from '../../base/options.ts'
import type { WaitHealthyOptions } from './wait-healthy-options.ts'
import type { RequestOptions } from '../send.ts'
import type { ContainerInspect } from '../containers/types/inspect.ts'
import { withTimeout } from '../../base/abort.ts'

/** What a container says between two looks at it: whatever it says, it is looked at again. */
const EVENTS: readonly string[] = ['health_status', 'start', 'die', 'destroy', 'unpause']

/** What of the client is needed for it. */
export interface HealthCalls {
  readonly inspect: (id: string, options: RequestOptions) => Promise<ContainerInspect>
  readonly events: (options: HealthEvents) => PromiseLike<AsyncIterable<unknown> & AsyncDisposable>
}

/** Which events tell of a container. */
export interface HealthEvents extends RequestOptions {
  readonly filters: { readonly container: string; readonly event: readonly string[] }
  readonly since?: string
}

/** What {@link Containers.waitHealthy} does. */
export async function waitHealthy(
  calls: HealthCalls,
  id: string,
  options: WaitHealthyOptions,
): Promise<ContainerInspect> {
  const { timeout, signal } = checkOptions(options)
  const first = await calls.inspect(id, { signal })
  if (isHealthy(first)) return first
  const late = new Error('too late')
  try {
    return await withTimeout({ timeout, signal, late }, (inTime) => watch(calls, first, { signal: inTime }))
  } catch (error) {
    if (error !== late) throw error
    // Checks that fail as those before them are no event.
    const last = await calls.inspect(first.Id, { signal })
    if (isHealthy(last)) return last
    throw fault('ERR_HEALTH_TIMEOUT', last, `it was not within ${timeout} ms`, TAKES_LONGER)
  }
}

/**
 * Looks, and looks again whenever something happens. Events count from its start on: the daemon remembers the last of
 * them, so none is lost before it listens (moby, daemon/events).
 */
async function watch(
  { inspect, events }: HealthCalls,
  { Id, State: { StartedAt } }: ContainerInspect,
  options: RequestOptions,
): Promise<ContainerInspect> {
  const since = StartedAt.startsWith('0001') ? {} : { since: StartedAt }
  const stream = await events({ filters: { container: Id, event: EVENTS }, ...since, ...options })
  try {
    let found = await inspect(Id, options)
    if (isHealthy(found)) return found
    for await (const _ of stream) {
      found = await inspect(Id, options)
      if (isHealthy(found)) return found
    }
    throw fault('ERR_HEALTH_UNKNOWN', found, 'the daemon tells nothing any more', 'Look whether it was stopped.')
  } finally {
    await stream[Symbol.asyncDispose]()
  }
}

const TAKES_LONGER = 'Give it more time, or look at what its check and its log say.'
const HAS_NONE = 'Make it with a Healthcheck, or of an image that has one; or wait for something else.'

/** Whether it is; what can't become so any more is an error. */
function isHealthy(found: ContainerInspect): boolean {
  const { State, Config } = found
  const test = Config.Healthcheck?.Test?.[0] ?? 'NONE'
  if (test === 'NONE') throw fault('ERR_HEALTH_NO_CHECK', found, 'it has no health check', HAS_NONE)
  if (State.Status === 'exited' || State.Status === 'dead' || State.Status === 'removing') {
    const todo = 'Look at its log, docker.containers.logs(), and at its command.'
    throw fault(
      'ERR_HEALTH_ENDED',
      found,
      `it has ended with ${State.ExitCode}${State.Error && `, "${State.Error}"`}`,
      todo,
    )
  }
  // What it had been before it was restarted, or stopped, counts no more.
  if (!State.Running || State.Restarting) return false
  if (State.Health?.Status === 'unhealthy') throw fault('ERR_HEALTH_UNHEALTHY', found, 'it is unhealthy', TAKES_LONGER)
  return State.Health?.Status === 'healthy'
}

function fault(code: HealthErrorCode, { Name, State }: ContainerInspect, got: string, todo: string): HealthError {
  const checks = (State.Health?.Log ?? []).map(({ ExitCode, Output }) => ({ exitCode: ExitCode, output: Output }))
  const last = checks.at(-1)
  const said = last ? `; its last check ended with ${last.exitCode}, "${last.output.trim()}"` : ''
  const tried = `waiting for the container ${Name.slice(1)} to be healthy`
  const exitCode = State.Running ? undefined : State.ExitCode
  return new HealthError(code, { tried, got: `${got}${said}`, todo, checks, exitCode })
}

function checkOptions(options: WaitHealthyOptions): WaitHealthyOptions {
  const what = 'containers.waitHealthy()'
  refuseUnknown(keysOf(options, `the options of ${what}`, '{ timeout }'), ['timeout', 'signal'], what)
  const { timeout } = options
  if (timeout === undefined || (Number.isFinite(timeout) && timeout > 0)) return options
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the timeout ${shown(timeout)} of ${what}`,
    got: 'it is no number of milliseconds',
    todo: 'Write { timeout: 30_000 }, or leave it out to wait for ever.',
  })
}
