import { DockerApiError, isDockerMtlsError } from '../../base/errors.ts'
import { sentence, type Sentence } from '../../base/sentence.ts'
import { codeOf } from '../../base/system-error.ts'
import { enumerate, formatDay } from '../../base/text.ts'
import { alertIn } from '../../transport/alerts.ts'
import { valueOf } from './deadline.ts'
import { failedBy, ok, type DetailedStep } from './step.ts'
import { failedStep } from './tls-faults.ts'
import type { TlsEvidence } from './tls-evidence.ts'

/** Does the server accept our certificate? Its alert says why not, and often less than it knows. */
export function clientStep(evidence: TlsEvidence): DetailedStep {
  const { attempt, identity } = evidence
  const { client } = identity
  const accepted = acceptedNames(evidence)
  const seen = { client: client.subject, issuer: client.issuer, ...(accepted && { acceptedCas: accepted }) }
  if (attempt.error instanceof DockerApiError && failedStep(evidence) === 'client') {
    return failedBy('client', attempt.error, { ...seen, gateway: true, reason: attempt.error.gatewayReason })
  }
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
    return `Your certificate is valid from ${formatDay(client.validFrom)} until ${formatDay(client.validTo)}, and the clock of this machine says ${formatDay(new Date())}: one of the clocks is wrong, or the CA has expired`
  }
  if (code === 'ERR_CONNECTION_RESET' || code === 'ERR_CONNECTION_CLOSED') {
    return 'This happened after the server had received your certificate, so it probably rejects it without saying why'
  }
  if (accepted === undefined) return undefined
  if (accepted.length === 0)
    return 'The server names no CA, so it accepts only clients of CAs that its system trusts, and yours is not one of them'
  if (!accepted.includes(client.issuer)) {
    return `The server accepts clients of ${enumerate(accepted)}, but your certificate is of ${client.issuer}`
  }
  if (code !== 'ERR_CLIENT_CERT_UNTRUSTED') return undefined
  return `The server accepts clients of a CA with the same name, ${client.issuer}, but with another key: the CA was replaced`
}
