import type { RegistryAuthSource } from '../../registry/headers.ts'
import type { RequestOptions } from '../send.ts'

/** Options of {@link Distribution.inspect}. */
export interface DistributionInspectOptions extends RequestOptions {
  /** For the registry: given outright, or what `loadRegistryCredentials()` returns, which is asked when the call begins. */
  readonly auth?: RegistryAuthSource
}
