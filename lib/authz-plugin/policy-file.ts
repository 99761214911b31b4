import { FileError } from '../base/errors.ts'
import { readFault } from '../base/files.ts'
import { FollowedFile } from '../gateway/files/followed-file.ts'
import { parsePolicy } from '../policy/file/parse.ts'
import type { Policy } from '../policy/file/types.ts'

/** How often the file is looked at, in milliseconds. */
const INTERVAL_MS = 500

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
  readonly #file: FollowedFile
  readonly #reader: PolicyFileReader
  #timer: NodeJS.Timeout | undefined
  /** The content that was read last, and the one that counts. */
  #last: string | undefined
  #taken: string | undefined
  #isStopped = false

  constructor(path: string, reader: PolicyFileReader) {
    this.#file = new FollowedFile(path)
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
    const found = await this.#file.text().catch((cause: unknown) => this.#unreadable(cause))
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
      this.#reader.onPolicy(parsePolicy(found, this.#file.path))
    } catch (error) {
      this.#reader.onFailure(error)
    }
  }

  #unreadable(cause: unknown): FileError {
    return new FileError('ERR_FILE_READ', {
      tried: `reading the policy from ${this.#file.path}`,
      got: readFault(cause),
      todo: 'Create the file, or correct its permissions.',
      cause,
    })
  }
}
