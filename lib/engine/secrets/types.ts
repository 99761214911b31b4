import type { ClusterObject, Driver } from '../types/cluster-objects.ts'
import type { FilterValue } from '../filters.ts'
import type { FieldOptions } from '../send.ts'

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

/** Options of {@link Secrets.list}. */
export interface SecretListOptions extends FieldOptions {
  /** Only secrets that match: by id, label or name. */
  readonly filters?: {
    /** The beginning of the id. */
    readonly id?: FilterValue
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** The beginning of the name. */
    readonly name?: FilterValue
    /** The exact name. */
    readonly names?: FilterValue
  }
}

/** Options of {@link Secrets.update}. */
export interface SecretUpdateOptions extends FieldOptions {
  /** `Version.Index` of the inspected object. The update fails if the object has changed since. */
  readonly version: number
}
