/** A checkpoint to be made: the state of a running container's processes, written to disk by CRIU. */
export interface CheckpointCreateRequest {
  /** Letters, digits, `_`, `.` and `-`. */
  readonly CheckpointID: string
  /** A folder of the daemon's host. @defaultValue the container's own */
  readonly CheckpointDir?: string
  /** End the container once it is made. @defaultValue `false` */
  readonly Exit?: boolean
}

/** A checkpoint. */
export interface Checkpoint {
  /** The name, by which it is started and removed. */
  readonly Name: string
}
