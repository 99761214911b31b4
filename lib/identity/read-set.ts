import type { KeyObject } from 'node:crypto'
import { IdentityError } from '../base/errors.ts'
import { ours, sentence } from '../base/sentence.ts'
import { checkCas, checkCaDates, checkChainDates } from './ca-checks.ts'
import { findChain, foreignIssuer, links, type Link } from './chain.ts'
import { checkDates, checkKeyType, checkPurpose, checkSignature, describe } from './checks.ts'
import { holdsPrivateKey, readCertificates, refuseSwapped } from './contents.ts'
import { openKey } from './key.ts'
import type { Credentials } from './credentials.ts'
import { digestOf, IdentitySet } from './set.ts'

/** How an identity is read. */
export interface Rules {
  readonly passphrase?: string | Uint8Array | undefined
  readonly foreignClientCa: boolean
}

/** The time of a reading, and facts from the file system. */
export interface ReadingContext {
  readonly now: number
  readonly keyMode?: number | undefined
}

/** Reads the three parts and checks them as a set, all before the first byte leaves the machine. */
export function readSet(credentials: Credentials, rules: Rules, { now, keyMode }: ReadingContext): IdentitySet {
  const authorities = links(readCertificates(credentials.ca), credentials.ca.name)
  refuseSwapped(credentials.cert, credentials.key)
  const [client, ...intermediates] = links(readCertificates(credentials.cert), credentials.cert.name) as [
    Link,
    ...Link[],
  ]
  const { key, wasEncrypted } = openKey(credentials.key, rules.passphrase)
  checkPair({ key, name: credentials.key.name }, client, [...intermediates, ...authorities])
  checkCas(authorities)
  checkClient(client, now)
  checkCaDates(authorities, now)
  const above = findChain(client, { intermediates, authorities }, now)
  if (above === undefined && !rules.foreignClientCa) throw foreignIssuer(client, { intermediates, authorities })
  checkAbove(above ?? [], now)
  const exposed = [credentials.ca, credentials.cert].filter(holdsPrivateKey).map(({ name }) => name)
  const observed = {
    client,
    authorities,
    keyName: credentials.key.name,
    keyMode,
    keyWasEncrypted: wasEncrypted,
    exposed,
  }
  return new IdentitySet({
    client,
    intermediates,
    above: above ?? [],
    authorities,
    key,
    observed,
    digest: digestOf(credentials),
  })
}

function checkClient(client: Link, now: number): void {
  checkKeyType(client)
  checkDates(client, now)
  checkPurpose(client)
  checkSignature(client)
}

/** Go verifies each certificate up to the CA. The CA's own signature doesn't matter, since the CA is trusted anyway. */
function checkAbove(above: readonly Link[], now: number): void {
  checkChainDates(above, now)
  for (const [index, link] of above.entries()) {
    checkKeyType(link)
    checkPurpose(link)
    if (index < above.length - 1) checkSignature(link)
  }
}

/** Does the key match the certificate? If not, it often matches another one: files were swapped, or the chain is reversed. */
function checkPair({ key, name }: { key: KeyObject; name: string }, client: Link, others: readonly Link[]): void {
  if (client.x509.checkPrivateKey(key)) return
  const owner = others.find(({ x509 }) => x509.checkPrivateKey(key))
  const [but, todo] = owner === undefined ? STRANGE : owner.facts.isCa ? OF_CA : OF_NEIGHBOUR
  throw new IdentityError('ERR_IDENTITY_KEY_MISMATCH', {
    tried: `checking ${name}`,
    got: `it is not the key of ${describe(client)}${owner === undefined ? '' : `, but of ${describe(owner)}${but}`}`,
    todo,
  })
}

/** The owner of a key that doesn't match, and the remedy. */
const STRANGE = [
  '',
  sentence`Use a certificate and a key that were created together, or issue new ones:  ${ours('cert', 'client', 'NAME')}`,
] as const
const OF_NEIGHBOUR = [
  '',
  "Put the client's certificate first in cert.pem, then its intermediate CAs, and the CA into ca.pem.",
] as const
const OF_CA = [
  ': whoever can read this file can issue certificates',
  "Move the CA's key back to the machine with the CA, and replace it with the client's key.",
] as const
