import type { ClusterObject, Driver } from '../types/cluster-objects.ts'
import type { FilterValue } from '../filters.ts'
import type { FieldOptions } from '../send.ts'

/** The settings and the data of a config. */
export interface ConfigSpec {
  /** The name of the config. */
  readonly Name: string
  /** Labels of the config. */
  readonly Labels?: Readonly<Record<string, string>> | null
  /** Base64 (RFC 4648, section 4). */
  readonly Data?: string
  /** `{ Name: 'golang' }`: the data are a template, which is rendered for every task. @defaultValue no template */
  readonly Templating?: Driver
}

/** A config to create. */
export interface ConfigCreateRequest extends Omit<ConfigSpec, 'Data'> {
  /**
   * At most 1000 KB. Pass bytes, such as `Buffer.from('text')`, or a string in base64 (RFC 4648, section 4). The daemon
   * would also decode plain text as base64.
   */
  readonly Data: Uint8Array | string
}

/** A config of a swarm, with its data. */
export interface Config extends ClusterObject {
  /** Name, labels and data. */
  readonly Spec: ConfigSpec
}

/** A new config. */
export interface ConfigCreateResponse {
  /** The id of the new config. */
  readonly ID: string
}

/** Options of {@link Configs.list}. */
export interface ConfigListOptions extends FieldOptions {
  /** Only configs that match: by id, label or name. */
  readonly filters?: {
    /** The beginning of the id. */
    readonly id?: FilterValue
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** The beginning of the name. */
    readonly name?: FilterValue
    /** The exact name. Docker Engine 26 doesn't support it. */
    readonly names?: FilterValue
  }
}

/** Options of {@link Configs.update}. */
export interface ConfigUpdateOptions extends FieldOptions {
  /** `Version.Index` of the inspected object. The update fails if the object has changed since. */
  readonly version: number
}
