import { IdentityError, type IdentityErrorCode } from '../base/errors.ts'
import type { CertificateFacts, KeyFacts } from './certificate.ts'
import { formatDate, inWords } from './dates.ts'

/** A certificate together with what an error calls it. */
export interface Named {
  readonly name: string
  readonly facts: CertificateFacts
}

/** What Go verifies (crypto/x509, signatureAlgorithmDetails; SHA-1 is refused since Go 1.18): dockerd knows no other. */
const SIGNATURES =
  /^(?:sha(?:256|384|512)WithRSAEncryption|ecdsa-with-SHA(?:256|384|512)|Ed25519|RSASSA-PSS-SHA(?:256|384|512))$/

const CURVES: ReadonlySet<string> = new Set(['P-256', 'P-384', 'P-521'])

/** crypto/tls of Go refuses longer RSA keys (CVE-2023-29409). */
const MAX_RSA_BITS = 8192
const MIN_RSA_BITS = 2048

/** The command that makes a new one of this certificate. */
export function reissueRemedy({ commonName, isCa }: CertificateFacts): string {
  return isCa ? NEW_CA : `Issue a new one:  docker-mtls cert client ${asWord(commonName)}`
}

/** The same for what ends, or has ended: there is a good one that can be had again. */
export function renewalRemedy({ commonName, isCa, validTo }: CertificateFacts, now: number): string {
  if (!isCa) return `Have it renewed, where the authority is:  docker-mtls cert renew ${asWord(commonName)}`
  return validTo.getTime() < now ? NEW_CA : 'Have a new CA take its place before:  docker-mtls cert rotate-ca'
}

/** A name that may stand in a shell as it is. */
function asWord(commonName = ''): string {
  return /^[A-Za-z0-9][\w-]*$/.test(commonName) ? commonName : 'NAME'
}

/** The server's and the clients' certificates hang on it. */
const NEW_CA = 'Make a new CA, and new certificates for the server and the clients:  docker-mtls cert ca --replace-ca'

/** The error for a certificate that was read, and isn't fit. */
export function unusable(
  code: IdentityErrorCode,
  { name, facts }: Named,
  got: string,
  todo: string = reissueRemedy(facts),
): IdentityError {
  return new IdentityError(code, { tried: `checking ${describe({ name, facts })}`, got, todo })
}

/** `/a/cert.pem (CN=alice)`. */
export function describe({ name, facts }: Named): string {
  return facts.subject === '' ? name : `${name} (${facts.subject})`
}

/** Can dockerd verify a key of this type? Says what is wrong with it, or nothing. */
export function keyProblem({ type, bits = 0, curve }: KeyFacts): string | undefined {
  if (type === 'ed25519' || (type === 'ec' && CURVES.has(curve ?? ''))) return undefined
  if (type === 'ec') return curve === undefined ? 'has a curve without a name' : `is on the curve ${curve}`
  if (type !== 'rsa') return `is of the type ${type}`
  if (bits < MIN_RSA_BITS) return `is RSA with ${bits} bits, and ${MIN_RSA_BITS} is the least`
  return bits > MAX_RSA_BITS ? `is RSA with ${bits} bits, and ${MAX_RSA_BITS} is the most` : undefined
}

export function checkKeyType(certificate: Named): void {
  const problem = keyProblem(certificate.facts.key)
  if (problem === undefined) return
  throw unusable(
    'ERR_IDENTITY_KEY_TYPE',
    certificate,
    `its key ${problem}; dockerd takes RSA of 2048 to 8192 bits, P-256, P-384, P-521 and Ed25519`,
  )
}

export function checkDates(certificate: Named, now: number): void {
  const { validFrom, validTo } = certificate.facts
  const from = validFrom.getTime() - now
  if (from > 0) {
    const got = `it is not valid yet: it begins in ${inWords(from)}, on ${formatDate(validFrom)}`
    const todo = "Check this machine's clock; a certificate can't be used before its date."
    throw unusable('ERR_IDENTITY_NOT_YET_VALID', certificate, got, todo)
  }
  const over = now - validTo.getTime()
  if (over <= 0) return
  const got = `it expired ${inWords(over)} ago, on ${formatDate(validTo)}`
  throw unusable('ERR_IDENTITY_EXPIRED', certificate, got, renewalRemedy(certificate.facts, now))
}

/** Extended key usage has to allow clients, in the certificate and in all CAs above it (as Go's x509 verifies it). */
export function checkPurpose(certificate: Named): void {
  const { purposes } = certificate.facts
  if (purposes === undefined || purposes.includes('clientAuth') || purposes.includes('anyExtendedKeyUsage')) return
  const only = purposes.length === 0 ? 'nothing' : purposes.join(', ')
  const server = purposes.includes('serverAuth') ? ": it is a server's certificate" : ''
  throw unusable(
    'ERR_IDENTITY_PURPOSE',
    certificate,
    `its extended key usage allows ${only} and not clientAuth${server}`,
  )
}

export function checkSignature(certificate: Named): void {
  const { signatureAlgorithm } = certificate.facts
  if (SIGNATURES.test(signatureAlgorithm)) return
  throw unusable(
    'ERR_IDENTITY_SIGNATURE',
    certificate,
    `it is signed with ${signatureAlgorithm}, which dockerd refuses`,
  )
}
