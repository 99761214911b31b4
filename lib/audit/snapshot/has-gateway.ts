import { isForOwnHost } from '../../daemon-config/own-host.ts'
import type { HostFacts, ServiceFacts } from './host/schema.ts'
import { isBehindGateway, type Snapshot } from './snapshot.ts'

/** Is there a gateway in front of the daemon, as far as the answers and the files of its host show? */
export function hasGateway(snapshot: Pick<Snapshot, 'gateway' | 'host' | 'info'>): boolean {
  if (isBehindGateway(snapshot)) return true
  const host = snapshot.host !== null && 'value' in snapshot.host ? snapshot.host.value : undefined
  if (host === undefined || !('value' in host.access)) return false
  return host.access.value.services.some((service) => isInFront(service, host, snapshot))
}

/** Is a service of the host a gateway in front of the daemon, and not of another one? */
export function isInFront(
  { kind, daemon }: ServiceFacts,
  { settings, daemonUid }: HostFacts,
  { info }: Pick<Snapshot, 'info'>,
): boolean {
  const uid = 'value' in daemonUid ? daemonUid.value : 0
  const hosts = ('value' in settings && settings.value.hosts) || []
  // The usual socket of a rootless dockerd.
  const dockerd = [...hosts, ...(uid === 0 ? [] : [`unix:///run/user/${uid}/docker.sock`])].join('\n')
  const hostname = 'value' in info ? info.value.Name : undefined
  return kind === 'gateway' && isForOwnHost(daemon ?? undefined, { dockerd, hostname })
}
