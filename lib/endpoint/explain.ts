import { isDockerMtlsError, type AnyDockerMtlsError } from '../base/errors.ts'
import type { Environment } from './environment.ts'
import type { VariableName } from './environment.ts'
import { Notes, SOURCES, type Note, type Source, type Verdict } from './notes.ts'
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
  readonly verdict: Verdict
  /** Why, in words for a person. */
  readonly because: string
}

/** Which endpoint is meant, or why none is, and every step on the way. */
export interface Explanation {
  readonly endpoint?: ResolvedEndpoint
  readonly error?: AnyDockerMtlsError
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
  const notes = new Notes()
  try {
    const endpoint = await decide(options, env, notes)
    return { endpoint, steps: tell(notes, env, `${endpoint.source} decides`) }
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    const culprit = notes.trying
    notes.say(culprit, 'refused', error.got, valueOf(culprit, notes))
    return { error, steps: tell(notes, env, `${fate(culprit, notes)}, and nothing else is tried`) }
  }
}

function fate(culprit: Source, notes: Notes): string {
  const missing = isVariable(culprit) && !isSet(culprit, notes)
  return `${label(culprit, notes)} ${missing ? "isn't set" : 'is refused'}`
}

function tell(notes: Notes, env: Environment, otherwise: string): Step[] {
  // With arguments that could not be read there is nothing to tell about the rest.
  const unread = notes.on('arguments') !== undefined
  const told = SOURCES.filter((source) => (source === 'arguments') === unread)
  return told.map((source) => {
    const { verdict, because, value } = notes.on(source) ?? unasked(source, notes, env, otherwise)
    return { source: label(source, notes), ...(value === undefined ? {} : { value }), verdict, because }
  })
}

/** For a place that was never asked, since an earlier one decided. */
function unasked(source: Source, notes: Notes, env: Environment, otherwise: string): Note {
  if (source === 'currentContext' || source === 'local socket') return { verdict: 'passed over', because: otherwise }
  if (isSet(source, notes)) return { verdict: 'passed over', because: otherwise, value: valueOf(source, notes) }
  const empty = isVariable(source) && env[source] === ''
  return { verdict: 'not set', because: empty ? 'it is empty, which counts as not set' : 'nothing sets it' }
}

function isVariable(source: Source): source is VariableName & Source {
  return source.startsWith('DOCKER_')
}

function label(source: Source, notes: Notes): string {
  return (isVariable(source) ? notes.variables[source]?.source : undefined) ?? source
}

function isSet(source: Source, notes: Notes): boolean {
  return source === 'options ca, cert, key' ? notes.options.ca !== undefined : valueOf(source, notes) !== undefined
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
function valueOf(source: Source, { options, variables }: Notes): string | undefined {
  const option = SHOWN_OPTIONS[source]
  const text = isVariable(source) ? variables[source]?.value : option && options[option]
  if (text === undefined) return undefined
  return /host|proxy/i.test(source) ? showHost(text) : printable(text)
}
