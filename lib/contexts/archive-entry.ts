/** One entry of an archive, whatever its format. */
export interface ArchiveEntry {
  readonly name: string
  readonly kind: 'file' | 'folder' | 'something else'
  /** Its bytes as it says itself. */
  readonly size: number
  readonly read: () => Promise<Buffer>
}
