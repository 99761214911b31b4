/** The version of a swarm object, which each change increases. An update must name the version that it changes. */
export interface ObjectVersion {
  /** The `version` of an update. */
  readonly Index: number
}

/** The common fields of all swarm objects. */
export interface ClusterObject {
  /** The object's id, 25 characters. */
  readonly ID: string
  /** The version to name in an update. */
  readonly Version: ObjectVersion
  /** RFC 3339, with nanoseconds. */
  readonly CreatedAt: string
  /** RFC 3339, with nanoseconds. */
  readonly UpdatedAt: string
}

/** A driver and its options. */
export interface Driver {
  /** E.g. `local`, `overlay`, `json-file`. */
  readonly Name: string
  /** Options for the driver. */
  readonly Options?: Readonly<Record<string, string>>
}

/** The CA of a swarm's nodes. */
export interface SwarmTlsInfo {
  /** The CA certificates that nodes trust, PEM. */
  readonly TrustRoot?: string
  /** The issuer's subject: base64 of DER. */
  readonly CertIssuerSubject?: string
  /** The issuer's public key: base64 of DER. */
  readonly CertIssuerPublicKey?: string
}

/** The platform of a machine. */
export interface NodePlatform {
  /** E.g. `x86_64`. */
  readonly Architecture?: string
  /** `linux` or `windows`. */
  readonly OS?: string
}

/** A part of the cluster, as its storage plugin defines it: `{ Segments: { zone: 'b' } }`. */
export interface Topology {
  /** Segments by the plugin's names. */
  readonly Segments?: Readonly<Record<string, string>>
}
