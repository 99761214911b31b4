/** How much of something has come, in bytes unless `units` says otherwise. */
export interface ProgressDetail {
  readonly current?: number
  readonly total?: number
  readonly start?: number
  readonly units?: string
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
  readonly progressDetail?: ProgressDetail
  /** The same drawn as a bar, from daemons up to API 1.51. */
  readonly progress?: string
  /** What a program wants to know: a digest, an image's id. */
  readonly aux?: unknown
  /** The call failed: it becomes a {@link StreamError}. */
  readonly errorDetail?: { readonly code?: number; readonly message: string }
  /** The same, in one string. */
  readonly error?: string
}
