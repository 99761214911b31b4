import { lstat, readdir, readlink } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { escapePattern, Patterns } from '../ignore-patterns.ts'

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
  for (const path of paths) await follow(root, partsOf(path, false), found)
  return [...found]
}

/** A part of a path: of one that the daemon requested, or of the target of a link, which has no wildcards. */
interface Part {
  readonly name: string
  readonly isLiteral: boolean
}

function partsOf(path: string, isLiteral: boolean): Part[] {
  const names = posix.normalize(`/${path}`).split('/')
  return names.filter((name) => name !== '').map((name) => ({ name, isLiteral }))
}

async function follow(root: string, parts: readonly Part[], found: Set<string>): Promise<void> {
  for (let depth = 1; depth <= parts.length; depth++) {
    const place = parts.slice(0, depth)
    const targets = await targetsAt(root, place)
    if (targets.length === 0) continue
    const pattern = patternOf(place)
    // Links may form a loop.
    if (found.has(pattern)) return
    found.add(pattern)
    for (const target of targets) await follow(root, [...partsOf(target, true), ...parts.slice(depth)], found)
    return
  }
  found.add(patternOf(parts) || '.')
}

function patternOf(parts: readonly Part[]): string {
  return parts.map(({ name, isLiteral }) => (isLiteral ? escapePattern(name) : name)).join('/')
}

/** The targets of the links that match a path, from the root. The folder of the path has no links. */
async function targetsAt(root: string, place: readonly Part[]): Promise<string[]> {
  const dir = place
    .slice(0, -1)
    .map(({ name }) => name)
    .join('/')
  const { name: base = '', isLiteral = true } = place.at(-1) ?? {}
  if (isLiteral || !/[*?[]/.test(base)) return targetOf(root, posix.join(dir, base))
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
