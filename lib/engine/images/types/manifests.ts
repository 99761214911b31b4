import type { ImageIdentity } from './identity.ts'
import type { OCIDescriptor, OCIPlatform } from '../../types/oci.ts'

/** A manifest of an image: a variant for one platform, or an attestation about one. */
export interface ImageManifestSummary {
  /** Its digest, `sha256:...`. */
  readonly ID: string
  /** The manifest's descriptor. */
  readonly Descriptor: OCIDescriptor
  /** Whether the daemon has all of its content. */
  readonly Available: boolean
  /** Bytes of the content and in total. */
  readonly Size: ImageManifestSize
  /** An `image` can be run. An `attestation` holds a builder's statements about one. */
  readonly Kind: 'image' | 'attestation' | 'unknown'
  /** Only of an `image`. */
  readonly ImageData?: ImageManifestData | null
  /** Only of an `attestation`. */
  readonly AttestationData?: AttestationManifestData | null
}

/** How much disk space a manifest uses, in bytes. */
export interface ImageManifestSize {
  /** Compressed and unpacked content. */
  readonly Total: number
  /** Compressed content, as it is pulled and pushed. */
  readonly Content: number
}

/** A platform variant of an image. */
export interface ImageManifestData {
  /** The platform of the variant. */
  readonly Platform: OCIPlatform
  /** Its origin, if requested. Since API 1.54. */
  readonly Identity?: ImageIdentity | null
  /** Ids of the containers that use it. */
  readonly Containers: readonly string[] | null
  /** Disk space of the unpacked content. */
  readonly Size: ImageUnpackedSize
}

/** The unpacked size of a platform variant. */
export interface ImageUnpackedSize {
  /** Bytes. */
  readonly Unpacked: number
}

/** The subject of an attestation. */
export interface AttestationManifestData {
  /** The digest of the image's manifest. */
  readonly For: string
}

/** An in-toto statement about an image: how it was built, or what it contains. */
export interface AttestationStatement {
  /** The statement's descriptor in the registry's format. */
  readonly Descriptor: OCIDescriptor
  /** The kind of statement, e.g. `https://slsa.dev/provenance/v0.2`. */
  readonly PredicateType: string
  /** The statement itself, if requested. */
  readonly Statement?: Readonly<Record<string, unknown>> | null
}
