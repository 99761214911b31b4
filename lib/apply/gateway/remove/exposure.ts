import type { Warning } from '../../../base/warning.ts'
import type { GatewayFlags } from '../../../daemon-config/gateway-unit.ts'
import type { HostFacts } from '../../../host/facts.ts'
import { readRevocationLists } from '../../../identity/crl.ts'
import { listsOf } from '../files.ts'

/**
 * Warnings about clients that the gateway has refused or limited, and dockerd will not; and about the reverse.
 *
 * @param facts - with the texts of {@link listsOf}
 */
export function exposureOf(facts: HostFacts, flags: GatewayFlags): Warning[] {
  const lists = listsOf(flags)
    .filter((path) => flags.crl.length > 0 || isAnything(path, facts))
    .map((path) => ({ path, serials: serialsIn(facts.file(path)?.text) }))
  const revoked = lists.reduce((sum, { serials = [] }) => sum + serials.length, 0)
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
    ...lists.flatMap(({ path, serials }) =>
      serials === undefined
        ? [
            {
              code: 'revoked-unknown',
              text: `The revocation list ${path} can't be read. Certificates that it revokes can be used again until they expire: dockerd reads no revocation list.`,
            },
          ]
        : [],
    ),
    ...(flags.issuer === undefined
      ? []
      : [
          {
            code: 'renewed-refused',
            text: 'dockerd refuses certificates that the gateway has renewed: those clients need new ones from the CA.',
          },
        ]),
  ]
}

function isAnything(path: string, { file, fact }: HostFacts): boolean {
  return file(path) !== undefined || fact(`odd:${path}`) !== ''
}

/** @returns undefined if it is no revocation list */
function serialsIn(text = ''): string[] | undefined {
  try {
    return readRevocationLists(text).flatMap(({ serials }) => [...serials])
  } catch {
    return undefined
  }
}
