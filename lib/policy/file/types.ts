/** What a caller may do, from least to most. Each level includes those before it. */
export type Level = 'read-only' | 'restricted' | 'baseline' | 'privileged'

/** The levels from least to most. */
export const LEVELS: readonly Level[] = ['read-only', 'restricted', 'baseline', 'privileged']

/** The level of a rule, and levels that are only tried. */
export interface LevelModes {
  /** The level that decides. */
  readonly enforce: Level
  /** Decisions say what this level would refuse, for a record. It refuses nothing. */
  readonly audit?: Level
  /** Decisions say what this level would refuse, for a warning. It refuses nothing. */
  readonly warn?: Level
  /** The version of the levels. */
  readonly version: 1
}

/**
 * The callers that a rule applies to. All conditions must hold; of the values of one condition, one is enough. Every list
 * has at least one value.
 */
export interface Who {
  /** Every caller. It is the only condition then, and the rule is the last one, or has an end. */
  readonly any?: true
  /** The only common name of the certificate's subject, exactly. A subject with several has none. */
  readonly commonName?: readonly string[]
  /** One of the organizational units of the certificate's subject, exactly: a group. */
  readonly organizationalUnit?: readonly string[]
  /** A DNS name of the certificate, in lower case. It has no wildcards, and matches none. */
  readonly dns?: readonly string[]
  /** A URI of the certificate, exactly, such as a SPIFFE ID. */
  readonly uri?: readonly string[]
  /** An address of the certificate; IPv6 in its short form. */
  readonly ip?: readonly string[]
  /** SHA-256 of the certificate, in upper case with colons. */
  readonly fingerprint?: readonly string[]
  /** SHA-256 of the certificate of the CA that issued it, in upper case with colons. */
  readonly issuer?: readonly string[]
  /** The name of the local socket that the caller uses. Such a caller has no certificate. */
  readonly socket?: readonly string[]
}

/** A folder or file of the host. What is in a folder isn't meant: a symbolic link in it could lead anywhere. */
export interface HostPath {
  /** Absolute and normalised. */
  readonly path: string
  /** Only for mounts that can't be written to. */
  readonly readOnly: boolean
}

/** Images by their names: one repository with all its tags, one digest of it, or all repositories below a prefix. */
export interface ImagePattern {
  /** As it is in the policy. */
  readonly text: string
  /** The full name of the repository: `docker.io/library/alpine`. Absent for a prefix. */
  readonly name?: string
  /** `registry.example.com/team/`: all repositories whose full name begins with it. */
  readonly prefix?: string
  /** Only this digest: `sha256:...`. */
  readonly digest?: string | undefined
}

/** What a rule allows although its level refuses it. */
export interface Allowed {
  /** Names of operations. `containers.*` has become all of their names. */
  readonly operations: readonly string[]
  /** Folders that containers may mount. */
  readonly hostPaths: readonly HostPath[]
  /** Capabilities, in upper case without `CAP_`. */
  readonly capabilities: readonly string[]
  /** Devices of the host, as absolute paths. */
  readonly devices: readonly string[]
}

/** What a rule refuses although its level allows it. */
export interface Denied {
  /** Names of operations. `containers.*` has become all of their names. */
  readonly operations: readonly string[]
  /** Images that may not be used. */
  readonly images: readonly ImagePattern[]
  /** Networks, by the names or ids that requests use. */
  readonly networks: readonly string[]
  /** Keys of labels that may not be set: `docker-mtls.owner`, or `traefik.*`. */
  readonly labels: readonly string[]
  /** Capabilities that a container may not have, also those of Docker's default set, in upper case without `CAP_`. */
  readonly capabilities: readonly string[]
}

/** The only operations, images, networks and labels that may be used. Omitted: any. */
export interface Only {
  /** Names of operations, also of those in `allow`. `containers.*` has become all of their names. */
  readonly operations?: readonly string[]
  /** Images that may be run, mounted, pulled, pushed, tagged and removed, by their names. Others can still be listed, inspected and saved. */
  readonly images?: readonly ImagePattern[]
  /** Networks, by the names or ids that requests use. */
  readonly networks?: readonly string[]
  /** Keys of labels that may be set: `com.example.team`, or `com.example.*`. */
  readonly labels?: readonly string[]
}

/** How callers may renew their certificates. */
export interface RenewRule {
  /** How long a renewed certificate lives, in seconds. */
  readonly for: number
}

/** One rule of a {@link Policy}. */
export interface PolicyRule {
  /** Names it in verdicts and logs. No other rule of the policy has it. */
  readonly name: string
  /** The callers that it applies to. */
  readonly who: Who
  /** What they may do. */
  readonly level: LevelModes
  /** From this moment on, the rule applies to nobody: in UTC, `2026-11-28T12:00:00.000Z`. Omitted: it never ends. */
  readonly until?: string
  /** Whose things they may see and use, and to whom belongs what they make. Omitted: everything of the daemon. */
  readonly owner?: string
  /** How its callers may renew their certificates at a gateway with an issuer. Omitted: not at all. */
  readonly renew?: RenewRule
  /** Exceptions from the level. */
  readonly allow: Allowed
  /** Counts more than the level and `allow`. */
  readonly deny: Denied
  /** Narrows the level. */
  readonly only: Only
}

/** A valid policy. It is frozen. */
export interface Policy {
  /** The version of the form of the file. */
  readonly version: 1
  /** The first rule that applies to a caller decides. A caller without a rule may do nothing. */
  readonly rules: readonly PolicyRule[]
}
