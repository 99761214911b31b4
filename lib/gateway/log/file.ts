import { constants, promises as fs } from 'node:fs'
import { KEY_MODE } from '../../base/files.ts'
import { codeOf } from '../../base/system-error.ts'
import { readHead, renderHead, START, type Link } from './chain.ts'
import { faultOf, headOf, unusable } from './place.ts'

const { O_RDWR, O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants

/** More than a line can have. */
const TAIL_BYTES = 1024 * 1024
/** More than a head has. */
const MOST_OF_HEAD = 4096

/** Why nothing is written to a log that has other bytes than its gateway has written: lines between them would break the chain. */
export const CHANGED: Error = new Error('something else has changed it')

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
  /** How much of a failed write is behind them. */
  #torn = 0
  /** From the first line on, there is a head. So only somebody else can have removed it. */
  #lacksHead = false
  /** Ends a line that was never finished. */
  #before = Buffer.alloc(0)

  private constructor(path: string, file: fs.FileHandle, bytes: number, head: fs.FileHandle | undefined) {
    this.path = path
    this.#file = file
    this.#bytes = bytes
    this.#head = head
  }

  /**
   * Opens a log, or creates it.
   *
   * @param path - absolute, and checked by `checkPlace()`
   * @throws {@link FileError} ERR_FILE_WRITE
   */
  static async open(path: string): Promise<LogFile> {
    // If it is refused, no log is created.
    const head = await openIfThere(headOf(path))
    let log: LogFile | undefined
    try {
      const file = await openPrivate(path, O_CREAT | O_APPEND)
      log = new LogFile(path, file, (await file.stat()).size, head)
      log.#lacksHead = log.bytes === 0 && (await log.readHead()) === 'missing'
      return log
    } catch (cause) {
      await (log ?? head)?.close()
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
    await this.#head?.chmod(KEY_MODE)
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
    // It is written with the first line.
    if (this.#lacksHead) return START
    if (this.#head === undefined) return readHead(undefined)
    const { buffer, bytesRead } = await this.#head.read(Buffer.alloc(MOST_OF_HEAD), 0, MOST_OF_HEAD, 0)
    return readHead(buffer.subarray(0, bytesRead))
  }

  /**
   * Adds whole lines, or nothing.
   *
   * @throws CHANGED if something else has changed the file
   */
  async append(bytes: Buffer): Promise<void> {
    await this.#refuseChanged()
    if (this.#torn > 0) await this.#mend()
    if (this.#lacksHead) await this.flushHead(START)
    this.#lacksHead = false
    const whole = Buffer.concat([this.#before, bytes])
    try {
      while (this.#torn < whole.length) this.#torn += (await this.#file.write(whole, this.#torn)).bytesWritten
      this.#torn = 0
      this.#bytes += whole.length
      this.#before = Buffer.alloc(0)
    } catch (cause) {
      // If this fails as well, the next call does it first.
      await this.#mend().catch(() => undefined)
      throw cause
    }
  }

  /** @throws CHANGED */
  async writeHead(link: Link): Promise<void> {
    await this.#refuseChanged()
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

  /** A lock shows no process of another container, which may have given the file another name, too. */
  async #refuseChanged(): Promise<void> {
    const [own, named] = await Promise.all([this.#file.stat(), fs.lstat(this.path).catch(undefinedIfGone)])
    if (named?.ino !== own.ino || named.dev !== own.dev || own.size !== this.#bytes + this.#torn) throw CHANGED
  }

  async #mend(): Promise<void> {
    await this.#file.truncate(this.#bytes)
    this.#torn = 0
  }
}

/** Opens a file that only its owner can read, and that is no link to another one. */
async function openPrivate(path: string, flags: number): Promise<fs.FileHandle> {
  const file = await fs.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | flags, KEY_MODE)
  try {
    const fault = faultOf(await file.stat())
    if (fault !== undefined) throw fault
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

async function openIfThere(path: string): Promise<fs.FileHandle | undefined> {
  return openPrivate(path, 0).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw unusable(path, error)
  })
}

/** What can't be looked at for another reason may be the same as before. */
function undefinedIfGone(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error
}

async function exists(path: string): Promise<boolean> {
  return fs.lstat(path).then(
    () => true,
    () => false,
  )
}
