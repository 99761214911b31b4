import {
  BOOLEAN,
  COUNT,
  MOMENT,
  PLAIN,
  SECONDS,
  filtersOf,
  oneOf,
  patient,
  short,
  transfer,
  withValues,
  work,
  type Operation,
  type QueryTake,
} from '../operation.ts'
import { LOGS_QUERY } from '../logs-query.ts'

export const LIST: Operation = short('containers.list', 'GET /containers/json', {
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
})

export const CREATE: Operation = short('containers.create', 'POST /containers/create', {
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
})

export const INSPECT: Operation = short('containers.inspect', 'GET /containers/{id}/json', { query: { size: BOOLEAN } })
export const TOP: Operation = short('containers.top', 'GET /containers/{id}/top', { query: { ps_args: PLAIN } })

export const LOGS: Operation = patient('containers.logs', 'GET /containers/{id}/logs', {
  query: { ...LOGS_QUERY, until: MOMENT },
})

export const CHANGES: Operation = short('containers.changes', 'GET /containers/{id}/changes')
export const EXPORT: Operation = transfer('containers.export', 'GET /containers/{id}/export')

export const STATS: Operation = patient('containers.stats', 'GET /containers/{id}/stats', {
  query: { stream: BOOLEAN, oneShot: { ...BOOLEAN, as: 'one-shot', since: '1.41' } },
})

export const RESIZE: Operation = short('containers.resize', 'POST /containers/{id}/resize', {
  query: { h: COUNT, w: COUNT },
})

export const START: Operation = short('containers.start', 'POST /containers/{id}/start', {
  // `checkpoint` isn't in the specification (moby, api/server/router/container). Current daemons refuse
  // `checkpoint-dir`.
  query: { detachKeys: PLAIN, checkpoint: PLAIN },
})

const STOP_QUERY: Readonly<Record<string, QueryTake>> = { killSignal: { as: 'signal', since: '1.42' }, t: SECONDS }

export const STOP: Operation = patient('containers.stop', 'POST /containers/{id}/stop', { query: STOP_QUERY })
export const RESTART: Operation = patient('containers.restart', 'POST /containers/{id}/restart', { query: STOP_QUERY })

export const KILL: Operation = short('containers.kill', 'POST /containers/{id}/kill', {
  query: { killSignal: { as: 'signal' } },
})

export const UPDATE: Operation = short('containers.update', 'POST /containers/{id}/update', {
  body: 'json',
  newer: {
    BlkioWeightDevice: '1.55',
    BlkioDeviceReadBps: '1.55',
    BlkioDeviceWriteBps: '1.55',
    BlkioDeviceReadIOps: '1.55',
    BlkioDeviceWriteIOps: '1.55',
  },
})

export const RENAME: Operation = short('containers.rename', 'POST /containers/{id}/rename', { query: { name: PLAIN } })
export const PAUSE: Operation = short('containers.pause', 'POST /containers/{id}/pause')
export const UNPAUSE: Operation = short('containers.unpause', 'POST /containers/{id}/unpause')

const ATTACH_QUERY: Readonly<Record<string, QueryTake>> = { detachKeys: PLAIN, logs: BOOLEAN, stream: BOOLEAN }

export const ATTACH: Operation = patient('containers.attach', 'POST /containers/{id}/attach', {
  query: { ...ATTACH_QUERY, stdin: BOOLEAN, stdout: BOOLEAN, stderr: BOOLEAN },
})

/** Before 1.42 the daemon always attached all three streams (Engine API, version history). */
const WEBSOCKET_STREAM: QueryTake = { ...BOOLEAN, since: '1.42' }

export const ATTACH_WEBSOCKET: Operation = patient('containers.attachWebSocket', 'GET /containers/{id}/attach/ws', {
  query: { ...ATTACH_QUERY, stdin: WEBSOCKET_STREAM, stdout: WEBSOCKET_STREAM, stderr: WEBSOCKET_STREAM },
})

export const WAIT: Operation = patient('containers.wait', 'POST /containers/{id}/wait', {
  query: { condition: oneOf('not-running', 'next-exit', 'removed') },
})

export const REMOVE: Operation = short('containers.remove', 'DELETE /containers/{id}', {
  query: { v: BOOLEAN, force: BOOLEAN, link: BOOLEAN },
})

export const ARCHIVE_STAT: Operation = short('containers.archive.stat', 'HEAD /containers/{id}/archive', {
  query: { path: PLAIN },
})

export const ARCHIVE_GET: Operation = transfer('containers.archive.get', 'GET /containers/{id}/archive', {
  query: { path: PLAIN },
})

export const ARCHIVE_PUT: Operation = transfer('containers.archive.put', 'PUT /containers/{id}/archive', {
  query: { path: PLAIN, noOverwriteDirNonDir: BOOLEAN, copyUIDGID: BOOLEAN },
  body: 'bytes',
})

export const PRUNE: Operation = work('containers.prune', 'POST /containers/prune', {
  query: { filters: filtersOf('label', 'label!', 'until') },
})
