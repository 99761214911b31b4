import {
  BOOLEAN,
  COUNT,
  filtersOf,
  oneOf,
  patient,
  short,
  withValues,
  type Operation,
  type Since,
} from '../operation.ts'
import { LOGS_QUERY } from '../logs-query.ts'

/**
 * Fields of a service that daemons with an older API version ignore (moby, server/router/swarm: adjustForAPIVersion;
 * and the version history). `ReadOnlyNonRecursive` isn't here, since it is the default behaviour of those daemons.
 */
const NEWER: Readonly<Record<string, Since>> = {
  'Mode.ReplicatedJob': '1.41',
  'Mode.GlobalJob': '1.41',
  'TaskTemplate.ContainerSpec.CapabilityAdd': '1.41',
  'TaskTemplate.ContainerSpec.CapabilityDrop': '1.41',
  'TaskTemplate.ContainerSpec.Ulimits': '1.41',
  'TaskTemplate.ContainerSpec.Mounts.*.BindOptions.NonRecursive': '1.41',
  'TaskTemplate.Resources.Limits.Pids': '1.41',
  'TaskTemplate.ContainerSpec.Privileges.Seccomp': '1.44',
  'TaskTemplate.ContainerSpec.Privileges.AppArmor': '1.44',
  'TaskTemplate.ContainerSpec.Privileges.NoNewPrivileges': '1.44',
  'TaskTemplate.ContainerSpec.Healthcheck.StartInterval': '1.44',
  'TaskTemplate.ContainerSpec.Mounts.*.BindOptions.CreateMountpoint': '1.44',
  'TaskTemplate.ContainerSpec.Mounts.*.BindOptions.ReadOnlyForceRecursive': '1.44',
  'TaskTemplate.ContainerSpec.Mounts.*.VolumeOptions.Subpath': '1.45',
  'TaskTemplate.ContainerSpec.OomScoreAdj': '1.46',
  'TaskTemplate.ContainerSpec.Mounts.*.TmpfsOptions.Options': '1.46',
  'TaskTemplate.ContainerSpec.Mounts.*.ImageOptions': '1.48',
  'TaskTemplate.Resources.SwapBytes': '1.52',
  'TaskTemplate.Resources.MemorySwappiness': '1.52',
}

export const LIST: Operation = short('services.list', 'GET /services', {
  query: {
    filters: withValues(filtersOf('id', 'label', 'mode', 'name', 'runtime'), {
      mode: ['replicated', 'global', 'replicated-job', 'global-job'],
      runtime: ['container', 'plugin'],
    }),
    status: { ...BOOLEAN, since: '1.41' },
  },
})

export const CREATE: Operation = short('services.create', 'POST /services/create', {
  own: ['auth'],
  body: 'json',
  newer: NEWER,
})

export const INSPECT: Operation = short('services.inspect', 'GET /services/{id}', {
  query: { insertDefaults: BOOLEAN },
})

export const UPDATE: Operation = short('services.update', 'POST /services/{id}/update', {
  query: { version: COUNT, registryAuthFrom: oneOf('spec', 'previous-spec'), rollback: oneOf('previous') },
  own: ['auth'],
  body: 'json',
  newer: NEWER,
})

export const REMOVE: Operation = short('services.remove', 'DELETE /services/{id}')
export const LOGS: Operation = patient('services.logs', 'GET /services/{id}/logs', { query: LOGS_QUERY })
