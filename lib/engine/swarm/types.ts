import type { ClusterObject, Driver, SwarmTlsInfo } from '../types/cluster-objects.ts'
import type { NodeAvailability } from '../nodes/types.ts'

/**
 * How a swarm is set up. What an update leaves out becomes 0 or empty, which few of these may be: begin from what
 * {@link Swarm.inspect} gives.
 */
export interface SwarmSpec {
  /** `default` is the only name that there can be. */
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
  /** Whether managers lock. */
  readonly EncryptionConfig?: SwarmEncryption
  /** Defaults for tasks. */
  readonly TaskDefaults?: SwarmTaskDefaults
}

/** How long a swarm remembers. */
export interface SwarmOrchestration {
  /** Finished tasks that are kept of each replica or node; below 0, all are. @defaultValue `5` */
  readonly TaskHistoryRetentionLimit?: number
}

/** How managers agree. */
export interface SwarmRaft {
  /** Log entries between two snapshots. @defaultValue `10000` */
  readonly SnapshotInterval?: number
  /** Snapshots kept beside the newest. @defaultValue `0` */
  readonly KeepOldSnapshots?: number
  /** Log entries that are kept for managers that lag behind a snapshot. @defaultValue `500` */
  readonly LogEntriesForSlowFollowers?: number
  /** Ticks, of about a second, without a word of the leader until there is an election: more than HeartbeatTick. */
  readonly ElectionTick?: number
  /** Ticks, of about a second, between two words of the leader. */
  readonly HeartbeatTick?: number
}

/** How nodes report. */
export interface SwarmDispatcher {
  /** Nanoseconds between two reports. @defaultValue 5 s */
  readonly HeartbeatPeriod?: number
}

/** The CA that issues the certificates of the nodes. */
export interface SwarmCaConfig {
  /** Nanoseconds that a certificate of a node lasts. @defaultValue 90 days */
  readonly NodeCertExpiry?: number
  /** CAs that sign instead of the managers. */
  readonly ExternalCAs?: readonly SwarmExternalCa[]
  /** PEM. Given together with its key, all nodes move to this CA. */
  readonly SigningCACert?: string
  /** PEM. The daemon never sends it back. */
  readonly SigningCAKey?: string
  /** Another number than before makes a new CA, where none is given. */
  readonly ForceRotate?: number
}

/** A CA elsewhere, which signs in place of the managers. */
export interface SwarmExternalCa {
  /** @defaultValue `cfssl`, the only one */
  readonly Protocol?: 'cfssl'
  /** Where signing requests go to. */
  readonly URL: string
  /** Options for the protocol. */
  readonly Options?: Readonly<Record<string, string>>
  /** PEM. @defaultValue the swarm's own CA */
  readonly CACert?: string
}

/** Whether what managers write to disk is readable. */
export interface SwarmEncryption {
  /** A manager that starts waits for the key of {@link Swarm.unlockKey}. @defaultValue `false` */
  readonly AutoLockManagers?: boolean
}

/** What tasks get where their service doesn't say. Docker Engine up to 26 leaves it out of what it keeps. */
export interface SwarmTaskDefaults {
  /** For new tasks. @defaultValue the daemon's */
  readonly LogDriver?: Driver
}

/** What `info` says of the swarm. */
export interface ClusterInfo extends ClusterObject {
  /** The settings of the swarm. */
  readonly Spec: SwarmSpec
  /** The CA of the swarm. */
  readonly TLSInfo: SwarmTlsInfo
  /** The nodes are just moving to another CA. */
  readonly RootRotationInProgress: boolean
  /** Subnets from which overlay networks get theirs, e.g. `10.0.0.0/8`. */
  readonly DefaultAddrPool: readonly string[] | null
  /** Bits of the mask of each of them. */
  readonly SubnetSize: number
  /** UDP port of traffic between containers. */
  readonly DataPathPort: number
}

/** A swarm, with what lets others join it. */
export interface SwarmInspect extends ClusterInfo {
  /** Secrets. */
  readonly JoinTokens: SwarmJoinTokens
}

/** Who has one of these can join. */
export interface SwarmJoinTokens {
  /** `SWMTKN-1-...` */
  readonly Worker: string
  /** `SWMTKN-1-...` */
  readonly Manager: string
}

/** A swarm to be made. */
export interface SwarmInitRequest {
  /**
   * Where other managers reach this one, and which interface overlay networks use: `192.0.2.1:2377`, or an interface,
   * `eth0:2377`.
   *
   * @defaultValue port 2377
   */
  readonly ListenAddr: string
  /** What others are told to use: an address or an interface. @defaultValue found out, where there is but one */
  readonly AdvertiseAddr?: string
  /** Address or interface, without a port, of traffic between containers. @defaultValue that of `AdvertiseAddr` */
  readonly DataPathAddr?: string
  /** UDP, 1024 to 49151. @defaultValue `4789` */
  readonly DataPathPort?: number
  /** @defaultValue `10.0.0.0/8` */
  readonly DefaultAddrPool?: readonly string[]
  /** Makes a new swarm with this manager alone out of what it remembers of one that is lost. @defaultValue `false` */
  readonly ForceNewCluster?: boolean
  /** Bits. @defaultValue `24` */
  readonly SubnetSize?: number
  /** Settings of the new swarm. */
  readonly Spec?: SwarmSpec
  /** Of this node. Not in the specification, but the daemon and its command line have it. @defaultValue `active` */
  readonly Availability?: NodeAvailability
}

/** A swarm to be joined. */
export interface SwarmJoinRequest {
  /** As in {@link SwarmInitRequest}: used once the node is a manager. */
  readonly ListenAddr: string
  /** What others are told to use: an address or an interface. @defaultValue found out, where there is but one */
  readonly AdvertiseAddr?: string
  /** Address or interface, without a port, of traffic between containers. @defaultValue that of `AdvertiseAddr` */
  readonly DataPathAddr?: string
  /** Managers, as `192.0.2.1:2377`: one that answers is enough. */
  readonly RemoteAddrs: readonly string[]
  /** A secret of {@link SwarmJoinTokens}: it says whether as a worker or as a manager. */
  readonly JoinToken: string
  /** Of this node. Not in the specification, but the daemon and its command line have it. @defaultValue `active` */
  readonly Availability?: NodeAvailability
}

/** What unlocks a manager that has just started. */
export interface SwarmUnlockRequest {
  /** A secret, `SWMKEY-1-...`. */
  readonly UnlockKey: string
}

/** What unlocks managers. */
export interface SwarmUnlockKeyResponse {
  /** A secret; empty where managers don't lock. */
  readonly UnlockKey: string
}
