import { BOOLEAN, COUNT, filtersOf, oneOf, type Operation, type Since, withValues } from '../operation.ts'
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

export const LIST: Operation = {
  name: 'services.list',
  method: 'GET',
  path: '/services',
  lane: 'short',
  query: {
    filters: withValues(filtersOf('id', 'label', 'mode', 'name', 'runtime'), {
      mode: ['replicated', 'global', 'replicated-job', 'global-job'],
      runtime: ['container', 'plugin'],
    }),
    status: { ...BOOLEAN, since: '1.41' },
  },
}

export const CREATE: Operation = {
  name: 'services.create',
  method: 'POST',
  path: '/services/create',
  lane: 'short',
  own: ['auth'],
  body: 'json',
  newer: NEWER,
}

export const INSPECT: Operation = {
  name: 'services.inspect',
  method: 'GET',
  path: '/services/{id}',
  lane: 'short',
  query: { insertDefaults: BOOLEAN },
}

export const UPDATE: Operation = {
  name: 'services.update',
  method: 'POST',
  path: '/services/{id}/update',
  lane: 'short',
  query: { version: COUNT, registryAuthFrom: oneOf('spec', 'previous-spec'), rollback: oneOf('previous') },
  own: ['auth'],
  body: 'json',
  newer: NEWER,
}

export const REMOVE: Operation = { name: 'services.remove', method: 'DELETE', path: '/services/{id}', lane: 'short' }

export const LOGS: Operation = {
  name: 'services.logs',
  method: 'GET',
  path: '/services/{id}/logs',
  lane: 'patient',
  query: LOGS_QUERY,
}
