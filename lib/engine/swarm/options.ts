import type { FieldOptions, RequestOptions } from '../send.ts'

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
