import { expiryOf } from '../../base/expiry.ts'
import { ours, sentence, type Sentence } from '../../base/sentence.ts'
import type { CertificateFacts } from '../../identity/certificate.ts'
import { renewalRemedy } from '../../identity/checks.ts'
import { formatDate, inWords } from '../../base/dates.ts'
import { certificateFacts } from './certificate-facts.ts'
import type { Identity } from '../../identity/identity.ts'
import { ok, unknown, warning, type DetailedStep } from './step.ts'
import type { TlsEvidence } from './tls-evidence.ts'

/** Whose certificate expires. */
type Whose = 'server' | 'client' | 'ca'

const NAMES: Readonly<Record<Whose, string>> = {
  server: "the server's certificate",
  client: 'the client certificate',
  ca: 'the CA',
}

/** When will one of the certificates end this connection? */
export function expirySteps(
  {
    certificate,
    identity,
    attempt,
  }: Pick<TlsEvidence, 'certificate' | 'attempt'> & { readonly identity: Pick<Identity, 'client' | 'authorities'> },
  now: number = Date.now(),
): DetailedStep[] {
  const { client, authorities } = identity
  const issuers = new Set([client.issuer, certificate?.issuer])
  // During a rotation, the old CA expires beside the new one, and nothing is to be done.
  const inUse = authorities.filter(({ subject }) => authorities.length === 1 || issuers.has(subject))
  const all: [Whose, CertificateFacts][] = [
    ...(certificate ? [['server', certificate] as [Whose, CertificateFacts]] : []),
    ['client', client],
    ...inUse.map((ca): [Whose, CertificateFacts] => ['ca', ca]),
  ]
  const steps = all.flatMap(([whose, facts]) => judge(whose, facts, { now, isGateway: attempt.gateway === true }))
  if (steps.length > 0) return steps
  const [first] = all.toSorted(([, one], [, other]) => one.validTo.getTime() - other.validTo.getTime())
  if (first === undefined) return []
  const [whose, { validTo }] = first
  const left = `${NAMES[whose]} expires first, in ${inWords(validTo.getTime() - now)}, on ${formatDate(validTo)}`
  const facts = { first: whose, validTo: validTo.toISOString() }
  if (certificate === undefined)
    return [unknown('expiry', `${left}; docker-mtls could not see the server's certificate`, facts)]
  return [ok('expiry', left, facts)]
}

interface At {
  readonly now: number
  readonly isGateway: boolean
}

function judge(whose: Whose, certificate: CertificateFacts, at: At): DetailedStep[] {
  const { now } = at
  const { validFrom, validTo } = certificate
  const end = expiryOf({ from: validFrom.getTime(), to: validTo.getTime() }, now)
  if (end === 'later') return []
  const time = inWords(validTo.getTime() - now)
  const expires = end === 'expired' ? `expired ${time} ago` : `expires in ${time}`
  const used = end === 'due' ? ', and has used two thirds of its lifetime' : ''
  return [
    warning('expiry', {
      code: end === 'due' ? 'CERTIFICATE_DUE' : 'CERTIFICATE_EXPIRES_SOON',
      finding: `${NAMES[whose]} (${certificate.subject}) ${expires}, on ${formatDate(validTo)}${used}`,
      remedy: remedyOf(whose, certificate, at),
      facts: { whose, certificate: certificateFacts(certificate) },
    }),
  ]
}

function remedyOf(whose: Whose, certificate: CertificateFacts, { now, isGateway }: At): Sentence {
  if (whose !== 'server') return renewalRemedy(certificate, now)
  return sentence`Renew it on the machine with the CA, then install it on the server with ${isGateway ? 'gateway' : 'daemon'} apply:  ${ours('cert', 'renew', '--server', '--probe')}`
}
