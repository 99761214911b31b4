/** One entry of a tar or zip archive. */
export interface ArchiveEntry {
  readonly name: string
  readonly kind: 'file' | 'folder' | 'other'
  /** The size in bytes that the archive declares. */
  readonly size: number
  readonly read: () => Promise<Buffer>
}
