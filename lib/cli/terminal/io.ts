import type { Readable } from 'node:stream'
import type { Output } from '../../base/terminal/output.ts'
import type { Environment } from '../../endpoint/environment.ts'
import type { DockerFlag } from '../../base/docker-flags.ts'

/** The input stream, perhaps a terminal. */
export type Input = Readable & { readonly isTTY?: boolean; setRawMode?: (mode: boolean) => unknown }

/** Everything that a command uses of its process, so that a test can replace it. */
export interface Io {
  readonly stdin: Input
  /** For data. */
  readonly stdout: Output
  /** For messages. */
  readonly stderr: Output
  readonly env: Environment
  /** Aborted with an {@link Interrupted} by Ctrl-C and similar signals. */
  readonly signal: AbortSignal
  /** The folder whose `etc` and `usr` are searched for the installed unit. */
  readonly root: string
  /** The docker command's own options, if it has called us as its plugin. */
  readonly docker?: readonly DockerFlag[]
  /** Hands over the signals of this process instead, until the function that it returns is called. */
  readonly takeSignals?: (take: (signal: NodeJS.Signals) => void) => () => void
}

/** The reason of an abort by a signal. Its exit code is 128 plus the number of the signal, as in shells. */
export class Interrupted extends Error {
  readonly exitCode: number

  constructor(exitCode: number) {
    super('interrupted')
    this.exitCode = exitCode
  }
}

/** The exit code for Ctrl-C. */
export const SIGINT_CODE = 130
