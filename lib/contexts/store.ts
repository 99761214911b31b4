import { promises as fs } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { contextPaths, type ContextPaths } from '../endpoint/context-layout.ts'
import type { JsonObject } from '../endpoint/json-object.ts'
import { EndpointError, FileError, isDockerMtlsError } from '../base/errors.ts'
import { fileReason, flushFolder, KEY_MODE, makeFolder, PUBLIC_MODE, writeFileAtomically } from '../base/files.ts'
import { option, sentence } from '../base/sentence.ts'
import { isMissing } from '../base/system-error.ts'
import { parseTemporaryName, temporaryNameBeside } from '../base/temporary-names.ts'
import { withLock } from '../base/lock.ts'
import type { Credentials } from './credentials.ts'

/** The files of a context. */
export interface ContextFiles {
  /** Checked by {@link parseContextName}. */
  readonly name: string
  /** The whole of `meta.json`. */
  readonly meta: JsonObject
  /** Checked credentials. Absent: the context has no TLS. */
  readonly credentials?: Credentials
  /** Whether to replace an existing context of that name. */
  readonly replace: boolean
}

/** Where a context was written. */
export interface WrittenContext {
  readonly paths: ContextPaths
  readonly replaced: boolean
}

/**
 * Writes a context to the Docker CLI's store. A context must never be without its TLS credentials, since the CLI would then
 * connect in plaintext. So the order is fixed, and safe if the process is killed at any point: first the old `meta.json` is
 * moved away, which removes the old context; then all TLS credentials are published by one rename; last, the new
 * `meta.json` is written, which makes it a context.
 *
 * @returns the paths, and whether an existing context was replaced
 * @throws {@link EndpointError} ERR_CONTEXT_EXISTS
 * @throws {@link FileError} ERR_FILE_WRITE, ERR_FILE_EXISTS
 */
export async function writeContext(config: string, files: ContextFiles): Promise<WrittenContext> {
  const paths = contextPaths(config, files.name)
  await makeFolder(dirname(paths.lock))
  return withLock(paths.lock, () => write(paths, files))
}

async function write(paths: ContextPaths, { name, meta, credentials, replace }: ContextFiles): Promise<WrittenContext> {
  if (!replace && (await isThere(paths.meta))) throw alreadyExists(name)
  const staged = credentials && (await stage(paths, credentials))
  const undo = new UndoSteps()
  let old: string | undefined
  try {
    old = replace ? await setAside(paths.meta, undo) : undefined
    await setAside(paths.tls, undo)
    if (staged !== undefined) await publish(staged, paths.tls, undo)
    await createMeta(paths.meta, JSON.stringify(meta), undo)
  } catch (error) {
    await undo.run()
    if (staged !== undefined) await remove(staged).catch(() => undefined)
    throw error
  }
  if (old !== undefined) await remove(old)
  await removeOldCredentials(paths)
  return { paths, replaced: old !== undefined }
}

/**
 * Removes a context from the store: `meta.json` first, so that no context is left without its credentials.
 *
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function removeContext(config: string, name: string): Promise<void> {
  const paths = contextPaths(config, name)
  await withLock(paths.lock, async () => {
    await remove(paths.meta)
    await remove(dirname(paths.meta))
    // Rename the folder before its files are deleted, so that no client finds only some of them.
    if (await isThere(paths.tls)) await move(paths.tls, temporaryNameBeside(paths.tls))
    await removeOldCredentials(paths)
  })
}

/** Whether the store has a context of that name, even a broken one, or leftover credentials of one. */
export async function contextExists(config: string, name: string): Promise<boolean> {
  const paths = contextPaths(config, name)
  return (await isThere(paths.meta)) || (await isThere(paths.tls))
}

/** Writes the credentials to a folder beside their destination, so that a single rename publishes all of them. */
async function stage({ tls }: ContextPaths, credentials: Credentials): Promise<string> {
  await makeFolder(dirname(tls))
  const staged = temporaryNameBeside(tls)
  try {
    const folder = join(staged, 'docker')
    await makeFolder(folder)
    for (const [part, bytes] of Object.entries(credentials)) {
      await writeFileAtomically(join(folder, `${part}.pem`), bytes as Uint8Array, { mode: KEY_MODE })
    }
    return staged
  } catch (error) {
    // Report the first error, even if the cleanup fails as well.
    await remove(staged).catch(() => undefined)
    throw error
  }
}

/**
 * The steps that undo a write. A step is added before its work begins: a rename may take effect and still fail, when the
 * folder is flushed to disk.
 */
class UndoSteps {
  readonly #steps: (() => Promise<void>)[] = []

  add(step: () => Promise<void>): void {
    this.#steps.push(step)
  }

  /**
   * Runs the steps in reverse order, and stops at the first failure. After a failed step, the earlier ones could restore a
   * context without its TLS credentials.
   */
  async run(): Promise<void> {
    try {
      for (const step of this.#steps.toReversed()) await step()
    } catch {
      // The caller reports the error that made the undo necessary.
    }
  }
}

/** Renames the path, if it exists, to a hidden name in the same folder. */
async function setAside(path: string, undo: UndoSteps): Promise<string | undefined> {
  if (!(await isThere(path))) return undefined
  const aside = temporaryNameBeside(path)
  undo.add(async () => {
    if (await isThere(aside)) await move(aside, path)
  })
  await move(path, aside)
  return aside
}

async function publish(staged: string, tls: string, undo: UndoSteps): Promise<void> {
  undo.add(async () => {
    // If our folder is still staged, the folder at the destination belongs to another process.
    if (!(await isThere(staged))) await remove(tls)
  })
  await move(staged, tls)
}

/** The docker command takes no lock. If it has created the same context in the meantime, its context stays. */
async function createMeta(path: string, text: string, undo: UndoSteps): Promise<void> {
  await makeFolder(dirname(path))
  try {
    await writeFileAtomically(path, text, { mode: PUBLIC_MODE, replace: false })
  } catch (error) {
    if (!isDockerMtlsError(error, 'ERR_FILE_EXISTS')) undo.add(() => remove(path))
    throw error
  }
}

/** Removes credentials that were set aside, also by a killed process. They contain a private key. */
async function removeOldCredentials({ tls }: ContextPaths): Promise<void> {
  const names = await fs.readdir(dirname(tls)).catch(() => [])
  const old = names.filter((name) => parseTemporaryName(name)?.target === basename(tls))
  for (const name of old) await remove(join(dirname(tls), name))
}

async function move(from: string, to: string): Promise<void> {
  try {
    await fs.rename(from, to)
    await flushFolder(dirname(to))
  } catch (cause) {
    throw notWritten(to, cause)
  }
}

async function remove(path: string): Promise<void> {
  try {
    await fs.rm(path, { recursive: true, force: true })
  } catch (cause) {
    throw notWritten(path, cause)
  }
}

async function isThere(path: string): Promise<boolean> {
  return fs.lstat(path).then(
    () => true,
    (cause: unknown) => {
      if (isMissing(cause)) return false
      throw notWritten(path, cause)
    },
  )
}

function alreadyExists(name: string): EndpointError {
  return new EndpointError('ERR_CONTEXT_EXISTS', {
    tried: `creating the context ${name}`,
    got: 'a context with that name exists',
    todo: sentence`Choose another name, or set ${option('replace', 'true')}.`,
  })
}

function notWritten(path: string, cause: unknown): FileError {
  return new FileError('ERR_FILE_WRITE', {
    tried: `writing ${path}`,
    got: fileReason(cause),
    todo: 'Set DOCKER_CONFIG to a folder that you may write to.',
    cause,
  })
}
