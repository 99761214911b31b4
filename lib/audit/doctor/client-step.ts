import { isDockerMtlsError } from '../../base/errors.ts'
import { sentence, type Sentence } from '../../base/sentence.ts'
import { codeOf } from '../../base/system-error.ts'
import { enumerate, formatDay } from '../../base/text.ts'
import { alertIn } from '../../transport/alerts.ts'
import { valueOf } from './deadline.ts'
import { failedBy, ok, type DetailedStep } from './step.ts'
import type { TlsEvidence } from './tls-evidence.ts'

/** Does the server accept our certificate? Its alert says why not, and often less than it knows. */
export function clientStep(evidence: TlsEvidence): DetailedStep {
  const { attempt, identity } = evidence
  const { client } = identity
  const accepted = acceptedNames(evidence)
  const seen = { client: client.subject, issuer: client.issuer, ...(accepted && { acceptedCas: accepted }) }
  if (attempt.error === undefined || attempt.peer !== undefined) {
    return ok('client', `the server accepts the certificate of ${client.commonName ?? client.subject}`, seen)
  }
  const alert = alertOf(attempt.error)
  const step = failedBy('client', attempt.error, { ...seen, ...(alert !== undefined && { alert }) })
  const why = reason(evidence, step, accepted)
  return why === undefined ? step : { ...step, finding: sentence`${step.finding}. ${why}` }
}

/** `certificate required`, as in RFC 8446 section 6. */
function alertOf(error: unknown): string | undefined {
  if (!isDockerMtlsError(error)) return undefined
  return alertIn(codeOf(error.cause))?.toLowerCase().replaceAll('_', ' ')
}

/** The CAs whose clients the server accepts; undefined if that isn't known. An empty list means any. */
export function acceptedNames({ server }: TlsEvidence): readonly string[] | undefined {
  const accepted = valueOf(server)?.acceptedAuthorities
  return accepted === undefined || typeof accepted === 'string' ? undefined : accepted.map(({ name }) => name)
}

function reason(
  { identity: { client } }: TlsEvidence,
  { code }: DetailedStep,
  accepted: readonly string[] | undefined,
): Sentence | undefined {
  if (code === 'ERR_CLIENT_CERT_EXPIRED') {
    return `By the clock of this machine, it is valid from ${formatDay(client.validFrom)} until ${formatDay(client.validTo)}, and now it is ${formatDay(new Date())}: one of the clocks is wrong, or a CA above it has expired`
  }
  if (code === 'ERR_CONNECTION_RESET' || code === 'ERR_CONNECTION_CLOSED') {
    return 'It did so after it had received our certificate, so it probably rejects it without saying why'
  }
  if (accepted === undefined) return undefined
  if (accepted.length === 0)
    return 'It names no CA of its own, so it accepts clients of the CAs of its system, and not of ours'
  if (!accepted.includes(client.issuer)) {
    return `It accepts clients of ${enumerate(accepted)}, and ours is of ${client.issuer}`
  }
  if (code !== 'ERR_CLIENT_CERT_UNTRUSTED') return undefined
  return `It accepts clients of a CA of the same name, ${client.issuer}, so that CA has another key: it was replaced`
}
