/** The platform of an image variant, as in an OCI image index. */
export interface OCIPlatform {
  /** Go's name of the architecture: `amd64`, `arm64`, `ppc64le`. */
  readonly architecture: string
  /** `linux` or `windows`. */
  readonly os: string
  /** Windows only, e.g. `10.0.19041.1165`. */
  readonly 'os.version'?: string
  /** Required features of the operating system, e.g. `win32k`. */
  readonly 'os.features'?: readonly string[]
  /** The variant of the architecture: `v7` or `v8` for ARM. */
  readonly variant?: string
}

/** A descriptor of content: its digest, type and size. */
export interface OCIDescriptor {
  /** E.g. `application/vnd.oci.image.manifest.v1+json`. */
  readonly mediaType: string
  /** `sha256:...` */
  readonly digest: string
  /** Bytes. */
  readonly size: number
  /** Other locations to download it from. */
  readonly urls?: readonly string[]
  /** Annotations, by name. */
  readonly annotations?: Readonly<Record<string, string>>
  /** The content itself in base64, if it is small enough. */
  readonly data?: string
  /** The platform it is for. */
  readonly platform?: OCIPlatform
  /** The media type of an artifact that isn't an image. */
  readonly artifactType?: string
}
