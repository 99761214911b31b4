/** An entry of a tar that is packed. */
export interface TarItem {
  /** A relative path with `/`. That of a folder ends with `/`. */
  readonly name: string
  readonly type: 'file' | 'directory' | 'symlink'
  readonly mode: number
  readonly mtime: Date
  readonly uid: number
  readonly gid: number
  /** The size of a file, in bytes. */
  readonly size: number
  /** The target of a symbolic link. */
  readonly linkname?: string
  /** Opens the content of a file. Called once, when the entry is packed. */
  readonly content?: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}
