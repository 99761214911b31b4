import type { RegistryAuthSource } from '../../registry/headers.ts'
import type { FilterOf, FilterValue } from '../filters.ts'
import type { FieldOptions, RequestOptions } from '../send.ts'

/** Options of {@link Services.list}. */
export interface ServiceListOptions extends FieldOptions {
  /** Only services that match, e.g. `{ mode: 'replicated' }`. */
  readonly filters?: {
    /** The beginning of the id. */
    readonly id?: FilterValue
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** `replicated`, `global`, `replicated-job` or `global-job`. */
    readonly mode?: FilterOf<'replicated' | 'global' | 'replicated-job' | 'global-job'>
    /** The beginning of the name. */
    readonly name?: FilterValue
    /** `container` or `plugin`. @defaultValue `container` */
    readonly runtime?: FilterOf<'container' | 'plugin'>
  }
  /** Include `ServiceStatus` with the number of running tasks. Since API 1.41. @defaultValue `false` */
  readonly status?: boolean
}

/** Options of {@link Services.create}. */
export interface ServiceCreateOptions extends FieldOptions {
  /** Credentials for the image's registry. The swarm stores them, and sends them to every node that gets a task. */
  readonly auth?: RegistryAuthSource | undefined
}

/** Options of {@link Services.inspect}. */
export interface ServiceInspectOptions extends RequestOptions {
  /** Include the default values of omitted settings. @defaultValue `false` */
  readonly insertDefaults?: boolean
}

/** Options of {@link Services.update}. */
export interface ServiceUpdateOptions extends FieldOptions {
  /** `Version.Index` of the inspected object. The update fails if the object has changed since. */
  readonly version: number
  /** The source of the credentials if `auth` isn't set. @defaultValue `spec` */
  readonly registryAuthFrom?: 'spec' | 'previous-spec'
  /** Roll back to the settings before the last update. The given specification is then ignored. */
  readonly rollback?: 'previous'
  /** Credentials for the image's registry. The swarm stores them, and sends them to every node that gets a task. */
  readonly auth?: RegistryAuthSource | undefined
}
