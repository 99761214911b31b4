import type { ClusterObject, Driver } from '../types/cluster-objects.ts'

/** What a swarm keeps for its services to read. */
export interface ConfigSpec {
  /** The name of the config. */
  readonly Name: string
  /** Labels of the config. */
  readonly Labels?: Readonly<Record<string, string>> | null
  /** Base64 (RFC 4648, section 4). */
  readonly Data?: string
  /** `{ Name: 'golang' }`: the data are a template, filled in for every task. @defaultValue the data as they are */
  readonly Templating?: Driver
}

/** A config to be made. */
export interface ConfigCreateRequest extends Omit<ConfigSpec, 'Data'> {
  /**
   * At most 1000 KB. Bytes are sent as they are: `Buffer.from('text')`. A string has to be base64 (RFC 4648, section 4),
   * as the API has it: plain text would be decoded, too, and become something else.
   */
  readonly Data: Uint8Array | string
}

/** A config of a swarm, with its data. */
export interface Config extends ClusterObject {
  /** Name, labels and data. */
  readonly Spec: ConfigSpec
}

/** A config that was made. */
export interface ConfigCreateResponse {
  /** The id of the new config. */
  readonly ID: string
}
