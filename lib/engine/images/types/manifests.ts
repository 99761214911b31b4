import type { ImageIdentity } from './identity.ts'
import type { OCIDescriptor, OCIPlatform } from '../../types/oci.ts'

/** One of the manifests of an image: a variant for one platform, or what is attached to one. */
export interface ImageManifestSummary {
  /** Its digest, `sha256:...`. */
  readonly ID: string
  /** The manifest's descriptor. */
  readonly Descriptor: OCIDescriptor
  /** Whether all of it is here. */
  readonly Available: boolean
  /** Bytes of the content and in total. */
  readonly Size: ImageManifestSize
  /** `image` can be run; an `attestation` is what a builder says about one. */
  readonly Kind: 'image' | 'attestation' | 'unknown'
  /** Only of an `image`. */
  readonly ImageData?: ImageManifestData | null
  /** Only of an `attestation`. */
  readonly AttestationData?: AttestationManifestData | null
}

/** How much of a manifest is here, in bytes. */
export interface ImageManifestSize {
  /** Packed and unpacked. */
  readonly Total: number
  /** Packed, as it is pulled and pushed. */
  readonly Content: number
}

/** A variant of an image. */
export interface ImageManifestData {
  /** The platform of the variant. */
  readonly Platform: OCIPlatform
  /** Since API 1.54, where it was asked for. */
  readonly Identity?: ImageIdentity | null
  /** Ids of the containers that use it. */
  readonly Containers: readonly string[] | null
  /** Bytes of the unpacked and the packed content. */
  readonly Size: ImageUnpackedSize
}

/** How much a variant of an image takes unpacked. */
export interface ImageUnpackedSize {
  /** Bytes. */
  readonly Unpacked: number
}

/** What an attestation is about. */
export interface AttestationManifestData {
  /** The digest of the manifest of an image. */
  readonly For: string
}

/** A statement about an image (in-toto): how it was built, what is in it. */
export interface AttestationStatement {
  /** The statement's descriptor in the registry's format. */
  readonly Descriptor: OCIDescriptor
  /** What kind of statement it is, e.g. `https://slsa.dev/provenance/v0.2`. */
  readonly PredicateType: string
  /** As it is, where it was asked for. */
  readonly Statement?: Readonly<Record<string, unknown>> | null
}
