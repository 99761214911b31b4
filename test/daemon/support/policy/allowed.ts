import type { OperationName } from '../../../../lib/policy/levels/operations.ts'
import { isRead, readRequest } from '../../../../lib/policy/reading/read.ts'
import type { Attack } from './attacks.ts'
import { toPolicyRequest } from './raw-request.ts'

/** A request that the level `baseline` allows. */
export interface Allowed extends Omit<Attack, 'name'> {
  readonly operation: OperationName
  /** What its answer tells, for the requests behind it: they stand for its name. */
  readonly tells?: Readonly<Record<string, RegExp>>
  /** dockerd can't do it here: it would need a registry, for example. */
  readonly fails?: true
  /** The code with which the plugin refuses it nevertheless, for a limit that docs/authz-plugin.md names. */
  readonly ofPlugin?: string
}

type Rest = Partial<Omit<Allowed, 'operation' | 'line'>>

const to = (operation: OperationName, line: string, rest: Rest = {}): Allowed => ({ operation, line, ...rest })

const sending = (operation: OperationName, line: string, body: object, rest: Rest = {}): Allowed =>
  to(operation, line, { body: JSON.stringify(body), ...rest })

const upgrading = (protocol: string, more: NonNullable<Attack['headers']> = []): Rest => ({
  headers: [['Connection', 'Upgrade'], ['Upgrade', protocol], ...more],
})

/** Removes nothing that is there. */
const NONE = `filters=${encodeURIComponent('{"label":["x-none"]}')}`
/** Where nobody listens. */
const NOWHERE = '127.0.0.1:1/x'
const EMPTY_TAR: Rest = { body: '\0'.repeat(1024), headers: [['Content-Type', 'application/x-tar']] }
const WEB_SOCKET = upgrading('websocket', [
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
])
const ID = { ID: /"I[dD]":"(\w+)"/ }
const FAILS: Rest = { fails: true }

const SERVICE = {
  Name: 'NAME',
  Mode: { Replicated: { Replicas: 1 } },
  TaskTemplate: { ContainerSpec: { Image: 'IMAGE', Command: ['sleep', '600'], StopGracePeriod: 1e9 } },
}

/**
 * One after the other. NAME is a name of one's own, IMAGE the image that is there.
 *
 * What the plugin can't see isn't here: builds, imports, and pulls with a body (docs/authz-plugin.md).
 */
export const ALLOWED: readonly Allowed[] = [
  to('system.ping', 'GET /_ping'),
  to('system.pingHead', 'HEAD /_ping'),
  to('system.version', 'GET /version'),
  to('system.info', 'GET /v1.45/info'),
  to('system.df', 'GET /v1.45/system/df'),
  to('system.events', 'GET /v1.45/events?since=1&until=2'),
  sending(
    'system.auth',
    'POST /v1.45/auth',
    { username: 'ann', password: 'x', serveraddress: '127.0.0.1:1' },
    { fails: true, ofPlugin: 'BODY_INVALID' },
  ),
  to('images.list', 'GET /v1.45/images/json?all=1'),
  to('images.inspect', 'GET /v1.45/images/IMAGE/json'),
  to('images.history', 'GET /v1.45/images/IMAGE/history'),
  to('images.tag', 'POST /v1.45/images/IMAGE/tag?repo=127.0.0.1:1/NAME&tag=1'),
  to('images.push', 'POST /v1.45/images/127.0.0.1:1/NAME/push?tag=1', { headers: [['X-Registry-Auth', 'e30=']] }),
  to('images.remove', 'DELETE /v1.45/images/127.0.0.1:1/NAME:1'),
  to('images.save', 'GET /v1.45/images/IMAGE/get'),
  to('images.load', 'POST /v1.45/images/load', EMPTY_TAR),
  to('images.pull', `POST /v1.45/images/create?fromImage=${NOWHERE}&tag=1`, FAILS),
  to('images.prune', `POST /v1.45/images/prune?${NONE}`),
  to('images.buildPrune', 'POST /v1.45/build/prune'),
  to('images.cancelBuild', 'POST /v1.45/build/cancel?id=x'),
  to('distribution.inspect', `GET /v1.45/distribution/${NOWHERE}/json`, FAILS),
  to('plugins.list', 'GET /v1.45/plugins'),
  to('plugins.privileges', `GET /v1.45/plugins/privileges?remote=${NOWHERE}`),
  to('plugins.inspect', 'GET /v1.45/plugins/none/json', FAILS),
  sending('volumes.create', 'POST /v1.45/volumes/create', { Name: 'NAME' }),
  to('volumes.list', 'GET /v1.45/volumes'),
  to('volumes.inspect', 'GET /v1.45/volumes/NAME'),
  sending('networks.create', 'POST /v1.45/networks/create', { Name: 'NAME' }),
  to('networks.list', 'GET /v1.45/networks'),
  to('networks.inspect', 'GET /v1.45/networks/NAME'),
  sending('containers.create', 'POST /v1.45/containers/create?name=NAME', {
    Image: 'IMAGE',
    Cmd: ['sleep', '600'],
    Tty: true,
    HostConfig: { Binds: ['NAME:/data', '/srv:/srv:ro'], NetworkMode: 'none' },
  }),
  to('containers.start', 'POST /v1.45/containers/NAME/start'),
  to('containers.list', 'GET /v1.45/containers/json?all=1'),
  to('containers.inspect', 'GET /v1.45/containers/NAME/json'),
  to('containers.top', 'GET /v1.45/containers/NAME/top'),
  to('containers.stats', 'GET /v1.45/containers/NAME/stats?stream=0&one-shot=1'),
  to('containers.logs', 'GET /v1.45/containers/NAME/logs?stdout=1'),
  to('containers.changes', 'GET /v1.45/containers/NAME/changes'),
  to('containers.resize', 'POST /v1.45/containers/NAME/resize?h=24&w=80'),
  to('containers.archive.put', 'PUT /v1.45/containers/NAME/archive?path=/tmp', EMPTY_TAR),
  to('containers.archive.get', 'GET /v1.45/containers/NAME/archive?path=/etc'),
  to('containers.archive.stat', 'HEAD /v1.45/containers/NAME/archive?path=/etc'),
  to('containers.export', 'GET /v1.45/containers/NAME/export'),
  to('containers.attach', 'POST /v1.45/containers/NAME/attach?stream=1&stdout=1', upgrading('tcp')),
  to('containers.attachWebSocket', 'GET /v1.45/containers/NAME/attach/ws?stream=1&stdout=1', WEB_SOCKET),
  sending('containers.update', 'POST /v1.45/containers/NAME/update', { Memory: 1e8, MemorySwap: 2e8 }),
  sending('exec.create', 'POST /v1.45/containers/NAME/exec', { Cmd: ['sleep', '600'], Tty: true }, { tells: ID }),
  sending('exec.start', 'POST /v1.45/exec/ID/start', { Detach: true, Tty: true }),
  to('exec.inspect', 'GET /v1.45/exec/ID/json'),
  to('exec.resize', 'POST /v1.45/exec/ID/resize?h=24&w=80'),
  sending('networks.connect', 'POST /v1.45/networks/NAME/connect', { Container: 'NAME' }, FAILS),
  sending('networks.disconnect', 'POST /v1.45/networks/NAME/disconnect', { Container: 'NAME' }, FAILS),
  to('containers.pause', 'POST /v1.45/containers/NAME/pause'),
  to('containers.unpause', 'POST /v1.45/containers/NAME/unpause'),
  sending('images.commit', 'POST /v1.45/commit?container=NAME&repo=NAME', {}),
  to('images.remove', 'DELETE /v1.45/images/NAME'),
  to('containers.restart', 'POST /v1.45/containers/NAME/restart?t=0'),
  to('containers.stop', 'POST /v1.45/containers/NAME/stop?t=0'),
  to('containers.start', 'POST /v1.45/containers/NAME/start'),
  to('containers.kill', 'POST /v1.45/containers/NAME/kill'),
  to('containers.wait', 'POST /v1.45/containers/NAME/wait'),
  to('containers.rename', 'POST /v1.45/containers/NAME/rename?name=NAME-renamed'),
  to('containers.remove', 'DELETE /v1.45/containers/NAME-renamed?force=1'),
  to('containers.prune', `POST /v1.45/containers/prune?${NONE}`),
  to('networks.remove', 'DELETE /v1.45/networks/NAME'),
  to('networks.prune', `POST /v1.45/networks/prune?${NONE}`),
  to('volumes.remove', 'DELETE /v1.45/volumes/NAME'),
  to('volumes.prune', `POST /v1.45/volumes/prune?${NONE}`),
  to('session.open', 'POST /v1.45/session', upgrading('h2c', [['X-Docker-Expose-Session-Uuid', 'NAME']])),
]

/** The same for a manager of a swarm. */
export const ALLOWED_ON_SWARM: readonly Allowed[] = [
  to('nodes.list', 'GET /v1.45/nodes', { tells: ID }),
  to('nodes.inspect', 'GET /v1.45/nodes/ID'),
  sending('secrets.create', 'POST /v1.45/secrets/create', { Name: 'NAME', Data: 'eA==' }),
  to('secrets.list', 'GET /v1.45/secrets'),
  to('secrets.inspect', 'GET /v1.45/secrets/NAME', { tells: { VERSION: /"Index":(\d+)/ } }),
  sending('secrets.update', 'POST /v1.45/secrets/NAME/update?version=VERSION', {
    Name: 'NAME',
    Labels: { a: 'b' },
  }),
  to('secrets.remove', 'DELETE /v1.45/secrets/NAME'),
  sending('configs.create', 'POST /v1.45/configs/create', { Name: 'NAME', Data: 'eA==' }),
  to('configs.list', 'GET /v1.45/configs'),
  to('configs.inspect', 'GET /v1.45/configs/NAME', { tells: { VERSION: /"Index":(\d+)/ } }),
  sending('configs.update', 'POST /v1.45/configs/NAME/update?version=VERSION', {
    Name: 'NAME',
    Data: 'eA==',
    Labels: { a: 'b' },
  }),
  to('configs.remove', 'DELETE /v1.45/configs/NAME'),
  sending('services.create', 'POST /v1.45/services/create', SERVICE),
  to('services.list', 'GET /v1.45/services'),
  to('services.inspect', 'GET /v1.45/services/NAME', { tells: { VERSION: /"Index":(\d+)/ } }),
  sending('services.update', 'POST /v1.45/services/NAME/update?version=VERSION', { ...SERVICE, Labels: { a: 'b' } }),
  to('services.logs', 'GET /v1.45/services/NAME/logs?stdout=1'),
  // Those of a service that was removed before disappear at some time.
  to('tasks.list', 'GET /v1.45/tasks?filters=%7B%22service%22%3A%5B%22NAME%22%5D%7D', { tells: ID }),
  to('tasks.inspect', 'GET /v1.45/tasks/ID'),
  to('tasks.logs', 'GET /v1.45/tasks/ID/logs?stdout=1'),
  to('services.remove', 'DELETE /v1.45/services/NAME'),
]

/** With the words that stand for something. */
export function filled(request: Attack, words: ReadonlyMap<string, string>): Attack {
  const fill = (text: string): string => [...words].reduce((all, [word, value]) => all.replaceAll(word, value), text)
  const headers = request.headers?.map(([name, value]) => [name, fill(value)] as const)
  return {
    ...request,
    line: fill(request.line),
    ...(request.body !== undefined && { body: fill(request.body) }),
    ...(headers && { headers }),
  }
}

/** The operation for which the policy takes it. */
export function operationOf(request: Attack): string {
  const type: readonly (readonly [string, string])[] =
    request.body === undefined ? [] : [['Content-Type', 'application/json']]
  const reading = readRequest(toPolicyRequest({ ...request, headers: request.headers ?? type }))
  return isRead(reading) ? reading.operation.name : reading.code
}
