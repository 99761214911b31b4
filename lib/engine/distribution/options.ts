import type { RegistryAuthSource } from '../../registry/headers.ts'
import type { RequestOptions } from '../send.ts'

/** Options of {@link Distribution.inspect}. */
export interface DistributionInspectOptions extends RequestOptions {
  /**
   * Credentials for the registry, or the result of `loadRegistryCredentials()`, which looks them up when the call
   * begins.
   */
  readonly auth?: RegistryAuthSource
}
