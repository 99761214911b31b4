import { GATEWAY_UNIT } from '../../daemon-config/gateway-unit.ts'
import { LOAD_PATH } from '../../daemon-config/unit/installed-unit.ts'
import type { FactCall } from '../../host/facts-script.ts'
import { lines, type HostFacts } from '../../host/facts.ts'

/** Asks which drop-ins of the gateway's unit set its command. */
export const DROP_INS_QUESTION: FactCall = [
  'said',
  'gateway-starts',
  'grep',
  '-RlsE',
  '--include=*.conf',
  '^[[:space:]]*ExecStart[[:space:]]*=',
  ...LOAD_PATH.map((folder) => `/${folder}/${GATEWAY_UNIT}.d`),
]

/** A drop-in because of which the unit doesn't say how the gateway runs. */
export function startingDropIn({ fact }: HostFacts): string | undefined {
  return lines(fact('gateway-starts'))[0]
}
