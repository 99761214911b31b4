import { constants, promises as fs, type BigIntStats } from 'node:fs'

/** The size of certificates, keys and policies, in bytes. The limit keeps a wrong path from filling the memory. */
const MOST_BYTES = 1_048_576
/** How long a file may take to be read, in milliseconds. */
const READ_MS = 5_000
/**
 * A file that changed less than this before it was read may change again without a new time stamp: file systems store times in steps of
 * 4 ms (ext4) to 2 s (FAT). Until then, it is read at each look. In milliseconds.
 */
const SETTLE_MS = 2_000

/** What a file contains. */
interface Known {
  readonly stamp: string
  /** When this stamp was seen first, by the clock of performance.now(). */
  readonly since: number
  readonly text: string
  readonly isSettled: boolean
}

/** What is being read. */
interface Reading {
  readonly since: number
  /** Undefined: not even that is known yet. */
  inode?: string
  /** Is somebody finding out whether it still has its path? */
  isChecked?: boolean
}

type Running = Reading & { readonly text: Promise<string> }

/** A file that is looked at again and again. */
export class FollowedFile {
  readonly path: string
  readonly #mostBytes: number
  #known: Known | undefined
  #reading: Running | undefined

  constructor(path: string, mostBytes: number = MOST_BYTES) {
    this.path = path
    this.#mostBytes = mostBytes
  }

  /**
   * Returns what it contains. It is read only if it may have changed. A reading that hangs, as on a network file system whose server is gone,
   * is an error after 5 s. It goes on nevertheless, and nothing else is read, unless the path leads to another file by then.
   */
  text(): Promise<string> {
    const reading = this.#reading ?? this.#begin()
    if (performance.now() - reading.since < READ_MS) return unlessHanging(reading.text)
    void this.#giveUpIfReplaced(reading)
    return Promise.reject(hangingRead())
  }

  #begin(): Running {
    const reading: Reading = { since: performance.now() }
    const text = this.#read(reading).finally(() => this.#end(reading))
    return (this.#reading = Object.assign(reading, { text }))
  }

  #end(reading: Reading): void {
    if (this.#reading === reading) this.#reading = undefined
  }

  async #read(reading: Reading): Promise<string> {
    const stats = await fs.stat(this.path, { bigint: true })
    reading.inode = inodeOf(stats)
    const stamp = stampOf(stats)
    const before = this.#known?.stamp === stamp ? this.#known : undefined
    if (before?.isSettled) return before.text
    const now = performance.now()
    const since = before?.since ?? now
    const text = await readRegularFile(this.path, this.#mostBytes)
    const known = { stamp, since, text, isSettled: now - since > SETTLE_MS }
    // It may have been given up.
    if (this.#reading === reading) this.#known = known
    return text
  }

  /** That can hang as well. */
  async #giveUpIfReplaced(reading: Reading): Promise<void> {
    if (reading.isChecked) return
    reading.isChecked = true
    const inode = await fs.stat(this.path, { bigint: true }).then(inodeOf, () => undefined)
    reading.isChecked = false
    if (inode !== reading.inode) this.#end(reading)
  }
}

/** Rename, link and mount change the first two. Nobody can set the last one back. */
function stampOf(stats: BigIntStats): string {
  return [inodeOf(stats), stats.size, stats.mtimeNs, stats.ctimeNs].join(':')
}

function inodeOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}

/** Opening a pipe would wait for a writer, and reading it for its end. */
async function readRegularFile(path: string, mostBytes: number): Promise<string> {
  const file = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = await file.stat()
    if (!stats.isFile() && !stats.isDirectory()) throw new TypeError('it is not a regular file')
    if (stats.size > mostBytes) throw new RangeError(`it has more than ${mostBytes} bytes, which is too large`)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

/** The cause of the failure when a reading hangs. */
const hangingRead = (): Error => new Error(`it takes more than ${READ_MS / 1000} s`)

async function unlessHanging<T>(reading: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(hangingRead()), READ_MS)
  })
  return Promise.race([reading, late]).finally(() => clearTimeout(timer))
}
