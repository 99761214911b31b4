import { EndpointError } from '../base/errors.ts'
import { renderSentence, type Sentence } from '../base/sentence.ts'
import type { Endpoint } from './endpoint.ts'
import { parseHost } from './host.ts'
import { asObject, parseObject, type JsonObject } from './json-object.ts'

/** The contents of a context's `meta.json`. */
export interface ContextMeta {
  readonly name: string
  readonly host: string
  readonly skipTlsVerify: boolean
  readonly description?: string
  /** The whole object. Fields that docker-mtls doesn't know belong to other programs, and are kept. */
  readonly content: JsonObject
}

/**
 * Parses a context's `meta.json`.
 *
 * @returns the metadata, or a string that says why the text is invalid
 */
export function parseContextMeta(text: string): ContextMeta | string {
  const content = parseObject(text)
  if (content === undefined) return 'it does not contain a JSON object'
  const { Name: name, Endpoints: endpoints, Metadata: metadata } = content
  if (typeof name !== 'string') return 'it has no Name'
  const docker = asObject(asObject(endpoints)?.['docker'])
  if (docker === undefined) return 'it has no endpoint for docker'
  const { Host: host, SkipTLSVerify: skipTlsVerify = false } = docker
  if (typeof host !== 'string' || host === '') return 'its endpoint for docker has no Host'
  if (typeof skipTlsVerify !== 'boolean') return 'its SkipTLSVerify is neither true nor false'
  const description = asObject(metadata)?.['Description']
  return { name, host, skipTlsVerify, content, ...(typeof description === 'string' && { description }) }
}

/** The texts of an error about one context. */
export interface ContextErrorTexts {
  readonly tried: Sentence
  /** How to get a context that verifies the server. */
  readonly todo: Sentence
  readonly tlsOnPort2375?: boolean | undefined
}

/**
 * Returns the endpoint of a context.
 *
 * @throws {@link EndpointError} ERR_CONTEXT_INSECURE, ERR_HOST_INVALID, ERR_PLAINTEXT_REFUSED, ERR_PLAINTEXT_PORT
 */
export function endpointOf(
  { host, skipTlsVerify }: ContextMeta,
  { tried, todo, tlsOnPort2375 }: ContextErrorTexts,
): Endpoint {
  if (!skipTlsVerify) return parseHost(host, { tlsOnPort2375, source: `the host of ${renderSentence(tried)}` })
  const got = "it turns off verification of the server's certificate (SkipTLSVerify)"
  throw new EndpointError('ERR_CONTEXT_INSECURE', { tried, got, todo })
}
