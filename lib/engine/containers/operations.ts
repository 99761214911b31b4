import {
  BOOLEAN,
  filtersOf,
  COUNT,
  MOMENT,
  oneOf,
  PLAIN,
  SECONDS,
  type Operation,
  type QueryTake,
  TRANSFER_IDLE_MS,
  withValues,
  WORK_IDLE_MS,
} from '../operation.ts'
import { LOGS_QUERY } from '../logs-query.ts'

export const LIST: Operation = {
  name: 'containers.list',
  method: 'GET',
  path: '/containers/json',
  lane: 'short',
  query: {
    all: BOOLEAN,
    limit: COUNT,
    size: BOOLEAN,
    filters: {
      newer: { annotation: '1.56' },
      ...withValues(
        filtersOf(
          'ancestor',
          'annotation',
          'before',
          'expose',
          'exited',
          'health',
          'id',
          'is-task',
          'isolation',
          'label',
          'name',
          'network',
          'publish',
          'since',
          'status',
          'volume',
        ),
        {
          health: ['none', 'starting', 'healthy', 'unhealthy'],
          isolation: ['default', 'process', 'hyperv'],
          status: ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'],
        },
      ),
    },
  },
}

export const CREATE: Operation = {
  name: 'containers.create',
  method: 'POST',
  path: '/containers/create',
  lane: 'short',
  query: { name: PLAIN, platform: { since: '1.41' } },
  own: ['pull', 'auth'],
  body: 'json',
  newer: {
    'HostConfig.CgroupnsMode': '1.41',
    'HostConfig.ConsoleSize': '1.42',
    'HostConfig.Mounts.*.BindOptions.CreateMountpoint': '1.42',
    'HostConfig.Annotations': '1.43',
    'Healthcheck.StartInterval': '1.44',
    'HostConfig.Mounts.*.BindOptions.ReadOnlyNonRecursive': '1.44',
    'HostConfig.Mounts.*.BindOptions.ReadOnlyForceRecursive': '1.44',
    'NetworkingConfig.EndpointsConfig.*.MacAddress': '1.44',
    'HostConfig.Mounts.*.VolumeOptions.Subpath': '1.45',
    'HostConfig.Mounts.*.TmpfsOptions.Options': '1.46',
    'HostConfig.Mounts.*.ImageOptions': '1.48',
    'NetworkingConfig.EndpointsConfig.*.GwPriority': '1.48',
    'HostConfig.Umask': '1.56',
  },
}

export const INSPECT: Operation = {
  name: 'containers.inspect',
  method: 'GET',
  path: '/containers/{id}/json',
  lane: 'short',
  query: { size: BOOLEAN },
}

export const TOP: Operation = {
  name: 'containers.top',
  method: 'GET',
  path: '/containers/{id}/top',
  lane: 'short',
  query: { ps_args: PLAIN },
}

export const LOGS: Operation = {
  name: 'containers.logs',
  method: 'GET',
  path: '/containers/{id}/logs',
  lane: 'patient',
  query: { ...LOGS_QUERY, until: MOMENT },
}

export const CHANGES: Operation = {
  name: 'containers.changes',
  method: 'GET',
  path: '/containers/{id}/changes',
  lane: 'short',
}

export const EXPORT: Operation = {
  name: 'containers.export',
  method: 'GET',
  path: '/containers/{id}/export',
  lane: 'patient',
  idle: TRANSFER_IDLE_MS,
}

export const STATS: Operation = {
  name: 'containers.stats',
  method: 'GET',
  path: '/containers/{id}/stats',
  lane: 'patient',
  query: { stream: BOOLEAN, oneShot: { ...BOOLEAN, as: 'one-shot', since: '1.41' } },
}

export const RESIZE: Operation = {
  name: 'containers.resize',
  method: 'POST',
  path: '/containers/{id}/resize',
  lane: 'short',
  query: { h: COUNT, w: COUNT },
}

export const START: Operation = {
  name: 'containers.start',
  method: 'POST',
  path: '/containers/{id}/start',
  lane: 'short',
  // `checkpoint` isn't in the specification (moby, api/server/router/container). Current daemons refuse
  // `checkpoint-dir`.
  query: { detachKeys: PLAIN, checkpoint: PLAIN },
}

const STOP_QUERY: Readonly<Record<string, QueryTake>> = { killSignal: { as: 'signal', since: '1.42' }, t: SECONDS }

export const STOP: Operation = {
  name: 'containers.stop',
  method: 'POST',
  path: '/containers/{id}/stop',
  lane: 'patient',
  query: STOP_QUERY,
}

export const RESTART: Operation = {
  name: 'containers.restart',
  method: 'POST',
  path: '/containers/{id}/restart',
  lane: 'patient',
  query: STOP_QUERY,
}

export const KILL: Operation = {
  name: 'containers.kill',
  method: 'POST',
  path: '/containers/{id}/kill',
  lane: 'short',
  query: { killSignal: { as: 'signal' } },
}

export const UPDATE: Operation = {
  name: 'containers.update',
  method: 'POST',
  path: '/containers/{id}/update',
  lane: 'short',
  body: 'json',
  newer: {
    BlkioWeightDevice: '1.55',
    BlkioDeviceReadBps: '1.55',
    BlkioDeviceWriteBps: '1.55',
    BlkioDeviceReadIOps: '1.55',
    BlkioDeviceWriteIOps: '1.55',
  },
}

export const RENAME: Operation = {
  name: 'containers.rename',
  method: 'POST',
  path: '/containers/{id}/rename',
  lane: 'short',
  query: { name: PLAIN },
}

export const PAUSE: Operation = {
  name: 'containers.pause',
  method: 'POST',
  path: '/containers/{id}/pause',
  lane: 'short',
}

export const UNPAUSE: Operation = {
  name: 'containers.unpause',
  method: 'POST',
  path: '/containers/{id}/unpause',
  lane: 'short',
}

const ATTACH_QUERY: Readonly<Record<string, QueryTake>> = { detachKeys: PLAIN, logs: BOOLEAN, stream: BOOLEAN }

export const ATTACH: Operation = {
  name: 'containers.attach',
  method: 'POST',
  path: '/containers/{id}/attach',
  lane: 'patient',
  query: { ...ATTACH_QUERY, stdin: BOOLEAN, stdout: BOOLEAN, stderr: BOOLEAN },
}

/** Before 1.42 the daemon always attached all three streams (Engine API, version history). */
const WEBSOCKET_STREAM: QueryTake = { ...BOOLEAN, since: '1.42' }

export const ATTACH_WEBSOCKET: Operation = {
  name: 'containers.attachWebSocket',
  method: 'GET',
  path: '/containers/{id}/attach/ws',
  lane: 'patient',
  query: { ...ATTACH_QUERY, stdin: WEBSOCKET_STREAM, stdout: WEBSOCKET_STREAM, stderr: WEBSOCKET_STREAM },
}

export const WAIT: Operation = {
  name: 'containers.wait',
  method: 'POST',
  path: '/containers/{id}/wait',
  lane: 'patient',
  query: { condition: oneOf('not-running', 'next-exit', 'removed') },
}

export const REMOVE: Operation = {
  name: 'containers.remove',
  method: 'DELETE',
  path: '/containers/{id}',
  lane: 'short',
  query: { v: BOOLEAN, force: BOOLEAN, link: BOOLEAN },
}

export const ARCHIVE_STAT: Operation = {
  name: 'containers.archive.stat',
  method: 'HEAD',
  path: '/containers/{id}/archive',
  lane: 'short',
  query: { path: PLAIN },
}

export const ARCHIVE_GET: Operation = {
  name: 'containers.archive.get',
  method: 'GET',
  path: '/containers/{id}/archive',
  lane: 'patient',
  idle: TRANSFER_IDLE_MS,
  query: { path: PLAIN },
}

export const ARCHIVE_PUT: Operation = {
  name: 'containers.archive.put',
  method: 'PUT',
  path: '/containers/{id}/archive',
  lane: 'patient',
  idle: TRANSFER_IDLE_MS,
  query: { path: PLAIN, noOverwriteDirNonDir: BOOLEAN, copyUIDGID: BOOLEAN },
  body: 'bytes',
}

export const PRUNE: Operation = {
  name: 'containers.prune',
  method: 'POST',
  path: '/containers/prune',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  query: { filters: filtersOf('label', 'label!', 'until') },
}
