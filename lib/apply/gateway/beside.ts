import { command, ours, sentence, type Sentence } from '../../base/sentence.ts'
import { GATEWAY_UNIT, startsGateway } from '../../daemon-config/gateway-unit.ts'
import { DAEMON_JSON } from '../../daemon-config/render-files.ts'
import type { HostFacts } from '../../host/facts.ts'
import type { Conflict } from '../conflicts.ts'
import { hasGateway, UNIT_PATH } from './files.ts'
import { parseGatewayState } from './state.ts'

/**
 * The unit of a gateway in front of dockerd that `gateway apply` has not written: it has another name, or is in another folder.
 */
export function otherGateway({ files, fact }: HostFacts): string | undefined {
  const ofDockerd = files.filter(
    ({ path }) => /\/docker\.service(?:$|\.d\/)|^\/etc\/\w+\/docker$/.test(path) || path === DAEMON_JSON,
  )
  const dockerd = [fact('socket'), ...ofDockerd.map(({ text = '' }) => text)].join('\n')
  const own = { dockerd, hostname: fact('hostname') }
  return files.find(
    ({ path, text = '' }) => path !== UNIT_PATH && unitOf(path) !== undefined && startsGateway(text, own),
  )?.path
}

/** The unit of which this is the file, or a drop-in. Those of the own gateway are another matter: see `drop-ins.ts`. */
function unitOf(path: string): string | undefined {
  const [, unit, dropIn] = /\/([^/]+\.service)(\.d\/[^/]+\.conf)?$/.exec(path) ?? []
  return dropIn !== undefined && unit === GATEWAY_UNIT ? undefined : unit
}

/** Is there the gateway of `gateway apply`, also if it runs and its unit is gone? */
export function hasOwnGateway(facts: HostFacts): boolean {
  const runs = parseGatewayState(facts.fact('gateway')).pid !== 0 && foreignUnit(facts) === undefined
  return hasGateway(facts) || facts.fact(`odd:${UNIT_PATH}`) !== '' || runs
}

/** The unit file in another folder from which systemd reads the service of this name. */
export function foreignUnit(facts: HostFacts): string | undefined {
  const { fragment } = parseGatewayState(facts.fact('gateway'))
  // That of a masked unit is /dev/null.
  const isForeign = fragment.endsWith('.service') && fragment !== UNIT_PATH && !hasGateway(facts)
  return isForeign ? fragment : undefined
}

/** How to end such a gateway. */
export function endOther(path: string): Sentence {
  return sentence`End it first:  ${command('systemctl', 'disable', '--now', unitOf(path) ?? '')}  Then remove ${path}.`
}

/**
 * dockerd on the network would let everybody in with a certificate of its CA, as root, also those whom the gateway refuses.
 *
 * @param isOwnGone - does the gateway of `gateway apply` end?
 */
export function besideGateway(facts: HostFacts, isOwnGone = false): Conflict[] {
  const other = otherGateway(facts)
  const shared = {
    code: 'ERR_APPLY_CONFLICT',
    got: 'a gateway is in front of dockerd, and dockerd would listen on the network beside it, where no policy applies and no certificate is revoked',
  } as const
  const todo = sentence`Change the address, certificates and policy with  ${ours('gateway', 'apply')} , and other settings of dockerd in ${DAEMON_JSON}. To use dockerd without a gateway, end that first:  ${ours('gateway', 'remove')}`
  return [
    ...(hasOwnGateway(facts) && !isOwnGone ? [{ ...shared, kind: 'gateway', what: UNIT_PATH, todo } as const] : []),
    ...(other === undefined ? [] : [{ ...shared, kind: 'other-gateway', what: other, todo: endOther(other) } as const]),
  ]
}
