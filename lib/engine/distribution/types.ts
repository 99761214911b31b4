import type { OCIDescriptor, OCIPlatform } from '../types/oci.ts'

/** What a registry says about an image. */
export interface DistributionInspect {
  /** Of its index, or of its one manifest: by this digest it can be pulled. */
  readonly Descriptor: OCIDescriptor
  /** What it can run on. */
  readonly Platforms: readonly OCIPlatform[]
}
