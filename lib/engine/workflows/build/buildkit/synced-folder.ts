import { basename, dirname } from 'node:path'
import { entryAt, type ContextEntry } from '../entry.ts'
import type { BuildFiles } from '../files.ts'
import { Patterns } from '../ignore-patterns.ts'
import { readEntry } from '../read-entry.ts'
import { walk, type Filter } from '../walk.ts'
import { followLinks } from './follow-links.ts'

/** The paths that the daemon requests of a folder. Each filter narrows the others. None can leave the folder. */
export interface Wanted {
  readonly includes: readonly string[]
  readonly excludes: readonly string[]
  /** Paths that are sent with the targets of their links inside the folder. */
  readonly followed: readonly string[]
}

/** A folder that the daemon may read. */
export interface SyncedFolder {
  entries(wanted: Wanted, signal: AbortSignal): AsyncIterable<ContextEntry>
  read(entry: ContextEntry, signal: AbortSignal): AsyncIterable<Buffer>
}

/** The folders of a build, by the names that BuildKit's Dockerfile frontend asks for. */
export function foldersOf(files: BuildFiles): Readonly<Record<string, SyncedFolder>> {
  return { context: contextOf(files), dockerfile: dockerfileOf(files) }
}

/**
 * The context without the files in `.dockerignore`, even if the daemon requests them. It may read the `.dockerignore`
 * itself.
 */
function contextOf({ root, ignored }: BuildFiles): SyncedFolder {
  const own: Filter = { patterns: new Patterns([...ignored, '!.dockerignore']), keeps: 'others' }
  return {
    async *entries(wanted, signal) {
      const followed = wanted.followed.length === 0 ? [] : await followLinks(root, wanted.followed)
      yield* walk(root, [own, ...filtersOf(wanted, followed)], signal)
    },
    read: (entry, signal) => readEntry(root, entry, signal),
  }
}

/** The Dockerfile and its own `.dockerignore`, but no other files of their folder. */
function dockerfileOf({ dockerfile }: BuildFiles): SyncedFolder {
  const name = dockerfileName(dockerfile.name)
  const places = new Map([[name, dockerfile.path]])
  if (dockerfile.ignoreFile !== undefined) places.set(`${name}.dockerignore`, dockerfile.ignoreFile)
  return {
    async *entries(wanted) {
      const filters = filtersOf(wanted, wanted.followed)
      for (const [shown, path] of places) {
        const entry = passes(shown, filters) ? await entryAt(dirname(path), basename(path)) : undefined
        if (entry) yield { ...entry, path: shown }
      }
    },
    read: (entry, signal) => {
      const path = places.get(entry.path) ?? ''
      return readEntry(dirname(path), { ...entry, path: basename(path) }, signal)
    },
  }
}

/** The name of the Dockerfile for the daemon, which requests it as a pattern. */
export function dockerfileName(name: string): string {
  return /[*?[\]\\^!]/.test(name) ? 'Dockerfile' : name
}

function filtersOf({ includes, excludes }: Wanted, followed: readonly string[]): Filter[] {
  const named = [...includes, ...followed]
  // The root matches everything.
  const all = named.length === 0 || named.some((path) => path === '.')
  return [
    ...(all ? [] : [{ patterns: new Patterns(named), keeps: 'matching' } as const]),
    ...(excludes.length === 0 ? [] : [{ patterns: new Patterns(excludes), keeps: 'others' } as const]),
  ]
}

function passes(name: string, filters: readonly Filter[]): boolean {
  return filters.every(({ patterns, keeps }) => patterns.match(name).matches === (keeps === 'matching'))
}
