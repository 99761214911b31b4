import { IdentityError } from '../base/errors.ts'
import type { Link } from './chain.ts'
import { checkDates, describe, keyProblem, unusable } from './checks.ts'
import { formatDate, inWords } from './dates.ts'

/** Every certificate in ca.pem has to be a CA, since each of them is trusted for servers. */
export function checkAuthorities(authorities: readonly Link[]): void {
  for (const authority of authorities) checkAuthority(authority)
}

/** One CA within its dates is enough: while a CA is replaced, the old one stays beside the new one. */
export function checkAuthorityDates(authorities: readonly Link[], now: number): void {
  const notExpired = authorities.filter(({ facts }) => facts.validTo.getTime() >= now)
  const [first] = authorities
  if (first === undefined || notExpired.some(({ facts }) => facts.validFrom.getTime() <= now)) return
  const [next] = notExpired
  if (next !== undefined) return checkDates(next, now)
  throw caExpired(first, now)
}

/** What stands above a client's certificate: where one of it has ended, dockerd takes the certificate no longer. */
export function checkChainDates(above: readonly Link[], now: number): void {
  const root = above.at(-1)
  for (const link of above) {
    if (link === root && link.facts.validTo.getTime() < now) throw caExpired(link, now)
    checkDates(link, now)
  }
}

/** The error for a CA whose end is past, and with it the end of all certificates that it signed. */
function caExpired({ name, facts }: Link, now: number): IdentityError {
  const ago = inWords(now - facts.validTo.getTime())
  return unusable(
    'ERR_IDENTITY_CA_EXPIRED',
    { name, facts },
    `this CA expired ${ago} ago, on ${formatDate(facts.validTo)}`,
  )
}

function checkAuthority(authority: Link): void {
  const { facts } = authority
  const problem = facts.isCa ? weakKey(authority) : notCa(authority)
  if (problem === undefined) return
  throw new IdentityError('ERR_IDENTITY_CA_INVALID', {
    tried: `checking ${describe(authority)}`,
    got: problem,
    todo: "Put only the certificate of the CA that signed the daemon's certificate into ca.pem.",
  })
}

/** Trust in a server is as strong as this key; for other types it is the server's choice, and OpenSSL verifies them. */
function weakKey({ facts: { key } }: Link): string | undefined {
  const problem = key.type === 'rsa' ? keyProblem(key) : undefined
  return problem === undefined ? undefined : `the key of this CA ${problem}`
}

function notCa({ facts: { purposes = [] } }: Link): string {
  if (purposes.includes('clientAuth')) return "it is a client's certificate, not a CA's"
  if (purposes.includes('serverAuth')) return "it is a server's certificate, not a CA's"
  return 'it is not a CA: it lacks the basic constraint CA:TRUE, or its key usage forbids signing certificates'
}
