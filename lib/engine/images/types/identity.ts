/** Where an image came from, as the daemon has verified it: no tag can change that. */
export interface ImageIdentity {
  /** Signatures, valid or not. */
  readonly Signature?: readonly SignatureIdentity[]
  /** Where it was pulled from, and pushed to. */
  readonly Pull?: readonly PullIdentity[]
  /** Builds that made it. */
  readonly Build?: readonly BuildIdentity[]
}

/** A repository that an image was pulled from, also where a mirror gave it. */
export interface PullIdentity {
  /** The repository, e.g. `docker.io/library/alpine`. */
  readonly Repository?: string
}

/** A build that made an image. */
export interface BuildIdentity {
  /** Names the build in BuildKit's history. */
  readonly Ref?: string
  /** RFC 3339. */
  readonly CreatedAt?: string
}

/** A signature of an image that was verified, or failed to. */
export interface SignatureIdentity {
  /** What kind of signature it is, for people. */
  readonly Name?: string
  /** Verified times at which the signature existed. */
  readonly Timestamps?: readonly SignatureTimestamp[]
  /** A signer whom the daemon knows: `DHI`, Docker's hardened images. */
  readonly KnownSigner?: 'DHI'
  /** The image that an older signature names. */
  readonly DockerReference?: string
  /** Who signed, by the certificate of the signature. */
  readonly Signer?: SignerIdentity
  /** The format of the signature. */
  readonly SignatureType?: 'bundle-v0.3' | 'simplesigning-v1'
  /** Why it could not be verified; then nothing else is there. */
  readonly Error?: string
  /** What to know of a verification that succeeded, e.g. that the roots of trust came from a cache. */
  readonly Warnings?: readonly string[]
}

/** Somebody who is trusted says when a signature was there. */
export interface SignatureTimestamp {
  /** A transparency log or a timestamp authority. */
  readonly Type?: 'Tlog' | 'TimestampAuthority'
  /** The log or authority that states the time. */
  readonly URI?: string
  /** RFC 3339. */
  readonly Timestamp?: string
}

/** Who signed, by the certificate of the signature (Sigstore's Fulcio names the fields). */
export interface SignerIdentity {
  /** The CA that issued the signing certificate. */
  readonly CertificateIssuer?: string
  /** The signer's name in the certificate: a mail address or a workflow's URL. */
  readonly SubjectAlternativeName?: string
  /** The OIDC issuer that vouched for the signer. */
  readonly Issuer?: string
  /** The build instructions that signed, and the digest of their version. */
  readonly BuildSignerURI?: string
  /** The digest of the build instructions that signed. */
  readonly BuildSignerDigest?: string
  /** Whether it was built on the platform's machines or on somebody's own. */
  readonly RunnerEnvironment?: string
  /** The repository that was built. */
  readonly SourceRepositoryURI?: string
  /** The commit that was built. */
  readonly SourceRepositoryDigest?: string
  /** The branch or tag that was built. */
  readonly SourceRepositoryRef?: string
  /** The platform's id of the repository. */
  readonly SourceRepositoryIdentifier?: string
  /** The repository's owner. */
  readonly SourceRepositoryOwnerURI?: string
  /** The platform's id of the repository's owner. */
  readonly SourceRepositoryOwnerIdentifier?: string
  /** The build instructions that were started, and the digest of their version. */
  readonly BuildConfigURI?: string
  /** The digest of the build instructions that were started. */
  readonly BuildConfigDigest?: string
  /** What started the build. */
  readonly BuildTrigger?: string
  /** The run of the build. */
  readonly RunInvocationURI?: string
  /** Whether the repository was public then. */
  readonly SourceRepositoryVisibilityAtSigning?: string
}
