import type { Readable } from 'node:stream'
import type { RequestOptions } from '../../send.ts'

/** A file, folder or link in memory, to copy into a container. */
export interface CopyEntry {
  /** A path below the target folder: relative, with `/`, and without `..`. That of a folder ends with `/`. */
  readonly path: string
  /** The content of a file. Strings are written as UTF-8. @defaultValue an empty file */
  readonly content?: string | Uint8Array | Readable | AsyncIterable<Uint8Array>
  /** The number of bytes, required if `content` is a stream, since a tar stores the size before the content. */
  readonly size?: number
  /** Creates a symbolic link to this target. */
  readonly linkTarget?: string
  /** Permissions, e.g. `0o600`. @defaultValue `0o644` for a file, `0o755` for a folder */
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
  /** If the source itself is a symbolic link, copy its target. @defaultValue `false`: copy the link */
  readonly followLink?: boolean
  /** Keep the user and group ids. @defaultValue `false`: everything belongs to root */
  readonly keepOwner?: boolean
}

/** Options of {@link Containers.copyFrom}. */
export interface CopyFromOptions extends RequestOptions {
  /** If the source itself is a symbolic link, copy its target. @defaultValue `false`: copy the link */
  readonly followLink?: boolean
  /** How to handle devices and named pipes, which docker-mtls never creates. @defaultValue `refuse` */
  readonly special?: 'refuse' | 'skip'
}
