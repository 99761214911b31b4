/** Something that goes into a tar. */
export interface TarItem {
  /** Relative, with `/`; a folder's ends with `/`. */
  readonly name: string
  readonly type: 'file' | 'directory' | 'symlink'
  readonly mode: number
  readonly mtime: Date
  readonly uid: number
  readonly gid: number
  /** Bytes of a file. */
  readonly size: number
  /** Of a symbolic link. */
  readonly linkname?: string
  /** Of a file. It is asked for once, when its turn comes. */
  readonly content?: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}
