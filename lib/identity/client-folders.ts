import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** The names that Docker gives the three files of a client. */
const FILES = ['ca.pem', 'cert.pem', 'key.pem']
/** A wrong path may lead to a large folder. */
const MOST_ENTRIES = 200

/**
 * Finds the folders of clients that somebody meant who named another part of a folder of `init` or `setup`: the folder itself
 * or the one that contains it, `ca`, `clients`, `server`, or `hosts/HOST`.
 */
export async function clientFoldersNear(folder: string): Promise<string[]> {
  if (basename(folder) === 'clients') return clientsIn(folder)
  const below = [folder, join(folder, 'docker-mtls')]
  const above = [dirname(folder), dirname(dirname(folder))]
  const roots = [...below, ...(await whereHasCa(above))]
  const found = await Promise.all(roots.map((root) => clientsIn(join(root, 'clients'))))
  return found.find((clients) => clients.length > 0) ?? []
}

/** The folder of the CA and the name of a client whose own folder lacks a file; undefined for any other folder. */
export async function clientOf(folder: string): Promise<{ root: string; name: string } | undefined> {
  const [clients, root] = [dirname(folder), dirname(dirname(folder))]
  if (basename(clients) !== 'clients' || !(await isFile(join(root, 'ca', 'ca.pem')))) return undefined
  const has = await Promise.all(FILES.map((file) => isFile(join(folder, file))))
  return has.some(Boolean) ? { root, name: basename(folder) } : undefined
}

/** A folder that contains the named one counts only if it has a CA: its `clients` could be anything. */
async function whereHasCa(folders: readonly string[]): Promise<string[]> {
  const have = await Promise.all(folders.map((folder) => isFile(join(folder, 'ca', 'ca.pem'))))
  return folders.filter((_, index) => have[index])
}

async function clientsIn(folder: string): Promise<string[]> {
  const folders = (await entriesOf(folder)).map((name) => join(folder, name))
  const have = await Promise.all(folders.map(hasClientFiles))
  return folders.filter((_, index) => have[index])
}

/** The sorted names in a folder, as far as it can be read. */
export async function entriesOf(folder: string): Promise<string[]> {
  const names: string[] = await readdir(folder).catch(() => [])
  return names.toSorted().slice(0, MOST_ENTRIES)
}

/** Has the folder all three files of a client? */
export async function hasClientFiles(folder: string): Promise<boolean> {
  const found = await Promise.all(FILES.map((name) => isFile(join(folder, name))))
  return found.every(Boolean)
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
}
