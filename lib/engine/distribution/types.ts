import type { OCIDescriptor, OCIPlatform } from '../types/oci.ts'
import type { RegistryAuthSource } from '../../registry/headers.ts'
import type { RequestOptions } from '../send.ts'

/** A registry's information about an image. */
export interface DistributionInspect {
  /** The descriptor of its index, or of its only manifest. Its digest can be pulled. */
  readonly Descriptor: OCIDescriptor
  /** The platforms that it can run on. Null for the only manifest of an image in OCI's format, which dockerd 28 doesn't open. */
  readonly Platforms: readonly OCIPlatform[] | null
}

/** Options of {@link Distribution.inspect}. */
export interface DistributionInspectOptions extends RequestOptions {
  /**
   * Credentials for the registry, or the result of `loadRegistryCredentials()`, which looks them up when the call
   * begins.
   */
  readonly auth?: RegistryAuthSource
}
