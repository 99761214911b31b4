import { Readable } from 'node:stream'
import { ArgumentError, FileError, isDockerMtlsError } from '../../base/errors.ts'
import { readFault } from '../../base/files.ts'
import { failureOf, isAsyncIterable, readableOf } from '../../transport/given-streams.ts'
import { shown } from '../description.ts'

/**
 * Reads a stream that a caller gave to a call. Its failure, at any time, is an error of ours that names the input, and no failure is
 * left unhandled. Destroying it closes the caller's stream.
 *
 * @param what - the input: `the option stdin of run()`
 * @returns text and bytes unchanged
 */
export function openInput<Input>(given: Input, what: string): Input | InputStream {
  if (given instanceof InputStream || !isAsyncIterable(given)) return given
  return new InputStream(given, what)
}

/** @throws FileError if the source of an input has failed already */
export function checkInput(input: unknown): void {
  if (input instanceof InputStream && input.errored) throw input.errored
}

/** Closes an input that a call no longer needs. */
export function closeInput(input: unknown): void {
  if (input instanceof InputStream) input.destroy()
}

/** The bytes of a caller's stream, at the pace of their reader. */
export class InputStream extends Readable {
  readonly #source: Readable
  readonly #what: string
  #isBegun = false

  constructor(given: AsyncIterable<unknown>, what: string) {
    super()
    this.#source = readableOf(given)
    this.#what = what
    // Whoever reads it gets the failure.
    this.on('error', ignore)
    const failure = failureOf(given)
    if (failure !== undefined) this.#fail(failure)
    else if (this.#source.readableEnded) this.destroy(inputFailed(what, 'it was read to its end before'))
    else if (this.#source.destroyed) this.destroy(inputFailed(what, CLOSED))
    else this.#source.on('error', this.#fail).on('end', this.#end).on('close', this.#closed)
  }

  override _read(): void {
    if (!this.#isBegun) this.#source.on('data', this.#data)
    this.#isBegun = true
    this.#source.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // An 'error' of the source may still follow.
    this.#source.on('error', ignore)
    this.#source.off('data', this.#data).off('end', this.#end).off('close', this.#closed).off('error', this.#fail)
    this.#source.destroy()
    callback(error)
  }

  readonly #data = (chunk: unknown): void => {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) this.destroy(notBytes(this.#what, chunk))
    else if (chunk.length > 0 && !this.push(chunk)) this.#source.pause()
  }

  readonly #end = (): void => void this.push(null)

  readonly #fail = (cause: unknown): void => {
    this.destroy(
      isDockerMtlsError(cause) ? cause : inputFailed(this.#what, `its source failed: ${reasonOf(cause)}`, cause),
    )
  }

  readonly #closed = (): void => {
    if (!this.#source.readableEnded) this.destroy(inputFailed(this.#what, CLOSED))
  }
}

function ignore(): void {}

const CLOSED = 'it was closed before its end'

/** The path of a file says most. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const { path } = cause as NodeJS.ErrnoException
  return typeof path === 'string' ? `${path}: ${readFault(cause)}` : readFault(cause)
}

function inputFailed(what: string, got: string, cause?: unknown): FileError {
  return new FileError('ERR_INPUT_FAILED', {
    tried: `reading ${what}`,
    got,
    todo: "Correct the source of the stream, and call again with a new stream: this one can't be read again.",
    cause,
  })
}

function notBytes(what: string, chunk: unknown): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `reading ${what}, which yielded ${shown(chunk)}`,
    got: 'it is neither a string nor bytes',
    todo: 'Pass a stream of strings or Uint8Arrays.',
  })
}
