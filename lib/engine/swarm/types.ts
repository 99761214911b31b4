import type { ClusterObject, Driver, SwarmTlsInfo } from '../types/cluster-objects.ts'
import type { NodeAvailability } from '../nodes/types.ts'
import type { FieldOptions, RequestOptions } from '../send.ts'

/**
 * The settings of a swarm. An update sets omitted settings to 0 or empty, which is often invalid: start with those of
 * {@link Swarm.inspect}.
 */
export interface SwarmSpec {
  /** Always `default`. */
  readonly Name?: string
  /** Labels of the swarm. */
  readonly Labels?: Readonly<Record<string, string>> | null
  /** How many finished tasks are kept. */
  readonly Orchestration?: SwarmOrchestration
  /** How managers agree with each other. */
  readonly Raft?: SwarmRaft
  /** How nodes report to managers. */
  readonly Dispatcher?: SwarmDispatcher
  /** The CA that issues the nodes' certificates. */
  readonly CAConfig?: SwarmCaConfig
  /** Whether managers are locked after a restart. */
  readonly EncryptionConfig?: SwarmEncryption
  /** Defaults for tasks. */
  readonly TaskDefaults?: SwarmTaskDefaults
}

/** The history of a swarm. */
export interface SwarmOrchestration {
  /** The number of finished tasks to keep for each replica or node; negative to keep all. @defaultValue `5` */
  readonly TaskHistoryRetentionLimit?: number
}

/** Settings of the consensus between managers. */
export interface SwarmRaft {
  /** Log entries between two snapshots. @defaultValue `10000` */
  readonly SnapshotInterval?: number
  /** The number of old snapshots to keep. @defaultValue `0` */
  readonly KeepOldSnapshots?: number
  /** The number of log entries to keep for managers that lag behind a snapshot. @defaultValue `500` */
  readonly LogEntriesForSlowFollowers?: number
  /** Ticks of about a second without a heartbeat before an election. Must be greater than HeartbeatTick. */
  readonly ElectionTick?: number
  /** Ticks of about a second between two heartbeats of the leader. */
  readonly HeartbeatTick?: number
}

/** Settings for the reports of nodes. */
export interface SwarmDispatcher {
  /** Nanoseconds between two reports. @defaultValue 5 s */
  readonly HeartbeatPeriod?: number
}

/** The CA that issues the certificates of the nodes. */
export interface SwarmCaConfig {
  /** The lifetime of node certificates, in nanoseconds. @defaultValue 90 days */
  readonly NodeCertExpiry?: number
  /** CAs that sign instead of the managers. */
  readonly ExternalCAs?: readonly SwarmExternalCa[]
  /** PEM. Given together with its key, all nodes move to this CA. */
  readonly SigningCACert?: string
  /** PEM. The daemon never sends it back. */
  readonly SigningCAKey?: string
  /** A new number creates a new CA, unless one is given. */
  readonly ForceRotate?: number
}

/** An external CA that signs instead of the managers. */
export interface SwarmExternalCa {
  /** @defaultValue `cfssl`, the only one */
  readonly Protocol?: 'cfssl'
  /** The URL for signing requests. */
  readonly URL: string
  /** Options for the protocol. */
  readonly Options?: Readonly<Record<string, string>>
  /** PEM. @defaultValue the swarm's own CA */
  readonly CACert?: string
}

/** Encryption of the managers' data on disk. */
export interface SwarmEncryption {
  /** A restarted manager needs the key of {@link Swarm.unlockKey}. @defaultValue `false` */
  readonly AutoLockManagers?: boolean
}

/** Defaults for tasks. Docker Engine up to 26 doesn't store them. */
export interface SwarmTaskDefaults {
  /** The logging driver of new tasks. @defaultValue the daemon's */
  readonly LogDriver?: Driver
}

/** Information of `info` about the swarm. */
export interface ClusterInfo extends ClusterObject {
  /** The settings of the swarm. */
  readonly Spec: SwarmSpec
  /** The CA of the swarm. */
  readonly TLSInfo: SwarmTlsInfo
  /** The nodes are switching to another CA. */
  readonly RootRotationInProgress: boolean
  /** The pool for the subnets of overlay networks, e.g. `10.0.0.0/8`. */
  readonly DefaultAddrPool: readonly string[] | null
  /** The prefix length of each subnet. */
  readonly SubnetSize: number
  /** UDP port of traffic between containers. */
  readonly DataPathPort: number
}

/** A swarm with its join tokens. */
export interface SwarmInspect extends ClusterInfo {
  /** The join tokens, which are secrets. */
  readonly JoinTokens: SwarmJoinTokens
}

/** Tokens that allow other nodes to join. */
export interface SwarmJoinTokens {
  /** `SWMTKN-1-...` */
  readonly Worker: string
  /** `SWMTKN-1-...` */
  readonly Manager: string
}

/** A swarm to create. */
export interface SwarmInitRequest {
  /**
   * The address on which managers listen for each other, and whose interface overlay networks use: `192.0.2.1:2377`, or
   * an interface, `eth0:2377`.
   *
   * @defaultValue port 2377
   */
  readonly ListenAddr: string
  /** The address or interface that other nodes use. @defaultValue detected, if there is only one */
  readonly AdvertiseAddr?: string
  /** The address or interface for traffic between containers, without a port. @defaultValue that of `AdvertiseAddr` */
  readonly DataPathAddr?: string
  /** The UDP port for traffic between containers, 1024 to 49151. @defaultValue `4789` */
  readonly DataPathPort?: number
  /** @defaultValue `10.0.0.0/8` */
  readonly DefaultAddrPool?: readonly string[]
  /** Create a new swarm with only this manager from its data of a lost swarm. @defaultValue `false` */
  readonly ForceNewCluster?: boolean
  /** The prefix length of each subnet. @defaultValue `24` */
  readonly SubnetSize?: number
  /** Settings of the new swarm. */
  readonly Spec?: SwarmSpec
  /**
   * The availability of this node. Not in the specification, but in the daemon and the Docker CLI.
   *
   * @defaultValue `active`
   */
  readonly Availability?: NodeAvailability
}

/** A swarm to join. */
export interface SwarmJoinRequest {
  /** As in {@link SwarmInitRequest}. Used if the node is a manager. */
  readonly ListenAddr: string
  /** The address or interface that other nodes use. @defaultValue detected, if there is only one */
  readonly AdvertiseAddr?: string
  /** The address or interface for traffic between containers, without a port. @defaultValue that of `AdvertiseAddr` */
  readonly DataPathAddr?: string
  /** Addresses of managers, such as `192.0.2.1:2377`. One that answers is enough. */
  readonly RemoteAddrs: readonly string[]
  /** One of the {@link SwarmJoinTokens}, which decides between worker and manager. Secret. */
  readonly JoinToken: string
  /**
   * The availability of this node. Not in the specification, but in the daemon and the Docker CLI.
   *
   * @defaultValue `active`
   */
  readonly Availability?: NodeAvailability
}

/** The key to unlock a manager that has just started. */
export interface SwarmUnlockRequest {
  /** A secret, `SWMKEY-1-...`. */
  readonly UnlockKey: string
}

/** The key that unlocks managers. */
export interface SwarmUnlockKeyResponse {
  /** A secret; empty if managers aren't locked. */
  readonly UnlockKey: string
}

/** Options of {@link Swarm.leave}. */
export interface SwarmLeaveOptions extends RequestOptions {
  /** Leave even if it is a manager, which may destroy the swarm. @defaultValue `false` */
  readonly force?: boolean
}

/** Options of {@link Swarm.update}. */
export interface SwarmUpdateOptions extends FieldOptions {
  /** `Version.Index` of the inspected swarm. The update fails if the swarm has changed since. */
  readonly version: number
  /** Replace the join token for workers. The old one becomes invalid. @defaultValue `false` */
  readonly rotateWorkerToken?: boolean
  /** Replace the join token for managers. The old one becomes invalid. @defaultValue `false` */
  readonly rotateManagerToken?: boolean
  /** Replace the unlock key of managers. @defaultValue `false` */
  readonly rotateManagerUnlockKey?: boolean
}
