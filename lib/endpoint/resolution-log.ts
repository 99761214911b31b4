import { option, sentence, type Sentence } from '../base/sentence.ts'
import type { Warning } from '../base/warning.ts'
import type { Endpoint } from './endpoint.ts'
import type { Variables } from './environment.ts'
import type { EndpointOptions } from './options.ts'

/** What happened to an option, a variable or a file while the endpoint was resolved. */
export type Verdict = 'chosen' | 'ignored' | 'not set' | 'refused'

/** All options, variables and files that can determine the endpoint, in order of precedence. */
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
  'DOCKER_TLS_CERTDIR',
  'DOCKER_CONFIG',
  'option proxy',
  'option apiVersion',
  'DOCKER_API_VERSION',
] as const

/** One of {@link SOURCES}. */
export type Source = (typeof SOURCES)[number]

type ShownOption = 'host' | 'context' | 'certPath' | 'envFile' | 'proxy' | 'apiVersion'

/** The names of the options among {@link SOURCES} whose values may be shown. */
const OPTIONS: Readonly<Partial<Record<string, ShownOption>>> = {
  'option host': 'host',
  'option context': 'context',
  'option certPath': 'certPath',
  'option envFile': 'envFile',
  'option proxy': 'proxy',
  'option apiVersion': 'apiVersion',
}

/** The name of the option that a source is, if its value may be shown: those of `ca`, `cert` and `key` may not. */
export function shownOption(source: string): ShownOption | undefined {
  return OPTIONS[source]
}

/** The name of a source for a message. An option is data, so that the command line can show its flag. */
export function nameSource(source: string): Sentence {
  const name = shownOption(source)
  return name === undefined ? source : sentence`option ${option(name)}`
}

/** What happened to one of {@link SOURCES}, and why. */
export interface LogEntry {
  readonly verdict: Verdict
  readonly because: Sentence
  /** Whether it isn't set at all, not even to the empty string. */
  readonly isAbsent?: boolean
  readonly value?: string | undefined
}

/**
 * What chooses the folder of the certificates if nothing names it: DOCKER_TLS_CERTDIR, in whose folder `client` docker:dind
 * writes the three files; DOCKER_CONFIG; or `default`, the folder `~/.docker`.
 */
export type CertPathSource = 'DOCKER_TLS_CERTDIR' | 'DOCKER_CONFIG' | 'default'

/** An endpoint, and the source that named it. */
export interface Found {
  readonly endpoint: Endpoint
  readonly source: string
  /** The name of the docker context that it came from. */
  readonly context?: string
  /** The folder of the certificates. Absent without TLS, or if options contain the certificates themselves. */
  readonly certPath?: string
  /** What chose that folder, if neither DOCKER_CERT_PATH nor an option or context did. */
  readonly certPathFrom?: CertPathSource
}

/** What a warning about a resolved endpoint is about. */
export type EndpointWarningCode =
  /** DOCKER_TLS_VERIFY has a value that asks for no verification. */
  | 'verification-stays-on'
  /** TLS variables, or certificates in the options, that have no effect. */
  | 'tls-unused'
  /** DOCKER_CONTEXT or DOCKER_HOST_IP, because another source takes precedence. */
  | 'source-ignored'
  /** An env file, because the process sets such variables itself. */
  | 'env-file-ignored'
  /** The host is an address to listen on. */
  | 'listen-address'

/** Records each decision while an endpoint is resolved, so that the explanation shows what happened. */
export class ResolutionLog {
  /** The source that is being evaluated. If resolving fails, it is the refused one. */
  considered: Source = 'arguments'
  options: EndpointOptions = {}
  variables: Variables = {}
  readonly warnings: Warning<EndpointWarningCode>[] = []
  readonly #entries = new Map<Source, LogEntry>()

  warn(code: EndpointWarningCode, text: string): void {
    this.warnings.push({ code, text })
  }

  record(source: Source, verdict: Verdict, because: Sentence, value?: string): void {
    this.#entries.set(source, { verdict, because, value })
  }

  entry(source: Source): LogEntry | undefined {
    return this.#entries.get(source)
  }
}
