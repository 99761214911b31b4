import type { ProgressDetail, ProgressMessage } from '../../types/progress.ts'

/** What the daemon says while it pulls an image. */
export interface PullMessage extends ProgressMessage {
  /** The layer that it is about, or the tag. */
  readonly id?: string
  /** E.g. `Pulling fs layer`, `Downloading`, `Extracting`, `Pull complete`. */
  readonly status?: string
  /** Of the layer, in bytes, while it downloads or extracts. */
  readonly progressDetail?: ProgressDetail
}

/** An image that was pulled. */
export interface PullResult {
  /** What was asked for, written out: `docker.io/library/alpine:latest`. */
  readonly reference: string
  /** Of what the registry has under that name, `sha256:...`; absent with `allTags`. */
  readonly digest?: string
  /** Whether anything was new. Absent where the daemon doesn't say it in words that we know. */
  readonly status?: 'downloaded' | 'up to date'
}

/** What the daemon says while it pushes an image. */
export interface PushMessage extends ProgressMessage {
  /** The layer that it is about. */
  readonly id?: string
  /** E.g. `Preparing`, `Pushing`, `Pushed`, `Layer already exists`. */
  readonly status?: string
  /** Of the layer, in bytes, while it is pushed. */
  readonly progressDetail?: ProgressDetail
}

/** A tag that a registry has now. */
export interface PushedTag {
  /** The tag that was pushed. */
  readonly tag: string
  /** Of the manifest, or of the index, `sha256:...`. */
  readonly digest: string
  /** Of that manifest or index itself, in bytes: the layers don't count. */
  readonly size: number
}

/** What was pushed. */
export interface PushResult extends PushedTag {
  /** All of them, where `allTags` was asked for; else the one. */
  readonly tags: readonly PushedTag[]
}

/** What the daemon says while it imports an image. */
export type ImportMessage = ProgressMessage

/** An image that was imported. */
export interface ImportResult {
  /** `sha256:...` */
  readonly id: string
}

/** What the daemon says while it loads images. */
export type LoadMessage = ProgressMessage

/** Images that were loaded. */
export interface LoadResult {
  /** Their names; the id, `sha256:...`, of an image that has none. */
  readonly images: readonly string[]
}
