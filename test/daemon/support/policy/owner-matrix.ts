/** A request of one owner that names something of another, and how it must end. */
export interface Row {
  /**
   * `GET /containers/CONTAINER/json`. CONTAINER, NETWORK, IMAGE, EXEC and VOLUME stand for all names and ids of a thing, WHOLE
   * for those of an image without the beginning of its id, and SHORT for that. SERVICE, TASK, SECRET, CONFIG and NODE are those of a
   * swarm.
   */
  readonly line: string
  /** JSON. */
  readonly body?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
  /**
   * `gone`: 404, as for something that doesn't exist. `taken`: 403, the name is in use. `refused`: 403, whatever it names.
   * `hidden`: it is done, and nothing of the other owner is in its answer. `outside`: the same, but it asks a registry that doesn't
   * exist.
   */
  readonly ends: 'gone' | 'taken' | 'refused' | 'hidden' | 'outside'
}

const gone = (line: string, body?: string): Row => ({ line, ends: 'gone', ...(body !== undefined && { body }) })
const taken = (line: string, body?: string): Row => ({ line, ends: 'taken', ...(body !== undefined && { body }) })
const refused = (line: string, body?: string): Row => ({ line, ends: 'refused', ...(body !== undefined && { body }) })
const hidden = (line: string, body?: string): Row => ({ line, ends: 'hidden', ...(body !== undefined && { body }) })

const outside = (line: string, body?: string): Row => ({ line, ends: 'outside', ...(body !== undefined && { body }) })

const of = (method: string, path: string, body?: string): Row[] => [
  gone(`${method} /containers/CONTAINER${path}`, body),
]

const upgrade = (row: Row, protocol: string, fields: Row['headers'] = []): Row => ({
  ...row,
  headers: [['Connection', 'Upgrade'], ['Upgrade', protocol], ...fields],
})

const create = (settings: string): string =>
  `{"Image":"SHARED","Cmd":["true"],"HostConfig":{"NetworkMode":"none",${settings}}}`
const createGone = (settings: string): Row => gone('POST /containers/create', create(settings))

const filters = (value: object): string => encodeURIComponent(JSON.stringify(value))
const ALL_LABELS = filters({ label: ['docker-mtls.owner'] })
const LABEL_OF_OTHER = filters({ label: { 'docker-mtls.owner=team-a': true } })

const LABEL = '"Labels":{"docker-mtls.owner":"team-a"}'

/** At least one row for each operation. */
export const ROWS: Readonly<Record<string, readonly Row[]>> = {
  'checkpoints.create': [refused('POST /containers/CONTAINER/checkpoints', '{"CheckpointID":"c"}')],
  'checkpoints.list': [refused('GET /containers/CONTAINER/checkpoints')],
  'checkpoints.remove': [refused('DELETE /containers/CONTAINER/checkpoints/c')],
  'configs.create': [refused('POST /configs/create', '{"Name":"x","Data":"eA=="}')],
  'configs.inspect': [gone('GET /configs/CONFIG')],
  'configs.list': [refused('GET /configs')],
  'configs.remove': [refused('DELETE /configs/CONFIG')],
  'configs.update': [refused('POST /configs/CONFIG/update?version=VERSION', '{"Name":"a-config"}')],
  'containers.archive.get': of('GET', '/archive?path=/etc'),
  'containers.archive.put': of('PUT', '/archive?path=/tmp'),
  'containers.archive.stat': of('HEAD', '/archive?path=/etc'),
  'containers.attach': [
    ...of('POST', '/attach?stream=1&stdout=1'),
    upgrade(gone('POST /containers/CONTAINER/attach?stream=1&stdin=1'), 'tcp'),
  ],
  'containers.attachWebSocket': [
    upgrade(gone('GET /containers/CONTAINER/attach/ws?stream=1&stdin=1'), 'websocket', [
      ['Origin', 'http://docker'],
      ['Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
      ['Sec-WebSocket-Version', '13'],
    ]),
  ],
  'containers.changes': of('GET', '/changes'),
  'containers.create': [
    taken('POST /containers/create?name=a-web', create('"AutoRemove":false')),
    taken('POST /containers/create?name=/a-web', create('"AutoRemove":false')),
    gone('POST /containers/create', '{"Image":"IMAGE"}'),
    createGone('"VolumesFrom":["CONTAINER:ro"]'),
    createGone('"PidMode":"container:CONTAINER"'),
    createGone('"IpcMode":"container:CONTAINER"'),
    createGone('"Links":["CONTAINER:x"]'),
    createGone('"Mounts":[{"Type":"image","Source":"IMAGE","Target":"/x"}]'),
    gone('POST /containers/create', '{"Image":"SHARED","HostConfig":{"NetworkMode":"container:CONTAINER"}}'),
    gone('POST /containers/create', '{"Image":"SHARED","HostConfig":{"NetworkMode":"NETWORK"}}'),
    gone('POST /containers/create', '{"Image":"SHARED","NetworkingConfig":{"EndpointsConfig":{"NETWORK":{}}}}'),
    gone(
      'POST /containers/create',
      '{"Image":"SHARED","NetworkingConfig":{"EndpointsConfig":{"bridge":{"NetworkID":"NETWORK"}}}}',
    ),
    gone(
      'POST /containers/create',
      '{"Image":"SHARED","NetworkingConfig":{"EndpointsConfig":{"bridge":{"Links":["CONTAINER:x"]}}}}',
    ),
    taken('POST /containers/create', create('"Binds":["VOLUME:/x"]')),
    taken('POST /containers/create', create('"Binds":["VOLUME:/x:ro"]')),
    taken('POST /containers/create', create('"Mounts":[{"Type":"volume","Source":"VOLUME","Target":"/x"}]')),
    taken('POST /containers/create', create('"Mounts":[{"type":"Volume","source":"VOLUME","Target":"/x"}]')),
    refused('POST /containers/create', `{"Image":"SHARED",${LABEL}}`),
    refused('POST /containers/create', `{"Image":"SHARED","labels":{"docker-mtls.owner":"team-a"}}`),
    refused('POST /containers/create', create(`"Mounts":[{"Type":"volume","Target":"/x","VolumeOptions":{${LABEL}}}]`)),
    refused('POST /containers/create?platform=linux/arm64', create('"AutoRemove":false')),
  ],
  'containers.export': of('GET', '/export'),
  'containers.inspect': [...of('GET', '/json?size=1'), gone('GET /v1.45/containers/%61-web/json')],
  'containers.kill': of('POST', '/kill'),
  'containers.list': [
    hidden('GET /containers/json?all=1&size=1'),
    hidden(`GET /containers/json?all=1&filters=${ALL_LABELS}`),
    hidden(`GET /containers/json?all=1&filters=${LABEL_OF_OTHER}`),
    hidden(`GET /containers/json?all=1&filters=${filters({ name: ['a-web'] })}`),
    hidden(`GET /containers/json?all=1&filters=${filters({ network: ['a-net'] })}`),
    hidden(`GET /containers/json?all=1&filters=${filters({ volume: ['a-vol'] })}`),
    gone(`GET /containers/json?all=1&filters=${filters({ since: ['CONTAINER'] })}`),
    gone('GET /containers/json?all=1&before=CONTAINER'),
    refused(`GET /containers/json?all=1&filters=${filters({ label: { x: false } })}`),
  ],
  'containers.logs': of('GET', '/logs?stdout=1'),
  'containers.pause': of('POST', '/pause'),
  'containers.prune': [
    hidden('POST /containers/prune'),
    hidden(`POST /containers/prune?filters=${LABEL_OF_OTHER}`),
    hidden(`POST /containers/prune?filters=${filters({ 'label!': ['x'] })}`),
  ],
  'containers.remove': [...of('DELETE', '?force=1&v=1'), ...of('DELETE', '?link=1')],
  'containers.rename': [...of('POST', '/rename?name=other'), taken('POST /containers/b-own/rename?name=a-web')],
  'containers.resize': of('POST', '/resize?h=10&w=10'),
  'containers.restart': of('POST', '/restart?t=0'),
  'containers.start': of('POST', '/start'),
  'containers.stats': of('GET', '/stats?stream=0'),
  'containers.stop': of('POST', '/stop?t=0'),
  'containers.top': of('GET', '/top'),
  'containers.unpause': of('POST', '/unpause'),
  'containers.update': of('POST', '/update', '{"Memory":0}'),
  'containers.wait': of('POST', '/wait?condition=removed'),
  'distribution.inspect': [outside('GET /distribution/localhost:1/x/json')],
  'exec.create': of('POST', '/exec', '{"Cmd":["id"]}'),
  'exec.inspect': [gone('GET /exec/EXEC/json')],
  'exec.resize': [gone('POST /exec/EXEC/resize?h=10&w=10')],
  'exec.start': [
    gone('POST /exec/EXEC/start', '{"Detach":true}'),
    upgrade(gone('POST /exec/EXEC/start', '{"Tty":false}'), 'tcp'),
  ],
  'images.attestations': [gone('GET /images/IMAGE/attestations')],
  'images.build': [
    refused('POST /build?t=x'),
    refused(`POST /build?t=x&labels=${encodeURIComponent(`{"docker-mtls.owner":"team-a"}`)}`),
  ],
  'images.buildPrune': [refused('POST /build/prune?all=1')],
  'images.cancelBuild': [refused('POST /build/cancel?id=x')],
  'images.commit': [
    gone('POST /commit?container=CONTAINER&repo=stolen', '{}'),
    taken('POST /commit?container=b-own&repo=a-img&tag=1', '{}'),
    taken('POST /commit?container=b-own&repo=docker.io/library/a-img:1', '{}'),
    refused('POST /commit?container=b-own', `{${LABEL}}`),
    refused('POST /commit?container=b-own&changes=LABEL%20docker-mtls.owner=team-a', '{}'),
    refused('POST /commit?container=b-own&changes=LAB%5C&changes=EL%20a=b', '{}'),
    refused('POST /commit?container=b-own&changes=ENV%20a=b%20%5C', '{}'),
    refused('POST /commit?container=b-own&changes=ENV%20a=b%0ALABEL%20docker-mtls.owner=team-a', '{}'),
  ],
  'images.history': [gone('GET /images/IMAGE/history')],
  'images.import': [
    taken('POST /images/create?fromSrc=-&repo=a-img&tag=1'),
    refused('POST /images/create?fromSrc=-&repo=new&changes=LABEL%20docker-mtls.owner=team-a'),
  ],
  'images.inspect': [gone('GET /images/IMAGE/json'), gone('GET /images/IMAGE/json?manifests=1')],
  'images.list': [
    hidden('GET /images/json?all=1&digests=1'),
    hidden(`GET /images/json?all=1&filters=${LABEL_OF_OTHER}`),
    // That image is the parent of another one.
    gone(`GET /images/json?filters=${filters({ since: ['IMAGE'] })}`),
    gone(`GET /images/json?filters=${filters({ before: ['IMAGE'] })}`),
  ],
  'images.load': [refused('POST /images/load')],
  'images.prune': [hidden(`POST /images/prune?filters=${filters({ dangling: ['false'] })}`)],
  'images.pull': [
    taken('POST /images/create?fromImage=a-img&tag=1'),
    taken('POST /images/create?fromImage=docker.io/library/a-img:1'),
    refused('POST /images/create?fromImage=registry.invalid/x'),
  ],
  'images.push': [
    gone('POST /images/a-img:1/push'),
    gone('POST /images/a-img/push?tag=1'),
    refused('POST /images/a-img/push'),
    // What is shared is no owner's.
    gone('POST /images/SHARED/push'),
  ],
  'images.remove': [gone('DELETE /images/IMAGE?force=1'), gone('DELETE /images/SHARED?force=1')],
  'images.save': [
    gone('GET /images/WHOLE/get'),
    gone('GET /images/get?names=SHARED&names=WHOLE'),
    // It could also be the name of a repository with many tags.
    refused('GET /images/SHORT/get'),
    refused('GET /images/a-img/get'),
    refused('GET /images/get?names=a-img'),
  ],
  'images.search': [outside('GET /images/search?term=localhost:1/x')],
  'images.tag': [
    gone('POST /images/IMAGE/tag?repo=stolen&tag=1'),
    taken('POST /images/b-img:1/tag?repo=a-img&tag=1'),
    taken('POST /images/b-img:1/tag?repo=busybox&tag=made-here'),
    // Of all names of the image, the beginning of its id can also be the name of a repository.
    refused('POST /images/b-img:1/tag?repo=SHORT'),
    gone('POST /images/SHARED/tag?repo=mine'),
  ],
  'networks.connect': [
    gone('POST /networks/NETWORK/connect', '{"Container":"b-own"}'),
    gone('POST /networks/b-net/connect', '{"Container":"CONTAINER"}'),
    gone('POST /networks/bridge/connect', '{"Container":"CONTAINER"}'),
    gone('POST /networks/b-net/connect', '{"Container":"b-own","EndpointConfig":{"Links":["CONTAINER:x"]}}'),
  ],
  'networks.create': [
    taken('POST /networks/create', '{"Name":"a-net"}'),
    taken('POST /v1.43/networks/create', '{"Name":"a-net","CheckDuplicate":false}'),
    gone('POST /networks/create', '{"Name":"a-copy","ConfigFrom":{"Network":"NETWORK"}}'),
    refused('POST /networks/create', `{"Name":"a-copy",${LABEL}}`),
  ],
  'networks.disconnect': [
    gone('POST /networks/NETWORK/disconnect', '{"Container":"CONTAINER","Force":true}'),
    gone('POST /networks/bridge/disconnect', '{"Container":"CONTAINER","Force":true}'),
  ],
  'networks.inspect': [gone('GET /networks/NETWORK?verbose=1'), gone('GET /networks/bridge')],
  'networks.list': [hidden('GET /networks'), hidden(`GET /networks?filters=${LABEL_OF_OTHER}`)],
  'networks.prune': [hidden('POST /networks/prune')],
  'networks.remove': [gone('DELETE /networks/NETWORK')],
  'nodes.inspect': [gone('GET /nodes/NODE')],
  'nodes.list': [refused('GET /nodes')],
  'nodes.remove': [refused('DELETE /nodes/NODE')],
  'nodes.update': [refused('POST /nodes/NODE/update?version=1', '{}')],
  'plugins.create': [refused('POST /plugins/create?name=x')],
  'plugins.disable': [refused('POST /plugins/x/disable')],
  'plugins.enable': [refused('POST /plugins/x/enable')],
  'plugins.inspect': [gone('GET /plugins/x/json')],
  'plugins.list': [refused('GET /plugins')],
  'plugins.privileges': [refused('GET /plugins/privileges?remote=x')],
  'plugins.pull': [refused('POST /plugins/pull?remote=x', '[]')],
  'plugins.push': [refused('POST /plugins/x/push')],
  'plugins.remove': [refused('DELETE /plugins/x')],
  'plugins.set': [refused('POST /plugins/x/set', '[]')],
  'plugins.upgrade': [refused('POST /plugins/x/upgrade?remote=x', '[]')],
  'secrets.create': [refused('POST /secrets/create', '{"Name":"x","Data":"eA=="}')],
  'secrets.inspect': [gone('GET /secrets/SECRET')],
  'secrets.list': [refused('GET /secrets')],
  'secrets.remove': [refused('DELETE /secrets/SECRET')],
  'secrets.update': [refused('POST /secrets/SECRET/update?version=VERSION', '{"Name":"a-secret"}')],
  'services.create': [
    refused('POST /services/create', '{"Name":"x","TaskTemplate":{"ContainerSpec":{"Image":"IMAGE"}}}'),
    refused(
      'POST /services/create',
      `{"Name":"x","TaskTemplate":{"ContainerSpec":{"Image":"SHARED","Secrets":[{"SecretName":"SECRET","File":{"Name":"s","UID":"0","GID":"0","Mode":292}}]}}}`,
    ),
  ],
  'services.inspect': [gone('GET /services/SERVICE')],
  'services.list': [refused('GET /services')],
  'services.logs': [refused('GET /services/SERVICE/logs?stdout=1')],
  'services.remove': [refused('DELETE /services/SERVICE')],
  'services.update': [
    refused(
      'POST /services/SERVICE/update?version=VERSION',
      '{"Name":"a-service","Mode":{"Replicated":{"Replicas":0}}}',
    ),
    refused('POST /services/SERVICE/update?version=VERSION&rollback=previous', '{"Name":"a-service"}'),
  ],
  'session.open': [upgrade(refused('POST /session'), 'h2c')],
  'swarm.init': [refused('POST /swarm/init', '{}')],
  'swarm.inspect': [refused('GET /swarm')],
  'swarm.join': [refused('POST /swarm/join', '{}')],
  'swarm.leave': [refused('POST /swarm/leave?force=1')],
  'swarm.unlock': [refused('POST /swarm/unlock', '{}')],
  'swarm.unlockKey': [refused('GET /swarm/unlockkey')],
  'swarm.update': [refused('POST /swarm/update?version=1', '{}')],
  'system.auth': [outside('POST /auth', '{"username":"x","password":"x","serveraddress":"localhost:1"}')],
  'system.df': [
    hidden('GET /system/df'),
    hidden('GET /v1.45/system/df?type=container'),
    hidden('GET /v1.45/system/df?type=image'),
    hidden('GET /v1.45/system/df?type=volume'),
    hidden('GET /v1.45/system/df?type=image&type=volume'),
  ],
  'system.events': [
    hidden('GET /events?since=1&until=NOW'),
    hidden(`GET /events?since=1&until=NOW&filters=${LABEL_OF_OTHER}`),
    hidden(`GET /events?since=1&until=NOW&filters=${filters({ container: ['a-web'] })}`),
    hidden(`GET /events?since=1&until=NOW&filters=${filters({ type: ['volume'] })}`),
    hidden(`GET /events?since=1&until=NOW&filters=${filters({ type: ['network'] })}`),
  ],
  'system.info': [hidden('GET /info')],
  'system.ping': [hidden('GET /_ping')],
  'system.pingHead': [hidden('HEAD /_ping')],
  'system.version': [hidden('GET /version')],
  'tasks.inspect': [gone('GET /tasks/TASK')],
  'tasks.list': [refused('GET /tasks')],
  'tasks.logs': [refused('GET /tasks/TASK/logs?stdout=1')],
  'volumes.create': [
    taken('POST /volumes/create', '{"Name":"a-vol"}'),
    refused('POST /volumes/create', `{"Name":"x",${LABEL}}`),
  ],
  'volumes.inspect': [gone('GET /volumes/VOLUME')],
  'volumes.list': [hidden('GET /volumes'), hidden(`GET /volumes?filters=${LABEL_OF_OTHER}`)],
  'volumes.prune': [hidden(`POST /volumes/prune?filters=${filters({ all: ['1'] })}`), hidden('POST /volumes/prune')],
  'volumes.remove': [gone('DELETE /volumes/VOLUME?force=1')],
  'volumes.update': [refused('PUT /volumes/VOLUME?version=1', '{}')],
}
