import { HealthError, isDockerMtlsError, type HealthErrorCode } from '../../base/errors.ts'
import { checkCallOptions } from '../option-hints.ts'
import { checkRequestOptions, REQUEST_OPTIONS } from '../request-options.ts'
import { allInTime } from './in-time.ts'
import type { WaitHealthyOptions } from './wait-healthy-options.ts'
import type { RequestOptions } from '../send.ts'
import type { ContainerInspect } from '../containers/types/inspect.ts'
import { command, sentence, type Sentence } from '../../base/sentence.ts'

/** The events after which a container is inspected again. */
const EVENTS: readonly string[] = ['health_status', 'start', 'die', 'destroy', 'unpause']

/** How long the daemon may take to answer once more after the time limit, in milliseconds. */
const LAST_LOOK_MS = 5_000

/** The calls of the client that it needs. */
export interface HealthCalls {
  readonly inspect: (id: string, options: RequestOptions) => Promise<ContainerInspect>
  readonly events: (options: HealthEvents) => PromiseLike<AsyncIterable<unknown> & AsyncDisposable>
}

/** Which events of a container to stream. */
export interface HealthEvents extends RequestOptions {
  readonly filters: { readonly container: string; readonly event: readonly string[] }
  readonly since?: string
}

/** Implements {@link Containers.waitHealthy}. */
export async function waitHealthy(
  calls: HealthCalls,
  id: string,
  options: WaitHealthyOptions,
): Promise<ContainerInspect> {
  const what = 'containers.waitHealthy()'
  checkCallOptions(options, REQUEST_OPTIONS, what)
  checkRequestOptions(options, what)
  const { timeout, signal, idleTimeout } = options
  let first: ContainerInspect | undefined
  try {
    return await allInTime(what, options, async (step) => {
      first = await calls.inspect(id, step)
      return isHealthy(first) ? first : watch(calls, first, step)
    })
  } catch (error) {
    if (first === undefined || !isDockerMtlsError(error, 'ERR_CALL_TIMEOUT')) throw error
    // dockerd sends no event for a check with the same result as the one before.
    const last = await calls.inspect(first.Id, { signal, idleTimeout, timeout: LAST_LOOK_MS }).catch(() => first)
    if (last === undefined) throw error
    if (isHealthy(last)) return last
    throw fault(
      'ERR_HEALTH_TIMEOUT',
      last,
      `it was not healthy after ${timeout} ms`,
      `Increase the timeout, or read its log:  ${logOf(last)}`,
    )
  }
}

/**
 * Inspects the container now, and again after each event. It asks for the events since the container started: the
 * daemon remembers the latest ones, so none is lost before it streams them (moby, daemon/events).
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
    throw fault('ERR_HEALTH_UNKNOWN', found, 'the daemon closed the stream of events', IS_IT_RUNNING)
  } finally {
    await stream[Symbol.asyncDispose]()
  }
}

const IS_IT_RUNNING: Sentence = sentence`Check that the daemon is still running:  ${command('systemctl', 'status', 'docker')}`
const HAS_NONE = 'Create the container with a Healthcheck, or from an image that has one.'

function logOf({ Name }: ContainerInspect): string {
  return `docker.containers.logs('${Name.slice(1)}')`
}

/** Whether a container is healthy. One that can't become healthy any more is an error. */
function isHealthy(found: ContainerInspect): boolean {
  const { State, Config } = found
  const test = Config.Healthcheck?.Test?.[0] ?? 'NONE'
  if (test === 'NONE') throw fault('ERR_HEALTH_NO_CHECK', found, 'it has no health check', HAS_NONE)
  if (State.Status === 'exited' || State.Status === 'dead' || State.Status === 'removing') {
    const got = `it exited with code ${State.ExitCode}${State.Error && `, "${State.Error}"`}`
    throw fault('ERR_HEALTH_ENDED', found, got, `Read its log:  ${logOf(found)}`)
  }
  // The health of an earlier run doesn't count.
  if (!State.Running || State.Restarting) return false
  if (State.Health?.Status === 'unhealthy') {
    const todo = `Correct the health check or the program. The field checks of this error has the last outputs, and so has State.Health.Log of  docker.containers.inspect('${found.Name.slice(1)}')`
    throw fault('ERR_HEALTH_UNHEALTHY', found, 'it is unhealthy', todo)
  }
  return State.Health?.Status === 'healthy'
}

function fault(code: HealthErrorCode, { Name, State }: ContainerInspect, got: string, todo: Sentence): HealthError {
  const checks = (State.Health?.Log ?? []).map(({ ExitCode, Output }) => ({ exitCode: ExitCode, output: Output }))
  const last = checks.at(-1)
  const lastCheck = last ? `; its last check exited with code ${last.exitCode}, "${last.output.trim()}"` : ''
  const tried = `waiting for the container ${Name.slice(1)} to become healthy`
  const exitCode = State.Running ? undefined : State.ExitCode
  return new HealthError(code, { tried, got: `${got}${lastCheck}`, todo, checks, exitCode })
}
