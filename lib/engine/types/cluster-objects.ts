/** Grows with every change of an object of a swarm. An update has to name the one that it changes. */
export interface ObjectVersion {
  /** The `version` of an update. */
  readonly Index: number
}

/** What every object of a swarm has. */
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

/** A plugin that does something, and what it is told. */
export interface Driver {
  /** E.g. `local`, `overlay`, `json-file`. */
  readonly Name: string
  /** Options for the driver. */
  readonly Options?: Readonly<Record<string, string>>
}

/** Who issues the certificates of a swarm's nodes. */
export interface SwarmTlsInfo {
  /** The CA certificates that nodes trust, PEM. */
  readonly TrustRoot?: string
  /** The issuer's subject: base64 of DER. */
  readonly CertIssuerSubject?: string
  /** The issuer's public key: base64 of DER. */
  readonly CertIssuerPublicKey?: string
}

/** What a machine is. */
export interface NodePlatform {
  /** E.g. `x86_64`. */
  readonly Architecture?: string
  /** `linux` or `windows`. */
  readonly OS?: string
}

/** A part of the cluster, as its storage plugin divides it: `{ Segments: { zone: 'b' } }`. */
export interface Topology {
  /** By the plugin's name for the division. */
  readonly Segments?: Readonly<Record<string, string>>
}
