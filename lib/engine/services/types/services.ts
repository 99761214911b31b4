import type { ClusterObject, ObjectVersion } from '../../types/cluster-objects.ts'
import type { EndpointSpec, NetworkAttachmentConfig, ServiceEndpoint } from './networks.ts'
import type { TaskSpec } from '../../tasks/types/tasks.ts'

/** A service as it shall be. What an update leaves out is taken away, so begin from what `inspect` gives. */
export interface ServiceSpec {
  /** @defaultValue a random name */
  readonly Name?: string
  /** Labels of the service; tasks don't have them. */
  readonly Labels?: Readonly<Record<string, string>> | null
  /** What runs. */
  readonly TaskTemplate?: TaskSpec
  /** How often: one of its fields. @defaultValue one replica */
  readonly Mode?: ServiceMode
  /** How an update replaces tasks. */
  readonly UpdateConfig?: ServiceUpdateConfig
  /** How a rollback replaces tasks. */
  readonly RollbackConfig?: ServiceRollbackConfig
  /** @deprecated since API 1.44: `TaskTemplate.Networks` has them */
  readonly Networks?: readonly NetworkAttachmentConfig[]
  /** Published ports, and how requests are balanced. */
  readonly EndpointSpec?: EndpointSpec
}

/** How often a service runs. An update can't change one mode for another. */
export interface ServiceMode {
  /** A number of replicas. */
  readonly Replicated?: {
    /** @defaultValue `1` */
    readonly Replicas?: number
  }
  /** Once on every node. Has no fields. */
  readonly Global?: Readonly<Record<string, never>>
  /** Until so many tasks have ended well. Since API 1.41. */
  readonly ReplicatedJob?: {
    /** Tasks at the same time. @defaultValue `1` */
    readonly MaxConcurrent?: number
    /** @defaultValue that of `MaxConcurrent` */
    readonly TotalCompletions?: number
  }
  /** Until it has ended well once on every node. Since API 1.41. Has no fields. */
  readonly GlobalJob?: Readonly<Record<string, never>>
}

/** How tasks are exchanged for new ones. */
export interface ServiceUpdateConfig {
  /** Tasks at a time; 0 is all. @defaultValue `1` */
  readonly Parallelism?: number
  /** Nanoseconds between two times. @defaultValue `0` */
  readonly Delay?: number
  /** When new tasks fail. @defaultValue `pause` */
  readonly FailureAction?: 'continue' | 'pause' | 'rollback'
  /** Nanoseconds in which a new task's end counts as a failure. @defaultValue 5 s */
  readonly Monitor?: number
  /** Failures that are borne, of all tasks: 0 to 1. @defaultValue `0` */
  readonly MaxFailureRatio?: number
  /** Which of both is first: the old one's end, or the new one's start. @defaultValue `stop-first` */
  readonly Order?: 'stop-first' | 'start-first'
}

/** How tasks are exchanged for those of before. */
export interface ServiceRollbackConfig extends Omit<ServiceUpdateConfig, 'FailureAction'> {
  /** When those fail, too. @defaultValue `pause` */
  readonly FailureAction?: 'continue' | 'pause'
}

/** A service, and how it is. */
export interface Service extends ClusterObject {
  /** The requested service. */
  readonly Spec: ServiceSpec
  /** What a rollback goes back to; none before the first update. Not in the specification. */
  readonly PreviousSpec?: ServiceSpec
  /** Its published ports and addresses. */
  readonly Endpoint: ServiceEndpoint
  /** Of the last update or rollback; none before the first. */
  readonly UpdateStatus?: ServiceUpdateStatus
  /** Only where {@link Services.list} was asked for it. Since API 1.41. */
  readonly ServiceStatus?: ServiceStatus
  /** Of a job. Since API 1.41. */
  readonly JobStatus?: ServiceJobStatus
}

/** How far an update or a rollback is. */
export interface ServiceUpdateStatus {
  /** How far the update or rollback is. */
  readonly State?: 'updating' | 'paused' | 'completed' | 'rollback_started' | 'rollback_paused' | 'rollback_completed'
  /** RFC 3339, with nanoseconds. */
  readonly StartedAt?: string
  /** RFC 3339, with nanoseconds. */
  readonly CompletedAt?: string
  /** The state in words. */
  readonly Message?: string
}

/** How many tasks a service has. */
export interface ServiceStatus {
  /** Their state is `running`. */
  readonly RunningTasks: number
  /** Of a global service, those that shall not be shut down. */
  readonly DesiredTasks: number
  /** Of a job. */
  readonly CompletedTasks: number
}

/** The last execution of a job: it is executed anew whenever it is updated. */
export interface ServiceJobStatus {
  /** The execution's number. */
  readonly JobIteration: ObjectVersion
  /** RFC 3339, with nanoseconds. */
  readonly LastExecution?: string
}

/** What became of a new service. */
export interface ServiceCreateResponse {
  /** The id of the new service. */
  readonly ID: string
  /** What the daemon has to say against it, in its words. */
  readonly Warnings: readonly string[] | null
}

/** What became of an update. */
export interface ServiceUpdateResponse {
  /** What the daemon has to say against it, in its words. */
  readonly Warnings: readonly string[] | null
}
