import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { enumerate, printable } from '../../base/text.ts'

/** As deep as `clients/NAME` in the folder that `init` created. */
const DEEPEST = 2
/** A wrong path may lead to a large folder. */
const MOST_ENTRIES = 200
const MOST_NAMED = 6

/** Names the files in a folder that have such a name, else those in the folders below it; undefined if there are none. */
export async function namesBelow(folder: string, isMeant: RegExp): Promise<string | undefined> {
  const found = await filesBelow([folder], isMeant, DEEPEST)
  if (found.length === 0) return undefined
  const shown = found.slice(0, MOST_NAMED).map(printable)
  return enumerate(found.length > MOST_NAMED ? [...shown, `${found.length - MOST_NAMED} more`] : shown, 'or')
}

async function filesBelow(folders: readonly string[], isMeant: RegExp, depth: number): Promise<string[]> {
  const entries = (await Promise.all(folders.map(entriesOf))).flat()
  const found = entries.filter(({ name, isFile }) => isFile && isMeant.test(name)).map(({ path }) => path)
  if (found.length > 0 || depth === 0) return found
  const below = entries.filter(({ isFolder }) => isFolder).map(({ path }) => path)
  return below.length === 0 ? [] : filesBelow(below.slice(0, MOST_ENTRIES), isMeant, depth - 1)
}

async function entriesOf(
  folder: string,
): Promise<{ readonly name: string; readonly path: string; readonly isFile: boolean; readonly isFolder: boolean }[]> {
  const entries = await fs.readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries
    .toSorted((first, second) => (first.name < second.name ? -1 : 1))
    .slice(0, MOST_ENTRIES)
    .map((entry) => ({
      name: entry.name,
      path: join(folder, entry.name),
      isFile: entry.isFile(),
      isFolder: entry.isDirectory(),
    }))
}
