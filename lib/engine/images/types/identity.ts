/** The origin of an image, as verified by the daemon. It doesn't depend on tags. */
export interface ImageIdentity {
  /** Signatures, valid or not. */
  readonly Signature?: readonly SignatureIdentity[]
  /** Repositories that it was pulled from or pushed to. */
  readonly Pull?: readonly PullIdentity[]
  /** Builds that created it. */
  readonly Build?: readonly BuildIdentity[]
}

/** A repository that an image was pulled from, even through a mirror. */
export interface PullIdentity {
  /** The repository, e.g. `docker.io/library/alpine`. */
  readonly Repository?: string
}

/** A build that created an image. */
export interface BuildIdentity {
  /** The reference of the build in BuildKit's history. */
  readonly Ref?: string
  /** RFC 3339. */
  readonly CreatedAt?: string
}

/** A signature of an image, and the result of its verification. */
export interface SignatureIdentity {
  /** The kind of signature, for people. */
  readonly Name?: string
  /** Verified times at which the signature already existed. */
  readonly Timestamps?: readonly SignatureTimestamp[]
  /** A signer that the daemon knows: `DHI`, Docker's hardened images. */
  readonly KnownSigner?: 'DHI'
  /** The image name in a signature of the older format. */
  readonly DockerReference?: string
  /** The signer, from the certificate of the signature. */
  readonly Signer?: SignerIdentity
  /** The format of the signature. */
  readonly SignatureType?: 'bundle-v0.3' | 'simplesigning-v1'
  /** Why the verification failed. All other fields are then absent. */
  readonly Error?: string
  /** Warnings of a successful verification, e.g. that the roots of trust came from a cache. */
  readonly Warnings?: readonly string[]
}

/** A trusted statement of when a signature existed. */
export interface SignatureTimestamp {
  /** A transparency log or a timestamp authority. */
  readonly Type?: 'Tlog' | 'TimestampAuthority'
  /** The URI of the log or authority. */
  readonly URI?: string
  /** RFC 3339. */
  readonly Timestamp?: string
}

/** The signer, from the certificate of the signature. The field names are those of Sigstore's Fulcio. */
export interface SignerIdentity {
  /** The CA that issued the signing certificate. */
  readonly CertificateIssuer?: string
  /** The signer's name in the certificate: a mail address or a workflow's URL. */
  readonly SubjectAlternativeName?: string
  /** The OIDC issuer that vouched for the signer. */
  readonly Issuer?: string
  /** The build instructions that created the signature. */
  readonly BuildSignerURI?: string
  /** The digest of the build instructions that created the signature. */
  readonly BuildSignerDigest?: string
  /** Whether it was built on the platform's machines or on self-hosted ones. */
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
  /** The build instructions that were started. */
  readonly BuildConfigURI?: string
  /** The digest of the build instructions that were started. */
  readonly BuildConfigDigest?: string
  /** The event that started the build. */
  readonly BuildTrigger?: string
  /** The run of the build. */
  readonly RunInvocationURI?: string
  /** Whether the repository was public when the image was signed. */
  readonly SourceRepositoryVisibilityAtSigning?: string
}
