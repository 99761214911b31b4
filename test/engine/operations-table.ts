import { readFileSync } from 'node:fs'
import type { Facts } from '../../scripts/api-facts/facts.ts'

/** The specification's facts; scripts/api-facts.ts writes them. */
export const FACTS: Facts = JSON.parse(readFileSync(new URL('api-facts-1.55.json', import.meta.url), 'utf8')) as Facts

/**
 * What the specification doesn't say of its operations:
 *
 *     operation | newer names in the query | our methods | test/daemon/engine/FILE.test.ts
 *
 * Behind an `@` stands the version that brought an operation or a name, where that is newer than 1.40. A `+` stands
 * before operations that daemons route and the specification leaves out. In place of the file whose calls a real daemon
 * has answered well there may be `!` and the reason why none can.
 */
const TABLE = `
ContainerList | | containers.list | containers
ContainerCreate | platform@1.41 | containers.create | containers
ContainerInspect | | containers.inspect | containers
ContainerTop | | containers.top | containers
ContainerLogs | | containers.logs | container-streams
ContainerChanges | | containers.changes | containers
ContainerExport | | containers.export | container-streams
ContainerStats | one-shot@1.41 | containers.stats | container-streams
ContainerResize | | containers.resize | containers
ContainerStart | | containers.start | containers
ContainerStop | signal@1.42 | containers.stop | containers
ContainerRestart | signal@1.42 | containers.restart | containers
ContainerKill | | containers.kill | containers
ContainerUpdate | | containers.update | containers
ContainerRename | | containers.rename | containers
ContainerPause | | containers.pause | containers
ContainerUnpause | | containers.unpause | containers
ContainerAttach | | containers.attach | container-streams
ContainerAttachWebsocket | stdin@1.42 stdout@1.42 stderr@1.42 | containers.attachWebSocket | container-streams
ContainerWait | | containers.wait | containers
ContainerDelete | | containers.remove | containers
ContainerArchiveInfo | | containers.archive.stat | container-streams
ContainerArchive | | containers.archive.get | container-streams
PutContainerArchive | | containers.archive.put | container-streams
ContainerPrune | | containers.prune | containers
ImageList | shared-size@1.42 manifests@1.47 identity@1.54 | images.list | images
ImageBuild | | images.build | build
BuildPrune | max-used-space@1.48 min-free-space@1.48 | images.buildPrune | images
ImageCreate | | images.create images.import images.pull | images
ImageInspect | manifests@1.48 platform@1.49 | images.inspect | images
ImageAttestations@1.55 | | images.attestations | ! came with API 1.55, and this daemon speaks 1.45: test/engine/contract.test.ts
ImageHistory | platform@1.48 | images.history | images
ImagePush | platform@1.46 | images.push | images-registry
ImageTag | | images.tag | images
ImageDelete | platforms@1.50 | images.remove | images
ImageSearch | | images.search | ! asks Docker Hub, which is out of reach
ImagePrune | | images.prune | images
SystemAuth | | system.auth | system
SystemInfo | | system.info | system
SystemVersion | | system.version | system
SystemPing | | system.ping | system
SystemPingHead | | system.pingHead | system
ImageCommit | | images.commit | images
SystemEvents | | system.events | system
SystemDataUsage | type@1.42 verbose@1.52 | system.df | system
ImageGet | platform@1.48 | images.save | images
ImageGetAll | platform@1.48 | images.save | images
ImageLoad | platform@1.48 | images.load | images
ContainerExec | | exec.create | exec
ExecStart | | exec.start | exec
ExecResize | | exec.resize | exec
ExecInspect | | exec.inspect | exec
VolumeList | | volumes.list | volumes
VolumeCreate | | volumes.create | volumes
VolumeInspect | | volumes.inspect | volumes
VolumeUpdate@1.42 | | volumes.update | volumes
VolumeDelete | | volumes.remove | volumes
VolumePrune | | volumes.prune | volumes
NetworkList | | networks.list | networks
NetworkInspect | | networks.inspect | networks
NetworkDelete | | networks.remove | networks
NetworkCreate | | networks.create | networks
NetworkConnect | | networks.connect | networks
NetworkDisconnect | | networks.disconnect | networks
NetworkPrune | | networks.prune | networks
PluginList | | plugins.list | plugins
GetPluginPrivileges | | plugins.privileges | plugins
PluginPull | | plugins.pull | plugins
PluginInspect | | plugins.inspect | plugins
PluginDelete | | plugins.remove | plugins
PluginEnable | | plugins.enable | plugins
PluginDisable | | plugins.disable | plugins
PluginUpgrade | | plugins.upgrade | plugins
PluginCreate | | plugins.create | plugins
PluginPush | | plugins.push | plugins
PluginSet | | plugins.set | plugins
NodeList | | nodes.list | swarm
NodeInspect | | nodes.inspect | swarm
NodeDelete | | nodes.remove | cluster
NodeUpdate | | nodes.update | swarm
SwarmInspect | | swarm.inspect | swarm
SwarmInit | | swarm.init | swarm
SwarmJoin | | swarm.join | cluster
SwarmLeave | | swarm.leave | swarm
SwarmUpdate | | swarm.update | swarm
SwarmUnlockkey | | swarm.unlockKey | swarm
SwarmUnlock | | swarm.unlock | swarm
ServiceList | status@1.41 | services.list | services
ServiceCreate | | services.create | services
ServiceInspect | | services.inspect | services
ServiceDelete | | services.remove | services
ServiceUpdate | | services.update | services
ServiceLogs | | services.logs | services
TaskList | | tasks.list | services
TaskInspect | | tasks.inspect | services
TaskLogs | | tasks.logs | services
SecretList | | secrets.list | secrets
SecretCreate | | secrets.create | secrets
SecretInspect | | secrets.inspect | secrets
SecretDelete | | secrets.remove | secrets
SecretUpdate | | secrets.update | secrets
ConfigList | | configs.list | secrets
ConfigCreate | | configs.create | secrets
ConfigInspect | | configs.inspect | secrets
ConfigDelete | | configs.remove | secrets
ConfigUpdate | | configs.update | secrets
DistributionInspect | | distribution.inspect | images-registry
Session | | session.open | system
+CheckpointList GET /containers/{id}/checkpoints | | checkpoints.list | checkpoints
+CheckpointCreate POST /containers/{id}/checkpoints | | checkpoints.create | ! needs CRIU, which Debian has not
+CheckpointDelete DELETE /containers/{id}/checkpoints/{checkpoint} | | checkpoints.remove | ! needs a checkpoint, and so CRIU
+BuildCancel POST /build/cancel | | images.cancelBuild | images
`

/** One operation. */
export interface Row {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly since: string | undefined
  /** Since which version there is a name in the query, where that is newer than 1.40. */
  readonly newer: Readonly<Record<string, string>>
  /** As a caller writes them: `containers.list`. */
  readonly methods: readonly string[]
  /** The test file that calls it on a real daemon. */
  readonly file?: string
  /** Why none can. */
  readonly reason?: string
}

const routes = new Map(Object.entries(FACTS.operations).map(([route, { id }]) => [id, route]))

export const ROWS: readonly Row[] = TABLE.trim().split('\n').map(parseRow)

function parseRow(line: string): Row {
  const [what = '', newer = '', methods = '', where = ''] = line.split('|').map((part) => part.trim())
  const [, id = '', since, own] = /^([^ @]+)(?:@(\S+))?(?: (.+))?$/.exec(what) ?? []
  const [method = '', path = ''] = (own ?? routes.get(id) ?? '').split(' ')
  const called = where.startsWith('!') ? { reason: where.slice(1).trim() } : { file: where }
  const versions = Object.fromEntries(words(newer).map((word) => word.split('@') as [string, string]))
  return { id, method, path, since, newer: versions, methods: words(methods), ...called }
}

function words(text: string): string[] {
  return text.split(' ').filter(Boolean)
}

/** A path in which all ids and names are alike: the specification and we call them differently. */
export function shapeOf(path: string): string {
  return path.replaceAll(/\{\w+\}/g, '{}')
}
