import { promises as fs, watch, type FSWatcher } from 'node:fs'
import { basename, dirname } from 'node:path'

/** File systems that only this machine changes, so that inotify tells of each change: ext2 to ext4, XFS, Btrfs, ZFS, F2FS, tmpfs, overlayfs. */
const LOCAL: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0xf2f52010, 0x01021994, 0x794c7630,
])

/** Watches the files at some paths until the first change. */
export class FileWatch {
  readonly #onChange: () => void
  #watchers: FSWatcher[] = []
  #isOn = false
  #isOver = false

  constructor(paths: readonly string[], onChange: () => void) {
    this.#onChange = onChange
    this.#begin(paths).catch(() => this.stop())
  }

  /** Would it tell of a change? It never would of network file systems, or if inotify has too many users. */
  get isOn(): boolean {
    return this.#isOn
  }

  stop(): void {
    this.#isOver = true
    this.#isOn = false
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers = []
  }

  async #begin(paths: readonly string[]): Promise<void> {
    const watched = await watchedFor(paths)
    for (const place of watched.keys()) if (!LOCAL.has((await fs.statfs(place)).type)) return
    if (this.#isOver) return
    for (const [place, names] of watched) {
      const watcher = watch(place, { persistent: false }, (_, name) => {
        if (names === undefined || name === null || names.has(name) || name.startsWith('..')) this.#end()
      })
      this.#watchers.push(watcher.on('error', () => this.#end()))
    }
    this.#isOn = true
  }

  #end(): void {
    if (this.#isOver) return
    this.stop()
    this.#onChange()
  }
}

/**
 * Files, and folders with the names in them that count: the files', those of the folders themselves, which stand for their removal, and
 * Kubernetes' links `..data`. A file is watched itself as well, since another path may lead to it, as to one that is mounted in a container.
 */
async function watchedFor(paths: readonly string[]): Promise<Map<string, Set<string> | undefined>> {
  const watched = new Map<string, Set<string> | undefined>()
  for (const path of paths) {
    // It may be missing.
    const real = await fs.realpath(path).catch(() => undefined)
    if (real !== undefined) watched.set(real, undefined)
    for (const one of [path, real ?? path]) {
      const folder = dirname(one)
      const names = watched.get(folder) ?? new Set([basename(folder)])
      watched.set(folder, names.add(basename(one)))
    }
  }
  return watched
}
