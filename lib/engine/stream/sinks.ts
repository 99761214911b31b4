import type { WriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { ArgumentError } from '../../base/errors.ts'
import { shown } from '../description.ts'

/** The caller's writable streams, written at their pace. An error of one fails the write, and nothing else. */
export class Sinks {
  readonly #targets: ReadonlySet<Writable>
  #failed = false

  constructor(...targets: readonly Writable[]) {
    this.#targets = new Set(targets)
    // The write itself fails, too; an unhandled 'error' would end the process.
    for (const target of this.#targets) target.on('error', ignore)
  }

  /** Resolves when the data were accepted. */
  write(target: Writable, data: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!target.writable) return reject(target.errored ?? gone())
      // A destroyed stream doesn't drain, and may not call back either.
      const closed = (): void => reject(target.errored ?? gone())
      target.once('close', closed)
      target.write(data, (error) => {
        target.off('close', closed)
        this.#failed ||= Boolean(error)
        if (error) reject(error)
        else resolve()
      })
    })
  }

  /** @throws the error of a stream that has failed, even if nothing was written to it */
  async check(): Promise<void> {
    for (const target of this.#targets) {
      if (isOpening(target)) await opened(target)
      if (target.errored) throw target.errored
    }
  }

  release(): void {
    const off = (): void => this.#targets.forEach((target) => target.off('error', ignore))
    // The 'error' event follows the failed write.
    if (this.#failed) setImmediate(off)
    else off()
  }
}

function ignore(): void {}

/** A file that isn't open yet, as createWriteStream() returns it. */
function isOpening(target: Writable): boolean {
  const { path, pending } = target as Partial<WriteStream>
  return path !== undefined && pending === true && !target.destroyed
}

function opened(file: Writable): Promise<void> {
  return new Promise((resolve) => {
    file.once('ready', resolve).once('close', resolve)
  })
}

/** Refuses a value that isn't a writable stream. It would otherwise fail later, when the first output arrives. */
export function checkWritable(what: string, target: unknown): void {
  const { write, once } = (target ?? {}) as Partial<Writable>
  if (typeof write === 'function' && typeof once === 'function') return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `${what}, ${shown(target)}`,
    got: 'it is not a writable stream',
    todo: 'Pass a Writable such as process.stdout or createWriteStream(PATH).',
  })
}

function gone(): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'writing output to the stream that you passed',
    got: 'it was ended or destroyed before all output was written',
    todo: 'Keep it open until the output has ended.',
  })
}
