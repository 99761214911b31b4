import type { ClusterObject, Driver, NodePlatform, ObjectVersion } from '../../types/cluster-objects.ts'
import type { ContainerSpec } from '../../services/types/containers.ts'
import type { EndpointPortConfig, NetworkAttachmentConfig } from '../../services/types/networks.ts'
import type { NetworkAttachment } from './networks.ts'

/** What runs: containers, or a plugin. */
export interface TaskSpec {
  readonly ContainerSpec?: ContainerSpec
  /** With `Runtime: 'plugin'`; an experimental daemon alone takes it. */
  readonly PluginSpec?: PluginSpec
  /** With `Runtime: 'attachment'`: a container outside of the swarm that is on one of its networks. Only ever read. */
  readonly NetworkAttachmentSpec?: { readonly ContainerID: string }
  readonly Resources?: TaskResources
  readonly RestartPolicy?: TaskRestartPolicy
  readonly Placement?: TaskPlacement
  /** Another number than before starts all tasks anew, even if nothing else has changed. @defaultValue `0` */
  readonly ForceUpdate?: number
  /** @defaultValue `container` */
  readonly Runtime?: 'container' | 'plugin' | 'attachment'
  readonly Networks?: readonly NetworkAttachmentConfig[]
  /** @defaultValue the swarm's, else the daemon's */
  readonly LogDriver?: Driver
}

/** A plugin that nodes shall have. These names are the daemon's; the specification has others, which it doesn't read. */
export interface PluginSpec {
  readonly name?: string
  /** Its image. */
  readonly remote?: string
  readonly privileges?: ReadonlyArray<{
    readonly name?: string
    readonly description?: string
    readonly value?: readonly string[]
  }>
  readonly disabled?: boolean
  /** `NAME=value`. */
  readonly env?: readonly string[]
}

/** What each task may use, and what a node must have free for it. */
export interface TaskResources {
  readonly Limits?: TaskLimits
  readonly Reservations?: TaskReservations
  /** Bytes; needs a limit of memory; -1 is no limit. Since API 1.52. @defaultValue twice the limit of memory */
  readonly SwapBytes?: number | null
  /** 0 to 100; -1 takes it back. Since API 1.52. @defaultValue the host's */
  readonly MemorySwappiness?: number | null
}

/** Upper bounds. */
export interface TaskLimits {
  /** Billionths of a CPU. */
  readonly NanoCPUs?: number
  /** Bytes. */
  readonly MemoryBytes?: number
  /** Processes and threads. Since API 1.41. @defaultValue `0`, which is no limit */
  readonly Pids?: number
}

/** What has to be free. */
export interface TaskReservations {
  /** Billionths of a CPU. */
  readonly NanoCPUs?: number
  /** Bytes. */
  readonly MemoryBytes?: number
  readonly GenericResources?: readonly GenericResource[]
}

/** Something that a node offers besides CPU and memory: by name (`GPU=UUID1`) or by number (`SSD=3`). */
export interface GenericResource {
  readonly NamedResourceSpec?: { readonly Kind: string; readonly Value: string }
  readonly DiscreteResourceSpec?: { readonly Kind: string; readonly Value: number }
}

/** What happens when a task ends. */
export interface TaskRestartPolicy {
  /** @defaultValue `any` */
  readonly Condition?: 'none' | 'on-failure' | 'any'
  /** Nanoseconds before a new one. @defaultValue 5 s */
  readonly Delay?: number
  /** @defaultValue `0`, which is no limit */
  readonly MaxAttempts?: number
  /** Nanoseconds in which attempts are counted. @defaultValue `0`, which is for ever */
  readonly Window?: number
}

/** Which nodes get tasks. */
export interface TaskPlacement {
  /**
   * All of them have to hold: `node.role==manager`, `node.labels.zone!=b`, and likewise `node.id`, `node.hostname`,
   * `node.platform.os`, `node.platform.arch`, `engine.labels.*`.
   */
  readonly Constraints?: readonly string[]
  /** Tasks are spread over the values of a label, e.g. `node.labels.rack`; the first counts most. */
  readonly Preferences?: ReadonlyArray<{ readonly Spread: { readonly SpreadDescriptor: string } }>
  /** On each node. @defaultValue `0`, which is no limit */
  readonly MaxReplicas?: number
  /** For which the image is made. @defaultValue any */
  readonly Platforms?: readonly NodePlatform[]
}

/** In the order in which a task goes through them up to `running`; then one of those in which it ends. */
export type TaskState =
  | 'new'
  | 'allocated'
  | 'pending'
  | 'assigned'
  | 'accepted'
  | 'preparing'
  | 'ready'
  | 'starting'
  | 'running'
  | 'complete'
  | 'shutdown'
  | 'failed'
  | 'rejected'
  | 'remove'
  | 'orphaned'

/** One container of a service, on one node, and what became of it. */
export interface Task extends ClusterObject {
  /** Mostly empty: the Docker CLI makes one of service and `Slot`. */
  readonly Name?: string
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly Spec: TaskSpec
  readonly ServiceID?: string
  /** Which of the replicas; of a global service, none. */
  readonly Slot?: number
  /** None before it is assigned. */
  readonly NodeID?: string
  /** What it got of its node. The specification writes `AssignedGenericResources`; this is how the daemon does. */
  readonly GenericResources?: readonly GenericResource[]
  readonly Status: TaskStatus
  /** What the swarm wants of it. */
  readonly DesiredState?: TaskState
  /** Of a job: the execution that it belongs to. Since API 1.41. */
  readonly JobIteration?: ObjectVersion
  readonly NetworksAttachments?: readonly NetworkAttachment[]
  /** Cluster volumes. Since API 1.42; not in the specification. */
  readonly Volumes?: ReadonlyArray<{ readonly ID?: string; readonly Source?: string; readonly Target?: string }> | null
}

/** How a task is. */
export interface TaskStatus {
  /** RFC 3339, with nanoseconds. */
  readonly Timestamp: string
  readonly State: TaskState
  /** E.g. `started`: what the node did last. */
  readonly Message?: string
  /** Why it can't be placed, or has failed. */
  readonly Err?: string
  /** None before it has a container. */
  readonly ContainerStatus?: TaskContainerStatus
  /** Ports of the host. */
  readonly PortStatus: { readonly Ports?: readonly EndpointPortConfig[] }
}

/** A task's container. */
export interface TaskContainerStatus {
  readonly ContainerID: string
  /** On its node's host; 0 where it doesn't run. */
  readonly PID: number
  readonly ExitCode: number
}
