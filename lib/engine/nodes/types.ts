import type { ClusterObject, NodePlatform, SwarmTlsInfo, Topology } from '../types/cluster-objects.ts'
import type { GenericResource } from '../tasks/types/tasks.ts'
import type { FilterOf, FilterValue } from '../filters.ts'
import type { FieldOptions, RequestOptions } from '../send.ts'

/** `active` gets new tasks, `pause` only keeps its tasks, `drain` moves them to other nodes. */
export type NodeAvailability = 'active' | 'pause' | 'drain'

/** The settings of a node. An update removes omitted settings, so start with those of `inspect`. */
export interface NodeSpec {
  /** The name of the node in the swarm. The name of the machine is `Hostname` of its description. */
  readonly Name?: string
  /** Labels of the node, for placement. */
  readonly Labels?: Readonly<Record<string, string>> | null
  /** Its role. A change promotes or demotes the node. */
  readonly Role?: 'worker' | 'manager'
  /** Whether it gets new tasks. */
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
  /** Only of managers. */
  readonly ManagerStatus?: ManagerStatus
}

/** A node's description of itself. Almost empty until it has been up once. */
export interface NodeDescription {
  /** The host name of the machine. */
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

/** The resources of a node. */
export interface NodeResources {
  /** Billionths of a CPU. */
  readonly NanoCPUs?: number
  /** Bytes. */
  readonly MemoryBytes?: number
  /** Other resources, set in the configuration of its daemon. */
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

/** A storage plugin's information about a node. */
export interface NodeCsiInfo {
  /** The storage plugin. */
  readonly PluginName?: string
  /** The plugin's name for the node. */
  readonly NodeID?: string
  /** `0` for no limit. */
  readonly MaxVolumesPerNode?: number
  /** The part of the cluster whose storage it can access. */
  readonly AccessibleTopology?: Topology
}

/** The state of a node, as the managers see it. */
export interface NodeStatus {
  /** `unknown`: the leader has just changed; `disconnected`: it is looking for another manager. */
  readonly State: 'unknown' | 'down' | 'ready' | 'disconnected'
  /** The reason, if there is one. */
  readonly Message?: string
  /** An IP address. */
  readonly Addr?: string
}

/** The state of a manager, as the other managers see it. */
export interface ManagerStatus {
  /** Whether it is the leader; absent if `false`. */
  readonly Leader?: boolean
  /** Whether the other managers can reach it. */
  readonly Reachability: 'unknown' | 'unreachable' | 'reachable'
  /** IP address and port. */
  readonly Addr: string
}

/** Options of {@link Nodes.list}. */
export interface NodeListOptions extends FieldOptions {
  /** Only nodes that match, e.g. `{ role: 'manager' }`. */
  readonly filters?: {
    /** The beginning of the id. */
    readonly id?: FilterValue
    /** A label of its engine, `key` or `key=value`. */
    readonly label?: FilterValue
    /** Whether it was accepted into the swarm. */
    readonly membership?: 'accepted' | 'pending'
    /** The beginning of the name. */
    readonly name?: FilterValue
    /** A label of the node, `key` or `key=value`. */
    readonly 'node.label'?: FilterValue
    /** `worker` or `manager`. */
    readonly role?: FilterOf<'worker' | 'manager'>
  }
}

/** Options of {@link Nodes.update}. */
export interface NodeUpdateOptions extends FieldOptions {
  /** `Version.Index` of the inspected object. The update fails if the object has changed since. */
  readonly version: number
}

/** Options of {@link Nodes.remove}. */
export interface NodeRemoveOptions extends RequestOptions {
  /** Remove it even if it is up. @defaultValue `false` */
  readonly force?: boolean
}
