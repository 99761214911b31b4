import type { OCIDescriptor, OCIPlatform } from '../types/oci.ts'

/** A registry's information about an image. */
export interface DistributionInspect {
  /** The descriptor of its index, or of its only manifest. Its digest can be pulled. */
  readonly Descriptor: OCIDescriptor
  /** The platforms that it can run on. */
  readonly Platforms: readonly OCIPlatform[]
}
