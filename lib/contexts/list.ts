import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { contextId, metaFolder } from '../endpoint/context-layout.ts'
import { parseContextMeta } from '../endpoint/context-meta.ts'
import { readContext } from '../endpoint/context.ts'
import { FileError, isDockerMtlsError, type AnyDockerMtlsError } from '../base/errors.ts'
import { codeOf } from '../base/system-error.ts'
import { fileReason } from '../base/files.ts'
import { loadIdentity, type Identity } from '../identity/identity.ts'

/** A context in the store, and what we make of it. */
export interface ListedContext {
  /** As its metadata have it; of broken ones, where there is one. */
  readonly name?: string
  readonly host?: string
  readonly description?: string
  /** Its `meta.json`. */
  readonly path: string
  /** The folder of its TLS credentials, for TLS. */
  readonly certPath?: string
  readonly identity?: Identity
  /** Why we would refuse it. */
  readonly refusal?: AnyDockerMtlsError
  /** Why nobody can use it, the Docker CLI included: this one even makes its `context ls` fail. */
  readonly broken?: string
}

/**
 * Looks at every context of the store. One that is broken is no reason to fail.
 *
 * @param config - DOCKER_CONFIG
 * @returns in the order of their names
 * @throws {@link FileError} ERR_FILE_READ, where the store itself can't be read
 */
export async function listContexts(config: string): Promise<ListedContext[]> {
  const listed: ListedContext[] = []
  for (const folder of await folders(metaFolder(config))) {
    const one = await look(config, folder)
    if (one !== undefined) listed.push(one)
  }
  const key = ({ name, path }: ListedContext): string => name ?? `\uffff${path}`
  return listed.toSorted((one, other) => (key(one) < key(other) ? -1 : 1))
}

async function folders(path: string): Promise<string[]> {
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

async function look(config: string, folder: string): Promise<ListedContext | undefined> {
  const path = join(metaFolder(config), folder, 'meta.json')
  let text: string
  try {
    text = await fs.readFile(path, 'utf8')
  } catch (cause) {
    // What a run left that was killed: no context, for the CLI neither.
    if (codeOf(cause) === 'ENOENT') return undefined
    return { path, broken: fileReason(cause) }
  }
  const meta = parseContextMeta(text)
  if (typeof meta === 'string') return { path, broken: meta }
  const { name, host, description } = meta
  const said = { name, host, path, ...(description !== undefined && { description }) }
  if (contextId(name) !== folder) return { ...said, broken: 'its folder belongs to the name of another context' }
  return { ...said, ...(await judge(config, name)) }
}

/** What would become of it if it were used. */
async function judge(config: string, name: string): Promise<Pick<ListedContext, 'certPath' | 'identity' | 'refusal'>> {
  try {
    const { certPath } = await readContext({ name, source: config, config, ownIdentity: false })
    return certPath === undefined ? {} : { certPath, identity: await loadIdentity(certPath) }
  } catch (refusal) {
    if (!isDockerMtlsError(refusal)) throw refusal
    return { refusal }
  }
}
