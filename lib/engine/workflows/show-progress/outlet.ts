import type { Output } from '../../../base/terminal/output.ts'
import type { ShowProgressOptions } from './options.ts'

/** The stream of the caller. */
type Target = NonNullable<ShowProgressOptions['output']>

/** A stream that accepts nothing for so long is treated like one that was closed. In milliseconds. */
const PATIENCE_MS = 10_000

/** Writes to a stream that may fail, be closed or be slow. None of this is an error of the call whose progress is shown. */
export class Outlet implements Output {
  readonly #target: Target
  #isGone = false
  readonly #leave = (): void => {
    this.#isGone = true
  }

  constructor(target: Target) {
    this.#target = target
    target.on('error', this.#leave)
    target.on('close', this.#leave)
  }

  get isTTY(): boolean {
    return this.#target.isTTY === true
  }

  get columns(): number {
    return this.#target.columns ?? 0
  }

  get rows(): number {
    return this.#target.rows ?? 0
  }

  get writableNeedDrain(): boolean {
    return this.#isOpen && this.#target.writableNeedDrain
  }

  get #isOpen(): boolean {
    return !this.#isGone && this.#target.writable
  }

  write(text: string | Uint8Array): void {
    if (this.#isOpen) this.#target.write(text)
  }

  /** Resolves when everything was written, or can't be. */
  async flushed(): Promise<void> {
    if (!this.#isOpen) return
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearTimeout(timer)
        this.#target.off('close', finish)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#leave()
        finish()
      }, PATIENCE_MS)
      // A destroyed stream may not call back.
      this.#target.once('close', finish)
      this.#target.write('', finish)
    })
  }

  /** Leaves the stream as it was. */
  release(): void {
    // The 'error' event follows the failed write.
    setImmediate(() => this.#target.off('error', this.#leave).off('close', this.#leave))
  }
}
