import { option, sentence, type Sentence } from '../base/sentence.ts'
import type { Endpoint } from './endpoint.ts'
import type { Variables } from './environment.ts'
import type { EndpointOptions } from './options.ts'

/** What resolving an endpoint did with one option, variable or file. */
export type Verdict = 'chosen' | 'passed over' | 'not set' | 'refused'

/** Every option, variable and file that can decide, in order of precedence. */
export const SOURCES = [
  'arguments',
  'option host',
  'option context',
  'option certPath',
  'options ca, cert, key',
  'option envFile',
  'DOCKER_HOST',
  'DOCKER_HOST_IP',
  'DOCKER_CONTEXT',
  'currentContext',
  'local socket',
  'DOCKER_TLS_VERIFY',
  'DOCKER_TLS',
  'DOCKER_CERT_PATH',
  'DOCKER_CONFIG',
  'option proxy',
  'option apiVersion',
  'DOCKER_API_VERSION',
] as const

/** One of {@link SOURCES}. */
export type Source = (typeof SOURCES)[number]

/** The options behind those of {@link SOURCES} that are options. */
const OPTIONS: Readonly<Record<string, string>> = {
  'option host': 'host',
  'option context': 'context',
  'option certPath': 'certPath',
  'option envFile': 'envFile',
  'option proxy': 'proxy',
  'option apiVersion': 'apiVersion',
}

/** The name of a source for a message: an option is called by its flag where there are flags. */
export function nameSource(source: string): Sentence {
  const name = OPTIONS[source]
  return name === undefined ? source : sentence`option ${option(name)}`
}

/** The decision on one of {@link SOURCES}. */
export interface LogEntry {
  readonly verdict: Verdict
  readonly because: Sentence
  /** Nobody set it at all. */
  readonly isAbsent?: boolean
  readonly value?: string | undefined
}

/** An endpoint, and which source named it. */
export interface Found {
  readonly endpoint: Endpoint
  readonly source: string
  /** The name of the docker context that it came from. */
  readonly context?: string
  /** The folder of the certificates, for TLS that isn't given by values. */
  readonly certPath?: string
}

/** Written while an endpoint is resolved, so that its explanation shows what really happened. */
export class ResolutionLog {
  /** The source at hand: if resolving fails, this one is refused. */
  considered: Source = 'arguments'
  options: EndpointOptions = {}
  variables: Variables = {}
  readonly warnings: Set<string> = new Set()
  readonly #entries = new Map<Source, LogEntry>()

  record(source: Source, verdict: Verdict, because: Sentence, value?: string): void {
    this.#entries.set(source, { verdict, because, value })
  }

  entry(source: Source): LogEntry | undefined {
    return this.#entries.get(source)
  }
}
