import type { ClusterObject, Driver, NodePlatform, ObjectVersion } from '../../types/cluster-objects.ts'
import type { ContainerSpec } from '../../services/types/containers.ts'
import type { EndpointPortConfig, NetworkAttachmentConfig } from '../../services/types/networks.ts'
import type { NetworkAttachment } from './networks.ts'

/** What runs: containers, or a plugin. */
export interface TaskSpec {
  /** The container. */
  readonly ContainerSpec?: ContainerSpec
  /** With `Runtime: 'plugin'`; an experimental daemon alone takes it. */
  readonly PluginSpec?: PluginSpec
  /** With `Runtime: 'attachment'`: a container outside of the swarm that is on one of its networks. Only ever read. */
  readonly NetworkAttachmentSpec?: {
    /** That container's id. */
    readonly ContainerID: string
  }
  /** Limits and reservations. */
  readonly Resources?: TaskResources
  /** When an ended task is replaced. */
  readonly RestartPolicy?: TaskRestartPolicy
  /** Which nodes get tasks. */
  readonly Placement?: TaskPlacement
  /** Another number than before starts all tasks anew, even if nothing else has changed. @defaultValue `0` */
  readonly ForceUpdate?: number
  /** @defaultValue `container` */
  readonly Runtime?: 'container' | 'plugin' | 'attachment'
  /** Networks that tasks join. */
  readonly Networks?: readonly NetworkAttachmentConfig[]
  /** @defaultValue the swarm's, else the daemon's */
  readonly LogDriver?: Driver
}

/** A plugin that nodes shall have. These names are the daemon's; the specification has others, which it doesn't read. */
export interface PluginSpec {
  /** The plugin's name on the nodes. */
  readonly name?: string
  /** Its image. */
  readonly remote?: string
  /** Privileges that are granted to the plugin. */
  readonly privileges?: ReadonlyArray<{
    /** E.g. `network`, `mount`. */
    readonly name?: string
    /** What the privilege allows. */
    readonly description?: string
    /** E.g. `['host']` for `network`. */
    readonly value?: readonly string[]
  }>
  /** Installed, but not enabled. */
  readonly disabled?: boolean
  /** `NAME=value`. */
  readonly env?: readonly string[]
}

/** What each task may use, and what a node must have free for it. */
export interface TaskResources {
  /** The most a task may use. */
  readonly Limits?: TaskLimits
  /** The resources that a node must have free. */
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
  /** Other resources of the node, e.g. GPUs. */
  readonly GenericResources?: readonly GenericResource[]
}

/** Something that a node offers besides CPU and memory: by name (`GPU=UUID1`) or by number (`SSD=3`). */
export interface GenericResource {
  /** One resource with a name. */
  readonly NamedResourceSpec?: {
    /** The kind, e.g. `GPU`. */
    readonly Kind: string
    /** The name, e.g. `UUID1`. */
    readonly Value: string
  }
  /** A number of resources of a kind. */
  readonly DiscreteResourceSpec?: {
    /** The kind, e.g. `SSD`. */
    readonly Kind: string
    /** How many. */
    readonly Value: number
  }
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
  readonly Preferences?: ReadonlyArray<{
    /** Spreads tasks evenly. */
    readonly Spread: {
      /** The label, e.g. `node.labels.rack`. */
      readonly SpreadDescriptor: string
    }
  }>
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
  /** Labels of the task. */
  readonly Labels?: Readonly<Record<string, string>> | null
  /** The requested task. */
  readonly Spec: TaskSpec
  /** The service it belongs to. */
  readonly ServiceID?: string
  /** Which of the replicas; of a global service, none. */
  readonly Slot?: number
  /** None before it is assigned. */
  readonly NodeID?: string
  /** What it got of its node. The specification writes `AssignedGenericResources`; this is how the daemon does. */
  readonly GenericResources?: readonly GenericResource[]
  /** Its state. */
  readonly Status: TaskStatus
  /** What the swarm wants of it. */
  readonly DesiredState?: TaskState
  /** Of a job: the execution that it belongs to. Since API 1.41. */
  readonly JobIteration?: ObjectVersion
  /** Its networks and addresses. */
  readonly NetworksAttachments?: readonly NetworkAttachment[]
  /** Cluster volumes. Since API 1.42; not in the specification. */
  readonly Volumes?: ReadonlyArray<{
    /** The volume's id. */
    readonly ID?: string
    /** The volume's name, or `group:NAME`. */
    readonly Source?: string
    /** The mount point in the container. */
    readonly Target?: string
  }> | null
}

/** How a task is. */
export interface TaskStatus {
  /** RFC 3339, with nanoseconds. */
  readonly Timestamp: string
  /** How far the task is. */
  readonly State: TaskState
  /** E.g. `started`: what the node did last. */
  readonly Message?: string
  /** Why it can't be placed, or has failed. */
  readonly Err?: string
  /** None before it has a container. */
  readonly ContainerStatus?: TaskContainerStatus
  /** Ports of the host. */
  readonly PortStatus: {
    /** Ports published on the node. */
    readonly Ports?: readonly EndpointPortConfig[]
  }
}

/** A task's container. */
export interface TaskContainerStatus {
  /** The container's id. */
  readonly ContainerID: string
  /** On its node's host; 0 where it doesn't run. */
  readonly PID: number
  /** The exit code of a container that has ended. */
  readonly ExitCode: number
}
