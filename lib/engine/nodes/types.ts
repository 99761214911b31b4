import type { ClusterObject, NodePlatform, SwarmTlsInfo, Topology } from '../types/cluster-objects.ts'
import type { GenericResource } from '../tasks/types/tasks.ts'

/** `active` gets tasks, `pause` keeps what it has, `drain` gives all of it to others. */
export type NodeAvailability = 'active' | 'pause' | 'drain'

/** What can be changed of a node. What an update leaves out is taken away, so begin from what `inspect` gives. */
export interface NodeSpec {
  /** Of the object in the swarm: the machine's is `Hostname` of its description. */
  readonly Name?: string
  /** Labels of the node, for placement. */
  readonly Labels?: Readonly<Record<string, string>> | null
  /** Another one promotes or demotes. */
  readonly Role?: 'worker' | 'manager'
  /** Whether it gets tasks. */
  readonly Availability?: NodeAvailability
}

/** A machine of a swarm. */
export interface Node extends ClusterObject {
  /** The settings that an update can change. */
  readonly Spec: NodeSpec
  /** What the node reports about itself. */
  readonly Description: NodeDescription
  /** Its state, as the managers see it. */
  readonly Status: NodeStatus
  /** Of managers alone. */
  readonly ManagerStatus?: ManagerStatus
}

/** What a node says of itself; next to nothing, before it has come up for the first time. */
export interface NodeDescription {
  /** As the machine calls itself. */
  readonly Hostname?: string
  /** Architecture and operating system. */
  readonly Platform: NodePlatform
  /** CPU, memory and other resources. */
  readonly Resources: NodeResources
  /** Its Docker Engine. */
  readonly Engine: EngineDescription
  /** The CA that the node trusts. */
  readonly TLSInfo: SwarmTlsInfo
  /** Plugins for cluster volumes. Since API 1.42; not in the specification. */
  readonly CSIInfo?: readonly NodeCsiInfo[]
}

/** What a node has to give. */
export interface NodeResources {
  /** Billionths of a CPU. */
  readonly NanoCPUs?: number
  /** Bytes. */
  readonly MemoryBytes?: number
  /** What its daemon was told to offer besides. */
  readonly GenericResources?: readonly GenericResource[]
}

/** A node's Docker Engine. */
export interface EngineDescription {
  /** E.g. `26.1.5`. */
  readonly EngineVersion?: string
  /** Labels of the daemon, set in its configuration. */
  readonly Labels?: Readonly<Record<string, string>>
  /** Plugins of the daemon. */
  readonly Plugins?: ReadonlyArray<{
    /** The kind, e.g. `Volume`, `Network`, `Log`. */
    readonly Type: string
    /** The plugin's name. */
    readonly Name: string
  }>
}

/** A node, as a storage plugin knows it. */
export interface NodeCsiInfo {
  /** The storage plugin. */
  readonly PluginName?: string
  /** The plugin's name for the node. */
  readonly NodeID?: string
  /** @defaultValue `0`, which is no limit */
  readonly MaxVolumesPerNode?: number
  /** The part of the cluster whose storage it reaches. */
  readonly AccessibleTopology?: Topology
}

/** How a node is, as its managers see it. */
export interface NodeStatus {
  /** `unknown`: the leader of the managers has just changed; `disconnected`: it looks for another manager. */
  readonly State: 'unknown' | 'down' | 'ready' | 'disconnected'
  /** Why it is so, where there is something to say. */
  readonly Message?: string
  /** An IP address. */
  readonly Addr?: string
}

/** How a manager is, as the others see it. */
export interface ManagerStatus {
  /** Left out where it is `false`. */
  readonly Leader?: boolean
  /** Whether the other managers reach it. */
  readonly Reachability: 'unknown' | 'unreachable' | 'reachable'
  /** IP address and port. */
  readonly Addr: string
}
