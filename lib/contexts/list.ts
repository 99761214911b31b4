import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { contextId, metaFolder } from '../endpoint/context-layout.ts'
import { parseContextMeta } from '../endpoint/context-meta.ts'
import { readContext } from '../endpoint/context.ts'
import { FileError, isDockerMtlsError, type AnyDockerMtlsError } from '../base/errors.ts'
import { codeOf } from '../base/system-error.ts'
import { fileReason } from '../base/files.ts'
import { loadIdentity, type Identity } from '../identity/identity.ts'

/** A context in the store, and whether it can be used. */
export interface ListedContext {
  /** The name in its metadata. A broken context may have none. */
  readonly name?: string
  readonly host?: string
  readonly description?: string
  /** Its `meta.json`. */
  readonly path: string
  /** The folder of its TLS credentials. Absent without TLS. */
  readonly certPath?: string
  readonly identity?: Identity
  /** The error with which docker-mtls refuses it. */
  readonly refusal?: AnyDockerMtlsError
  /** Why no client can use it. Such a context makes even `docker context ls` fail. */
  readonly broken?: string
}

/**
 * Lists and checks all contexts of the store. A broken context is listed, and doesn't make the call fail.
 *
 * @param config - DOCKER_CONFIG
 * @returns the contexts, sorted by name
 * @throws {@link FileError} ERR_FILE_READ if the store itself can't be read
 */
export async function listContexts(config: string): Promise<ListedContext[]> {
  const listed: ListedContext[] = []
  for (const folder of await foldersIn(metaFolder(config))) {
    const context = await inspect(config, folder)
    if (context !== undefined) listed.push(context)
  }
  const key = ({ name, path }: ListedContext): string => name ?? `\uffff${path}`
  return listed.toSorted((one, other) => (key(one) < key(other) ? -1 : 1))
}

async function foldersIn(path: string): Promise<string[]> {
  try {
    const entries = await fs.readdir(path, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return []
    throw new FileError('ERR_FILE_READ', {
      tried: `reading ${path}`,
      got: fileReason(cause),
      todo: 'Set DOCKER_CONFIG to a folder that you can read.',
      cause,
    })
  }
}

async function inspect(config: string, folder: string): Promise<ListedContext | undefined> {
  const path = join(metaFolder(config), folder, 'meta.json')
  let text: string
  try {
    text = await fs.readFile(path, 'utf8')
  } catch (cause) {
    // A killed process left this folder. Without meta.json it isn't a context, for the CLI either.
    if (codeOf(cause) === 'ENOENT') return undefined
    return { path, broken: fileReason(cause) }
  }
  const meta = parseContextMeta(text)
  if (typeof meta === 'string') return { path, broken: meta }
  const { name, host, description } = meta
  const described = { name, host, path, ...(description !== undefined && { description }) }
  if (contextId(name) !== folder) return { ...described, broken: 'the name in it does not match its folder' }
  return { ...described, ...(await check(config, name)) }
}

/** Loads the context as a connection would. */
async function check(config: string, name: string): Promise<Pick<ListedContext, 'certPath' | 'identity' | 'refusal'>> {
  try {
    const { certPath } = await readContext({ name, source: config, config, ownIdentity: false })
    return certPath === undefined ? {} : { certPath, identity: await loadIdentity(certPath) }
  } catch (refusal) {
    if (!isDockerMtlsError(refusal)) throw refusal
    return { refusal }
  }
}
