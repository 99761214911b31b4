import {
  isAcceptedCurve,
  isVerifiable,
  RSA_BITS,
  type CertificateFacts,
  type KeyFacts,
} from '../identity/certificate.ts'
import type { ExtensionFacts } from './read-extensions.ts'

/** A use of a certificate. */
export type Role = 'client' | 'server' | 'ca'

/** Would the other side accept a certificate in one role? */
export interface Verdict {
  /** The role. */
  readonly role: Role
  /** Would it be accepted? */
  readonly ok: boolean
  /** One sentence without a full stop: what it is accepted as, or the first reason for its rejection. */
  readonly because: string
}

type Facts = CertificateFacts & ExtensionFacts

/** Checks one thing and returns the fault, if any. */
type Test = (facts: Facts) => string | undefined

/**
 * The critical extensions that Go and OpenSSL both handle; any other one makes them reject the certificate. The two OIDs are
 * CRL distribution points and certificate policies.
 */
const HANDLED = new Set([
  'basicConstraints',
  'keyUsage',
  'subjectAltName',
  'nameConstraints',
  'extKeyUsage',
  '2.5.29.31',
  '2.5.29.32',
])

const dates: Test = ({ validFrom, validTo }) => {
  const now = Date.now()
  if (validFrom.getTime() > now) return `it is not valid before ${validFrom.toISOString()}`
  return validTo.getTime() < now ? `it expired on ${validTo.toISOString()}` : undefined
}

/** Other types fail with "certificate required" or "bad certificate", which don't name the cause. */
export function keyTypeFault({ type, bits = 0, curve = '' }: KeyFacts): string | undefined {
  if (type === 'ed25519' || (type === 'ec' && isAcceptedCurve(curve))) return undefined
  if (type === 'ec' && curve === '') return 'its key gives the parameters of its curve, and Go reads only named curves'
  if (type !== 'rsa') return `dockerd and the Docker CLI do not accept ${curve === '' ? type : curve} keys`
  if (bits < RSA_BITS.min) return `its RSA key has ${bits} bits; at least ${RSA_BITS.min} are required`
  return bits > RSA_BITS.max ? `its RSA key has ${bits} bits; Go accepts at most ${RSA_BITS.max}` : undefined
}

const keyType: Test = ({ key }) => keyTypeFault(key)

const signature: Test = (facts) =>
  isVerifiable(facts) ? undefined : `it is signed with ${facts.signatureAlgorithm}, which Go rejects`

const critical: Test = ({ criticalExtensions }) => {
  const unhandled = criticalExtensions.find((extension) => !HANDLED.has(extension))
  return unhandled === undefined ? undefined : `its critical extension ${unhandled} is unknown to Go`
}

const purpose =
  (wanted: 'clientAuth' | 'serverAuth'): Test =>
  ({ purposes }) =>
    purposes === undefined || purposes.includes(wanted) || purposes.includes('anyExtendedKeyUsage')
      ? undefined
      : `its extended key usage is ${purposes.join(', ')}, not ${wanted}`

const names: Test = ({ names: { dns, ip }, commonName }) => {
  if (dns.length + ip.length > 0) return undefined
  const ignored = commonName === undefined ? '' : `; the Docker CLI ignores its common name`
  return `it has no subject alternative names${ignored}`
}

/** OpenSSL, and so Node and curl, checks the key usage of a server (X509_check_purpose); Go doesn't. */
const serverUsage: Test = ({ keyUsage }) =>
  keyUsage === undefined ||
  keyUsage.some((usage) => ['digitalSignature', 'keyEncipherment', 'keyAgreement'].includes(usage))
    ? undefined
    : `Node and curl reject its key usage, ${keyUsage.join(', ')}`

const signs: Test = ({ isCa }) => (isCa ? undefined : 'it is not a CA by its basic constraints and key usage')

/** Go and OpenSSL apply a CA's extended key usage to the certificates that it signs. */
const signsForUs: Test = ({ purposes }) =>
  purposes === undefined || purposes.some((one) => ['clientAuth', 'serverAuth', 'anyExtendedKeyUsage'].includes(one))
    ? undefined
    : `its extended key usage is ${purposes.join(', ')}`

const TESTS: Readonly<Record<Role, readonly Test[]>> = {
  client: [dates, purpose('clientAuth'), keyType, signature, critical],
  server: [dates, purpose('serverAuth'), names, serverUsage, keyType, signature, critical],
  // Nobody verifies the signature of a root.
  ca: [signs, dates, signsForUs, keyType, critical],
}

const GOOD: Readonly<Record<Role, (facts: Facts) => string>> = {
  client: ({ commonName = '' }) => `dockerd accepts it as the user ${JSON.stringify(commonName)}`,
  server: ({ names: { dns, ip } }) => `clients can connect to it as ${[...dns, ...ip].join(', ')}`,
  ca: ({ purposes }) => `it signs certificates${purposes === undefined ? '' : ` for ${purposes.join(', ')}`}`,
}

/** Judges it as dockerd judges clients, as the Docker CLI and Node judge servers, and as all of them judge CAs. */
export function judge(facts: Facts): Verdict[] {
  return (['client', 'server', 'ca'] as const).map((role) => {
    const fault = firstFault(TESTS[role], facts)
    return { role, ok: fault === undefined, because: fault ?? GOOD[role](facts) }
  })
}

function firstFault(tests: readonly Test[], facts: Facts): string | undefined {
  for (const test of tests) {
    const fault = test(facts)
    if (fault !== undefined) return fault
  }
  return undefined
}
