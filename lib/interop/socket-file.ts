import { once } from 'node:events'
import { promises as fs, type Stats } from 'node:fs'
import { connect, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import { ArgumentError, FileError, isDockerMtlsError } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'
import { codeOf } from '../base/system-error.ts'
import { fileReason, KEY_MODE } from '../base/files.ts'
import { openStepTo, type PathStep, type Writer } from '../base/folder-writers.ts'

/**
 * The length of `sun_path` in sockaddr_un without its NUL (unix(7); 104 bytes on macOS and the BSDs). libuv silently
 * truncates longer paths.
 */
const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103
/** The names in the temporary folder: one byte each, since both paths are paths of sockets. */
const NEW = 's'
const STALE = 'd'
/** The length of `/.XXXXXX/s`. */
const TEMPORARY_BYTES = 10

/** A socket that listens at a path. */
export interface SocketFile {
  /** Removes the socket, unless another file has replaced it. */
  remove(): Promise<void>
}

/**
 * Listens at a path with its mode from the start, 0600 by default. The socket is created in a folder that nobody else may enter, and
 * then linked to its path by link(2), which fails if the path is taken.
 *
 * @param server - not listening yet
 * @param path - absolute
 * @param mode - of the socket. The owner alone, or the group as well
 * @throws {@link FileError} ERR_FILE_EXISTS unless the existing file is a socket of this user without a listener;
 * ERR_FILE_WRITE
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID for a path that is too long for a socket
 */
export async function listenPrivately(server: Server, path: string, mode: number = KEY_MODE): Promise<SocketFile> {
  const folder = dirname(path)
  checkLength(path, folder)
  try {
    await checkFolder(path, folder)
    const temporary = await fs.mkdtemp(`${folder}/.`)
    try {
      await removeStale(path, join(temporary, STALE))
      return await listenAndLink(server, join(temporary, NEW), path, mode)
    } finally {
      await fs.rm(temporary, { recursive: true, force: true })
    }
  } catch (cause) {
    if (isDockerMtlsError(cause)) throw cause
    throw writeFault(path, cause)
  }
}

async function listenAndLink(server: Server, temporary: string, path: string, mode: number): Promise<SocketFile> {
  server.listen(temporary)
  await once(server, 'listening')
  const created = await linkSocket(temporary, path, mode).catch((error: unknown) => {
    server.close()
    throw error
  })
  return {
    remove: async () => {
      const current = await lstatIfAny(path)
      if (current?.ino === created.ino && current.dev === created.dev) await fs.rm(path, { force: true })
    },
  }
}

async function linkSocket(temporary: string, path: string, mode: number): Promise<Stats> {
  await fs.chmod(temporary, mode)
  await fs.link(temporary, path)
  return fs.lstat(temporary)
}

function checkLength(path: string, folder: string): void {
  const bytes = Math.max(Buffer.byteLength(path), Buffer.byteLength(folder) + TEMPORARY_BYTES)
  if (bytes <= MAX_PATH_BYTES) return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `listening at ${path}`,
    got: `the path of a socket can have at most ${MAX_PATH_BYTES} bytes, and this one needs ${bytes}`,
    todo: 'Choose a shorter folder.',
  })
}

/**
 * Anyone who may rename files in the folder, or the folder itself, could replace the socket with another one, and would
 * receive registry passwords.
 */
async function checkFolder(path: string, folder: string): Promise<void> {
  const open = await openStepTo(folder, { users: [process.getuid?.() ?? 0] })
  if (open) throw openFolder(path, open, open.writer)
}

function openFolder(path: string, step: PathStep, writer: Writer): FileError {
  const who = {
    owner: `${step.path} belongs to the user ${step.uid}`,
    group: `the group of ${step.path} may write to it`,
    everyone: `everyone may write to ${step.path}`,
  }[writer]
  return new FileError('ERR_FILE_WRITE', {
    tried: `listening at ${path}`,
    got: `${who}, and could replace this socket`,
    todo: sentence`Choose a folder where nobody else may write, nor in the folders above it. To create one:  ${command('mkdir', '-m', '700', 'FOLDER')}`,
  })
}

/** Moves the socket away before the last check: another bridge may just have replaced it. */
async function removeStale(path: string, aside: string): Promise<void> {
  const found = await lstatIfAny(path)
  if (found === undefined) return
  if (!found.isSocket()) {
    throw pathTaken(path, `a ${found.isDirectory() ? 'folder' : 'file'} with that name exists, and it isn't a socket`)
  }
  if (found.uid !== process.getuid?.()) throw pathTaken(path, 'a socket of another user exists there')
  if (await hasListener(path)) throw pathTaken(path, 'a socket exists there, and a program listens on it')
  if (!(await moveIfAny(path, aside)) || !(await hasListener(aside))) return
  await fs.link(aside, path)
  throw pathTaken(path, 'another program has just started to listen there')
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

/**
 * Only ECONNREFUSED means that nobody listens (unix(7)). Other errors, such as a full backlog, mean that somebody does.
 */
async function hasListener(path: string): Promise<boolean> {
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

function pathTaken(path: string, got: string): FileError {
  return new FileError('ERR_FILE_EXISTS', {
    tried: `listening at ${path}`,
    got,
    todo: 'Choose another path.',
  })
}

function writeFault(path: string, cause: unknown): FileError {
  const code = codeOf(cause)
  if (code === 'EEXIST') return pathTaken(path, 'another program has just started to listen there')
  return new FileError('ERR_FILE_WRITE', {
    tried: `listening at ${path}`,
    got: code === 'ENOENT' ? `the folder ${dirname(path)} does not exist` : fileReason(cause),
    todo: 'Choose an existing folder that you may write to.',
    cause,
  })
}
