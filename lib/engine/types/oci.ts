/** What a variant of an image runs on, as the OCI writes it in an image index. */
export interface OCIPlatform {
  /** As Go calls it: `amd64`, `arm64`, `ppc64le`. */
  readonly architecture: string
  /** `linux` or `windows`. */
  readonly os: string
  /** Of Windows, e.g. `10.0.19041.1165`. */
  readonly 'os.version'?: string
  /** What it needs of the operating system, e.g. `win32k`. */
  readonly 'os.features'?: readonly string[]
  /** Of the architecture: `v7` or `v8` of ARM. */
  readonly variant?: string
}

/** What is stored under a digest: its type and its size, and what is known about it besides. */
export interface OCIDescriptor {
  /** E.g. `application/vnd.oci.image.manifest.v1+json`. */
  readonly mediaType: string
  /** `sha256:...` */
  readonly digest: string
  /** Bytes. */
  readonly size: number
  /** Where else it can be downloaded. */
  readonly urls?: readonly string[]
  /** Annotations, by name. */
  readonly annotations?: Readonly<Record<string, string>>
  /** The content itself in base64, where it is that small. */
  readonly data?: string
  /** The platform it is for. */
  readonly platform?: OCIPlatform
  /** Of what is no image, its media type. */
  readonly artifactType?: string
}
