import { GATEWAY_UNIT } from '../../daemon-config/gateway-unit.ts'
import { LOAD_PATH } from '../../daemon-config/unit/installed-unit.ts'
import type { FactCall } from '../../host/facts-script.ts'
import { lines, type HostFacts } from '../../host/facts.ts'

/** A drop-in can be for all units whose names begin alike (systemd.unit(5)). */
const NAMES = [GATEWAY_UNIT, 'docker-mtls-.service', 'docker-.service', 'service']

/** Asks which drop-ins of the gateway's unit set its command. */
export const DROP_INS_QUESTION: FactCall = [
  'said',
  'gateway-starts',
  'grep',
  '-RlsE',
  '--include=*.conf',
  '^[[:space:]]*ExecStart[[:space:]]*=',
  ...LOAD_PATH.flatMap((folder) => NAMES.map((name) => `/${folder}/${name}.d`)),
]

/** A drop-in because of which the unit doesn't say how the gateway runs. */
export function startingDropIn({ fact }: HostFacts): string | undefined {
  return lines(fact('gateway-starts'))[0]
}
