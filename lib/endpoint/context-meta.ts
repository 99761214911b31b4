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
