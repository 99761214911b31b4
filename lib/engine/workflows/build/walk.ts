import { isUtf8 } from 'node:buffer'
import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { FOREIGN_RUNTIME } from '../../../base/runtime.ts'
import { entryAt, type ContextEntry } from './entry.ts'
import { changed, isGone, noUtf8, unreadable } from './faults.ts'
import type { Patterns, PatternMatch } from './ignore-patterns.ts'

/** Keeps paths that match the patterns, or those that don't. */
export interface Filter {
  readonly patterns: Patterns
  readonly keeps: 'matching' | 'others'
}

/** How many entries are inspected together. The system serves four at a time (UV_THREADPOOL_SIZE). */
const BATCH = 32

/**
 * Walks a folder in the order that BuildKit expects: names compared byte by byte, a folder before its contents. Links
 * are never followed. A folder that doesn't pass the filters has an entry, too, if something in it passes.
 *
 * @param root - a real path, without links
 */
export async function* walk(
  root: string,
  filters: readonly Filter[],
  signal?: AbortSignal,
): AsyncGenerator<ContextEntry, void, undefined> {
  yield* new Walk(root, filters, signal).below('', [], [])
}

/** A path that the walk hasn't inspected yet. */
interface Place {
  readonly path: string
  readonly isFolder: boolean
  readonly matches: readonly PatternMatch[]
  readonly passes: boolean
  entry?: ContextEntry | undefined
  given?: boolean
}

class Walk {
  readonly #root: string
  readonly #filters: readonly Filter[]
  readonly #signal: AbortSignal | undefined

  constructor(root: string, filters: readonly Filter[], signal: AbortSignal | undefined) {
    this.#root = root
    this.#filters = filters
    this.#signal = signal
  }

  async *below(
    folder: string,
    above: readonly PatternMatch[],
    parents: readonly Place[],
  ): AsyncGenerator<ContextEntry, void, undefined> {
    const places = await this.#placesIn(folder, above)
    for (let from = 0; from < places.length; from += BATCH) {
      const batch = places.slice(from, from + BATCH)
      await this.#inspect(folder, batch)
      for (const place of batch) {
        if (place.entry) yield* this.#give([...parents, place])
        if (this.#mayDescend(place)) yield* this.below(place.path, place.matches, [...parents, place])
      }
    }
  }

  async *#give(places: readonly Place[]): AsyncGenerator<ContextEntry, void, undefined> {
    for (const place of places) {
      if (place.given) continue
      place.given = true
      place.entry ??= await entryAt(this.#root, place.path)
      if (place.entry) yield place.entry
    }
  }

  async #placesIn(folder: string, above: readonly PatternMatch[]): Promise<Place[]> {
    this.#signal?.throwIfAborted()
    const found = await list(join(this.#root, folder), folder)
    return found.map((listed) => {
      const name = listed.name.toString('utf8')
      const path = folder === '' ? name : `${folder}/${name}`
      const matches = this.#filters.map(({ patterns }, index) => patterns.match(path, above[index]))
      const passes = this.#filters.every(({ keeps }, index) => matches[index]?.matches === (keeps === 'matching'))
      // protobuf and the pax records of a tar can only hold UTF-8.
      if (passes && !listed.isUtf8) throw noUtf8(path)
      return { path, isFolder: listed.isFolder, matches, passes }
    })
  }

  async #inspect(folder: string, batch: readonly Place[]): Promise<void> {
    this.#signal?.throwIfAborted()
    const inspections = batch.map(async (place) => {
      if (place.passes) place.entry = await entryAt(this.#root, place.path)
    })
    await Promise.all(inspections)
    // If a link has replaced the folder meanwhile, the entries are those of another folder.
    if ((await realpath(join(this.#root, folder)).catch(() => '')) !== join(this.#root, folder)) throw changed(folder)
  }

  #mayDescend({ path, isFolder, matches }: Place): boolean {
    return (
      isFolder &&
      this.#filters.every(({ patterns, keeps }, index) => {
        const isMatch = matches[index]?.matches === true
        if (isMatch === (keeps === 'matching')) return true
        return keeps === 'matching' ? patterns.mayMatchBelow(path) : patterns.mayExceptBelow(path)
      })
    )
  }
}

interface Listed {
  readonly name: Buffer
  readonly isUtf8: boolean
  readonly isFolder: boolean
}

async function list(folder: string, shown: string): Promise<Listed[]> {
  const found = await (FOREIGN_RUNTIME?.name === 'Bun' ? listTexts(folder) : listBytes(folder)).catch(
    (cause: unknown) => {
      if (isGone(cause)) return []
      throw unreadable(shown === '' ? folder : shown, cause)
    },
  )
  return found.toSorted((left, right) => Buffer.compare(left.name, right.name))
}

async function listBytes(folder: string): Promise<Listed[]> {
  const found = await readdir(folder, { withFileTypes: true, encoding: 'buffer' })
  return found.map((dirent) => ({ name: dirent.name, isUtf8: isUtf8(dirent.name), isFolder: dirent.isDirectory() }))
}

/** For Bun, whose list of bytes has no names (1.4). In its texts, U+FFFD stands for what isn't UTF-8. */
async function listTexts(folder: string): Promise<Listed[]> {
  const found = await readdir(folder, { withFileTypes: true })
  return found.map((dirent) => ({
    name: Buffer.from(dirent.name),
    isUtf8: !dirent.name.includes('\uFFFD'),
    isFolder: dirent.isDirectory(),
  }))
}
