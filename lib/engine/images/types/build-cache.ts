/** Something that a builder keeps for the next build. */
export interface BuildCacheRecord {
  /** The record's id. */
  readonly ID: string
  /** Ids of the records that it is built on. Since API 1.42. */
  readonly Parents?: readonly string[] | null
  /** The id of that one. Up to API 1.41. */
  readonly Parent?: string
  /** Its kind, e.g. `regular`, `source.local`, `exec.cachemount`. */
  readonly Type: 'internal' | 'frontend' | 'source.local' | 'source.git.checkout' | 'exec.cachemount' | 'regular'
  /** The step that made it. */
  readonly Description: string
  /** Whether a build uses it now. */
  readonly InUse: boolean
  /** Others use it, too, such as an image. */
  readonly Shared: boolean
  /** Bytes. */
  readonly Size: number
  /** RFC 3339, with nanoseconds. */
  readonly CreatedAt: string
  /** RFC 3339, with nanoseconds. */
  readonly LastUsedAt?: string | null
  /** How often builds have used it. */
  readonly UsageCount: number
}

/** What a prune of the builder's cache removed. */
export interface BuildPruneResponse {
  /** Ids. */
  readonly CachesDeleted?: readonly string[] | null
  /** Bytes. */
  readonly SpaceReclaimed: number
}
