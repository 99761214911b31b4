import type { Stats } from 'node:fs'
import { chmod, link, lstat, lutimes, mkdir, open, rm, symlink, unlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../../../base/system-error.ts'
import { CREATE_NO_FOLLOW } from '../open-flags.ts'
import { targetFault, unsafe, unwritable } from './faults.ts'

/** The attributes of an entry. */
export interface Attributes {
  readonly mode: number
  readonly mtime: Date
}

/** Only permissions: set-user-ID and set-group-ID bits are dropped. */
const PERMISSIONS = 0o777

/**
 * A folder for files whose names come from an untrusted source. No folder on the path to a file may be a symbolic link,
 * whether it existed before or came from the same tar. Existing files and links are replaced, so that nothing is
 * written through a link.
 */
export class SafeFolder {
  readonly #root: string
  /** Paths that are known to be folders. They are never replaced. */
  readonly #known = new Set<string>()
  /** New folders. They get their modes at the end, since a mode may forbid writing. */
  readonly #made: [path: string, attributes: Attributes][] = []

  /** @param root - a real path, without links */
  constructor(root: string) {
    this.#root = root
    this.#known.add(root)
  }

  async folder(parts: readonly string[], attributes: Attributes): Promise<void> {
    await this.#enter(parts, attributes)
  }

  async file(parts: readonly string[], { mode, mtime }: Attributes, content: AsyncIterable<Uint8Array>): Promise<void> {
    const path = await this.#clear(parts)
    const file = await this.#try(path, () => open(path, CREATE_NO_FOLLOW, 0o600))
    try {
      for await (const chunk of content) await this.#try(path, () => file.appendFile(chunk))
      await this.#try(path, () => file.chmod(mode & PERMISSIONS))
      await this.#try(path, () => file.utimes(mtime, mtime))
    } catch (error) {
      await rm(path, { force: true }).catch(() => {})
      throw error
    } finally {
      await file.close().catch(() => {})
    }
  }

  /** The target may be anything: nothing is ever written through a link. */
  async symlink(parts: readonly string[], { mtime }: Attributes, target: string): Promise<void> {
    const path = await this.#clear(parts)
    await this.#try(path, () => symlink(target, path))
    await this.#try(path, () => lutimes(path, mtime, mtime))
  }

  /** A hard link to a file in the folder. */
  async link(parts: readonly string[], target: readonly string[]): Promise<void> {
    const existing = join(await this.#enter(target.slice(0, -1)), target.at(-1) ?? '')
    const found = await this.#stat(existing)
    if (found?.isFile() !== true)
      throw unsafe(
        parts.join('/'),
        `it is a hard link to ${target.join('/')}, which is not a file in the target folder`,
      )
    if (target.join('/') === parts.join('/')) return
    const path = await this.#clear(parts)
    await this.#try(path, () => link(existing, path))
  }

  /** Sets the modes and times of new folders, the innermost first. */
  async finish(): Promise<void> {
    for (const [path, { mode, mtime }] of this.#made.toReversed()) {
      await this.#try(path, () => chmod(path, mode & PERMISSIONS))
      await this.#try(path, () => utimes(path, mtime, mtime))
    }
  }

  /** The path for a new entry. Removes an existing file or link. */
  async #clear(parts: readonly string[]): Promise<string> {
    const path = join(await this.#enter(parts.slice(0, -1)), parts.at(-1) ?? '')
    const found = await this.#stat(path)
    if (found?.isDirectory() === true || parts.length === 0) {
      throw targetFault(path, 'it is a folder, and the new entry is not', 'Choose another target, or remove it first.')
    }
    if (found) await this.#try(path, () => unlink(path))
    return path
  }

  /** The path of a folder. Checks each folder on the path, and creates missing ones. */
  async #enter(parts: readonly string[], attributes?: Attributes): Promise<string> {
    let path = this.#root
    for (const [index, part] of parts.entries()) {
      path = join(path, part)
      const last = index === parts.length - 1
      if (!this.#known.has(path)) await this.#step(path, parts, last ? attributes : undefined)
    }
    return path
  }

  async #step(path: string, parts: readonly string[], attributes: Attributes | undefined): Promise<void> {
    const found = await this.#stat(path)
    if (found?.isSymbolicLink() === true) throw unsafe(parts.join('/'), `${path} is a symbolic link`)
    if (found && !found.isDirectory()) {
      throw targetFault(path, 'it exists and is not a folder', 'Choose another target, or remove it first.')
    }
    if (!found) await this.#try(path, () => mkdir(path, attributes ? 0o700 : 0o755))
    if (!found && attributes) this.#made.push([path, attributes])
    this.#known.add(path)
  }

  async #stat(path: string): Promise<Stats | undefined> {
    return lstat(path).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined
      throw unwritable(path, error)
    })
  }

  async #try<T>(path: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act()
    } catch (cause) {
      throw unwritable(path, cause)
    }
  }
}
