import type { RequestOptions } from '../send.ts'

/** Options of {@link Checkpoints.list} and {@link Checkpoints.remove}. */
export interface CheckpointOptions extends RequestOptions {
  /** A folder on the daemon's host. @defaultValue a folder of the container */
  readonly dir?: string
}
