import type { ClusterObject, Driver } from '../types/cluster-objects.ts'

/** The settings of a secret. No answer of the daemon contains its data. */
export interface SecretSpec {
  /** The name of the secret. */
  readonly Name: string
  /** Labels of the secret. */
  readonly Labels?: Readonly<Record<string, string>> | null
  /** A driver that fetches the data from an external store. */
  readonly Driver?: Driver
  /** `{ Name: 'golang' }`: the data are a template, which is rendered for every task. @defaultValue no template */
  readonly Templating?: Driver
}

/** A secret to create. */
export interface SecretCreateRequest extends SecretSpec {
  /**
   * At most 500 KB; absent if a `Driver` fetches them. Pass bytes, such as `Buffer.from('text')`, or a string in base64
   * (RFC 4648, section 4). The daemon would also decode plain text as base64.
   */
  readonly Data?: Uint8Array | string
}

/** A secret of a swarm, without its data. */
export interface Secret extends ClusterObject {
  /** Name and labels; the daemon never returns the data. */
  readonly Spec: SecretSpec
}

/** A new secret. */
export interface SecretCreateResponse {
  /** The id of the new secret. */
  readonly ID: string
}
