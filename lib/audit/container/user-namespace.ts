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

/** Security features of the daemon: `seccomp`, `apparmor`, `selinux`, `userns`, `rootless`, `no-new-privileges`. */
export function daemonFeatures(snapshot: Snapshot): ReadonlyMap<string, string> {
  const options = reported(infoOf(snapshot)?.SecurityOptions, 'info.SecurityOptions')
  return new Map(
    options.map((option) => {
      const [name = '', ...rest] = option.replace(/^name=/, '').split(',')
      return [name, rest.join(',')]
    }),
  )
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
