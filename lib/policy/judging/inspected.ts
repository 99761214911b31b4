import type { Json, JsonObject } from '../request.ts'
import { fromBaseline, type Judged } from './finding.ts'
import { hostPath } from './host-path.ts'
import { judgeUser } from './confinement.ts'
import { judgeContainer } from './container.ts'
import { isEmpty, listOf, objectOf, textOf } from './values.ts'
import { volumeOfDriver } from './volume.ts'

/**
 * A container that exists, as the daemon inspects it: who may work in it has what the container has. It is judged like the
 * request that would create it.
 */
export function* judgeInspected(inspect: Json): Iterable<Judged> {
  const { Config, HostConfig, Mounts, NetworkSettings } = objectOf(inspect)
  if (isEmpty(Config) || isEmpty(HostConfig)) {
    yield fromBaseline('TARGET_UNKNOWN', '', 'the daemon does not say how the container was created')
    return
  }
  for (const judged of judgeContainer({
    ...objectOf(Config),
    HostConfig: settings(objectOf(HostConfig), NetworkSettings),
  })) {
    // What it mounts is in `Mounts`, and its image and networks are no news.
    if (judged.kind !== 'image' && judged.kind !== 'network') yield judged
  }
  for (const [index, mount] of listOf(Mounts).entries()) yield* judgeMount(objectOf(mount), `Mounts.${index}`)
}

/**
 * Settings that `Mounts` and the networks tell better. And the cgroup namespace: on a host with cgroup v1, dockerd itself
 * chooses that of the host, in which an unprivileged container only reads.
 */
const TOLD_ELSEWHERE: ReadonlySet<string> = new Set([
  'Binds',
  'CgroupnsMode',
  'Links',
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

function* judgeMount({ Type, Name, Source, RW, Propagation }: JsonObject, where: string): Iterable<Judged> {
  const type = textOf(Type)
  if (type === 'bind') {
    yield hostPath(textOf(Source), where, RW === false && !['shared', 'rshared'].includes(textOf(Propagation)))
  } else if (type === 'volume') yield { kind: 'volume', name: textOf(Name), where }
  else if (!['tmpfs', 'image'].includes(type))
    yield fromBaseline('HOST_PATH', where, `it is a mount of the type ${type}`)
}

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
