import type { Readable, Writable } from 'node:stream'
import type { RegistryAuthSource } from '../../registry/headers.ts'
import type { FieldOptions } from '../send.ts'
import type { PullPolicy } from '../containers/options.ts'
import type { ContainerCreateRequest } from '../containers/types/create.ts'
import type { ExecCreateRequest } from '../exec/types.ts'

/** The input of a program. A stream is read to its end, or destroyed if the program exits first. */
export type Input = string | Uint8Array | Readable | AsyncIterable<string | Uint8Array>

/** Options of both {@link DockerClient.run} and {@link Exec.run}. */
export interface ConversationOptions extends FieldOptions {
  /** The input of the program. @defaultValue no input */
  readonly stdin?: Input
  /**
   * Receives the output as it arrives, and isn't ended. The result is then empty.
   *
   * @defaultValue the output is collected in the result
   */
  readonly stdout?: Writable
  /** Receives the error output in the same way. */
  readonly stderr?: Writable
  /**
   * Allocate a terminal. All output is then `stdout`, and the end of `stdin` doesn't reach the program.
   *
   * @defaultValue `false`
   */
  readonly tty?: boolean
}

/** Settings of a container that {@link DockerClient.run} sets itself. */
type Reserved = 'Image' | 'Cmd' | 'Tty' | 'OpenStdin' | 'StdinOnce' | 'AttachStdin' | 'AttachStdout' | 'AttachStderr'

/**
 * Options of {@link DockerClient.run}, and settings of the container by their names in the API: `Env`, `HostConfig`.
 */
export interface RunOptions extends ConversationOptions, Omit<ContainerCreateRequest, Reserved> {
  /** The name of the container. @defaultValue two random words, such as `happy_curie` */
  readonly name?: string
  /** `os[/arch[/variant]]`. Since API 1.41. @defaultValue the platform of the daemon's host */
  readonly platform?: string
  /** Remove the container and its anonymous volumes afterwards. @defaultValue `true` */
  readonly remove?: boolean
  /** When to pull the image first. @defaultValue `never` */
  readonly pull?: PullPolicy
  /** Credentials for that pull. */
  readonly auth?: RegistryAuthSource
}

/** The output and the exit code of a command. */
export interface ExecResult {
  /** The exit code of the command. */
  readonly exitCode: number
  /** The output; empty if the option `stdout` was set. */
  readonly stdout: Buffer
  /** The error output; empty if the option `stderr` was set. */
  readonly stderr: Buffer
}

/** The output and the exit code of a container. */
export interface RunResult extends ExecResult {
  /** The id of the container, which has been removed unless `remove` was `false`. */
  readonly id: string
  /**
   * The kernel killed a process in it because memory ran out. containerd listens for this only after the start, so `false` may
   * be wrong of a container that ends at once.
   */
  readonly oomKilled: boolean
}

/** Settings of an exec that {@link Exec.run} sets itself. */
type ReservedForExec = 'Cmd' | 'Tty' | 'AttachStdin' | 'AttachStdout' | 'AttachStderr'

/** Options of {@link Exec.run}, and settings of the exec by their names in the API: `Env`, `User`, `WorkingDir`. */
export interface ExecRunOptions extends ConversationOptions, Omit<ExecCreateRequest, ReservedForExec> {}
