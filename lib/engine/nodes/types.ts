import type { ClusterObject, NodePlatform, SwarmTlsInfo, Topology } from '../types/cluster-objects.ts'
import type { GenericResource } from '../tasks/types/tasks.ts'

/** `active` gets tasks, `pause` keeps what it has, `drain` gives all of it to others. */
export type NodeAvailability = 'active' | 'pause' | 'drain'

/** What can be changed of a node. What an update leaves out is taken away, so begin from what `inspect` gives. */
export interface NodeSpec {
  /** Of the object in the swarm: the machine's is `Hostname` of its description. */
  readonly Name?: string
  readonly Labels?: Readonly<Record<string, string>> | null
  /** Another one promotes or demotes. */
  readonly Role?: 'worker' | 'manager'
  /** Whether it gets tasks. */
  readonly Availability?: NodeAvailability
}

/** A machine of a swarm. */
export interface Node extends ClusterObject {
  readonly Spec: NodeSpec
  readonly Description: NodeDescription
  readonly Status: NodeStatus
  /** Of managers alone. */
  readonly ManagerStatus?: ManagerStatus
}

/** What a node says of itself; next to nothing, before it has come up for the first time. */
export interface NodeDescription {
  /** As the machine calls itself. */
  readonly Hostname?: string
  readonly Platform: NodePlatform
  readonly Resources: NodeResources
  readonly Engine: EngineDescription
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
  readonly Labels?: Readonly<Record<string, string>>
  readonly Plugins?: ReadonlyArray<{ readonly Type: string; readonly Name: string }>
}

/** A node, as a storage plugin knows it. */
export interface NodeCsiInfo {
  readonly PluginName?: string
  readonly NodeID?: string
  /** @defaultValue `0`, which is no limit */
  readonly MaxVolumesPerNode?: number
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
  readonly Reachability: 'unknown' | 'unreachable' | 'reachable'
  /** IP address and port. */
  readonly Addr: string
}
