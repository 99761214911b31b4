import { isDockerMtlsError, sentencesOf, type AnyDockerMtlsError } from '../base/errors.ts'
import { renderSentence, sentence, type Sentence } from '../base/sentence.ts'
import type { Environment, VariableName } from './environment.ts'
import {
  nameSource,
  ResolutionLog,
  shownOption,
  SOURCES,
  type LogEntry,
  type Source,
  type Verdict,
} from './resolution-log.ts'
import type { EndpointOptions } from './options.ts'
import { resolveWithLog, type ResolvedEndpoint } from './resolve.ts'
import { showHost } from './text.ts'
import { printable } from '../base/text.ts'

/** An option, a variable or a file that can determine the endpoint, and whether it did. */
export interface Step {
  /** For example `option host`, `DOCKER_HOST`, `DOCKER_HOST in /path/.env` or `local socket`. */
  readonly source: string
  /** Its value, unless that is a secret. */
  readonly value?: string
  /** What happened to it. */
  readonly verdict: Verdict
  /** The reason, as a sentence for the user. */
  readonly because: string
}

/** The endpoint or the error, and the steps that led to it. */
export interface Explanation {
  /** The endpoint. Absent if resolving it fails. */
  readonly endpoint?: ResolvedEndpoint
  /** The error, if resolving it fails. */
  readonly error?: AnyDockerMtlsError
  /** All options, variables and files that can determine the endpoint, in order of precedence. */
  readonly steps: Step[]
}

/** A step with its reason as data. */
export interface DetailedStep extends Omit<Step, 'because'> {
  readonly because: Sentence
  /** Whether it isn't set at all, not even to the empty string. */
  readonly isAbsent: boolean
}

/** An explanation with the reasons as data, so that the command line can show flags instead of options. */
export interface DetailedExplanation extends Omit<Explanation, 'steps'> {
  readonly steps: DetailedStep[]
}

/**
 * Explains what {@link resolveEndpoint} returns and why. It opens no connection, and the result contains no secrets.
 *
 * @param options - as for {@link resolveEndpoint}
 * @param env - used instead of `process.env`
 * @returns the endpoint or the error, and all steps in order of precedence
 * @throws the reason of `options.signal` if that is aborted. An invalid endpoint is reported in `error` instead
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

/** Converts a step to the form of the public API and of JSON. */
export function plainStep({ source, value, verdict, because }: DetailedStep): Step {
  return { source, ...(value !== undefined && { value }), verdict, because: renderSentence(because) }
}

/** {@link explainEndpoint} with the reasons as data. */
export async function explainInDetail(options: EndpointOptions, env: Environment): Promise<DetailedExplanation> {
  const log = new ResolutionLog()
  try {
    const endpoint = await resolveWithLog(options, env, log)
    return { endpoint, steps: stepsOf(log, env, sentence`${nameSource(endpoint.source)} decides`) }
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    const refused = log.considered
    log.record(refused, 'refused', sentencesOf(error).got, valueOf(refused, log))
    return { error, steps: stepsOf(log, env, sentence`${refusalOf(refused, log)}, and no other source was looked at`) }
  }
}

function refusalOf(refused: Source, log: ResolutionLog): Sentence {
  const missing = isVariable(refused) && !isSet(refused, log)
  return sentence`${nameSource(label(refused, log))} ${missing ? "isn't set" : 'is refused'}`
}

function stepsOf(log: ResolutionLog, env: Environment, otherwise: Sentence): DetailedStep[] {
  // If the arguments are invalid, no other source was considered.
  const isInvalid = log.entry('arguments') !== undefined
  const shown = SOURCES.filter((source) => (source === 'arguments') === isInvalid)
  return shown.map((source) => {
    const {
      verdict,
      because,
      value,
      isAbsent = false,
    } = log.entry(source) ?? notConsidered(source, log, env, otherwise)
    return { source: label(source, log), ...(value === undefined ? {} : { value }), verdict, because, isAbsent }
  })
}

/** The Docker CLI takes an empty variable for one that isn't set. */
const EMPTY: { readonly [Name in Source]?: string } = {
  DOCKER_TLS_CERTDIR: 'it is empty, which turns TLS off in docker:dind, but not here',
}

/** The step of a source that wasn't considered because an earlier one decided. */
function notConsidered(source: Source, log: ResolutionLog, env: Environment, otherwise: Sentence): LogEntry {
  if (source === 'currentContext' || source === 'local socket') return { verdict: 'ignored', because: otherwise }
  if (isSet(source, log)) return { verdict: 'ignored', because: otherwise, value: valueOf(source, log) }
  const empty = isVariable(source) && env[source] === ''
  if (empty) return { verdict: 'not set', because: EMPTY[source] ?? 'it is empty, which counts as not set' }
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

/** Returns the value without secrets: never a key, a passphrase, or the password in a URL. */
function valueOf(source: Source, { options, variables }: ResolutionLog): string | undefined {
  const option = shownOption(source)
  const text = isVariable(source) ? variables[source]?.value : option && options[option]
  if (text === undefined) return undefined
  return /host|proxy/i.test(source) ? showHost(text) : printable(text)
}
