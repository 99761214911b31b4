import type { ClusterObject, Driver } from '../types/cluster-objects.ts'

/** What a swarm knows of a secret. Its data are only ever sent to the daemon; no answer holds them. */
export interface SecretSpec {
  /** The name of the secret. */
  readonly Name: string
  /** Labels of the secret. */
  readonly Labels?: Readonly<Record<string, string>> | null
  /** Fetches the data from elsewhere. */
  readonly Driver?: Driver
  /** `{ Name: 'golang' }`: the data are a template, filled in for every task. @defaultValue the data as they are */
  readonly Templating?: Driver
}

/** A secret to be made. */
export interface SecretCreateRequest extends SecretSpec {
  /**
   * At most 500 KB; none where a `Driver` fetches them. Bytes are sent as they are: `Buffer.from('text')`. A string has
   * to be base64 (RFC 4648, section 4), as the API has it: plain text would be decoded, too, and become something else.
   */
  readonly Data?: Uint8Array | string
}

/** A secret of a swarm, without its data. */
export interface Secret extends ClusterObject {
  /** Name and labels; the daemon never returns the data. */
  readonly Spec: SecretSpec
}

/** A secret that was made. */
export interface SecretCreateResponse {
  /** The id of the new secret. */
  readonly ID: string
}
