/** Why a gateway would refuse a call. */
export interface PermissionReason {
  /** A stable name for programs, such as `HOST_PATH`. */
  readonly code: string
  /** For people: what is there, and why it is refused. */
  readonly message: string
  /** The part of the request: `HostConfig.Binds.0`. */
  readonly where?: string
}

/** What a gateway says about a call that wasn't sent. */
export interface Permission {
  /** Whether the gateway would send it to the daemon now. The daemon itself can still refuse it. */
  readonly allowed: boolean
  /** Why not. Empty if it is allowed. */
  readonly reasons: readonly PermissionReason[]
  /** What a stricter level would refuse, which the rule only tries. */
  readonly warnings: readonly string[]
  /** The operation that the gateway judged: `containers.create`. Omitted if a function decides. */
  readonly operation?: string
  /** The rule that decides. Omitted if no rule is for this client, or if a function decides. */
  readonly rule?: string
  /** The level of the rule. */
  readonly level?: string
  /** When the permission ends, in ISO 8601. Omitted: it has no end of its own. */
  readonly until?: string
}
