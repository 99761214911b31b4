import { randomBytes } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { contextPaths, type ContextPaths } from '../endpoint/context-layout.ts'
import type { JsonObject } from '../endpoint/json-object.ts'
import { EndpointError, FileError, isDockerMtlsError } from '../base/errors.ts'
import { fileReason, flushFolder, KEY_MODE, makeFolder, PUBLIC_MODE, writeFileAtomically } from '../base/files.ts'
import { option, sentence } from '../base/sentence.ts'
import { isMissing } from '../base/system-error.ts'
import { withLock } from './lock.ts'
import type { Credentials } from './credentials.ts'

/** A context as it is to be kept. */
export interface ContextFiles {
  /** Checked: see {@link parseContextName}. */
  readonly name: string
  /** The whole of `meta.json`. */
  readonly meta: JsonObject
  /** Checked; without it the context has no TLS. */
  readonly credentials?: Credentials
  /** Takes the place of one of that name. */
  readonly replace: boolean
}

export interface Written {
  readonly paths: ContextPaths
  readonly replaced: boolean
}

/**
 * Puts a context into the Docker CLI's store. In this order, so that whatever comes between, there is never a context
 * without the TLS that it needs, for the CLI would use it in plaintext: an old one is unmade by its `meta.json`, then
 * comes the TLS credentials, all of it or nothing, and at last the new `meta.json`, which makes it a context.
 *
 * @returns where it is, and whether another one was in its place
 * @throws {@link EndpointError} ERR_CONTEXT_EXISTS
 * @throws {@link FileError} ERR_FILE_WRITE, ERR_FILE_EXISTS
 */
export async function writeContext(config: string, files: ContextFiles): Promise<Written> {
  const paths = contextPaths(config, files.name)
  await makeFolder(dirname(paths.lock))
  return withLock(paths.lock, () => write(paths, files))
}

async function write(paths: ContextPaths, { name, meta, credentials, replace }: ContextFiles): Promise<Written> {
  if (!replace && (await isThere(paths.meta))) throw exists(name)
  const staged = credentials && (await stage(paths, credentials))
  const undo = new Undo()
  let old: string | undefined
  try {
    old = replace ? await setAside(paths.meta, undo) : undefined
    await setAside(paths.tls, undo)
    if (staged !== undefined) await publish(staged, paths.tls, undo)
    await makeMeta(paths.meta, JSON.stringify(meta), undo)
  } catch (error) {
    await undo.run()
    if (staged !== undefined) await remove(staged).catch(() => undefined)
    throw error
  }
  if (old !== undefined) await remove(old)
  await sweep(paths)
  return { paths, replaced: old !== undefined }
}

/**
 * Takes a context out of the store: first what makes it a context, then its key.
 *
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function removeContext(config: string, name: string): Promise<void> {
  const paths = contextPaths(config, name)
  await withLock(paths.lock, async () => {
    await remove(paths.meta)
    await remove(dirname(paths.meta))
    // By another name at once, so that nobody finds half of it.
    if (await isThere(paths.tls)) await move(paths.tls, hiddenBeside(paths.tls))
    await sweep(paths)
  })
}

/** Is there a context of that name, broken or not, or what is left of one? */
export async function isKept(config: string, name: string): Promise<boolean> {
  const paths = contextPaths(config, name)
  return (await isThere(paths.meta)) || (await isThere(paths.tls))
}

/** The credentials as a folder beside the place where it is to be: a move can't fail halfway. */
async function stage({ tls }: ContextPaths, credentials: Credentials): Promise<string> {
  await makeFolder(dirname(tls))
  const staged = hiddenBeside(tls)
  try {
    const folder = join(staged, 'docker')
    await makeFolder(folder)
    for (const [part, bytes] of Object.entries(credentials)) {
      await writeFileAtomically(join(folder, `${part}.pem`), bytes as Uint8Array, { mode: KEY_MODE })
    }
    return staged
  } catch (error) {
    // Where it can't be removed either, the first reason is the one to tell.
    await remove(staged).catch(() => undefined)
    throw error
  }
}

/** What takes back each step that was begun: one that failed may have done its work, and failed to have it on the disk. */
class Undo {
  readonly #steps: (() => Promise<void>)[] = []

  add(step: () => Promise<void>): void {
    this.#steps.push(step)
  }

  /** The last first. Where one fails, those before it would make it worse: a context without its TLS. */
  async run(): Promise<void> {
    try {
      for (const step of this.#steps.toReversed()) await step()
    } catch {
      // The reason why it was undone is the one to tell.
    }
  }
}

/** Moves what is there beside itself, under a name that nobody looks for. */
async function setAside(path: string, undo: Undo): Promise<string | undefined> {
  if (!(await isThere(path))) return undefined
  const aside = hiddenBeside(path)
  undo.add(async () => {
    if (await isThere(aside)) await move(aside, path)
  })
  await move(path, aside)
  return aside
}

async function publish(staged: string, tls: string, undo: Undo): Promise<void> {
  undo.add(async () => {
    // Where it is still staged, what is in its place is somebody else's.
    if (!(await isThere(staged))) await remove(tls)
  })
  await move(staged, tls)
}

/** The docker command takes no lock. If it has created the same context in between, its context stays. */
async function makeMeta(path: string, text: string, undo: Undo): Promise<void> {
  await makeFolder(dirname(path))
  try {
    await writeFileAtomically(path, text, { mode: PUBLIC_MODE, replace: false })
  } catch (error) {
    if (!isDockerMtlsError(error, 'ERR_FILE_EXISTS')) undo.add(() => remove(path))
    throw error
  }
}

/** Removes credentials that was set aside, also by a run that was killed: there is a key in it. */
async function sweep({ tls }: ContextPaths): Promise<void> {
  const names = await fs.readdir(dirname(tls)).catch(() => [])
  for (const name of names) if (name.startsWith(hidden(tls))) await remove(join(dirname(tls), name))
}

function hidden(path: string): string {
  return `.${basename(path)}.`
}

function hiddenBeside(path: string): string {
  return join(dirname(path), hidden(path) + randomBytes(6).toString('hex'))
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

function exists(name: string): EndpointError {
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
