import type { GatewayEvent } from '../events.ts'

/** Options of {@link openAuditLog}. */
export interface AuditLogOptions {
  /** The file. Beside it are its head (`.head`), its lock (`.lock`), and earlier files of the log. */
  readonly path: string
  /**
   * What happens to requests while the log can't be written, for example because the disk is full, or a write takes more than 5 seconds.
   * `refuse`: they get the status 503 and the reason `LOG_FAILED`; open streams go on. `go on`: they are served; up to 10,000 events, or
   * 16 MiB, are written later, and a line says how many are lost. If so many wait because the disk is slow, the same happens to
   * requests that need a line before the daemon gets them.
   *
   * @defaultValue `refuse`
   */
  readonly onFailure?: 'refuse' | 'go on'
  /**
   * The size, in bytes, from which the file gets another name, `audit.log.000000001234` with the number of its last line, and
   * a new one begins. docker-mtls removes no file.
   *
   * @defaultValue 104857600 (100 MiB)
   */
  readonly maxBytes?: number
}

/** An audit log, opened by {@link openAuditLog}. Several gateways of a process can write to one. */
export interface AuditLog {
  /** The absolute path of the file. */
  readonly path: string
  /** Why it can't be written. Undefined: it can. */
  readonly failure: Error | undefined
  /**
   * Adds an event. Its line is written with those of other events as soon as possible.
   *
   * @internal
   */
  write(event: GatewayEvent): void
  /**
   * Adds an event, and waits for its line.
   *
   * @returns whether its request may go on: its line is written, or doesn't have to be
   * @internal
   */
  record(event: GatewayEvent): Promise<boolean>
  /**
   * Whether requests may go on.
   *
   * @internal
   */
  readonly isReady: boolean
  /**
   * Calls a function whenever the log begins to fail.
   *
   * @returns what ends that
   * @internal
   */
  onFailure(listener: (error: Error) => void): () => void
  /**
   * Writes what is left, and closes the file. Close the gateways first.
   *
   * @throws {@link FileError} ERR_FILE_WRITE if that fails, or a write takes more than 5 s
   */
  close(): Promise<void>
  /** The same as `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}
