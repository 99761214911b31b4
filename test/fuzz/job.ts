import type { Fault } from './trial.ts'

/** What a child process does. */
export interface Job {
  /** The module that exports the target. */
  readonly file: string
  readonly name: string
  readonly seed: number
  readonly seconds: number
  /** Only this input is tried. */
  readonly input?: string
  readonly noteFile: string
  readonly reportFile: string
}

/** In the note of a child: the number of the current input and its length precede it. */
export const INPUT_AT = 8

/** What a child found. */
export interface Report {
  readonly inputs: number
  readonly accepted: number
  readonly seconds: number
  /** The longest CPU time of an input, in milliseconds. */
  readonly slowest: number
  /** The largest growth of the process during an input, in bytes. */
  readonly largest: number
  readonly finding?: Finding
}

/** An input that a target doesn't handle as it has to. */
export interface Finding extends Fault {
  /** In base64. */
  readonly input: string
}
