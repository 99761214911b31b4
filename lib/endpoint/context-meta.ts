import { EndpointError } from '../base/errors.ts'
import type { Endpoint } from './endpoint.ts'
import { parseHost } from './host.ts'
import { asObject, parseObject, type JsonObject } from './json-object.ts'

/** What a context's `meta.json` says. */
export interface ContextMeta {
  readonly name: string
  readonly host: string
  readonly skipTlsVerify: boolean
  readonly description?: string
  /** All of it: what we don't know belongs to somebody else, and is kept. */
  readonly content: JsonObject
}

/**
 * Reads a context's `meta.json`.
 *
 * @returns in place of it, why it can't be one
 */
export function parseContextMeta(text: string): ContextMeta | string {
  const content = parseObject(text)
  if (content === undefined) return 'it is no JSON object'
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

/** Which context it is about, and what to do about it, for messages. */
export interface ContextWords {
  readonly tried: string
  /** How to have one that verifies the server. */
  readonly todo: string
  readonly tlsOnPort2375?: boolean | undefined
}

/**
 * Where a context's metadata lead.
 *
 * @throws {@link EndpointError} ERR_CONTEXT_INSECURE, ERR_HOST_INVALID, ERR_PLAINTEXT_REFUSED, ERR_PLAINTEXT_PORT
 */
export function endpointOf(
  { host, skipTlsVerify }: ContextMeta,
  { tried, todo, tlsOnPort2375 }: ContextWords,
): Endpoint {
  if (!skipTlsVerify) return parseHost(host, { tlsOnPort2375, source: `the host of ${tried}` })
  const got = 'it skips the verification of the server (SkipTLSVerify)'
  throw new EndpointError('ERR_CONTEXT_INSECURE', { tried, got, todo })
}
