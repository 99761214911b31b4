import { ours, sentence } from '../../base/sentence.ts'
import { DAEMON_JSON } from '../../daemon-config/render-files.ts'
import type { HostFacts } from '../../host/facts.ts'
import type { Conflict } from '../conflicts.ts'
import { hasGateway, UNIT_PATH } from './files.ts'
import { parseGatewayState } from './state.ts'

/** dockerd on the network would let everybody in with a certificate of its CA, as root, also those whom the gateway refuses. */
export function besideGateway(facts: HostFacts): Conflict[] {
  const isRunning = parseGatewayState(facts.fact('gateway')).pid !== 0
  if (!hasGateway(facts) && facts.fact(`odd:${UNIT_PATH}`) === '' && !isRunning) return []
  return [
    {
      code: 'ERR_APPLY_CONFLICT',
      kind: 'gateway',
      what: UNIT_PATH,
      got: 'a gateway is in front of dockerd, and dockerd would listen on the network beside it, where no policy applies and no certificate is revoked',
      todo: sentence`Change the address, certificates and policy with  ${ours('gateway', 'apply')} , and other settings of dockerd in ${DAEMON_JSON}. To use dockerd without a gateway, end that first:  ${ours('gateway', 'remove')}`,
    },
  ]
}
