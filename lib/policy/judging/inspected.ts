import { posix } from 'node:path'
import { parseBind } from '../../container/bind.ts'
import type { Json, JsonObject } from '../request.ts'
import { fromBaseline, fromRestricted, type Judged, type Reference } from './finding.ts'
import { hostPath } from './host-path.ts'
import { judgeInspectedMasks, judgeUser } from './confinement.ts'
import { judgeContainer, judgeEndpointOptions } from './container.ts'
import { DEFAULT_NETWORK } from './namespaces.ts'
import { containerIn, isEmpty, listOf, objectOf, stringsOf, textOf } from './values.ts'
import { volumeOfDriver } from './volume.ts'

/**
 * A container that exists, as the daemon inspects it: who may work in it has what the container has. It is judged like the
 * request that would create it.
 *
 * @param byDaemon - dockerd itself reads or writes its files, as root
 */
export function* judgeInspected(inspect: Json, byDaemon = false): Iterable<Judged> {
  const { Config, HostConfig, Mounts, NetworkSettings } = objectOf(inspect)
  if (isEmpty(Config) || isEmpty(HostConfig)) {
    yield fromBaseline('TARGET_UNKNOWN', '', 'the daemon does not say how the container was created')
    return
  }
  for (const judged of judgeContainer({
    ...objectOf(Config),
    HostConfig: settings(objectOf(HostConfig), NetworkSettings),
  })) {
    // What it mounts is in `Mounts`, its networks are in `NetworkSettings`, and its image is no news.
    if (judged.kind !== 'image' && judged.kind !== 'network') yield judged
  }
  const { MaskedPaths } = objectOf(HostConfig)
  if (MaskedPaths !== undefined) yield* judgeInspectedMasks(MaskedPaths, 'HostConfig.MaskedPaths')
  for (const [name, endpoint] of Object.entries(objectOf(objectOf(NetworkSettings)['Networks']))) {
    const { NetworkID, DriverOpts } = objectOf(endpoint)
    const [id, where] = [textOf(NetworkID), `NetworkSettings.Networks.${name}`]
    yield* judgeEndpointOptions(DriverOpts ?? null, `${where}.DriverOpts`)
    if (name !== 'none') yield { kind: 'joinedNetwork', name: name === 'default' ? DEFAULT_NETWORK : name, id, where }
  }
  const mounts = listOf(Mounts).map(objectOf)
  const readOnlyBelow = belowOf(objectOf(HostConfig))
  for (const [index, mount] of mounts.entries()) {
    yield* judgeMount(mount, { where: `Mounts.${index}`, readOnlyBelow, byDaemon })
  }
}

/**
 * Settings that `Mounts` and the networks tell better. And defaults of dockerd: the cgroup namespace, which is that of the host on a
 * host with cgroup v1, in which an unprivileged container only reads, the log driver, which whoever works in a container can't change, and
 * the masked paths, which are judged otherwise.
 */
const TOLD_ELSEWHERE: ReadonlySet<string> = new Set([
  'Binds',
  'CgroupnsMode',
  'Links',
  'LogConfig',
  'MaskedPaths',
  'Mounts',
  'NetworkMode',
  'VolumeDriver',
  'VolumesFrom',
])

function settings(hostConfig: JsonObject, networkSettings: Json | undefined): JsonObject {
  const rest = Object.entries(hostConfig).filter(([name]) => !TOLD_ELSEWHERE.has(name))
  const isOnHost = 'host' in objectOf(objectOf(networkSettings)['Networks'])
  const mode = textOf(hostConfig['NetworkMode'])
  const shared = mode.startsWith('container:') || mode === 'host' ? mode : ''
  return { ...Object.fromEntries(rest), NetworkMode: isOnHost ? 'host' : shared }
}

// dockerd cleans the path in `Mounts`, and keeps here what was sent.
const at = (targets: readonly string[]): Set<string> => new Set(targets.map((one) => posix.resolve('/', one)))
const isWritable = ({ BindOptions }: JsonObject): boolean => objectOf(BindOptions)['ReadOnlyNonRecursive'] === true

/** Whether file systems below a read-only bind are read-only, too: `if` these containers may be used. */
type ReadOnlyBelow = (destination: string) => boolean | { readonly if: readonly Reference[] }

/**
 * `Mounts` doesn't say it, and for those that come with `VolumesFrom`, only the source containers say it. If `VolumesFrom` has their ids, as the
 * gateway sends it, they can be asked for.
 */
function belowOf({ Binds, Mounts, VolumesFrom }: JsonObject): ReadOnlyBelow {
  const mounts = listOf(Mounts).map(objectOf)
  const writable = at(mounts.filter(isWritable).map(({ Target }) => textOf(Target)))
  const own = at([
    ...stringsOf(Binds).map((bind) => parseBind(bind).destination),
    ...mounts.map(({ Target }) => textOf(Target)),
  ])
  const names = [...new Set(stringsOf(VolumesFrom).map(containerIn))]
  const areIds = names.every((name) => /^[0-9a-f]{64}$/.test(name))
  const where = 'HostConfig.VolumesFrom'
  const sources = names.map((name): Reference => ({ kind: 'container', name, where, byId: true }))
  return (destination) => {
    if (writable.has(destination)) return false
    if (names.length === 0 || own.has(destination)) return true
    return areIds && { if: sources }
  }
}

interface Place {
  readonly where: string
  readonly readOnlyBelow: ReadOnlyBelow
  readonly byDaemon: boolean
}

function* judgeMount(mount: JsonObject, { where, readOnlyBelow, byDaemon }: Place): Iterable<Judged> {
  const { Type, Name, Source, RW, Mode, Propagation, Destination } = mount
  const type = textOf(Type)
  if (type === 'bind') {
    const isShared = ['shared', 'rshared'].includes(textOf(Propagation))
    const isReadOnly = RW === false && !textOf(Mode).split(',').includes('ro-non-recursive')
    const below = isReadOnly && !isShared && readOnlyBelow(textOf(Destination))
    const sources = typeof below === 'object' ? below.if : undefined
    yield hostPath(textOf(Source), { where, readOnly: below !== false, ...(sources && { sources }) })
    // Nobody can tell where a path leads: the container can have links.
    if (byDaemon) yield fromRestricted('HOST_PATH', where, copiesTo(textOf(Source)))
  } else if (type === 'volume') yield { kind: 'volume', name: textOf(Name), where }
  else if (type === 'image') yield { kind: 'mountedImage', name: textOf(Name), where }
  else if (type !== 'tmpfs') yield fromBaseline('HOST_PATH', where, `it is a mount of the type ${type}`)
}

const copiesTo = (folder: string): string =>
  `dockerd copies as root, even devices, and the path may lead to ${folder} of the host: run tar in the container instead`

/** A volume that exists. */
export function judgeInspectedVolume(inspect: Json, where: string): Iterable<Judged> {
  const { Driver, Options } = objectOf(inspect)
  return volumeOfDriver(textOf(Driver), objectOf(Options), where)
}

/** A network that exists: only that of the host gives more than a network of one's own. */
export function* judgeInspectedNetwork(inspect: Json, where: string): Iterable<Judged> {
  if (textOf(objectOf(inspect)['Driver']) === 'host')
    yield fromBaseline('HOST_NAMESPACE', where, 'it is the network of the host')
}

/** An exec that exists: its container, and what whoever created it chose. */
export function* judgeInspectedExec(inspect: Json, where: string): Iterable<Judged> {
  const { ContainerID, ProcessConfig } = objectOf(inspect)
  const { privileged, user } = objectOf(ProcessConfig)
  yield { kind: 'container', name: textOf(ContainerID), where }
  if (privileged === true) yield fromBaseline('PRIVILEGED', where, 'the exec is privileged')
  if (textOf(user) !== '') yield* judgeUser(textOf(user), where)
}
