import type { Endpoint } from './endpoint.ts'
import type { Variables } from './environment.ts'
import type { EndpointOptions } from './options.ts'

/** What became of one place that could have named the endpoint. */
export type Verdict = 'chosen' | 'passed over' | 'not set' | 'refused'

/** Everything that is asked on the way to an endpoint, in the order in which it counts. */
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

/** The word left on one of them. */
export interface LogEntry {
  readonly verdict: Verdict
  readonly because: string
  readonly value?: string | undefined
}

/** An endpoint, and who it came from. */
export interface Found {
  readonly endpoint: Endpoint
  readonly source: string
  /** The name of the docker context that it came from. */
  readonly context?: string
  /** The folder of the certificates, for TLS that isn't given by values. */
  readonly certPath?: string
}

/** Written while an endpoint is being resolved, so that explaining it tells what happened and not what should have. */
export class ResolutionLog {
  /** What is being looked at; where resolving fails, this is the culprit. */
  considered: Source = 'arguments'
  options: EndpointOptions = {}
  variables: Variables = {}
  readonly warnings: Set<string> = new Set()
  readonly #entries = new Map<Source, LogEntry>()

  record(source: Source, verdict: Verdict, because: string, value?: string): void {
    this.#entries.set(source, { verdict, because, value })
  }

  entry(source: Source): LogEntry | undefined {
    return this.#entries.get(source)
  }
}
