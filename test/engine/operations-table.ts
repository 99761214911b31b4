import { isPlain } from '../../lib/engine/query.ts'
import { withDefaults } from '../../lib/engine/call.ts'
import type { DockerClient } from '../../lib/index.ts'

/** What a call is tried with. Reading a part of it tells that the method takes such a part. */
export interface Given {
  /** The first of what names something: an id, a name, a path. */
  readonly a: string
  readonly b: string
  readonly body: object
  readonly options: object
}

type Calls = Readonly<Record<string, (docker: DockerClient, given: Given) => PromiseLike<unknown>>>

const tar = (): Buffer => Buffer.alloc(1024)
const classic = { builder: 'classic', platform: 'linux/amd64' }

/** The body of `plugins.set` is a list. An empty object stands for any body. */
const listOf = (body: object): object => (isPlain(body) && Object.keys(body).length === 0 ? [] : body)

/**
 * One call of each method, by its name, with anything at all in the places of ids, names, bodies and options: how
 * TypeScript would keep it from being called. (Where two calls of one operation differ, a word is added.)
 */
export const CALLS: Calls = {
  'checkpoints.create': ({ checkpoints }, { a, body, options }) => checkpoints.create(a, body as never, options),
  'checkpoints.list': ({ checkpoints }, { a, options }) => checkpoints.list(a, options),
  'checkpoints.remove': ({ checkpoints }, { a, b, options }) => checkpoints.remove(a, b, options),
  'configs.create': ({ configs }, { body, options }) => configs.create(body as never, options),
  'configs.inspect': ({ configs }, { a, options }) => configs.inspect(a, options),
  'configs.list': ({ configs }, { options }) => configs.list(options),
  'configs.remove': ({ configs }, { a, options }) => configs.remove(a, options),
  'configs.update': ({ configs }, { a, body, options }) => configs.update(a, body as never, options as never),
  'containers.archive.get': ({ containers }, { a, b, options }) => containers.archive.get(a, b, options),
  'containers.archive.put': ({ containers }, { a, b, options }) => containers.archive.put(a, b, tar(), options),
  'containers.archive.stat': ({ containers }, { a, b, options }) => containers.archive.stat(a, b, options),
  'containers.attach': ({ containers }, { a, options }) => containers.attach(a, options),
  'containers.attachWebSocket': ({ containers }, { a, options }) => containers.attachWebSocket(a, options),
  'containers.changes': ({ containers }, { a, options }) => containers.changes(a, options),
  'containers.create': ({ containers }, { body, options }) => containers.create(body, options),
  'containers.export': ({ containers }, { a, options }) => containers.export(a, options),
  'containers.inspect': ({ containers }, { a, options }) => containers.inspect(a, options),
  'containers.kill': ({ containers }, { a, options }) => containers.kill(a, options),
  'containers.list': ({ containers }, { options }) => containers.list(options),
  'containers.logs': ({ containers }, { a, options }) => containers.logs(a, options),
  'containers.pause': ({ containers }, { a, options }) => containers.pause(a, options),
  'containers.prune': ({ containers }, { options }) => containers.prune(options),
  'containers.remove': ({ containers }, { a, options }) => containers.remove(a, options),
  'containers.rename': ({ containers }, { a, b, options }) => containers.rename(a, b, options),
  'containers.resize': ({ containers }, { a, options }) => containers.resize(a, options as never),
  'containers.restart': ({ containers }, { a, options }) => containers.restart(a, options),
  'containers.start': ({ containers }, { a, options }) => containers.start(a, options),
  'containers.stats': ({ containers }, { a, options }) => containers.stats(a, options),
  'containers.stats once': ({ containers }, { a, options }) => containers.statsOnce(a, options),
  'containers.stop': ({ containers }, { a, options }) => containers.stop(a, options),
  'containers.top': ({ containers }, { a, options }) => containers.top(a, options),
  'containers.unpause': ({ containers }, { a, options }) => containers.unpause(a, options),
  'containers.update': ({ containers }, { a, body, options }) => containers.update(a, body, options),
  'containers.wait': ({ containers }, { a, options }) => containers.wait(a, options),
  'distribution.inspect': ({ distribution }, { a, options }) => distribution.inspect(a, options),
  'exec.create': ({ exec }, { a, body, options }) => exec.create(a, body as never, options),
  'exec.inspect': ({ exec }, { a, options }) => exec.inspect(a, options),
  'exec.resize': ({ exec }, { a, options }) => exec.resize(a, options as never),
  'exec.start': ({ exec }, { a, body, options }) => exec.start(a, body, options),
  'exec.start detached': ({ exec }, { a, body, options }) => exec.startDetached(a, body, options),
  'images.attestations': ({ images }, { a, options }) => images.attestations(a, options),
  'images.build': ({ images }, { options }) => images.build(tar(), withDefaults(options, classic)),
  'images.buildPrune': ({ images }, { options }) => images.buildPrune(options),
  'images.cancelBuild': ({ images }, { a, options }) => images.cancelBuild(a, options),
  'images.commit': ({ images }, { a, body, options }) => images.commit(a, body, options),
  'images.create': ({ images }, { options }) => images.create(options),
  'images.history': ({ images }, { a, options }) => images.history(a, options),
  'images.import': ({ images }, { options }) => images.import(tar(), options),
  'images.inspect': ({ images }, { a, options }) => images.inspect(a, options),
  'images.list': ({ images }, { options }) => images.list(options),
  'images.load': ({ images }, { options }) => images.load(tar(), options),
  'images.prune': ({ images }, { options }) => images.prune(options),
  'images.pull': ({ images }, { a, options }) => images.pull(a, options),
  'images.push': ({ images }, { a, options }) => images.push(a, options),
  'images.remove': ({ images }, { a, options }) => images.remove(a, options),
  'images.save': ({ images }, { a, options }) => images.save(a, options),
  'images.save several': ({ images }, { a, options }) => images.save([a], options),
  'images.search': ({ images }, { a, options }) => images.search(a, options),
  'images.tag': ({ images }, { a, b, options }) => images.tag(a, b, options),
  'networks.connect': ({ networks }, { a, body, options }) => networks.connect(a, body as never, options),
  'networks.create': ({ networks }, { body, options }) => networks.create(body as never, options),
  'networks.disconnect': ({ networks }, { a, body, options }) => networks.disconnect(a, body as never, options),
  'networks.inspect': ({ networks }, { a, options }) => networks.inspect(a, options),
  'networks.list': ({ networks }, { options }) => networks.list(options),
  'networks.prune': ({ networks }, { options }) => networks.prune(options),
  'networks.remove': ({ networks }, { a, options }) => networks.remove(a, options),
  'nodes.inspect': ({ nodes }, { a, options }) => nodes.inspect(a, options),
  'nodes.list': ({ nodes }, { options }) => nodes.list(options),
  'nodes.remove': ({ nodes }, { a, options }) => nodes.remove(a, options),
  'nodes.update': ({ nodes }, { a, body, options }) => nodes.update(a, body, options as never),
  'plugins.create': ({ plugins }, { a, options }) => plugins.create(a, tar(), options),
  'plugins.disable': ({ plugins }, { a, options }) => plugins.disable(a, options),
  'plugins.enable': ({ plugins }, { a, options }) => plugins.enable(a, options),
  'plugins.inspect': ({ plugins }, { a, options }) => plugins.inspect(a, options),
  'plugins.list': ({ plugins }, { options }) => plugins.list(options),
  'plugins.privileges': ({ plugins }, { a, options }) => plugins.privileges(a, options),
  'plugins.pull': ({ plugins }, { a, body, options }) => plugins.pull(a, body as never, options),
  'plugins.push': ({ plugins }, { a, options }) => plugins.push(a, options),
  'plugins.remove': ({ plugins }, { a, options }) => plugins.remove(a, options),
  'plugins.set': ({ plugins }, { a, body, options }) => plugins.set(a, listOf(body) as never, options),
  'plugins.upgrade': ({ plugins }, { a, b, body, options }) => plugins.upgrade(a, b, body as never, options),
  'secrets.create': ({ secrets }, { body, options }) => secrets.create(body as never, options),
  'secrets.inspect': ({ secrets }, { a, options }) => secrets.inspect(a, options),
  'secrets.list': ({ secrets }, { options }) => secrets.list(options),
  'secrets.remove': ({ secrets }, { a, options }) => secrets.remove(a, options),
  'secrets.update': ({ secrets }, { a, body, options }) => secrets.update(a, body as never, options as never),
  'services.create': ({ services }, { body, options }) => services.create(body, options),
  'services.inspect': ({ services }, { a, options }) => services.inspect(a, options),
  'services.list': ({ services }, { options }) => services.list(options),
  'services.logs': ({ services }, { a, options }) => services.logs(a, options),
  'services.remove': ({ services }, { a, options }) => services.remove(a, options),
  'services.update': ({ services }, { a, body, options }) => services.update(a, body, options as never),
  'session.open': ({ session }, { a, options }) => session.open(a, options),
  'swarm.init': ({ swarm }, { body, options }) => swarm.init(body as never, options),
  'swarm.inspect': ({ swarm }, { options }) => swarm.inspect(options),
  'swarm.join': ({ swarm }, { body, options }) => swarm.join(body as never, options),
  'swarm.leave': ({ swarm }, { options }) => swarm.leave(options),
  'swarm.unlock': ({ swarm }, { body, options }) => swarm.unlock(body as never, options),
  'swarm.unlockKey': ({ swarm }, { options }) => swarm.unlockKey(options),
  'swarm.update': ({ swarm }, { body, options }) => swarm.update(body, options as never),
  'system.auth': ({ system }, { options }) => system.auth({ username: 'ann', password: 'x' }, options),
  'system.df': ({ system }, { options }) => system.df(options),
  'system.events': ({ system }, { options }) => system.events(options),
  'system.info': ({ system }, { options }) => system.info(options),
  'system.ping': ({ system }, { options }) => system.ping(options),
  'system.pingHead': ({ system }, { options }) => system.pingHead(options),
  'system.version': ({ system }, { options }) => system.version(options),
  'tasks.inspect': ({ tasks }, { a, options }) => tasks.inspect(a, options),
  'tasks.list': ({ tasks }, { options }) => tasks.list(options),
  'tasks.logs': ({ tasks }, { a, options }) => tasks.logs(a, options),
  'volumes.create': ({ volumes }, { body, options }) => volumes.create(body, options),
  'volumes.inspect': ({ volumes }, { a, options }) => volumes.inspect(a, options),
  'volumes.list': ({ volumes }, { options }) => volumes.list(options),
  'volumes.prune': ({ volumes }, { options }) => volumes.prune(options),
  'volumes.remove': ({ volumes }, { a, options }) => volumes.remove(a, options),
  'volumes.update': ({ volumes }, { a, body, options }) => volumes.update(a, body, options as never),
}

/**
 * What the specification doesn't say of its operations, where there is something to say:
 *
 *     operation | newer names in the query | test/daemon/engine/FILE.test.ts
 *
 * Behind an `@` stands the version that brought an operation or a name, where that is newer than 1.40. A `+` stands
 * before operations that daemons route and the specification leaves out. The file is the one whose calls a real daemon
 * has answered well, where it isn't that of {@link FILES}; in its place there may be `!` and the reason why none can.
 */
export const NOTES: string = `
ContainerList | filters.annotation@1.56 |
ContainerCreate | platform@1.41 |
ContainerLogs | | container-streams
ContainerExport | | container-streams
ContainerStats | one-shot@1.41 | container-streams
ContainerStop | signal@1.42 |
ContainerRestart | signal@1.42 |
ContainerAttach | | container-streams
ContainerAttachWebsocket | stdin@1.42 stdout@1.42 stderr@1.42 | container-streams
ContainerArchiveInfo | | container-streams
ContainerArchive | | container-streams
PutContainerArchive | | container-streams
ImageList | shared-size@1.42 manifests@1.47 identity@1.54 |
ImageBuild | | build
BuildPrune | max-used-space@1.48 min-free-space@1.48 |
ImageInspect | manifests@1.48 platform@1.49 |
ImageAttestations@1.55 | | ! came with API 1.55, and this daemon speaks 1.45: test/engine/contract.test.ts
ImageHistory | platform@1.48 |
ImagePush | platform@1.46 | images-registry
ImageDelete | platforms@1.50 |
ImageSearch | | ! asks Docker Hub, which is out of reach
SystemDataUsage | type@1.42 verbose@1.52 |
ImageGet | platform@1.48 |
ImageGetAll | platform@1.48 |
ImageLoad | platform@1.48 |
VolumePrune | filters.all@1.42 |
VolumeUpdate@1.42 | |
NodeDelete | | cluster
SwarmJoin | | cluster
ServiceList | status@1.41 |
+CheckpointList GET /containers/{id}/checkpoints | |
+CheckpointCreate POST /containers/{id}/checkpoints | | ! needs CRIU, which Debian doesn't have
+CheckpointDelete DELETE /containers/{id}/checkpoints/{checkpoint} | | ! needs a checkpoint, and so CRIU
+BuildCancel POST /build/cancel | |
`

/** Resources whose operations are called by another's test. */
export const FILES: Readonly<Record<string, string>> = {
  configs: 'secrets',
  nodes: 'swarm',
  tasks: 'services',
  session: 'system',
  distribution: 'images-registry',
}

/**
 * Fields of bodies that an older daemon leaves out in silence: since which version there are (moby,
 * docs/api/version-history.md and api/docs/CHANGELOG.md), by the operations whose bodies they are.
 */
export const NEWER: string = `
containers.create
  1.41 HostConfig.CgroupnsMode
  1.42 HostConfig.ConsoleSize
  1.42 HostConfig.Mounts.*.BindOptions.CreateMountpoint
  1.43 HostConfig.Annotations
  1.44 Healthcheck.StartInterval
  1.44 HostConfig.Mounts.*.BindOptions.ReadOnlyNonRecursive
  1.44 HostConfig.Mounts.*.BindOptions.ReadOnlyForceRecursive
  1.44 NetworkingConfig.EndpointsConfig.*.MacAddress
  1.45 HostConfig.Mounts.*.VolumeOptions.Subpath
  1.46 HostConfig.Mounts.*.TmpfsOptions.Options
  1.48 HostConfig.Mounts.*.ImageOptions
  1.48 NetworkingConfig.EndpointsConfig.*.GwPriority
  1.56 HostConfig.Umask
containers.update
  1.55 BlkioWeightDevice
  1.55 BlkioDeviceReadBps
  1.55 BlkioDeviceWriteBps
  1.55 BlkioDeviceReadIOps
  1.55 BlkioDeviceWriteIOps
exec.create exec.start
  1.42 ConsoleSize
images.commit
  1.44 Healthcheck.StartInterval
networks.connect
  1.54 EndpointConfig.MacAddress
  1.48 EndpointConfig.GwPriority
networks.create
  1.48 EnableIPv4
services.create services.update
  1.41 Mode.ReplicatedJob
  1.41 Mode.GlobalJob
  1.41 TaskTemplate.ContainerSpec.CapabilityAdd
  1.41 TaskTemplate.ContainerSpec.CapabilityDrop
  1.41 TaskTemplate.ContainerSpec.Ulimits
  1.41 TaskTemplate.ContainerSpec.Mounts.*.BindOptions.NonRecursive
  1.41 TaskTemplate.Resources.Limits.Pids
  1.44 TaskTemplate.ContainerSpec.Privileges.Seccomp
  1.44 TaskTemplate.ContainerSpec.Privileges.AppArmor
  1.44 TaskTemplate.ContainerSpec.Privileges.NoNewPrivileges
  1.44 TaskTemplate.ContainerSpec.Healthcheck.StartInterval
  1.44 TaskTemplate.ContainerSpec.Mounts.*.BindOptions.CreateMountpoint
  1.44 TaskTemplate.ContainerSpec.Mounts.*.BindOptions.ReadOnlyForceRecursive
  1.45 TaskTemplate.ContainerSpec.Mounts.*.VolumeOptions.Subpath
  1.46 TaskTemplate.ContainerSpec.OomScoreAdj
  1.46 TaskTemplate.ContainerSpec.Mounts.*.TmpfsOptions.Options
  1.48 TaskTemplate.ContainerSpec.Mounts.*.ImageOptions
  1.52 TaskTemplate.Resources.SwapBytes
  1.52 TaskTemplate.Resources.MemorySwappiness
volumes.create
  1.42 ClusterVolumeSpec
`
