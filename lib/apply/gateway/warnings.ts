import { enumerateListeners } from '../../base/ports.ts'
import type { Warning } from '../../base/warning.ts'
import { isListenerOf, isLoopback, readListener } from '../../daemon-config/listener-target.ts'
import { casOnlyIn } from '../lost-clients.ts'
import type { ServerFiles } from '../server-files.ts'
import { warningsOf } from '../warnings.ts'
import type { GatewaySituation } from './conflicts.ts'
import { GATEWAY_FILES, GATEWAY_FOLDER, ownListener } from './files.ts'
import { hadList, listEnds, NO_LIST, periodsOfLists, unknownLists } from './lists.ts'
import { metricsTarget } from './metrics.ts'
import { issuerFilesIn } from './issuer-files.ts'
import { issuerFolder } from './issuer.ts'
import { withoutUnit } from './without-unit.ts'

/** Warnings about a plan. */
export function gatewayWarnings(situation: GatewaySituation, server: ServerFiles): Warning[] {
  const { facts, found, inForce, listen, metrics, requested } = situation
  const others = inForce.settings.listen.filter((listener) => {
    const { host: address, port } = readListener(listener)
    return !isListenerOf({ address, port }, listen)
  })
  const left = ownListener(facts)
  const crl = requested.crl ?? facts.file(GATEWAY_FILES.crl)?.text
  return [
    ...warningsOf({ found, inForce, facts, settings: { listen: [], tlsDir: GATEWAY_FOLDER } }, server),
    ...(crl === undefined && !hadList(facts) ? [{ code: 'no-revocation-list', text: NO_LIST }] : []),
    ...periodsOfLists({ ca: server.ca, lists: [crl] })
      .filter(({ endsWithCa }) => !endsWithCa)
      .map((one) => ({ code: 'list-ends', text: listEnds(one) })),
    ...unknownLists(facts),
    ...withoutUnit(situation),
    ...droppedIssuer(situation),
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
            text: `dockerd listens on ${enumerateListeners(others)}, too, and the gateway will not: clients have to use the new address.`,
          },
        ]),
  ]
}

/** Nobody can tell which clients have renewed certificates. */
function droppedIssuer({ facts, requested: { issuer } }: GatewaySituation): Warning[] {
  const folder = issuerFolder(facts)
  if (folder === undefined || issuer === undefined) return []
  const own = facts.file(issuerFilesIn(folder).cert)?.text
  if (issuer !== false && casOnlyIn(own, issuer.cert).length === 0) return []
  const when = issuer === false ? 'Without its issuer' : 'With another issuer'
  const text = `${when}, the gateway refuses certificates that it has renewed: those clients need new ones from the CA.`
  return [{ code: 'issuer-dropped', text }]
}
