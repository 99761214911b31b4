import type { ContainerStatus } from './inspect.ts'
import type { EndpointSettings } from '../../networks/types/endpoint-settings.ts'
import type { HealthStatus } from '../../types/health.ts'
import type { MountPoint } from '../../types/mounts.ts'
import type { OCIDescriptor } from '../../types/oci.ts'

/** A container in a list. */
export interface ContainerSummary {
  /** 64 hexadecimal digits. */
  readonly Id: string
  /** Each with a slash before it. */
  readonly Names: readonly string[]
  /** As it was written when the container was made; an id, where that name means another image now. */
  readonly Image: string
  /** The id of its image, `sha256:...`. */
  readonly ImageID: string
  /** From daemons with containerd's image store. Since API 1.48. */
  readonly ImageManifestDescriptor?: OCIDescriptor
  /** The program and its arguments, in one line. */
  readonly Command: string
  /** Unix time, in seconds. */
  readonly Created: number
  /** Its exposed and published ports. */
  readonly Ports: readonly ContainerPort[]
  /** Bytes that it has written, where `size` was asked for. */
  readonly SizeRw?: number
  /** Bytes of the image and of what it has written, where `size` was asked for. */
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
  /** Since API 1.52. */
  readonly Health?: {
    /** The result of its health check. */
    readonly Status: HealthStatus
    /** Failed checks in a row. */
    readonly FailingStreak: number
  }
}

/** What a list says of a container's host. */
export interface ContainerSummaryHostConfig {
  /** As it was created with: `bridge`, `host`, `container:ID`, a network's name. */
  readonly NetworkMode?: string
  /** Since API 1.46. */
  readonly Annotations?: Readonly<Record<string, string>>
}

/** A port of a container, and where it is published. */
export interface ContainerPort {
  /** Address of the host; only where it is published. */
  readonly IP?: string
  /** Of the container. */
  readonly PrivatePort: number
  /** Of the host; only where it is published. */
  readonly PublicPort?: number
  /** The protocol. */
  readonly Type: 'tcp' | 'udp' | 'sctp'
}
