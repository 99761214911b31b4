import { once } from 'node:events'
import { promises as fs, type Stats } from 'node:fs'
import { connect, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import { ArgumentError, FileError, isDockerMtlsError } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'
import { codeOf } from '../base/system-error.ts'
import { fileReason, KEY_MODE } from '../base/files.ts'

/** `sun_path` of sockaddr_un without its NUL (unix(7); 104 bytes on macOS and the BSDs). libuv cuts what is longer, silently. */
const LONGEST_PATH = process.platform === 'linux' ? 107 : 103
/** `/.XXXXXX/s`, where the socket is made. */
const TEMPORARY_BYTES = 10
/** Everyone may write, and remove what belongs to others (inode(7): S_IWOTH without S_ISVTX). */
const EVERYONES = 0o002
const STICKY = 0o1000

/** A socket that listens at a path of its own. */
export interface SocketFile {
  /** Removes it, unless another has taken its place. */
  remove(): Promise<void>
}

/**
 * Listens at a path, with mode 0600 from the first moment that there is something: the socket is made in a folder that
 * nobody else may enter, and gets its name by link(2), which fails where the name is taken.
 *
 * @param server - not listening yet
 * @param path - absolute
 * @throws {@link FileError} ERR_FILE_EXISTS for anything but a dead socket of this user, ERR_FILE_WRITE
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID for a path that no socket can have
 */
export async function listenPrivately(server: Server, path: string): Promise<SocketFile> {
  const folder = dirname(path)
  checkLength(path, folder)
  try {
    await checkFolder(path, folder)
    const temporary = await fs.mkdtemp(`${folder}/.`)
    try {
      await removeDead(path, join(temporary, 'dead'))
      return await listenVia(server, join(temporary, 's'), path)
    } finally {
      await fs.rm(temporary, { recursive: true, force: true })
    }
  } catch (cause) {
    if (isDockerMtlsError(cause)) throw cause
    throw writeFault(path, cause)
  }
}

async function listenVia(server: Server, temporary: string, path: string): Promise<SocketFile> {
  server.listen(temporary)
  await once(server, 'listening')
  const mine = await nameIt(temporary, path).catch((error: unknown) => {
    server.close()
    throw error
  })
  return {
    remove: async () => {
      const there = await lstatIfAny(path)
      if (there?.ino === mine.ino && there.dev === mine.dev) await fs.rm(path, { force: true })
    },
  }
}

async function nameIt(temporary: string, path: string): Promise<Stats> {
  await fs.chmod(temporary, KEY_MODE)
  await fs.link(temporary, path)
  return fs.lstat(temporary)
}

function checkLength(path: string, folder: string): void {
  const bytes = Math.max(Buffer.byteLength(path), Buffer.byteLength(folder) + TEMPORARY_BYTES)
  if (bytes <= LONGEST_PATH) return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `listening at ${path}`,
    got: `the path of a socket can have at most ${LONGEST_PATH} bytes, and this one needs ${bytes}`,
    todo: 'Choose a shorter folder.',
  })
}

/** Whoever may rename in its folder can put a socket of his own in its place, and is sent registry passwords then. */
async function checkFolder(path: string, folder: string): Promise<void> {
  const { mode } = await fs.stat(folder)
  if ((mode & EVERYONES) === 0 || (mode & STICKY) !== 0) return
  throw new FileError('ERR_FILE_WRITE', {
    tried: `listening at ${path}`,
    got: `everyone may write to ${folder}, and could replace this socket`,
    todo: sentence`Choose a folder where only you may write. To create one:  ${command('mkdir', '-m', '700', 'FOLDER')}`,
  })
}

/** Moves it away before it is asked for the last time: another bridge may just have taken its place. */
async function removeDead(path: string, aside: string): Promise<void> {
  const found = await lstatIfAny(path)
  if (found === undefined) return
  if (!found.isSocket()) {
    throw occupied(path, `a ${found.isDirectory() ? 'folder' : 'file'} with that name exists, and it isn't a socket`)
  }
  if (found.uid !== process.getuid?.()) throw occupied(path, 'a socket of another user exists there')
  if (await isListened(path)) throw occupied(path, 'a socket exists there, and a program listens on it')
  if (!(await moveIfAny(path, aside)) || !(await isListened(aside))) return
  await fs.link(aside, path)
  throw occupied(path, 'another program has just started to listen there')
}

async function moveIfAny(from: string, to: string): Promise<boolean> {
  try {
    await fs.rename(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

/** Nobody listens: ECONNREFUSED (unix(7)). All else, such as a full backlog, is somebody. */
async function isListened(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    return codeOf(error) !== 'ECONNREFUSED'
  } finally {
    socket.destroy()
  }
}

async function lstatIfAny(path: string): Promise<Stats | undefined> {
  try {
    return await fs.lstat(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function occupied(path: string, got: string): FileError {
  return new FileError('ERR_FILE_EXISTS', {
    tried: `listening at ${path}`,
    got,
    todo: 'Choose another path.',
  })
}

function writeFault(path: string, cause: unknown): FileError {
  const code = codeOf(cause)
  if (code === 'EEXIST') return occupied(path, 'another program has just started to listen there')
  return new FileError('ERR_FILE_WRITE', {
    tried: `listening at ${path}`,
    got: code === 'ENOENT' ? `the folder ${dirname(path)} does not exist` : fileReason(cause),
    todo: 'Choose an existing folder that you may write to.',
    cause,
  })
}
