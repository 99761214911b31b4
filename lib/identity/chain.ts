import type { X509Certificate } from 'node:crypto'
import type { IdentityError } from '../base/errors.ts'
import { option, ours, sentence } from '../base/sentence.ts'
import { enumerate } from '../base/text.ts'
import { isSignedBy, readCertificate } from './certificate.ts'
import { describe, unusable, type Named } from './checks.ts'
import { nameOf } from './contents.ts'
import { isCaCertificate } from './structure.ts'

/** A certificate, its facts, and its name in errors. */
export interface Link extends Named {
  readonly x509: X509Certificate
}

/** The certificates among which issuers are searched. */
export interface Pool {
  /** The certificates in cert.pem after the client's. */
  readonly intermediates: readonly Link[]
  /** The certificates in ca.pem. */
  readonly authorities: readonly Link[]
}

/** The certificates of one part, each with its name in errors. */
export function links(certificates: readonly X509Certificate[], name: string): Link[] {
  return certificates.map((x509, index) => {
    const own = nameOf(name, index, certificates.length)
    return { x509, name: own, facts: readCertificate(x509, own) }
  })
}

/**
 * Follows the signatures from the client certificate, through its intermediate CAs, to a CA in ca.pem. It prefers currently
 * valid certificates, because a renewed CA has the name and key of the old one.
 *
 * @returns the certificates above the client's, the CA in ca.pem last; undefined if there is no chain
 */
export function findChain(client: Link, { intermediates, authorities }: Pool, now: number): Link[] | undefined {
  const visited = new Set<Link>()
  const climb = (below: Link): Link[] | undefined => {
    const issued = ({ x509 }: Link): boolean => signed(below.x509, x509)
    const root = inDateFirst(authorities, now).find(issued)
    if (root !== undefined) return [root]
    for (const next of inDateFirst(intermediates, now)) {
      if (visited.has(next) || !issued(next)) continue
      visited.add(next)
      const above = climb(next)
      if (above !== undefined) return [next, ...above]
    }
    return undefined
  }
  return climb(client)
}

/** The error for a client certificate without a chain to ca.pem: files were mixed up, or the CA was replaced. */
export function foreignIssuer(client: Link, { intermediates, authorities }: Pool): IdentityError {
  const { top, steps } = highest(client, intermediates)
  const { issuer } = top.facts
  const via = steps === 0 ? '' : ` (through ${steps} intermediate ${steps === 1 ? 'CA' : 'CAs'})`
  const namesake = authorities.find(({ facts }) => facts.subject === issuer)
  if (namesake !== undefined) {
    return unusable(
      'ERR_IDENTITY_ISSUER',
      client,
      `the CA that signed it${via} has the name of ${describe(namesake)}, but another key: the CA was replaced`,
      sentence`Use ca.pem, cert.pem and key.pem of one CA, or issue a new client certificate:  ${ours('cert', 'client', 'NAME')}`,
    )
  }
  const held = enumerate(authorities.map(describe))
  const self = issuer === client.facts.subject ? 'it is self-signed' : `it was issued by ${issuer}${via}`
  return unusable(
    'ERR_IDENTITY_ISSUER',
    client,
    `${self}, and ca.pem holds only ${held}`,
    sentence`Use files of one CA. If the daemon accepts clients of another CA, set ${option('foreignClientCa', 'true')}.`,
  )
}

function highest(client: Link, intermediates: readonly Link[]): { top: Link; steps: number } {
  const passed = new Set([client])
  for (let top = client; ;) {
    const next = intermediates.find((link) => !passed.has(link) && signed(top.x509, link.x509))
    if (next === undefined) return { top, steps: passed.size - 1 }
    passed.add(next)
    top = next
  }
}

/** Checks name and signature: another CA, such as a new one, may have the same name. */
function signed(below: X509Certificate, above: X509Certificate): boolean {
  if (below.issuer !== above.subject || !isCaCertificate(above.raw)) return false
  return isSignedBy(below, above)
}

function inDateFirst(certificates: readonly Link[], now: number): Link[] {
  const stale = ({ facts }: Link): number =>
    facts.validFrom.getTime() <= now && now <= facts.validTo.getTime() ? 0 : 1
  return certificates.toSorted((one, other) => stale(one) - stale(other))
}
