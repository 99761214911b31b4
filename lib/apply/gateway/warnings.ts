import { enumerate } from '../../base/text.ts'
import type { Warning } from '../../base/warning.ts'
import { isListenerOf, readListener } from '../../daemon-config/listener-target.ts'
import type { ServerFiles } from '../server-files.ts'
import { warningsOf } from '../warnings.ts'
import type { GatewaySituation } from './conflicts.ts'
import { GATEWAY_FOLDER } from './files.ts'

/** Warnings about a plan. */
export function gatewayWarnings({ facts, inForce, listen }: GatewaySituation, server: ServerFiles): Warning[] {
  const others = inForce.settings.listen.filter((listener) => {
    const { host: address, port } = readListener(listener)
    return !isListenerOf({ address, port }, listen)
  })
  return [
    ...warningsOf({ inForce, facts, settings: { listen: [], tlsDir: GATEWAY_FOLDER } }, server),
    ...(others.length === 0
      ? []
      : [
          {
            code: 'listener-closed',
            text: `dockerd listens on ${enumerate(others)}, too, and the gateway will not: clients have to use the new address.`,
          },
        ]),
  ]
}
