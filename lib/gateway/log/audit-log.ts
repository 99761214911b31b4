import { FileError } from '../../base/errors.ts'
import { fileReason } from '../../base/files.ts'
import type { GatewayEvent } from '../events.ts'
import type { Link } from './chain.ts'
import { entryOf } from './entry.ts'
import { CHANGED, type LogFile } from './file.ts'
import type { AuditLog } from './interface.ts'
import { earlierFile } from './place.ts'
import { Queue, type Batch } from './queue.ts'
import { Strangers } from './strangers.ts'

/** How often a failed write is tried again, in milliseconds. */
const RETRY_MS = 500
/** How long a write may take before it counts as failed, in milliseconds: nobody waits longer for a disk that hangs. */
const LATE_MS = 5_000
/** How far the head may be behind the log, in milliseconds. */
const HEAD_MS = 100

/** What a log needs besides its file. */
export interface AuditLogState {
  readonly file: LogFile
  /** The last line. */
  readonly link: Link
  readonly mayGoOn: boolean
  readonly maxBytes: number
  /** Gives the lock back. */
  readonly release: () => Promise<void>
}

/**
 * Writes lines in batches: while one is being written, the next gathers. A batch that can't be written is tried again as it is, so that
 * the chain has no gap.
 */
export class ChainedLog implements AuditLog {
  readonly #file: LogFile
  readonly #state: AuditLogState
  readonly #queue = new Queue()
  readonly #strangers = new Strangers()
  readonly #listeners = new Set<(error: Error) => void>()
  #link: Link
  /** Written next: what couldn't be. */
  #batch: Batch | undefined
  #failure: Error | undefined
  #flushing: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #headTimer: NodeJS.Timeout | undefined
  #headAt = -HEAD_MS
  #closed: Promise<void> | undefined
  /** A write takes too long. */
  #isLate = false
  /** Ends the wait of `close()`. */
  #giveUp: (() => void) | undefined

  constructor(state: AuditLogState) {
    this.#state = state
    this.#file = state.file
    this.#link = state.link
  }

  get path(): string {
    return this.#file.path
  }

  get failure(): Error | undefined {
    return this.#failure
  }

  get isReady(): boolean {
    return this.#failure === undefined || this.#state.mayGoOn
  }

  write(event: GatewayEvent): void {
    if (this.#closed !== undefined) return
    if (!this.#strangers.admit(event)) return
    this.#addSkipped(event)
    this.add(entryOf(event))
  }

  async record(event: GatewayEvent): Promise<boolean> {
    const isKept = this.#closed === undefined && this.add(entryOf(event))
    if (isKept && this.#failure === undefined) await this.#queue.settled()
    return this.#state.mayGoOn || (isKept && this.#failure === undefined)
  }

  onFailure(listener: (error: Error) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** @returns whether it will be written @internal */
  add(entry: object): boolean {
    const isKept = this.#queue.add(entry)
    // While it fails, the timer tries again.
    if (this.#failure === undefined) void this.flush()
    return isKept
  }

  /** Writes what waits. Never rejects. @internal */
  flush(): Promise<void> {
    return (this.#flushing ??= this.#flush())
  }

  async #flush(): Promise<void> {
    // Everything of this round of the event loop goes into one write.
    await new Promise(setImmediate)
    try {
      await this.#writeAll()
    } catch (error) {
      this.#fail(error)
    }
    this.#flushing = undefined
    // It came between the last look and now.
    if (this.#failure === undefined && !this.#queue.isEmpty) void this.flush()
  }

  #addSkipped(before?: GatewayEvent): void {
    for (const skipped of this.#strangers.takeSkipped(before)) this.#queue.add(skipped)
  }

  async #writeAll(): Promise<void> {
    do {
      await this.#limit(this.#writeNext())
      this.#failure = undefined
    } while (!this.#queue.isEmpty)
  }

  /** It goes on when it is late, but whoever waits does not. */
  async #limit(writing: Promise<void>): Promise<void> {
    const late = setTimeout(() => {
      this.#isLate = true
      this.#fail(LATE)
      this.#giveUp?.()
    }, LATE_MS)
    await writing.finally(() => {
      clearTimeout(late)
      this.#isLate = false
    })
  }

  async #writeNext(): Promise<void> {
    const isFull = this.#file.bytes >= this.#state.maxBytes && !this.#file.endsTorn
    if (this.#batch === undefined && isFull && !this.#queue.isEmpty) await this.#rotate()
    this.#batch ??= this.#queue.take(this.#link)
    if (this.#batch !== undefined) await this.#writeBatch(this.#batch)
    await this.#keepHead()
  }

  /** A head for each batch would double the cost of a line. */
  async #keepHead(): Promise<void> {
    const isDue = this.#closed !== undefined || performance.now() - this.#headAt >= HEAD_MS
    if (!isDue) {
      this.#headTimer ??= setTimeout(() => {
        this.#headTimer = undefined
        void this.flush()
      }, HEAD_MS).unref()
      return
    }
    await this.#file.writeHead(this.#link)
    this.#headAt = performance.now()
  }

  async #writeBatch({ bytes, link, settle }: Batch): Promise<void> {
    if (bytes.length > 0) await this.#file.append(bytes)
    this.#link = link
    this.#batch = undefined
    settle()
  }

  async #rotate(): Promise<void> {
    const name = earlierFile(this.path, this.#link.n)
    // Until the new file has a line, the head alone says where the chain goes on. It never names a line of an older file.
    await this.#file.flushHead(this.#link)
    await this.#file.rotate(name)
    this.#queue.addFirst({ event: 'rotate', file: name.slice(name.lastIndexOf('/') + 1) })
  }

  #fail(cause: unknown): void {
    const isNew = this.#failure === undefined
    this.#failure = unwritable(this.path, cause, this.#state.mayGoOn)
    this.#batch?.settle()
    this.#queue.giveUp()
    clearTimeout(this.#timer)
    if (this.#closed === undefined) this.#timer = setTimeout(() => void this.flush(), RETRY_MS).unref()
    if (!isNew) return
    for (const listener of this.#listeners) listener(this.#failure)
  }

  async #close(): Promise<void> {
    this.#addSkipped()
    this.#queue.add({ event: 'close' })
    const late = new Promise<void>((resolve) => (this.#giveUp = resolve))
    if (this.#isLate) this.#giveUp?.()
    await Promise.race([this.#finish(), late])
    if (this.#failure) throw this.#failure
  }

  async #finish(): Promise<void> {
    await this.#flushing
    clearTimeout(this.#timer)
    clearTimeout(this.#headTimer)
    await this.flush()
    const failure = this.#failure
    await this.#limit(this.#file.close())
    this.#failure = failure
    await this.#state.release()
  }
}

const LATE = new Error(`it takes more than ${LATE_MS / 1000} s`)

const REMEDIES: ReadonlyMap<unknown, string> = new Map([
  [LATE, 'Check its disk.'],
  [CHANGED, 'Let nothing else write to it, and restart the gateway.'],
])

function unwritable(path: string, cause: unknown, mayGoOn: boolean): FileError {
  const remedy = REMEDIES.get(cause) ?? 'Free some space on its disk.'
  // A restart loses the events that wait.
  const later = cause === CHANGED ? ' They are not logged.' : ' Up to 10,000 events, or 16 MiB, are written later.'
  return new FileError('ERR_FILE_WRITE', {
    tried: `writing the audit log ${path}`,
    got: fileReason(cause),
    todo: mayGoOn
      ? `${remedy} Until then, requests are served.${later}`
      : `${remedy} Until then, all requests are refused.`,
    cause,
  })
}
