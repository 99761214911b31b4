import { IdentityError, type IdentityErrorCode } from '../base/errors.ts'
import { ours, sentence, type Sentence } from '../base/sentence.ts'
import { isAcceptedCurve, isVerifiable, RSA_BITS, type CertificateFacts, type KeyFacts } from './certificate.ts'
import { formatDate, inWords } from '../base/dates.ts'

/** A certificate, and its name in errors. */
export interface Named {
  readonly name: string
  readonly facts: CertificateFacts
}

/** The remedy for a certificate that is unusable: a new one. */
export function reissueRemedy({ commonName, isCa }: CertificateFacts): Sentence {
  return isCa
    ? NEW_CA
    : sentence`Issue a new one on the machine with the CA:  ${ours('cert', 'client', asWord(commonName))}`
}

/** The remedy for a certificate that expires soon or has expired. */
export function renewalRemedy({ commonName, isCa, validTo }: CertificateFacts, now: number): Sentence {
  if (!isCa) return sentence`Renew it on the machine with the CA:  ${ours('cert', 'renew', asWord(commonName))}`
  return validTo.getTime() < now ? NEW_CA : sentence`Replace the CA before that date:  ${ours('cert', 'rotate-ca')}`
}

/** A client name, or a placeholder for an unusual one. */
function asWord(commonName = ''): string {
  return /^[A-Za-z0-9][\w-]*$/.test(commonName) ? commonName : 'NAME'
}

export const NEW_CA = sentence`Create a new CA, then new certificates for the server and the clients:  ${ours('cert', 'ca', '--replace-ca')}`

/** The error for a certificate that can be read, but not be used. */
export function unusable(
  code: IdentityErrorCode,
  { name, facts }: Named,
  got: string,
  todo: Sentence = reissueRemedy(facts),
): IdentityError {
  return new IdentityError(code, { tried: `checking ${describe({ name, facts })}`, got, todo })
}

/** `/a/cert.pem (CN=alice)`. */
export function describe({ name, facts }: Named): string {
  return facts.subject === '' ? name : `${name} (${facts.subject})`
}

/** Why dockerd can't verify a key of this type; undefined if it can. */
export function keyProblem({ type, bits = 0, curve }: KeyFacts): string | undefined {
  if (type === 'ed25519' || (type === 'ec' && isAcceptedCurve(curve))) return undefined
  if (type === 'ec') return curve === undefined ? 'has an unnamed curve' : `is on the curve ${curve}`
  if (type !== 'rsa') return `is of the type ${type}`
  if (bits < RSA_BITS.min) return `is RSA with ${bits} bits, fewer than ${RSA_BITS.min}`
  return bits > RSA_BITS.max ? `is RSA with ${bits} bits, more than ${RSA_BITS.max}` : undefined
}

export function checkKeyType(certificate: Named): void {
  const problem = keyProblem(certificate.facts.key)
  if (problem === undefined) return
  throw unusable(
    'ERR_IDENTITY_KEY_TYPE',
    certificate,
    `its key ${problem}; dockerd accepts RSA with ${RSA_BITS.min} to ${RSA_BITS.max} bits, P-256, P-384, P-521 and Ed25519`,
  )
}

export function checkDates(certificate: Named, now: number): void {
  const { validFrom, validTo } = certificate.facts
  const from = validFrom.getTime() - now
  if (from > 0) {
    const got = `it is not valid yet: its validity begins in ${inWords(from)}, on ${formatDate(validFrom)}`
    const todo = 'Check the clock of this machine, and of the machine that issued the certificate.'
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
  const isServer = purposes.includes('serverAuth')
  const got = `its extended key usage allows ${only} and not clientAuth${isServer ? ": it is a server's certificate" : ''}`
  // Its name is the server's, and no client's.
  const todo = isServer && !certificate.facts.isCa ? OF_CLIENT : undefined
  throw unusable('ERR_IDENTITY_PURPOSE', certificate, got, todo)
}

const OF_CLIENT = sentence`Use the three files of a client instead. To issue them on the machine with the CA:  ${ours('cert', 'client', 'NAME')}`

export function checkSignature(certificate: Named): void {
  const { signatureAlgorithm } = certificate.facts
  if (isVerifiable(certificate.facts)) return
  throw unusable(
    'ERR_IDENTITY_SIGNATURE',
    certificate,
    `it is signed with ${signatureAlgorithm}, which dockerd refuses`,
  )
}
