/** How much of something has come, in bytes unless `units` says otherwise. */
export interface ProgressDetail {
  /** How much is done. */
  readonly current?: number
  /** How much there is; absent if unknown. */
  readonly total?: number
  /** When it started, in seconds since 1970. */
  readonly start?: number
  /** The unit, if it isn't bytes. */
  readonly units?: string
  /** The numbers aren't meant to be shown. */
  readonly hidecounts?: boolean
}

/** One of the messages that pull, push, load, build and their like send while they work (moby: jsonmessage). */
export interface ProgressMessage {
  /** What it is about, e.g. a layer. */
  readonly id?: string
  /** E.g. `Downloading`, `Pull complete`, `Digest: sha256:...`. */
  readonly status?: string
  /** Output of a build step. */
  readonly stream?: string
  /** How far it is. */
  readonly progressDetail?: ProgressDetail
  /** The same drawn as a bar, from daemons up to API 1.51. */
  readonly progress?: string
  /** What a program wants to know: a digest, an image's id. */
  readonly aux?: unknown
  /** The call failed: it becomes a {@link StreamError}. */
  readonly errorDetail?: {
    /** The daemon's number for the error. */
    readonly code?: number
    /** The daemon's message. */
    readonly message: string
  }
  /** The same, in one string. */
  readonly error?: string
}
