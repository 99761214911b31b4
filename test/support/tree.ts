import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What is in a folder: each path with its mode, and for a file the bytes and when they were written. */
export type Tree = Readonly<Record<string, string>>

/** Reads a whole folder, so that two states of it can be compared. */
export async function treeOf(folder: string): Promise<Tree> {
  const entries: [string, string][] = []
  await walk(folder, '', entries)
  return Object.fromEntries(entries.toSorted(([left], [right]) => (left < right ? -1 : 1)))
}

async function walk(root: string, below: string, entries: [string, string][]): Promise<void> {
  for (const name of await readdir(join(root, below)).catch(() => [])) {
    const path = join(below, name)
    const stats = await lstat(join(root, path))
    const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0')
    if (stats.isDirectory()) {
      entries.push([`${path}/`, mode])
      await walk(root, path, entries)
    } else {
      const bytes = await readFile(join(root, path))
      entries.push([path, `${mode} ${stats.mtimeMs} ${bytes.toString('base64')}`])
    }
  }
}

/** Only the modes, by path. */
export function modesOf(tree: Tree): Record<string, string> {
  return Object.fromEntries(Object.entries(tree).map(([path, state]) => [path, state.slice(0, 4)]))
}

/** As a tree, without the times. */
export function contentsOf(tree: Tree): Tree {
  return Object.fromEntries(Object.entries(tree).map(([path, state]) => [path, state.replace(/ [\d.]+ /, ' ')]))
}
