/** The progress of something, in bytes unless `units` is set. */
export interface ProgressDetail {
  /** How much is done. */
  readonly current?: number
  /** How much there is; absent if unknown. */
  readonly total?: number
  /** When it started, in seconds since 1970. */
  readonly start?: number
  /** The unit, if it isn't bytes. */
  readonly units?: string
  /** Don't show the numbers. */
  readonly hidecounts?: boolean
}

/** A progress message of pull, push, load, build and similar calls (moby: jsonmessage). */
export interface ProgressMessage {
  /** The object that it refers to, e.g. a layer. */
  readonly id?: string
  /** E.g. `Downloading`, `Pull complete`, `Digest: sha256:...`. */
  readonly status?: string
  /** Output of a build step. */
  readonly stream?: string
  /** The progress in numbers. */
  readonly progressDetail?: ProgressDetail
  /** The progress as a text bar. Up to API 1.51. */
  readonly progress?: string
  /** Data for programs, such as a digest or an image's id. */
  readonly aux?: unknown
  /** The call failed. docker-mtls throws a {@link StreamError}. */
  readonly errorDetail?: {
    /** The daemon's number for the error. */
    readonly code?: number
    /** The daemon's message. */
    readonly message: string
  }
  /** The message of the failure. */
  readonly error?: string
}
