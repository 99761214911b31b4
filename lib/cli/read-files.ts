import {
  accessSync,
  lstatSync,
  promises,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs'

/*
 * The build puts these functions in the place of those of `fs/promises`, in the command alone (scripts/files-at-once.mjs). They
 * read without another thread, which takes a tenth of the time and spares the loading of `fs/promises`. A command has nothing
 * else to do meanwhile. The library's code stays as it is, because it must not block an app.
 */

export const access = atOnce(accessSync)
export const lstat = atOnce(lstatSync)
export const readdir = atOnce(readdirSync)
export const readlink = atOnce(readlinkSync)
export const realpath = atOnce(realpathSync.native)
export const stat = atOnce(statSync)

/** A pipe is read in another thread, because it may have to wait. */
export async function readFile(path: string, encoding?: BufferEncoding): Promise<string | Buffer> {
  return mayWait(path) ? promises.readFile(path, encoding) : readFileSync(path, encoding)
}

function mayWait(path: string): boolean {
  try {
    const found = statSync(path)
    return !found.isFile() && !found.isDirectory()
  } catch {
    // Reading it fails, too.
    return false
  }
}

function atOnce<Given extends unknown[], Found>(read: (...given: Given) => Found): (...given: Given) => Promise<Found> {
  return async (...given) => read(...given)
}
