import type { Readable } from 'node:stream'
import type { RequestOptions } from '../../send.ts'

/** Something to be put into a container, from memory. */
export interface CopyEntry {
  /** Where it goes below the folder: relative, with `/`, and without `..`. A folder's ends with `/`. */
  readonly path: string
  /** Of a file; a text as UTF-8. @defaultValue it is empty */
  readonly content?: string | Uint8Array | Readable | AsyncIterable<Uint8Array>
  /** Bytes of a `content` that is a stream: a tar says first how much comes. */
  readonly size?: number
  /** Makes it a symbolic link to there. */
  readonly linkTarget?: string
  /** Permissions, e.g. `0o600`. @defaultValue `0o644`, and `0o755` for a folder */
  readonly mode?: number
  /** @defaultValue now */
  readonly mtime?: Date
  /** @defaultValue `0` */
  readonly uid?: number
  /** @defaultValue `0` */
  readonly gid?: number
}

/** Options of {@link Containers.copyTo}. */
export interface CopyToOptions extends RequestOptions {
  /** Where the source itself is a symbolic link, copy what it leads to. @defaultValue `false`: it stays a link */
  readonly followLink?: boolean
  /** Keep the numbers of user and group. @defaultValue `false`: everything is root's */
  readonly keepOwner?: boolean
}

/** Options of {@link Containers.copyFrom}. */
export interface CopyFromOptions extends RequestOptions {
  /** Where the source itself is a symbolic link, copy what it leads to. @defaultValue `false`: it stays a link */
  readonly followLink?: boolean
  /** What to do about devices and named pipes, which are never made here. @defaultValue `refuse` */
  readonly special?: 'refuse' | 'skip'
}
