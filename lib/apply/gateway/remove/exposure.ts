import type { Warning } from '../../../base/warning.ts'
import type { GatewayFlags } from '../../../daemon-config/gateway-unit.ts'
import type { HostFacts } from '../../../host/facts.ts'
import { readRevocationLists } from '../../../identity/crl.ts'

/** Warnings about clients that the gateway has refused or limited, and dockerd will not; and about the reverse. */
export function exposureOf(facts: HostFacts, { crl, issuer }: GatewayFlags): Warning[] {
  const revoked = crl.flatMap((path) => serialsIn(facts.file(path)?.text)).length
  const [who, they] =
    revoked === 1 ? ['A revoked certificate', 'it expires'] : [`${revoked} revoked certificates`, 'they expire']
  return [
    {
      code: 'daemon-exposed',
      text: 'dockerd knows no policy: every client with a certificate of its CA will be root on this host.',
    },
    ...(revoked === 0
      ? []
      : [
          {
            code: 'revoked-accepted',
            text: `${who} can be used again until ${they}: dockerd reads no revocation list.`,
          },
        ]),
    ...(issuer === undefined
      ? []
      : [
          {
            code: 'renewed-refused',
            text: 'dockerd refuses certificates that the gateway has renewed: their clients need new ones of the CA.',
          },
        ]),
  ]
}

function serialsIn(text = ''): string[] {
  try {
    return readRevocationLists(text).flatMap(({ serials }) => [...serials])
  } catch {
    return []
  }
}
