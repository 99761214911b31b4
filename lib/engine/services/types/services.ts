import type { ClusterObject, ObjectVersion } from '../../types/cluster-objects.ts'
import type { EndpointSpec, NetworkAttachmentConfig, ServiceEndpoint } from './networks.ts'
import type { TaskSpec } from '../../tasks/types/tasks.ts'

/** The settings of a service. An update removes omitted settings, so start with those of `inspect`. */
export interface ServiceSpec {
  /** @defaultValue a random name */
  readonly Name?: string
  /** Labels of the service, but not of its tasks. */
  readonly Labels?: Readonly<Record<string, string>> | null
  /** The tasks to run. */
  readonly TaskTemplate?: TaskSpec
  /** The number of tasks. Set one of its fields. @defaultValue one replica */
  readonly Mode?: ServiceMode
  /** How an update replaces tasks. */
  readonly UpdateConfig?: ServiceUpdateConfig
  /** How a rollback replaces tasks. */
  readonly RollbackConfig?: ServiceRollbackConfig
  /** @deprecated since API 1.44: use `TaskTemplate.Networks` */
  readonly Networks?: readonly NetworkAttachmentConfig[]
  /** Published ports and load balancing. */
  readonly EndpointSpec?: EndpointSpec
}

/** How many tasks a service has. An update can't switch to another mode. */
export interface ServiceMode {
  /** A fixed number of replicas. */
  readonly Replicated?: {
    /** @defaultValue `1` */
    readonly Replicas?: number
  }
  /** One task on every node. Has no fields. */
  readonly Global?: Readonly<Record<string, never>>
  /** Run until this many tasks have succeeded. Since API 1.41. */
  readonly ReplicatedJob?: {
    /** The number of simultaneous tasks. @defaultValue `1` */
    readonly MaxConcurrent?: number
    /** The number of tasks that must succeed. @defaultValue `MaxConcurrent` */
    readonly TotalCompletions?: number
  }
  /** Run until one task has succeeded on every node. Since API 1.41. Has no fields. */
  readonly GlobalJob?: Readonly<Record<string, never>>
}

/** How an update replaces tasks. */
export interface ServiceUpdateConfig {
  /** The number of tasks to replace at the same time; 0 for all. @defaultValue `1` */
  readonly Parallelism?: number
  /** Nanoseconds between two batches. @defaultValue `0` */
  readonly Delay?: number
  /** What to do if new tasks fail. @defaultValue `pause` */
  readonly FailureAction?: 'continue' | 'pause' | 'rollback'
  /** How long the exit of a new task counts as a failure, in nanoseconds. @defaultValue 5 s */
  readonly Monitor?: number
  /** The tolerated fraction of failed tasks: 0 to 1. @defaultValue `0` */
  readonly MaxFailureRatio?: number
  /** Whether to stop the old task or to start the new one first. @defaultValue `stop-first` */
  readonly Order?: 'stop-first' | 'start-first'
}

/** How a rollback replaces tasks. */
export interface ServiceRollbackConfig extends Omit<ServiceUpdateConfig, 'FailureAction'> {
  /** What to do if the old tasks fail, too. @defaultValue `pause` */
  readonly FailureAction?: 'continue' | 'pause'
}

/** A service and its state. */
export interface Service extends ClusterObject {
  /** The requested service. */
  readonly Spec: ServiceSpec
  /** The settings that a rollback restores; absent before the first update. Not in the specification. */
  readonly PreviousSpec?: ServiceSpec
  /** Its published ports and addresses. */
  readonly Endpoint: ServiceEndpoint
  /** The state of the last update or rollback; absent before the first. */
  readonly UpdateStatus?: ServiceUpdateStatus
  /** The number of tasks; only from {@link Services.list} with `status`. Since API 1.41. */
  readonly ServiceStatus?: ServiceStatus
  /** The state of a job. Since API 1.41. */
  readonly JobStatus?: ServiceJobStatus
}

/** The progress of an update or a rollback. */
export interface ServiceUpdateStatus {
  /** The state. */
  readonly State?: 'updating' | 'paused' | 'completed' | 'rollback_started' | 'rollback_paused' | 'rollback_completed'
  /** RFC 3339, with nanoseconds. */
  readonly StartedAt?: string
  /** RFC 3339, with nanoseconds. */
  readonly CompletedAt?: string
  /** The state in words. */
  readonly Message?: string
}

/** The number of tasks of a service. */
export interface ServiceStatus {
  /** The number of running tasks. */
  readonly RunningTasks: number
  /** The desired number of tasks. For a global service, those that aren't being shut down. */
  readonly DesiredTasks: number
  /** The number of completed tasks of a job. */
  readonly CompletedTasks: number
}

/** The last execution of a job. Each update executes it again. */
export interface ServiceJobStatus {
  /** The execution's number. */
  readonly JobIteration: ObjectVersion
  /** RFC 3339, with nanoseconds. */
  readonly LastExecution?: string
}

/** A new service. */
export interface ServiceCreateResponse {
  /** The id of the new service. */
  readonly ID: string
  /** Warnings of the daemon. */
  readonly Warnings: readonly string[] | null
}

/** The result of an update. */
export interface ServiceUpdateResponse {
  /** Warnings of the daemon. */
  readonly Warnings: readonly string[] | null
}
