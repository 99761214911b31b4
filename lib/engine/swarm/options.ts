import type { RequestOptions } from '../send.ts'

/** Options of {@link Swarm.leave}. */
export interface SwarmLeaveOptions extends RequestOptions {
  /** Also where it is a manager, and the swarm may be lost with it. @defaultValue `false` */
  readonly force?: boolean
}

/** Options of {@link Swarm.update}. */
export interface SwarmUpdateOptions extends RequestOptions {
  /** `Version.Index` of what is changed: an update that came between makes this one fail. */
  readonly version: number
  /** The token for workers that there was is worth nothing any more. @defaultValue `false` */
  readonly rotateWorkerToken?: boolean
  /** The token for managers that there was is worth nothing any more. @defaultValue `false` */
  readonly rotateManagerToken?: boolean
  /** Managers lock with another key from now on. @defaultValue `false` */
  readonly rotateManagerUnlockKey?: boolean
}
