import { IdentityError } from '../base/errors.ts'
import type { Link } from './chain.ts'
import { checkDates, describe, keyProblem, NEW_CA, unusable } from './checks.ts'
import { signingFault } from './public-key.ts'
import { formatDate, inWords } from '../base/dates.ts'

/** Every certificate in ca.pem has to be a CA, since each of them is trusted for servers. */
export function checkCas(cas: readonly Link[]): void {
  for (const ca of cas) checkCa(ca)
}

/** One valid CA is enough: during a rotation the old one stays beside the new one. */
export function checkCaDates(cas: readonly Link[], now: number): void {
  const notExpired = cas.filter(({ facts }) => facts.validTo.getTime() >= now)
  const [first] = cas
  if (first === undefined || notExpired.some(({ facts }) => facts.validFrom.getTime() <= now)) return
  const [next] = notExpired
  if (next !== undefined) return checkDates(next, now)
  throw caExpired(first, now)
}

/** Checks the CAs above a client certificate: if one of them has expired, dockerd refuses the certificate. */
export function checkChainDates(above: readonly Link[], now: number): void {
  const root = above.at(-1)
  for (const link of above) {
    if (link === root && link.facts.validTo.getTime() < now) throw caExpired(link, now)
    checkDates(link, now)
  }
}

/** The error for an expired CA. All certificates that it signed are useless, too. */
function caExpired({ name, facts }: Link, now: number): IdentityError {
  const ago = inWords(now - facts.validTo.getTime())
  return unusable(
    'ERR_IDENTITY_CA_EXPIRED',
    { name, facts },
    `this CA expired ${ago} ago, on ${formatDate(facts.validTo)}`,
  )
}

function checkCa(ca: Link): void {
  const { facts } = ca
  const got = facts.isCa ? weakKey(ca) : notCa(ca)
  if (got === undefined) return
  const todo = facts.isCa
    ? NEW_CA
    : "Put only the certificate of the CA that signed the daemon's certificate into ca.pem."
  throw new IdentityError('ERR_IDENTITY_CA_INVALID', { tried: `checking ${describe(ca)}`, got, todo })
}

/** Whoever has this key can pose as every server. OpenSSL would accept more types, and shorter RSA keys. */
function weakKey({ facts: { key } }: Link): string | undefined {
  const problem = key.type === 'rsa' ? keyProblem(key) : signingFault(key)
  return problem === undefined ? undefined : `the key of this CA ${problem}`
}

function notCa({ facts: { purposes = [] } }: Link): string {
  if (purposes.includes('clientAuth')) return "it is a client's certificate, not a CA's"
  if (purposes.includes('serverAuth')) return "it is a server's certificate, not a CA's"
  return 'it is not a CA: it lacks the basic constraint CA:TRUE, or its key usage forbids signing certificates'
}
