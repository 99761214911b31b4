/**
 * Every operation of the Engine API, as its specification has it (1.55), and beside it what is ours:
 *
 *     operation | method and path | names in the query | body | our methods | test/daemon/engine/FILE.test.ts
 *
 * A `+` stands before what daemons take and the specification leaves out, a `?` behind what is true or false, a `#` behind
 * whole numbers, and behind an `@` the version that brought it, where that is newer than 1.40. In place of the file whose
 * calls a real daemon has answered well there may be `!` and the reason why none can.
 */
const TABLE = `
ContainerList | GET /containers/json | all? limit# size? filters | | containers.list | containers
ContainerCreate | POST /containers/create | name platform@1.41 | json | containers.create | containers
ContainerInspect | GET /containers/{id}/json | size? | | containers.inspect | containers
ContainerTop | GET /containers/{id}/top | ps_args | | containers.top | containers
ContainerLogs | GET /containers/{id}/logs | follow? stdout? stderr? since until timestamps? tail +details? | | containers.logs | container-streams
ContainerChanges | GET /containers/{id}/changes | | | containers.changes | containers
ContainerExport | GET /containers/{id}/export | | | containers.export | container-streams
ContainerStats | GET /containers/{id}/stats | stream? one-shot?@1.41 | | containers.stats | container-streams
ContainerResize | POST /containers/{id}/resize | h# w# | | containers.resize | containers
ContainerStart | POST /containers/{id}/start | detachKeys +checkpoint | | containers.start | containers
ContainerStop | POST /containers/{id}/stop | signal@1.42 t# | | containers.stop | containers
ContainerRestart | POST /containers/{id}/restart | signal@1.42 t# | | containers.restart | containers
ContainerKill | POST /containers/{id}/kill | signal | | containers.kill | containers
ContainerUpdate | POST /containers/{id}/update | | json | containers.update | containers
ContainerRename | POST /containers/{id}/rename | name | | containers.rename | containers
ContainerPause | POST /containers/{id}/pause | | | containers.pause | containers
ContainerUnpause | POST /containers/{id}/unpause | | | containers.unpause | containers
ContainerAttach | POST /containers/{id}/attach | detachKeys logs? stream? stdin? stdout? stderr? | | containers.attach | container-streams
ContainerAttachWebsocket | GET /containers/{id}/attach/ws | detachKeys logs? stream? stdin?@1.42 stdout?@1.42 stderr?@1.42 | | containers.attachWebSocket | container-streams
ContainerWait | POST /containers/{id}/wait | condition | | containers.wait | containers
ContainerDelete | DELETE /containers/{id} | v? force? link? | | containers.remove | containers
ContainerArchiveInfo | HEAD /containers/{id}/archive | path | | containers.archive.stat | container-streams
ContainerArchive | GET /containers/{id}/archive | path | | containers.archive.get | container-streams
PutContainerArchive | PUT /containers/{id}/archive | path noOverwriteDirNonDir? copyUIDGID? | bytes | containers.archive.put | container-streams
ContainerPrune | POST /containers/prune | filters | | containers.prune | containers
ImageList | GET /images/json | all? filters shared-size?@1.42 digests? manifests?@1.47 identity?@1.54 | | images.list | images
ImageBuild | POST /build | dockerfile t extrahosts remote q? nocache? cachefrom pull? rm? forcerm? memory# memswap# cpushares# cpusetcpus cpuperiod# cpuquota# buildargs shmsize# squash? labels networkmode platform target outputs version +session +buildid | bytes | images.build | build
BuildPrune | POST /build/prune | reserved-space# max-used-space#@1.48 min-free-space#@1.48 all? filters +keep-storage# | | images.buildPrune | images
ImageCreate | POST /images/create | fromImage fromSrc repo tag message changes platform | bytes | images.create images.import images.pull | images
ImageInspect | GET /images/{name}/json | manifests?@1.48 platform@1.49 | | images.inspect | images
ImageAttestations | GET /images/{name}/attestations@1.55 | platform type statement? | | images.attestations | ! came with API 1.55, and this daemon speaks 1.45: test/engine/contract.test.ts
ImageHistory | GET /images/{name}/history | platform@1.48 | | images.history | images
ImagePush | POST /images/{name}/push | tag platform@1.46 | | images.push | images-registry
ImageTag | POST /images/{name}/tag | repo tag | | images.tag | images
ImageDelete | DELETE /images/{name} | force? noprune? platforms@1.50 | | images.remove | images
ImageSearch | GET /images/search | term limit# filters | | images.search | ! asks Docker Hub, which is out of reach
ImagePrune | POST /images/prune | filters | | images.prune | images
SystemAuth | POST /auth | | json | system.auth | system
SystemInfo | GET /info | | | system.info | system
SystemVersion | GET /version | | | system.version | system
SystemPing | GET /_ping | | | system.ping | system
SystemPingHead | HEAD /_ping | | | system.pingHead | system
ImageCommit | POST /commit | container repo tag comment author pause? changes | json | images.commit | images
SystemEvents | GET /events | since until filters | | system.events | system
SystemDataUsage | GET /system/df | type@1.42 verbose?@1.52 | | system.df | system
ImageGet | GET /images/{name}/get | platform@1.48 | | images.save | images
ImageGetAll | GET /images/get | names platform@1.48 | | images.save | images
ImageLoad | POST /images/load | quiet? platform@1.48 | bytes | images.load | images
ContainerExec | POST /containers/{id}/exec | | json | exec.create | exec
ExecStart | POST /exec/{id}/start | | json | exec.start | exec
ExecResize | POST /exec/{id}/resize | h# w# | | exec.resize | exec
ExecInspect | GET /exec/{id}/json | | | exec.inspect | exec
VolumeList | GET /volumes | filters | | volumes.list | volumes
VolumeCreate | POST /volumes/create | | json | volumes.create | volumes
VolumeInspect | GET /volumes/{name} | | | volumes.inspect | volumes
VolumeUpdate | PUT /volumes/{name}@1.42 | version# | json | volumes.update | volumes
VolumeDelete | DELETE /volumes/{name} | force? | | volumes.remove | volumes
VolumePrune | POST /volumes/prune | filters | | volumes.prune | volumes
NetworkList | GET /networks | filters | | networks.list | networks
NetworkInspect | GET /networks/{id} | verbose? scope | | networks.inspect | networks
NetworkDelete | DELETE /networks/{id} | | | networks.remove | networks
NetworkCreate | POST /networks/create | | json | networks.create | networks
NetworkConnect | POST /networks/{id}/connect | | json | networks.connect | networks
NetworkDisconnect | POST /networks/{id}/disconnect | | json | networks.disconnect | networks
NetworkPrune | POST /networks/prune | filters | | networks.prune | networks
PluginList | GET /plugins | filters | | plugins.list | plugins
GetPluginPrivileges | GET /plugins/privileges | remote | | plugins.privileges | plugins
PluginPull | POST /plugins/pull | remote name | json | plugins.pull | plugins
PluginInspect | GET /plugins/{name}/json | | | plugins.inspect | plugins
PluginDelete | DELETE /plugins/{name} | force? | | plugins.remove | plugins
PluginEnable | POST /plugins/{name}/enable | timeout# | | plugins.enable | plugins
PluginDisable | POST /plugins/{name}/disable | force? | | plugins.disable | plugins
PluginUpgrade | POST /plugins/{name}/upgrade | remote | json | plugins.upgrade | plugins
PluginCreate | POST /plugins/create | name | bytes | plugins.create | plugins
PluginPush | POST /plugins/{name}/push | | | plugins.push | plugins
PluginSet | POST /plugins/{name}/set | | json | plugins.set | plugins
NodeList | GET /nodes | filters | | nodes.list | swarm
NodeInspect | GET /nodes/{id} | | | nodes.inspect | swarm
NodeDelete | DELETE /nodes/{id} | force? | | nodes.remove | cluster
NodeUpdate | POST /nodes/{id}/update | version# | json | nodes.update | swarm
SwarmInspect | GET /swarm | | | swarm.inspect | swarm
SwarmInit | POST /swarm/init | | json | swarm.init | swarm
SwarmJoin | POST /swarm/join | | json | swarm.join | cluster
SwarmLeave | POST /swarm/leave | force? | | swarm.leave | swarm
SwarmUpdate | POST /swarm/update | version# rotateWorkerToken? rotateManagerToken? rotateManagerUnlockKey? | json | swarm.update | swarm
SwarmUnlockkey | GET /swarm/unlockkey | | | swarm.unlockKey | swarm
SwarmUnlock | POST /swarm/unlock | | json | swarm.unlock | swarm
ServiceList | GET /services | filters status?@1.41 | | services.list | services
ServiceCreate | POST /services/create | | json | services.create | services
ServiceInspect | GET /services/{id} | insertDefaults? | | services.inspect | services
ServiceDelete | DELETE /services/{id} | | | services.remove | services
ServiceUpdate | POST /services/{id}/update | version# registryAuthFrom rollback | json | services.update | services
ServiceLogs | GET /services/{id}/logs | details? follow? stdout? stderr? since timestamps? tail | | services.logs | services
TaskList | GET /tasks | filters | | tasks.list | services
TaskInspect | GET /tasks/{id} | | | tasks.inspect | services
TaskLogs | GET /tasks/{id}/logs | details? follow? stdout? stderr? since timestamps? tail | | tasks.logs | services
SecretList | GET /secrets | filters | | secrets.list | secrets
SecretCreate | POST /secrets/create | | json | secrets.create | secrets
SecretInspect | GET /secrets/{id} | | | secrets.inspect | secrets
SecretDelete | DELETE /secrets/{id} | | | secrets.remove | secrets
SecretUpdate | POST /secrets/{id}/update | version# | json | secrets.update | secrets
ConfigList | GET /configs | filters | | configs.list | secrets
ConfigCreate | POST /configs/create | | json | configs.create | secrets
ConfigInspect | GET /configs/{id} | | | configs.inspect | secrets
ConfigDelete | DELETE /configs/{id} | | | configs.remove | secrets
ConfigUpdate | POST /configs/{id}/update | version# | json | configs.update | secrets
DistributionInspect | GET /distribution/{name}/json | | | distribution.inspect | images-registry
Session | POST /session | | | session.open | system
+CheckpointList | GET /containers/{id}/checkpoints | dir | | checkpoints.list | checkpoints
+CheckpointCreate | POST /containers/{id}/checkpoints | | json | checkpoints.create | ! needs CRIU, which Debian has not
+CheckpointDelete | DELETE /containers/{id}/checkpoints/{checkpoint} | dir | | checkpoints.remove | ! needs a checkpoint, and so CRIU
+BuildCancel | POST /build/cancel | id | | images.cancelBuild | images
`

/** One name in a query. */
export interface Parameter {
  readonly name: string
  /** Undefined for text, and for what has a form of its own. */
  readonly kind: 'boolean' | 'integer' | undefined
  readonly since: string | undefined
}

/** One operation. */
export interface Row {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly since: string | undefined
  readonly query: readonly Parameter[]
  readonly body: string
  /** As a caller writes them: `containers.list`. */
  readonly methods: readonly string[]
  /** The test file that calls it on a real daemon. */
  readonly file?: string
  /** Why none can. */
  readonly reason?: string
}

export const ROWS: readonly Row[] = TABLE.trim().split('\n').map(parseRow)

function parseRow(line: string): Row {
  const [id = '', route = '', query = '', body = '', methods = '', where = ''] = line
    .split('|')
    .map((part) => part.trim())
  const [method = '', path = '', since] = route.split(/[ @]/)
  const called = where.startsWith('!') ? { reason: where.slice(1).trim() } : { file: where }
  return { id, method, path, since, query: words(query).map(parseParameter), body, methods: words(methods), ...called }
}

/** The `+` says something to people alone. */
function parseParameter(word: string): Parameter {
  const [, name = '', mark = '', since] = /^\+?([^?#@]+)([?#]?)(?:@(.+))?$/.exec(word) ?? []
  return { name, kind: mark === '?' ? 'boolean' : mark === '#' ? 'integer' : undefined, since }
}

function words(text: string): string[] {
  return text.split(' ').filter(Boolean)
}

/** A path in which all ids and names are alike: the specification and we call them differently. */
export function shapeOf(path: string): string {
  return path.replaceAll(/\{\w+\}/g, '{}')
}
