import { isDockerMtlsError, sentencesOf, type AnyDockerMtlsError } from '../base/errors.ts'
import { renderSentence, sentence, type Sentence } from '../base/sentence.ts'
import type { Environment, VariableName } from './environment.ts'
import { nameSource, ResolutionLog, SOURCES, type LogEntry, type Source, type Verdict } from './resolution-log.ts'
import type { EndpointOptions } from './options.ts'
import { decide, type ResolvedEndpoint } from './resolve.ts'
import { showHost } from './text.ts'
import { printable } from '../base/text.ts'

/** One option, variable or file that could have decided, and whether it did. */
export interface Step {
  /** For example `option host`, `DOCKER_HOST`, `DOCKER_HOST in /path/.env` or `local socket`. */
  readonly source: string
  /** Its value, unless that is a secret. */
  readonly value?: string
  /** Whether it decided. */
  readonly verdict: Verdict
  /** The reason, for a person. */
  readonly because: string
}

/** The endpoint or the error, and what led to it. */
export interface Explanation {
  /** The endpoint; absent if resolving it fails. */
  readonly endpoint?: ResolvedEndpoint
  /** The reason why there is no endpoint. */
  readonly error?: AnyDockerMtlsError
  /** Everything that could have decided, in order of precedence. */
  readonly steps: Step[]
}

/** A step with its reason as data. */
export interface DetailedStep extends Omit<Step, 'because'> {
  readonly because: Sentence
  /** Nobody set it at all. */
  readonly isAbsent: boolean
}

/** An explanation with the reasons as data, for whoever shows flags in place of options. */
export interface DetailedExplanation extends Omit<Explanation, 'steps'> {
  readonly steps: DetailedStep[]
}

/**
 * Explains what {@link resolveEndpoint} returns and why. It opens no connection, and shows no secret.
 *
 * @param options - as for {@link resolveEndpoint}
 * @param env - read in place of `process.env`
 * @returns the endpoint or the error, and all steps in order of precedence
 * @throws the reason of `options.signal` if that is aborted; a mistake in the endpoint is in `error`
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
  const { steps, ...explanation } = await explainInDetail(options, env)
  return { ...explanation, steps: steps.map(plainStep) }
}

/** A step as the public API and JSON have it. */
export function plainStep({ source, value, verdict, because }: DetailedStep): Step {
  return { source, ...(value !== undefined && { value }), verdict, because: renderSentence(because) }
}

/** {@link explainEndpoint} with the reasons as data. */
export async function explainInDetail(options: EndpointOptions, env: Environment): Promise<DetailedExplanation> {
  const log = new ResolutionLog()
  try {
    const endpoint = await decide(options, env, log)
    return { endpoint, steps: stepsOf(log, env, sentence`${nameSource(endpoint.source)} decides`) }
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    const refused = log.considered
    log.record(refused, 'refused', sentencesOf(error).got, valueOf(refused, log))
    return { error, steps: stepsOf(log, env, sentence`${refusalOf(refused, log)}, so nothing else counts`) }
  }
}

function refusalOf(refused: Source, log: ResolutionLog): Sentence {
  const missing = isVariable(refused) && !isSet(refused, log)
  return sentence`${nameSource(label(refused, log))} ${missing ? "isn't set" : 'is refused'}`
}

function stepsOf(log: ResolutionLog, env: Environment, otherwise: Sentence): DetailedStep[] {
  // If the arguments can't be read, there is nothing to say about the rest.
  const unread = log.entry('arguments') !== undefined
  const told = SOURCES.filter((source) => (source === 'arguments') === unread)
  return told.map((source) => {
    const {
      verdict,
      because,
      value,
      isAbsent = false,
    } = log.entry(source) ?? notConsidered(source, log, env, otherwise)
    return { source: label(source, log), ...(value === undefined ? {} : { value }), verdict, because, isAbsent }
  })
}

/** The step of a source that wasn't considered because an earlier one decided. */
function notConsidered(source: Source, log: ResolutionLog, env: Environment, otherwise: Sentence): LogEntry {
  if (source === 'currentContext' || source === 'local socket') return { verdict: 'passed over', because: otherwise }
  if (isSet(source, log)) return { verdict: 'passed over', because: otherwise, value: valueOf(source, log) }
  const empty = isVariable(source) && env[source] === ''
  if (empty) return { verdict: 'not set', because: 'it is empty, which counts as not set' }
  return { verdict: 'not set', because: "it isn't set", isAbsent: true }
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

/** The value without secrets: never a key, a passphrase, or the password in a URL. */
function valueOf(source: Source, { options, variables }: ResolutionLog): string | undefined {
  const option = SHOWN_OPTIONS[source]
  const text = isVariable(source) ? variables[source]?.value : option && options[option]
  if (text === undefined) return undefined
  return /host|proxy/i.test(source) ? showHost(text) : printable(text)
}
