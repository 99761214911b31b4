import type { Json, JsonObject } from '../request.ts'
import { fromBaseline, type Judged } from './finding.ts'
import { hostPath } from './host-path.ts'
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
    // What it mounts is in `Mounts`, and its image is no news.
    if (judged.kind !== 'image') yield judged
  }
  for (const [index, mount] of listOf(Mounts).entries()) yield* judgeMount(objectOf(mount), `Mounts.${index}`)
}

/** Without what the container once asked for, and what `Mounts` and the networks tell better. */
function settings(hostConfig: JsonObject, networkSettings: Json | undefined): JsonObject {
  const { Binds: _, Mounts: __, VolumesFrom: ___, VolumeDriver: ____, Links: _____, NetworkMode, ...rest } = hostConfig
  const isOnHost = 'host' in objectOf(objectOf(networkSettings)['Networks'])
  const mode = textOf(NetworkMode)
  return { ...rest, NetworkMode: isOnHost ? 'host' : mode.startsWith('container:') || mode === 'host' ? mode : '' }
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
