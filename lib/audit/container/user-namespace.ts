import type { ContainerFacts } from '../snapshot/container-schema.ts'
import type { InfoFacts } from '../snapshot/daemon-schema.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { reported } from '../verdict.ts'

/** Who root of a container is on the host: `root`, a user of a range of its own, or the user who runs the daemon. */
export type RootOnHost = 'root' | 'remapped' | 'rootless'

/** The info of the daemon. Undefined if it could not be read: its fields are then not reported. */
export function infoOf({ info }: Snapshot): InfoFacts | undefined {
  return 'value' in info ? info.value : undefined
}

/** Security features of a daemon by name, each with its settings. */
export type DaemonFeatures = ReadonlyMap<string, ReadonlyMap<string, string>>

/** Security features of the daemon: `seccomp`, `apparmor`, `selinux`, `userns`, `rootless`, `no-new-privileges`. */
export function daemonFeatures(snapshot: Snapshot): DaemonFeatures {
  return featuresOf(infoOf(snapshot))
}

/** Reads `name=seccomp,profile=builtin` (moby, daemon/info.go: fillSecurityOptions). */
export function featuresOf(info: InfoFacts | undefined): DaemonFeatures {
  const options = reported(info?.SecurityOptions, 'info.SecurityOptions').map(
    (option) => new Map(option.split(',').map(splitPair)),
  )
  return new Map(options.map((option) => [option.get('name') ?? '', option]))
}

function splitPair(pair: string): [name: string, value: string] {
  const [name = '', ...value] = pair.split('=')
  return [name, value.join('=')]
}

/** Who root of a container is on the host. */
export function rootOnHost({ HostConfig }: ContainerFacts, snapshot: Snapshot): RootOnHost {
  const features = daemonFeatures(snapshot)
  if (features.has('rootless')) return 'rootless'
  if (!features.has('userns')) return 'root'
  return reported(HostConfig?.UsernsMode, 'HostConfig.UsernsMode') === 'host' ? 'root' : 'remapped'
}

/** Whether root of a container is certainly another user on the host. False if that is unknown. */
export function isContained(inspect: ContainerFacts, snapshot: Snapshot): boolean {
  if (!infoOf(snapshot)?.SecurityOptions || inspect.HostConfig?.UsernsMode === undefined) return false
  return rootOnHost(inspect, snapshot) !== 'root'
}
