import { lstat, readdir, readlink } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { Patterns } from '../patterns.ts'

/**
 * The paths, and all paths that links on them lead to: what has to be sent so that each can be read there. The root of
 * the folder is the root of every path and link, as in a chroot: none leads out. Nothing is read but links.
 *
 * @param root - the folder
 * @param paths - with `/`; a last part may have wildcards
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
    // Links may lead in a circle.
    if (found.has(place)) return
    found.add(place)
    for (const target of targets) await follow(root, [target, ...parts.slice(depth)].join('/'), found)
    return
  }
  found.add(parts.join('/') || '.')
}

/** What is at a place that no link leads to: where the links there lead, from the root. */
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
