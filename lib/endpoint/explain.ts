import { isDockerMtlsError, type AnyDockerMtlsError } from '../base/errors.ts'
import type { Environment } from './environment.ts'
import type { VariableName } from './environment.ts'
import { ResolutionLog, SOURCES, type LogEntry, type Source, type Verdict } from './resolution-log.ts'
import type { EndpointOptions } from './options.ts'
import { decide, type ResolvedEndpoint } from './resolve.ts'
import { showHost } from './text.ts'
import { printable } from '../base/text.ts'

/** One place that could have named the endpoint, and what became of it. */
export interface Step {
  /** An option, a variable, or words: `DOCKER_HOST in /path/.env`, `local socket`. */
  readonly source: string
  /** What it says, if that is no secret. */
  readonly value?: string
  /** Whether the source was used. */
  readonly verdict: Verdict
  /** Why, in words for a person. */
  readonly because: string
}

/** Which endpoint is meant, or why none is, and every step on the way. */
export interface Explanation {
  /** The endpoint that would be used; undefined if there is an error. */
  readonly endpoint?: ResolvedEndpoint
  /** Why no endpoint can be used. */
  readonly error?: AnyDockerMtlsError
  /** Each source that was considered, in order. */
  readonly steps: Step[]
}

/**
 * Tells what {@link resolveEndpoint} would return and why. It connects to nothing, and shows no secret.
 *
 * @param options - as for {@link resolveEndpoint}
 * @param env - read in place of `process.env`
 * @returns the endpoint or the error, and all steps in the order in which they count
 * @throws the reason of `options.signal`, where that is aborted; a mistake in the endpoint is in `error`
 * @example
 * ```ts
 * const { steps } = await explainEndpoint()
 * for (const { source, verdict, because } of steps) console.log(`${source}: ${verdict}, ${because}`)
 * ```
 */
export async function explainEndpoint(
  options: EndpointOptions = {},
  env: Environment = process.env,
): Promise<Explanation> {
  const log = new ResolutionLog()
  try {
    const endpoint = await decide(options, env, log)
    return { endpoint, steps: tell(log, env, `${endpoint.source} decides`) }
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    const culprit = log.considered
    log.record(culprit, 'refused', error.got, valueOf(culprit, log))
    return { error, steps: tell(log, env, `${fate(culprit, log)}, and nothing else is tried`) }
  }
}

function fate(culprit: Source, log: ResolutionLog): string {
  const missing = isVariable(culprit) && !isSet(culprit, log)
  return `${label(culprit, log)} ${missing ? "isn't set" : 'is refused'}`
}

function tell(log: ResolutionLog, env: Environment, otherwise: string): Step[] {
  // With arguments that could not be read there is nothing to tell about the rest.
  const unread = log.entry('arguments') !== undefined
  const told = SOURCES.filter((source) => (source === 'arguments') === unread)
  return told.map((source) => {
    const { verdict, because, value } = log.entry(source) ?? unasked(source, log, env, otherwise)
    return { source: label(source, log), ...(value === undefined ? {} : { value }), verdict, because }
  })
}

const UNSET = 'nothing sets it'

/** Does no option or variable set it at all? There is nothing more to say about such a step. */
export function isUnset({ verdict, because }: Step): boolean {
  return verdict === 'not set' && because === UNSET
}

/** For a place that was never asked, since an earlier one decided. */
function unasked(source: Source, log: ResolutionLog, env: Environment, otherwise: string): LogEntry {
  if (source === 'currentContext' || source === 'local socket') return { verdict: 'passed over', because: otherwise }
  if (isSet(source, log)) return { verdict: 'passed over', because: otherwise, value: valueOf(source, log) }
  const empty = isVariable(source) && env[source] === ''
  return { verdict: 'not set', because: empty ? 'it is empty, which counts as not set' : UNSET }
}

function isVariable(source: Source): source is VariableName & Source {
  return source.startsWith('DOCKER_')
}

function label(source: Source, log: ResolutionLog): string {
  return (isVariable(source) ? log.variables[source]?.source : undefined) ?? source
}

function isSet(source: Source, log: ResolutionLog): boolean {
  return source === 'options ca, cert, key' ? log.options.ca !== undefined : valueOf(source, log) !== undefined
}

const SHOWN_OPTIONS: Readonly<
  Partial<Record<Source, 'host' | 'context' | 'certPath' | 'envFile' | 'proxy' | 'apiVersion'>>
> = {
  'option host': 'host',
  'option context': 'context',
  'option certPath': 'certPath',
  'option envFile': 'envFile',
  'option proxy': 'proxy',
  'option apiVersion': 'apiVersion',
}

/** What may be shown of it: never a key, a passphrase, or the password in a URL. */
function valueOf(source: Source, { options, variables }: ResolutionLog): string | undefined {
  const option = SHOWN_OPTIONS[source]
  const text = isVariable(source) ? variables[source]?.value : option && options[option]
  if (text === undefined) return undefined
  return /host|proxy/i.test(source) ? showHost(text) : printable(text)
}
