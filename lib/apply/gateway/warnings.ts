import { enumerate } from '../../base/text.ts'
import type { Warning } from '../../base/warning.ts'
import { isListenerOf, isLoopback, readListener } from '../../daemon-config/listener-target.ts'
import type { ServerFiles } from '../server-files.ts'
import { warningsOf } from '../warnings.ts'
import type { GatewaySituation } from './conflicts.ts'
import { GATEWAY_FILES, GATEWAY_FOLDER, ownListener } from './files.ts'
import { hadList, NO_LIST } from './lists.ts'
import { metricsTarget } from './metrics.ts'
import { issuerFolder } from './issuer.ts'

/** Warnings about a plan. */
export function gatewayWarnings(
  { facts, found, inForce, listen, metrics, requested }: GatewaySituation,
  server: ServerFiles,
): Warning[] {
  const others = inForce.settings.listen.filter((listener) => {
    const { host: address, port } = readListener(listener)
    return !isListenerOf({ address, port }, listen)
  })
  const left = ownListener(facts)
  const crl = requested.crl ?? facts.file(GATEWAY_FILES.crl)?.text
  return [
    ...warningsOf({ found, inForce, facts, settings: { listen: [], tlsDir: GATEWAY_FOLDER } }, server),
    ...(crl === undefined && !hadList(facts) ? [{ code: 'no-revocation-list', text: NO_LIST }] : []),
    ...(requested.issuer === false && issuerFolder(facts) !== undefined
      ? [
          {
            code: 'issuer-dropped',
            text: 'Without its issuer, the gateway refuses certificates that it has renewed: those clients need new ones from the CA.',
          },
        ]
      : []),
    ...(metrics === undefined || isLoopback(readListener(metricsTarget(metrics)).host)
      ? []
      : [
          {
            code: 'metrics-open',
            text: `The gateway serves its metrics on ${metrics} without a password: everybody who can reach it can read them.`,
          },
        ]),
    ...(left === undefined || left === listen
      ? []
      : [
          {
            code: 'listener-closed',
            text: `The gateway will stop listening on ${left}: clients need the new address.`,
          },
        ]),
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
