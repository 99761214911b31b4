import { readFile, stat } from 'node:fs/promises'
import { FileError } from '../base/errors.ts'
import { readFault } from '../base/files.ts'
import { unlessHanging } from '../base/hanging-read.ts'
import { parsePolicy } from '../policy/file/parse.ts'
import type { Policy } from '../policy/file/types.ts'

/** How often the file is read, in milliseconds. */
const INTERVAL_MS = 500
const MOST_BYTES = 1024 * 1024

/** What to do with what is in the file. */
export interface PolicyFileReader {
  readonly onPolicy: (policy: Policy) => void
  /** Called once for each content that isn't a policy. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Follows a policy file, however it is replaced. Its content counts when it has been the same twice, because a file that is half
 * written can be a policy that allows more.
 */
export class PolicyFile {
  readonly #path: string
  readonly #reader: PolicyFileReader
  #timer: NodeJS.Timeout | undefined
  /** The content that was read last, and the one that counts. */
  #last: string | undefined
  #taken: string | undefined
  /** A reading that has not ended. */
  #reading: Promise<string> | undefined
  #isStopped = false

  constructor(path: string, reader: PolicyFileReader) {
    this.#path = path
    this.#reader = reader
  }

  /** Resolves when the first content counts, whether it is a policy or not. */
  async start(): Promise<void> {
    await this.#look()
    while (this.#taken === undefined && !this.#isStopped) {
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS))
      await this.#look()
    }
    this.#schedule()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  #schedule(): void {
    if (this.#isStopped) return
    this.#timer = setTimeout(() => void this.#look().then(() => this.#schedule()), INTERVAL_MS).unref()
  }

  async #look(): Promise<void> {
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined))
    const read = unlessHanging(this.#reading, (cause) => this.#unreadable(cause))
    const found = await read.catch((error: unknown) => error)
    const content = typeof found === 'string' ? `text ${found}` : `failure ${String(found)}`
    const isSettled = content === this.#last
    this.#last = content
    if (!isSettled || content === this.#taken || this.#isStopped) return
    this.#taken = content
    this.#take(found)
  }

  #take(found: unknown): void {
    try {
      if (typeof found !== 'string') throw found
      this.#reader.onPolicy(parsePolicy(found, this.#path))
    } catch (error) {
      this.#reader.onFailure(error)
    }
  }

  async #read(): Promise<string> {
    try {
      const { size } = await stat(this.#path)
      if (size > MOST_BYTES) throw new RangeError(`it has more than ${MOST_BYTES} bytes, which is too large`)
      return await readFile(this.#path, 'utf8')
    } catch (cause) {
      throw this.#unreadable(cause)
    }
  }

  #unreadable(cause: unknown): FileError {
    return new FileError('ERR_FILE_READ', {
      tried: `reading the policy from ${this.#path}`,
      got: readFault(cause),
      todo: 'Create the file, or correct its permissions.',
      cause,
    })
  }
}
