import type { Readable } from 'node:stream'
import type { Environment } from '../../endpoint/environment.ts'
import type { DockerFlag } from '../plugin/call.ts'

/** Where words go: a stream of the process, or a test's. */
export interface Output {
  write(chunk: string | Uint8Array): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** Where a person types. */
export type Input = Readable & { readonly isTTY?: boolean; setRawMode?: (mode: boolean) => unknown }

/** All that a command touches of its process, so that a test can be one. */
export interface Io {
  readonly stdin: Input
  /** Data. */
  readonly stdout: Output
  /** Talk. */
  readonly stderr: Output
  readonly env: Environment
  /** Is aborted with an {@link Interrupted} by Ctrl-C and its like. */
  readonly signal: AbortSignal
  /** Below which the installed unit is looked for. */
  readonly root: string
  /** The docker command's own options, where it has called us as its plugin. */
  readonly docker?: readonly DockerFlag[]
}

/** The reason of a signal from outside; its exit code is 128 and the signal's number, as a shell has it. */
export class Interrupted extends Error {
  readonly exitCode: number

  constructor(exitCode: number) {
    super('interrupted')
    this.exitCode = exitCode
  }
}

/** Ctrl-C. */
export const SIGINT_CODE = 130
