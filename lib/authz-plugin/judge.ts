import { X509Certificate } from 'node:crypto'
import { isOver, readDate } from '../identity/dates.ts'
import type { Policy } from '../policy/file/types.ts'
import { decideAsking } from '../policy/decide-asking.ts'
import type { Decision } from '../policy/decide.ts'
import type { Need } from '../policy/facts.ts'
import { refusalText } from '../policy/refusal-text.ts'
import type { Json, PolicyRequest, Reason } from '../policy/request.ts'
import { identityOfCertificate, type PolicyIdentity } from '../policy/who/identity.ts'
import { AmbiguousName } from './inspect.ts'
import { requestOf, type Question } from './question.ts'

/** By what the plugin judges. */
export interface Grounds {
  /** Undefined: it is invalid, and everything is refused. */
  readonly policy: Policy | undefined
  /** The name of whoever has no certificate. Undefined: nobody may do without one. */
  readonly localName: string | undefined
  /** Certificates of CAs, for rules that name an issuer. */
  readonly authorities: readonly X509Certificate[]
  /** Asks the daemon about something that a request names. */
  readonly inspect: (need: Need) => Promise<Json>
}

/** What the plugin says of a request. */
export interface Judgement {
  /** Undefined: it is allowed. */
  readonly refusal: string | undefined
  /** When the certificate or the rule ends that allows it, in milliseconds. */
  readonly until: number
}

/** Judges a request. */
export async function judge(question: Question, grounds: Grounds): Promise<Judgement> {
  const { policy, inspect } = grounds
  if (policy === undefined) return refused(NO_POLICY)
  const at = new Date()
  const caller = callerOf(question, grounds, at)
  if (typeof caller === 'string') return refused(caller)
  try {
    const request = { ...requestOf(question), at }
    const decision = await decideAsking(policy, caller.identity, request, inspect)
    if (decision.verdict !== 'allow') return refused(refusalText(decision))
    const hidden = hiddenFrom(decision, request)
    if (hidden) return refused(refusalText({ ...decision, reasons: [hidden] }))
    const { until } = decision
    return { refusal: undefined, until: Math.min(caller.until, until === undefined ? Infinity : Date.parse(until)) }
  } catch (error) {
    if (error instanceof AmbiguousName) return refused(refusalText({ reasons: [error.reason] }))
    throw error
  }
}

const refused = (refusal: string): Judgement => ({ refusal, until: Infinity })

const NO_POLICY =
  "the policy file of docker-mtls authz-plugin can't be used, so it refuses everything; correct the file on the host of the daemon"
const NO_CERTIFICATE =
  'this request has no client certificate, and docker-mtls authz-plugin runs without --local-name (IDENTITY_UNKNOWN)'
const EXPIRED = 'the client certificate has expired, or is not valid yet (CERTIFICATE_EXPIRED)'

/** Who asks, until when, or why nobody can. dockerd has verified the certificates in the handshake, which may have been long ago. */
function callerOf(
  { certificates, hasUser }: Question,
  { localName, authorities }: Grounds,
  now: Date,
): { readonly identity: PolicyIdentity; readonly until: number } | string {
  const [own] = certificates
  if (own === undefined)
    return localName === undefined || hasUser ? NO_CERTIFICATE : { identity: { socket: localName }, until: Infinity }
  const certificate = new X509Certificate(own)
  const [from, to] = [certificate.validFrom, certificate.validTo].map((date) => readDate(date).getTime()) as [
    number,
    number,
  ]
  const isCurrent = from <= now.getTime() && !isOver(to, now.getTime())
  return isCurrent ? { identity: identityOfCertificate(certificate, authorities), until: to } : EXPIRED
}

/** Their bodies are archives, which dockerd doesn't show, and their queries are judged. */
const ARCHIVES: ReadonlySet<string> = new Set(['images.build', 'images.import'])

/**
 * What the plugin can't see of a request that its policy allows. If the header field Content-Type occurs twice, dockerd reads the
 * first and passes the last: it could take the body for a form, whose values go before those of the query.
 */
function hiddenFrom(
  { level, operation = '', mustSendRead, filterAnswer }: Decision,
  { body }: PolicyRequest,
): Reason | undefined {
  if (mustSendRead || filterAnswer) {
    const got = 'a plugin can neither add the label of an owner nor filter an answer. Use the gateway'
    return { code: 'OWNER_UNSUPPORTED', where: '', got }
  }
  // No client sends a body with a pull.
  const isHidden = ARCHIVES.has(operation) || (operation === 'images.pull' && body !== undefined)
  if (level === 'privileged' || !isHidden) return undefined
  const got = 'dockerd shows a plugin the last of several, and could read this archive as a form. Use the gateway'
  return { code: 'MEDIA_TYPE', where: 'the header Content-Type', got }
}
