/** A record of the build cache. */
export interface BuildCacheRecord {
  /** The record's id. */
  readonly ID: string
  /** Ids of its parent records. Since API 1.42. */
  readonly Parents?: readonly string[] | null
  /** The id of its parent record. Up to API 1.41. */
  readonly Parent?: string
  /** Its kind, e.g. `regular`, `source.local`, `exec.cachemount`. */
  readonly Type: 'internal' | 'frontend' | 'source.local' | 'source.git.checkout' | 'exec.cachemount' | 'regular'
  /** The step that created it. */
  readonly Description: string
  /** Whether it is in use. */
  readonly InUse: boolean
  /** Whether something else uses it, too, such as an image. */
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

/** The result of a prune of the build cache. */
export interface BuildPruneResponse {
  /** Ids of the removed records. */
  readonly CachesDeleted?: readonly string[] | null
  /** Freed disk space in bytes. */
  readonly SpaceReclaimed: number
}
