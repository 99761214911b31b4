import { constants, promises as fs, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { FileError } from '../../base/errors.ts'
import { fileReason, KEY_MODE } from '../../base/files.ts'
import { otherWriter, stepsTo } from '../../base/folder-writers.ts'
import { codeOf } from '../../base/system-error.ts'
import { readHead, renderHead, START, type Link } from './chain.ts'

const { O_RDWR, O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants

/** More than a line can have. */
const TAIL_BYTES = 1024 * 1024

/** The end of a log that is there already. */
export interface Tail {
  /** The last complete line; undefined if there is none. */
  readonly last: Buffer | undefined
  /** What follows it: a line that was never finished. */
  readonly torn: Buffer
}

/** An audit log on the disk: the file itself, and its head beside it. It never leaves a part of what an `append()` should write. */
export class LogFile {
  readonly path: string
  #file: fs.FileHandle
  #head: fs.FileHandle | undefined
  #bytes: number
  #isTorn = false
  /** Ends a line that was never finished. */
  #before = Buffer.alloc(0)

  private constructor(path: string, file: fs.FileHandle, bytes: number) {
    this.path = path
    this.#file = file
    this.#bytes = bytes
  }

  /**
   * Opens a log, or creates it.
   *
   * @param path - absolute
   * @throws {@link FileError} ERR_FILE_WRITE
   */
  static async open(path: string): Promise<LogFile> {
    let log: LogFile | undefined
    try {
      await checkFolder(dirname(path))
      const file = await openPrivate(path, O_CREAT | O_APPEND)
      log = new LogFile(path, file, (await file.stat()).size)
      // From the first line on, there is a head. So only somebody else can have removed it.
      if (log.bytes === 0 && (await log.readHead()) === 'missing') await log.flushHead(START)
      return log
    } catch (cause) {
      await log?.close()
      throw unusable(path, cause)
    }
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Whether the file ends with a line that was never finished. The next one has to follow it in the same file, to mark it. */
  get endsTorn(): boolean {
    return this.#before.length > 0
  }

  /** Takes rights from others that somebody has given them. */
  async protect(): Promise<void> {
    await this.#file.chmod(KEY_MODE)
  }

  async readTail(): Promise<Tail> {
    const from = Math.max(0, this.#bytes - TAIL_BYTES)
    const bytes = Buffer.alloc(this.#bytes - from)
    await this.#file.read(bytes, 0, bytes.length, from)
    const end = bytes.lastIndexOf(0x0a)
    const torn = bytes.subarray(end + 1)
    if (torn.length > 0) this.#before = Buffer.from('\n')
    if (end === -1) return { last: undefined, torn }
    return { last: bytes.subarray(end === 0 ? 0 : bytes.lastIndexOf(0x0a, end - 1) + 1, end), torn }
  }

  async readHead(): Promise<ReturnType<typeof readHead>> {
    return readHead(await fs.readFile(headOf(this.path)).catch(() => undefined))
  }

  /** Adds whole lines, or nothing. */
  async append(bytes: Buffer): Promise<void> {
    if (this.#isTorn) await this.#mend()
    try {
      const whole = Buffer.concat([this.#before, bytes])
      for (let at = 0; at < whole.length;) at += (await this.#file.write(whole, at)).bytesWritten
      this.#bytes += whole.length
      this.#before = Buffer.alloc(0)
    } catch (cause) {
      this.#isTorn = true
      // If this fails as well, the next call does it first.
      await this.#mend().catch(() => undefined)
      throw cause
    }
  }

  async writeHead(link: Link): Promise<void> {
    if (this.#head === undefined) {
      this.#head = await openPrivate(headOf(this.path), O_CREAT)
      await this.#head.chmod(KEY_MODE)
    }
    await this.#head.write(renderHead(link), 0)
  }

  /** Writes the head, so that it is there even after a crash of the machine. */
  async flushHead(link: Link): Promise<void> {
    await this.writeHead(link)
    await this.#head?.sync()
  }

  /** Gives the file another name, and begins an empty one. */
  async rotate(name: string): Promise<void> {
    if (await exists(name)) throw new Error(`${name} exists`)
    await this.#file.sync()
    await fs.rename(this.path, name)
    try {
      const file = await openPrivate(this.path, O_CREAT | O_APPEND | O_EXCL)
      await this.#file.close()
      this.#file = file
      this.#bytes = 0
    } catch (cause) {
      await fs.rename(name, this.path)
      throw cause
    }
  }

  async close(): Promise<void> {
    await this.#file.sync().catch(() => undefined)
    await this.#file.close()
    await this.#head?.close()
  }

  async #mend(): Promise<void> {
    await this.#file.truncate(this.#bytes)
    this.#isTorn = false
  }
}

/** The file that names the last line of a log. */
export const headOf = (path: string): string => `${path}.head`

/** Opens a file that only its owner can read, and that is no link to another one. */
async function openPrivate(path: string, flags: number): Promise<fs.FileHandle> {
  const file = await fs.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | flags, KEY_MODE)
  try {
    const fault = faultOf(await file.stat())
    if (fault !== undefined) throw new Error(fault)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

function faultOf(found: Stats): string | undefined {
  if (!found.isFile()) return 'it is not a regular file'
  if (found.nlink > 1) return 'it has another name, by a hard link'
  return undefined
}

/** Whoever may rename files in the folder could replace the log. */
async function checkFolder(folder: string): Promise<void> {
  for await (const step of stepsTo(folder)) {
    if (otherWriter(step, process.getuid?.()) !== undefined)
      throw new Error(`other users may write to ${step.path}, and could replace the log`)
  }
}

async function exists(path: string): Promise<boolean> {
  return fs.lstat(path).then(
    () => true,
    () => false,
  )
}

function unusable(path: string, cause: unknown): FileError {
  return new FileError('ERR_FILE_WRITE', {
    tried: `opening the audit log ${path}`,
    got: codeOf(cause) === 'ELOOP' ? 'it is a symbolic link' : fileReason(cause),
    todo: 'Choose a path in a folder where only you can write, such as /var/log/docker-mtls/audit.log',
    cause,
  })
}
