import type { ClusterObject, Driver, NodePlatform, ObjectVersion } from '../../types/cluster-objects.ts'
import type { ContainerSpec } from '../../services/types/containers.ts'
import type { EndpointPortConfig, NetworkAttachmentConfig } from '../../services/types/networks.ts'
import type { NetworkAttachment } from './networks.ts'

/** The settings of tasks, which run a container or a plugin. */
export interface TaskSpec {
  /** The container. */
  readonly ContainerSpec?: ContainerSpec
  /** The plugin, with `Runtime: 'plugin'`. Needs an experimental daemon. */
  readonly PluginSpec?: PluginSpec
  /** With `Runtime: 'attachment'`: a container outside of the swarm that joined one of its networks. Read-only. */
  readonly NetworkAttachmentSpec?: {
    /** That container's id. */
    readonly ContainerID: string
  }
  /** Limits and reservations. */
  readonly Resources?: TaskResources
  /** When to replace a task that has ended. */
  readonly RestartPolicy?: TaskRestartPolicy
  /** Which nodes get tasks. */
  readonly Placement?: TaskPlacement
  /** A new number restarts all tasks, even if nothing else has changed. @defaultValue `0` */
  readonly ForceUpdate?: number
  /** @defaultValue `container` */
  readonly Runtime?: 'container' | 'plugin' | 'attachment'
  /** Networks that tasks join. */
  readonly Networks?: readonly NetworkAttachmentConfig[]
  /** @defaultValue the setting of the swarm, else of the daemon */
  readonly LogDriver?: Driver
}

/** A plugin to install on nodes. These are the names that the daemon reads. Those in the specification don't work. */
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
  /** Install the plugin without enabling it. */
  readonly disabled?: boolean
  /** `NAME=value`. */
  readonly env?: readonly string[]
}

/** The limits of each task, and the free resources that it needs on a node. */
export interface TaskResources {
  /** The limits of each task. */
  readonly Limits?: TaskLimits
  /** The resources that a node must have free. */
  readonly Reservations?: TaskReservations
  /** Bytes, -1 for no limit. Needs a memory limit. Since API 1.52. @defaultValue twice the memory limit */
  readonly SwapBytes?: number | null
  /** 0 to 100; -1 restores the default. Since API 1.52. @defaultValue the host's */
  readonly MemorySwappiness?: number | null
}

/** Resource limits of a task. */
export interface TaskLimits {
  /** Billionths of a CPU. */
  readonly NanoCPUs?: number
  /** Bytes. */
  readonly MemoryBytes?: number
  /** The number of processes and threads. Since API 1.41. @defaultValue `0`: no limit */
  readonly Pids?: number
}

/** Resources that a node must have free before the scheduler places a task on it. */
export interface TaskReservations {
  /** Billionths of a CPU. */
  readonly NanoCPUs?: number
  /** Bytes. */
  readonly MemoryBytes?: number
  /** Other resources of the node, e.g. GPUs. */
  readonly GenericResources?: readonly GenericResource[]
}

/** A resource of a node other than CPU and memory: named (`GPU=UUID1`) or counted (`SSD=3`). */
export interface GenericResource {
  /** A named resource. */
  readonly NamedResourceSpec?: {
    /** The kind, e.g. `GPU`. */
    readonly Kind: string
    /** The name, e.g. `UUID1`. */
    readonly Value: string
  }
  /** A counted resource. */
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
  /** Nanoseconds before the new task starts. @defaultValue 5 s */
  readonly Delay?: number
  /** The largest number of restarts. @defaultValue `0`: no limit */
  readonly MaxAttempts?: number
  /** The period in which restarts are counted, in nanoseconds. @defaultValue `0`: unlimited */
  readonly Window?: number
}

/** Which nodes get tasks. */
export interface TaskPlacement {
  /**
   * Conditions that a node must meet: `node.role==manager`, `node.labels.zone!=b`, and likewise `node.id`,
   * `node.hostname`, `node.platform.os`, `node.platform.arch`, `engine.labels.*`.
   */
  readonly Constraints?: readonly string[]
  /** Labels over whose values tasks are spread, e.g. `node.labels.rack`; the first one takes precedence. */
  readonly Preferences?: ReadonlyArray<{
    /** Spreads tasks evenly. */
    readonly Spread: {
      /** The label, e.g. `node.labels.rack`. */
      readonly SpreadDescriptor: string
    }
  }>
  /** The largest number of replicas on each node. @defaultValue `0`: no limit */
  readonly MaxReplicas?: number
  /** The platforms of the image. @defaultValue any */
  readonly Platforms?: readonly NodePlatform[]
}

/** The states of a task, in order up to `running`. The others are final. */
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

/** A task: a container of a service on a node, and its state. */
export interface Task extends ClusterObject {
  /** Usually empty. The Docker CLI shows a name made of service and `Slot`. */
  readonly Name?: string
  /** Labels of the task. */
  readonly Labels?: Readonly<Record<string, string>> | null
  /** The requested task. */
  readonly Spec: TaskSpec
  /** The service it belongs to. */
  readonly ServiceID?: string
  /** The number of the replica; absent for a global service. */
  readonly Slot?: number
  /** The id of its node; absent until it is assigned. */
  readonly NodeID?: string
  /** Resources of its node. The specification calls it `AssignedGenericResources`, the daemon `GenericResources`. */
  readonly GenericResources?: readonly GenericResource[]
  /** Its state. */
  readonly Status: TaskStatus
  /** Its desired state. */
  readonly DesiredState?: TaskState
  /** The execution of a job that it belongs to. Since API 1.41. */
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

/** The state of a task. */
export interface TaskStatus {
  /** RFC 3339, with nanoseconds. */
  readonly Timestamp: string
  /** The state. */
  readonly State: TaskState
  /** The last action of the node, e.g. `started`. */
  readonly Message?: string
  /** Why it can't be placed, or why it failed. */
  readonly Err?: string
  /** Its container; absent until it exists. */
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
  /** The process id on the node; 0 if it isn't running. */
  readonly PID: number
  /** The exit code of a container that has ended. */
  readonly ExitCode: number
}
