import type { ContainerStatus } from './inspect.ts'
import type { EndpointSettings } from '../../networks/types/endpoint-settings.ts'
import type { HealthStatus } from '../../types/health.ts'
import type { MountPoint } from '../../types/mounts.ts'
import type { OCIDescriptor } from '../../types/oci.ts'

/** A container in a list. */
export interface ContainerSummary {
  /** 64 hexadecimal digits. */
  readonly Id: string
  /** Its names, each with a leading slash. */
  readonly Names: readonly string[]
  /** The image name that it was created with, or an id if that name now refers to another image. */
  readonly Image: string
  /** The id of its image, `sha256:...`. */
  readonly ImageID: string
  /** The manifest of the image; only with containerd's image store. Since API 1.48. */
  readonly ImageManifestDescriptor?: OCIDescriptor
  /** The program and its arguments in one line. */
  readonly Command: string
  /** Seconds since 1970. */
  readonly Created: number
  /** Its exposed and published ports. */
  readonly Ports: readonly ContainerPort[]
  /** Bytes that it has written, if `size` was set. */
  readonly SizeRw?: number
  /** Bytes of the image plus those that it has written, if `size` was set. */
  readonly SizeRootFs?: number
  /** Its labels, including those of the image. */
  readonly Labels: Readonly<Record<string, string>>
  /** The state in one word. */
  readonly State: ContainerStatus
  /** For people: `Up 4 days (healthy)`. */
  readonly Status: string
  /** The part of its host configuration that lists show. */
  readonly HostConfig: ContainerSummaryHostConfig
  /** Its networks. */
  readonly NetworkSettings: {
    /** By the network's name. */
    readonly Networks: Readonly<Record<string, EndpointSettings>> | null
  } | null
  /** Its mounts. */
  readonly Mounts: readonly MountPoint[]
  /** Its health. Since API 1.52. */
  readonly Health?: {
    /** The result of its health check. */
    readonly Status: HealthStatus
    /** Failed checks in a row. */
    readonly FailingStreak: number
  }
}

/** The part of a container's host configuration that lists show. */
export interface ContainerSummaryHostConfig {
  /** The requested network mode: `bridge`, `host`, `container:ID`, or a network's name. */
  readonly NetworkMode?: string
  /** Annotations for the runtime. Since API 1.46. */
  readonly Annotations?: Readonly<Record<string, string>>
}

/** A port of a container. */
export interface ContainerPort {
  /** The address on the host, if it is published. */
  readonly IP?: string
  /** The port in the container. */
  readonly PrivatePort: number
  /** The port on the host, if it is published. */
  readonly PublicPort?: number
  /** The protocol. */
  readonly Type: 'tcp' | 'udp' | 'sctp'
}
