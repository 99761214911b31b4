import type { Operation } from '../../engine/operation.ts'
import type { PolicyRequest } from '../request.ts'
import { Unreadable } from './unreadable.ts'

type Headers = NonNullable<PolicyRequest['headers']>

/** To which protocol an operation takes over its connection. */
const UPGRADES: Readonly<Record<string, string>> = {
  'containers.attach': 'tcp',
  'containers.attachWebSocket': 'websocket',
  'exec.start': 'tcp',
  'session.open': 'h2c',
}

/** Refuses headers that change what follows the request, or that Go's server would refuse. */
export function checkConnectionHeaders(operation: Operation, headers: Headers): void {
  const upgrade = oneValue(headers, 'upgrade', 'HEADER_UNEXPECTED')
  if (upgrade !== undefined && upgrade.toLowerCase() !== UPGRADES[operation.name])
    throw unexpected('Upgrade', "the operation doesn't upgrade its connection to this protocol")
  // It doesn't change what dockerd reads; curl sends it with large archives.
  const expect = oneValue(headers, 'expect', 'HEADER_UNEXPECTED')
  if (expect !== undefined && expect.toLowerCase() !== '100-continue')
    throw unexpected('Expect', 'dockerd knows only 100-continue')
}

/** Whether dockerd gets credentials for a registry. Empty ones count: they take the place of others. */
export function hasRegistryAuth(headers: Headers): boolean {
  return (oneValue(headers, 'x-registry-auth', 'HEADER_UNEXPECTED') ?? '') !== ''
}

const JSON_TYPE = /^application\/json(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?$/i
const ANY_TYPE = /^[\w.+-]+\/[\w.+-]+(?:[ \t]*;[\x20-\x7e]*)?$/

/**
 * Refuses a body of another media type than its operation has, and JSON that is compressed. Of an archive, dockerd never reads
 * Content-Encoding: it finds out by its first bytes how it is compressed (moby, pkg/archive). Nobody judges what is in an archive.
 *
 * @param isIgnored - dockerd reads no archive
 */
export function checkMediaType(operation: Operation, headers: Headers, isIgnored: boolean): void {
  const encoding = oneValue(headers, 'content-encoding', 'MEDIA_TYPE')
  const type = oneValue(headers, 'content-type', 'MEDIA_TYPE')
  if (operation.body === 'bytes') return checkArchiveType(type, isIgnored)
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new Unreadable('MEDIA_TYPE', 'the header Content-Encoding', 'dockerd reads the body as it is')
  if (type === undefined || !JSON_TYPE.test(type)) throw mediaType('the body must be application/json, in UTF-8')
}

/** Go's ParseForm would merge a form in the body into the query. JSON is read, and what was read is sent. */
function checkArchiveType(type: string | undefined, isIgnored: boolean): void {
  if (type === undefined) return
  if (!ANY_TYPE.test(type) || /form/i.test(type))
    throw mediaType('dockerd may read the body as a form, and merge it into the query')
  if (!isIgnored && /^application\/json\s*(?:;|$)/i.test(type))
    throw mediaType('the body is an archive, and not application/json')
}

/** Go reads the first of repeated headers, Node.js the first or all. */
function oneValue(headers: Headers, name: string, code: 'HEADER_UNEXPECTED' | 'MEDIA_TYPE'): string | undefined {
  const values = Object.entries(headers)
    .filter(([key]) => key.toLowerCase() === name)
    .flatMap(([, value]) => value ?? [])
  if (values.length > 1) throw new Unreadable(code, `the header ${name}`, 'it is there twice')
  return values[0]
}

const mediaType = (got: string): Unreadable => new Unreadable('MEDIA_TYPE', 'the header Content-Type', got)
const unexpected = (name: string, got: string): Unreadable =>
  new Unreadable('HEADER_UNEXPECTED', `the header ${name}`, got)
