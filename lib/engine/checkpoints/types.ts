import type { RequestOptions } from '../send.ts'

/** A checkpoint to create: the state of a running container's processes, written to disk by CRIU. */
export interface CheckpointCreateRequest {
  /** Letters, digits, `_`, `.` and `-`. */
  readonly CheckpointID: string
  /** A folder on the daemon's host. @defaultValue a folder of the container */
  readonly CheckpointDir?: string
  /** Stop the container afterwards. @defaultValue `false` */
  readonly Exit?: boolean
}

/** A checkpoint. */
export interface Checkpoint {
  /** Its name, for starting and removing it. */
  readonly Name: string
}

/** Options of {@link Checkpoints.list} and {@link Checkpoints.remove}. */
export interface CheckpointOptions extends RequestOptions {
  /** A folder on the daemon's host. @defaultValue a folder of the container */
  readonly dir?: string
}
