import { constants, type Stats } from 'node:fs'
import { chmod, link, lstat, lutimes, mkdir, open, rm, symlink, unlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { targetFault, unsafe, unwritable } from './faults.ts'

/** What an entry says of itself besides its name. */
export interface Attributes {
  readonly mode: number
  readonly mtime: Date
}

/** Windows lacks the last. */
const NEW_FILE: number = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)

/** Permissions alone: whoever unpacks hands out no set-user-ID. */
const PERMISSIONS = 0o777

/**
 * A folder that is written to by the names that a stranger chose. Every folder on the way to a name is looked at: none
 * is a symbolic link, whether it was there before or came out of the same tar. Files are made anew, so that no link is
 * written through.
 */
export class SafeFolder {
  readonly #root: string
  /** Folders on the way that are known to be ones; none is ever replaced. */
  readonly #known = new Set<string>()
  /** Made here: they get their modes in the end, since one may forbid to write into it. */
  readonly #made: [path: string, attributes: Attributes][] = []

  /** @param root - a real path: no part of it is a link */
  constructor(root: string) {
    this.#root = root
    this.#known.add(root)
  }

  async folder(parts: readonly string[], attributes: Attributes): Promise<void> {
    await this.#enter(parts, attributes)
  }

  async file(parts: readonly string[], { mode, mtime }: Attributes, content: AsyncIterable<Uint8Array>): Promise<void> {
    const path = await this.#clear(parts)
    const file = await this.#try(path, () => open(path, NEW_FILE, 0o600))
    try {
      for await (const piece of content) await this.#try(path, () => file.appendFile(piece))
      await this.#try(path, () => file.chmod(mode & PERMISSIONS))
      await this.#try(path, () => file.utimes(mtime, mtime))
    } catch (error) {
      await rm(path, { force: true }).catch(() => {})
      throw error
    } finally {
      await file.close().catch(() => {})
    }
  }

  /** Wherever it leads to: nothing is ever written through it. */
  async symlink(parts: readonly string[], { mtime }: Attributes, target: string): Promise<void> {
    const path = await this.#clear(parts)
    await this.#try(path, () => symlink(target, path))
    await this.#try(path, () => lutimes(path, mtime, mtime))
  }

  /** Another name of a file that is in the folder. */
  async link(parts: readonly string[], target: readonly string[]): Promise<void> {
    const existing = join(await this.#enter(target.slice(0, -1)), target.at(-1) ?? '')
    const found = await this.#look(existing)
    if (found?.isFile() !== true)
      throw unsafe(
        parts.join('/'),
        `it is a hard link to ${target.join('/')}, which is not a file in the target folder`,
      )
    if (target.join('/') === parts.join('/')) return
    const path = await this.#clear(parts)
    await this.#try(path, () => link(existing, path))
  }

  /** Gives the folders that were made what they shall have, the innermost first. */
  async finish(): Promise<void> {
    for (const [path, { mode, mtime }] of this.#made.toReversed()) {
      await this.#try(path, () => chmod(path, mode & PERMISSIONS))
      await this.#try(path, () => utimes(path, mtime, mtime))
    }
  }

  /** A place for something new: what is no folder goes. */
  async #clear(parts: readonly string[]): Promise<string> {
    const path = join(await this.#enter(parts.slice(0, -1)), parts.at(-1) ?? '')
    const found = await this.#look(path)
    if (found?.isDirectory() === true || parts.length === 0) {
      throw targetFault(path, 'it is a folder, and the new entry is not', 'Choose another target, or remove it first.')
    }
    if (found) await this.#try(path, () => unlink(path))
    return path
  }

  /** The path of a folder, after a look at each on the way; those that are missing are made. */
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
    const found = await this.#look(path)
    if (found?.isSymbolicLink() === true) throw unsafe(parts.join('/'), `${path} is a symbolic link`)
    if (found && !found.isDirectory()) {
      throw targetFault(path, 'it exists and is not a folder', 'Choose another target, or remove it first.')
    }
    if (!found) await this.#try(path, () => mkdir(path, attributes ? 0o700 : 0o755))
    if (!found && attributes) this.#made.push([path, attributes])
    this.#known.add(path)
  }

  async #look(path: string): Promise<Stats | undefined> {
    return lstat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
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
