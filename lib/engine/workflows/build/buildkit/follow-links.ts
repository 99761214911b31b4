import { lstat, readdir, readlink } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { Patterns } from '../ignore-patterns.ts'

/**
 * The paths, and the targets of all links on them: everything that must be sent so that each path can be read there. As
 * in a chroot, the folder is the root of all paths and links, so none leads out of it. Only links are read.
 *
 * @param root - the folder
 * @param paths - with `/`; the last part may have wildcards
 * @returns patterns
 * @see https://github.com/tonistiigi/fsutil/blob/master/followlinks.go
 */
export async function followLinks(root: string, paths: readonly string[]): Promise<string[]> {
  const found = new Set<string>()
  for (const path of paths) await follow(root, path, found)
  return [...found]
}

async function follow(root: string, path: string, found: Set<string>): Promise<void> {
  const parts = posix
    .normalize(`/${path}`)
    .split('/')
    .filter((part) => part !== '')
  for (let depth = 1; depth <= parts.length; depth++) {
    const place = parts.slice(0, depth).join('/')
    const targets = await targetsAt(root, place)
    if (targets.length === 0) continue
    // Links may form a loop.
    if (found.has(place)) return
    found.add(place)
    for (const target of targets) await follow(root, [target, ...parts.slice(depth)].join('/'), found)
    return
  }
  found.add(parts.join('/') || '.')
}

/** The targets of the links that match a path, from the root. The folder of the path has no links. */
async function targetsAt(root: string, place: string): Promise<string[]> {
  const { dir, base } = posix.parse(place)
  if (!/[*?[]/.test(base)) return targetOf(root, place)
  const names = await readdir(join(root, dir)).catch(() => [])
  const pattern = new Patterns([base])
  const targets = names
    .filter((name) => pattern.match(name).matches)
    .map((name) => targetOf(root, posix.join(dir, name)))
  return (await Promise.all(targets)).flat()
}

async function targetOf(root: string, place: string): Promise<string[]> {
  const path = join(root, place)
  const isLink = await lstat(path).then(
    (stats) => stats.isSymbolicLink(),
    () => false,
  )
  if (!isLink) return []
  return [posix.join('/', posix.resolve(`/${posix.dirname(place)}`, await readlink(path)))]
}
