import type { Readable, Writable } from 'node:stream'
import type { RegistryAuthSource } from '../../registry/headers.ts'
import type { RequestOptions } from '../send.ts'
import type { ContainerCreateRequest } from '../containers/types/create.ts'
import type { ExecCreateRequest } from '../exec/types.ts'

/** What a program reads as its input. A stream is read to its end, or destroyed where the program ends first. */
export type Input = string | Uint8Array | Readable | AsyncIterable<string | Uint8Array>

/** What {@link DockerClient.run} and {@link Exec.run} have in common. */
export interface ConversationOptions extends RequestOptions {
  /** @defaultValue nothing: it reads an end at once */
  readonly stdin?: Input
  /** Gets the output as it comes, and isn't ended; the result then has none. @defaultValue it is kept in memory */
  readonly stdout?: Writable
  /** Likewise. */
  readonly stderr?: Writable
  /** Give it a terminal: all output is `stdout`, and the end of `stdin` isn't told. @defaultValue `false` */
  readonly tty?: boolean
}

/** Settings of a container that follow from what {@link DockerClient.run} does. */
type Settled = 'Image' | 'Cmd' | 'Tty' | 'OpenStdin' | 'StdinOnce' | 'AttachStdin' | 'AttachStdout' | 'AttachStderr'

/** Options of {@link DockerClient.run}; and settings of the container, by the API's own names: `Env`, `HostConfig`. */
export interface RunOptions extends ConversationOptions, Omit<ContainerCreateRequest, Settled> {
  /** @defaultValue two words, such as `happy_curie` */
  readonly name?: string
  /** `os[/arch[/variant]]`. Since API 1.41. @defaultValue the host's */
  readonly platform?: string
  /** Remove the container and its anonymous volumes when it is over. @defaultValue `true` */
  readonly remove?: boolean
  /** `missing`: pull the image where the daemon hasn't got it. @defaultValue `never` */
  readonly pull?: 'missing' | 'never'
  /** For that pull. */
  readonly auth?: RegistryAuthSource
}

/** What a program has said, and how it ended. */
export interface ExecResult {
  /** The exit code of the command. */
  readonly exitCode: number
  /** The output; empty if it was piped elsewhere. */
  readonly stdout: Buffer
  /** The error output; empty if it was piped elsewhere. */
  readonly stderr: Buffer
}

/** What a container has said, and how it ended. */
export interface RunResult extends ExecResult {
  /** Of the container, which is gone by now where it was to be removed. */
  readonly id: string
  /** Something in it was killed for want of memory. */
  readonly oomKilled: boolean
}

/** Settings of an exec that follow from what {@link Exec.run} does. */
type SettledExec = 'Cmd' | 'Tty' | 'AttachStdin' | 'AttachStdout' | 'AttachStderr'

/** Options of {@link Exec.run}; and settings of the exec, by the API's own names: `Env`, `User`, `WorkingDir`. */
export interface ExecRunOptions extends ConversationOptions, Omit<ExecCreateRequest, SettledExec> {}
