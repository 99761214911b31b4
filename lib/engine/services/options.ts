import type { RegistryAuthSource } from '../../registry/headers.ts'
import type { FilterValue } from '../filters.ts'
import type { RequestOptions } from '../send.ts'

/** Options of {@link Services.list}. */
export interface ServiceListOptions extends RequestOptions {
  /** Only services that match, e.g. `{ mode: 'replicated' }`. */
  readonly filters?: {
    /** Its beginning. */
    readonly id?: FilterValue
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** `replicated`, `global`, `replicated-job` or `global-job`. */
    readonly mode?: FilterValue
    /** Its beginning. */
    readonly name?: FilterValue
    /** `container` or `plugin`. @defaultValue `container` */
    readonly runtime?: FilterValue
  }
  /** With `ServiceStatus`: how many tasks run. Since API 1.41. @defaultValue `false` */
  readonly status?: boolean
}

/** Options of {@link Services.create}. */
export interface ServiceCreateOptions extends RequestOptions {
  /** Credentials for the image's registry. The swarm keeps them, and hands them to every node that gets a task. */
  readonly auth?: RegistryAuthSource | undefined
}

/** Options of {@link Services.inspect}. */
export interface ServiceInspectOptions extends RequestOptions {
  /** Fills in what the specification of the service leaves to its defaults. @defaultValue `false` */
  readonly insertDefaults?: boolean
}

/** Options of {@link Services.update}. */
export interface ServiceUpdateOptions extends RequestOptions {
  /** `Version.Index` of what is changed: an update that came between makes this one fail. */
  readonly version: number
  /** Without `auth`: from where credentials are taken over. @defaultValue `spec` */
  readonly registryAuthFrom?: 'spec' | 'previous-spec'
  /** Goes back to what was before the last update; the given specification is ignored then. */
  readonly rollback?: 'previous'
  /** Credentials for the image's registry. The swarm keeps them, and hands them to every node that gets a task. */
  readonly auth?: RegistryAuthSource | undefined
}
