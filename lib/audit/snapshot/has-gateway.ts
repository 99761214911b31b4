import { isForOwnHost } from '../../daemon-config/gateway-unit.ts'
import { isBehindGateway, type Snapshot } from './snapshot.ts'

/** Is there a gateway in front of the daemon, as far as the answers and the files of its host show? */
export function hasGateway({ gateway, host }: Pick<Snapshot, 'gateway' | 'host'>): boolean {
  if (isBehindGateway({ gateway })) return true
  const access = host !== null && 'value' in host ? host.value.access : undefined
  if (access === undefined || !('value' in access)) return false
  return access.value.services.some(({ kind, daemon }) => kind === 'gateway' && isForOwnHost(daemon ?? undefined))
}
