/** A reader of foreign bytes, and what it may do. */
export interface Target {
  /** As in `--target=NAME`, and the folder of its seeds in `corpus/`. */
  readonly name: string
  /** Valid inputs made by our own code, beside those in `corpus/`. */
  readonly seeds?: () => Iterable<string | Uint8Array> | Promise<Iterable<string | Uint8Array>>
  /** Words that mean something to the reader. */
  readonly words?: readonly (string | Uint8Array)[]
  /** The structure that mutations may keep. Default: none. */
  readonly format?: 'json' | 'der' | 'pem'
  /** Prepares what all inputs share, such as a server. Returns how to end it. */
  readonly start?: () => Promise<() => unknown>
  /**
   * Calls the reader. It accepts the input by returning, and refuses it by an error of ours or by returning {@link REFUSED}.
   *
   * @throws a {@link Violation} if the result contradicts the input
   */
  readonly read: (bytes: Buffer) => unknown
  /** Other errors with which it may refuse, because its callers expect them. */
  readonly mayThrow?: (error: unknown) => boolean
  /** The CPU time that each KiB may take on an idle machine, in milliseconds. Default: 1. */
  readonly pace?: number
  /** The longest input. Default: 1 MiB. */
  readonly longest?: number
  /** The share of inputs that the reader has to accept: otherwise they never reach its inner code. Default: 0.01. */
  readonly accepts?: number
}

/** Returned by a reader that refuses without an error. */
export const REFUSED: unique symbol = Symbol('refused')

/** What a reader returned contradicts its input. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

/** Fails an input. */
export function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Violation(what)
}
