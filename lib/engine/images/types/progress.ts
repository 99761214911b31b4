import type { ProgressDetail, ProgressMessage } from '../../types/progress.ts'

/** A progress message of a pull. */
export interface PullMessage extends ProgressMessage {
  /** The layer or tag that it refers to. */
  readonly id?: string
  /** E.g. `Pulling fs layer`, `Downloading`, `Extracting`, `Pull complete`. */
  readonly status?: string
  /** The progress of downloading or extracting the layer, in bytes. */
  readonly progressDetail?: ProgressDetail
}

/** An image that was pulled. */
export interface PullResult {
  /** The requested image, in its full form: `docker.io/library/alpine:latest`. */
  readonly reference: string
  /** The digest of the image in the registry, `sha256:...`; absent with `allTags`, and with Podman. */
  readonly digest?: string
  /** Whether something was downloaded. Absent if docker-mtls doesn't recognize the daemon's message. */
  readonly status?: 'downloaded' | 'up to date'
}

/** A progress message of a push. */
export interface PushMessage extends ProgressMessage {
  /** The layer that it refers to. */
  readonly id?: string
  /** E.g. `Preparing`, `Pushing`, `Pushed`, `Layer already exists`. */
  readonly status?: string
  /** The progress of pushing the layer, in bytes. */
  readonly progressDetail?: ProgressDetail
}

/** A pushed tag. */
export interface PushedTag {
  /** The tag that was pushed. */
  readonly tag: string
  /** The digest of the manifest or index, `sha256:...`. */
  readonly digest: string
  /** The size of the manifest or index without the layers, in bytes. */
  readonly size: number
}

/** The result of a push. */
export interface PushResult extends PushedTag {
  /** All pushed tags. Only one without `allTags`. */
  readonly tags: readonly PushedTag[]
}

/** A progress message of an import. */
export type ImportMessage = ProgressMessage

/** An image that was imported. */
export interface ImportResult {
  /** `sha256:...` */
  readonly id: string
}

/** A progress message of a load. */
export type LoadMessage = ProgressMessage

/** Images that were loaded. */
export interface LoadResult {
  /** Their names. For an image without a name, its id, `sha256:...`. */
  readonly images: readonly string[]
}
