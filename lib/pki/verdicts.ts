import type { CertificateFacts, KeyFacts } from '../identity/certificate.ts'
import type { ExtensionFacts } from './read-extensions.ts'

/** What a certificate could be used as. */
export type Role = 'client' | 'server' | 'ca'

/** What the other side would make of a certificate. */
export interface Verdict {
  readonly role: Role
  readonly ok: boolean
  /** One sentence without a full stop: what it would be taken as, or the first thing that it would be refused for. */
  readonly because: string
}

type Facts = CertificateFacts & ExtensionFacts

/** A test of one thing: what is wrong with it, or undefined. */
type Test = (facts: Facts) => string | undefined

/**
 * The critical extensions that Go and OpenSSL both handle; any other makes them refuse the certificate. The two OIDs are
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

const CURVES = new Set(['P-256', 'P-384', 'P-521'])

/** Go's TLS refuses larger ones ("containing RSA key larger than 8192 bits"), ours and NIST smaller ones. */
const RSA_BITS = { min: 2048, max: 8192 }

const dates: Test = ({ validFrom, validTo }) => {
  const now = Date.now()
  if (validFrom.getTime() > now) return `it only holds from ${validFrom.toISOString()} on`
  return validTo.getTime() < now ? `it ended on ${validTo.toISOString()}` : undefined
}

/** Other types end in "certificate required" or "bad certificate", which lead nowhere. */
export function keyTypeFault({ type, bits = 0, curve = '' }: KeyFacts): string | undefined {
  if (type === 'ed25519' || (type === 'ec' && CURVES.has(curve))) return undefined
  if (type !== 'rsa') return `dockerd and the Docker CLI take no ${curve === '' ? type : curve} key`
  if (bits < RSA_BITS.min) return `its RSA key has ${bits} bits, under ${RSA_BITS.min}`
  return bits > RSA_BITS.max ? `its RSA key has ${bits} bits, and Go takes at most ${RSA_BITS.max}` : undefined
}

const keyType: Test = ({ key }) => keyTypeFault(key)

const signature: Test = ({ signatureAlgorithm: algorithm }) =>
  /sha1|md5|md2/i.test(algorithm) ? `it is signed with ${algorithm}, which Go refuses` : undefined

const critical: Test = ({ criticalExtensions }) => {
  const unhandled = criticalExtensions.find((extension) => !HANDLED.has(extension))
  return unhandled === undefined ? undefined : `its extension ${unhandled} is critical, and Go doesn't know it`
}

const purpose =
  (wanted: 'clientAuth' | 'serverAuth'): Test =>
  ({ purposes }) =>
    purposes === undefined || purposes.includes(wanted) || purposes.includes('anyExtendedKeyUsage')
      ? undefined
      : `its extended key usage is ${purposes.join(', ')}, not ${wanted}`

const names: Test = ({ names: { dns, ip }, commonName }) => {
  if (dns.length + ip.length > 0) return undefined
  const passedOver = commonName === undefined ? '' : `; the Docker CLI passes its common name over`
  return `it has no name in its subject alternative names${passedOver}`
}

/** OpenSSL, and so Node and curl, holds a server to its key usage (X509_check_purpose); Go doesn't. */
const serverUsage: Test = ({ keyUsage }) =>
  keyUsage === undefined ||
  keyUsage.some((usage) => ['digitalSignature', 'keyEncipherment', 'keyAgreement'].includes(usage))
    ? undefined
    : `Node and curl refuse its key usage, ${keyUsage.join(', ')}`

const signs: Test = ({ isCa }) => (isCa ? undefined : 'it is no CA by its basic constraints and key usage')

/** Go and OpenSSL hold a CA's extended key usage against what it signs. */
const signsForUs: Test = ({ purposes }) =>
  purposes === undefined || purposes.some((one) => ['clientAuth', 'serverAuth', 'anyExtendedKeyUsage'].includes(one))
    ? undefined
    : `its extended key usage is ${purposes.join(', ')}`

const TESTS: Readonly<Record<Role, readonly Test[]>> = {
  client: [dates, purpose('clientAuth'), keyType, signature, critical],
  server: [dates, purpose('serverAuth'), names, serverUsage, keyType, signature, critical],
  // Nobody verifies what a root is signed with.
  ca: [signs, dates, signsForUs, keyType, critical],
}

const GOOD: Readonly<Record<Role, (facts: Facts) => string>> = {
  client: ({ commonName = '' }) => `dockerd takes it as the user ${JSON.stringify(commonName)}`,
  server: ({ names: { dns, ip } }) => `clients reach it as ${[...dns, ...ip].join(', ')}`,
  ca: ({ purposes }) => `it signs certificates${purposes === undefined ? '' : ` for ${purposes.join(', ')}`}`,
}

/** What dockerd makes of it as a client's, the Docker CLI and Node as a server's, and both as a CA's. */
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
