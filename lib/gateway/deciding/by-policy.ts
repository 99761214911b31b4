import type { X509Certificate } from 'node:crypto'
import { certificatesIn } from '../../identity/certificate.ts'
import { decideOpening } from '../../policy/calls/open.ts'
import type { Origin } from '../../identity/origin.ts'
import { decideAsking } from '../../policy/decide-asking.ts'
import { dependsOnBody, type Decision } from '../../policy/decide.ts'
import { detailsOf } from '../../policy/details/details.ts'
import type { Need } from '../../policy/facts.ts'
import type { Policy, PolicyRule } from '../../policy/file/types.ts'
import { reasonText, refusalText } from '../../policy/refusal-text.ts'
import type { Json, PolicyRequest, Reason } from '../../policy/request.ts'
import { identityOfCertificate, type PolicyIdentity } from '../../policy/who/identity.ts'
import { matchRule } from '../../policy/who/match.ts'
import { writeRequest } from '../../policy/writing.ts'
import { decidedBy, MOST_REASONS } from './decided.ts'
import { callsByPolicy } from '../grpc/by-policy.ts'
import type { CallJudge } from '../grpc/shared.ts'
import { missingOf } from './missing.ts'
import { RepeatedVerdicts } from './repeated-verdicts.ts'
import { isRenewal, RENEW_OPERATION } from '../renewal/path.ts'
import { nameAndKeyOf } from '../trust/trusted-ca.ts'
import type { AskedHead, AskedRequest, GatewayIdentity, RefusedPart, SentInstead, Verdict } from '../types.ts'

/** What decides in a gateway with a policy. */
export interface PolicyJudges {
  readonly authorize: (asked: AskedRequest) => Promise<Verdict>
  /** Not if it is refused, whatever is in the body. */
  readonly needsBody: (asked: AskedHead) => boolean
  readonly calls: CallJudge
}

/** What a policy needs to know of the CAs of the clients. */
interface ClientTrust {
  readonly tls: { readonly ca: string }
  /** The first certificate of a renewed one's line. */
  readonly renewedFrom: (certificate: X509Certificate) => Origin | undefined
}

/**
 * Decides by a policy.
 *
 * @param trust - the CAs of the clients, for rules that name the issuer. Omitted: a local socket
 */
export function byPolicy(policy: Policy, trust?: ClientTrust): PolicyJudges {
  const identityOf = identities(trust)
  const repeated = new RepeatedVerdicts(policy)
  return {
    authorize: (asked) => repeated.get(identityOf(asked.identity), asked, (one) => authorize(policy, identityOf, one)),
    needsBody: ({ identity, method, target, headers }) =>
      dependsOnBody(policy, identityOf(identity), { method, target, headers, isRewritten: true, at: new Date() }),
    calls: callsByPolicy(policy, identityOf),
  }
}

type IdentityOf = (identity: GatewayIdentity) => PolicyIdentity

function identities(trust: ClientTrust | undefined): IdentityOf {
  const authorities = certificatesIn(trust?.tls.ca ?? '', 'tls.ca')
  const known = new WeakMap<X509Certificate, PolicyIdentity>()
  return (identity) => {
    if ('socket' in identity) return identity
    const { certificate } = identity
    const read =
      known.get(certificate) ??
      withOrigin(identityOfCertificate(certificate, authorities), trust?.renewedFrom(certificate), authorities)
    known.set(certificate, read)
    return read
  }
}

async function authorize(policy: Policy, identityOf: IdentityOf, asked: AskedRequest): Promise<Verdict> {
  const at = new Date()
  const identity = identityOf(asked.identity)
  if (isRenewal(asked.target)) return mayRenew(matchRule(policy, identity, at))
  const { method, target, headers, body } = asked
  const request: PolicyRequest = { method, target, headers, isRewritten: true, at, ...(body !== undefined && { body }) }
  let ofExec: Json = null
  const inspect = async ({ kind, name }: Need): Promise<Json> => {
    const found = (await asked.inspect(kind, name)) as Json
    if (kind === 'exec') ofExec = found
    return found
  }
  const decision = decideOpening(policy, identity, request) ?? (await decideAsking(policy, identity, request, inspect))
  const details = decision.read && detailsOf(decision.read, ofExec)
  const decided = decidedBy({ ...decision, ...(details && { details }) })
  const notes = { decided, warnings: decision.warn.slice(0, MOST_REASONS).map(reasonText) }
  const { verdict, until, filterAnswer } = decision
  if (verdict !== 'allow') return { ...refused(decision), ...notes }
  return {
    allow: true,
    send: sendInstead(decision, body),
    ...(until !== undefined && { until: new Date(until) }),
    ...(filterAnswer && { filterAnswer: (answer) => filterAnswer(answer as Json) }),
    ...notes,
  }
}

/** A renewed certificate counts as one of the CA that issued the first of its line, by each certificate of that CA. */
export function withOrigin(
  identity: PolicyIdentity,
  origin: Origin | undefined,
  authorities: readonly X509Certificate[],
): PolicyIdentity {
  if (origin === undefined || !('certificate' in identity)) return identity
  const { issuerFingerprint256, fingerprint256: renewedFrom256 } = origin
  const ca = authorities.find(({ fingerprint256 }) => fingerprint256 === issuerFingerprint256)
  const same = ca ? authorities.filter((one) => nameAndKeyOf(one) === nameAndKeyOf(ca)) : []
  const issuers = new Set([issuerFingerprint256, ...same.map(({ fingerprint256 }) => fingerprint256)])
  return { certificate: { ...identity.certificate, issuerFingerprints256: [...issuers], renewedFrom256 } }
}

function mayRenew(rule: PolicyRule | undefined): Verdict {
  const by = rule && { rule: rule.name, level: rule.level.enforce }
  const decided = { operation: RENEW_OPERATION, ...by }
  if (rule?.renew) return { allow: true, renewFor: rule.renew.for, decided }
  const why =
    rule === undefined ? 'no rule of the policy is for you' : `the rule ${rule.name} has no  renew: { for: 8h }`
  return { allow: false, status: 403, code: 'RENEWAL_NOT_ALLOWED', message: `docker-mtls gateway: ${why}`, decided }
}

/** What was judged is what is sent. What can't be read goes on as it arrived: only `privileged` allows that. */
function sendInstead({ read }: Decision, body: AskedRequest['body']): SentInstead | undefined {
  if (read === undefined) return undefined
  const written = writeRequest(read)
  const { method, target } = written
  // A body that is seen and not written is one that dockerd ignores.
  if (written.body === undefined && (body === undefined || body === 'unseen')) return { method, target }
  return { method, target, body: Buffer.from(written.body ?? '') }
}

function refused(decision: Decision): Verdict {
  const { reasons } = decision
  const missing = missingOf(decision)
  // It says nothing of the rest.
  if (missing)
    return {
      allow: false,
      status: missing.status,
      code: missing.code,
      message: missing.message,
      reasons: [partOf(missing)],
    }
  return {
    allow: false,
    status: 403,
    code: reasons[0]?.code ?? 'REFUSED',
    message: `docker-mtls gateway: ${refusalText(decision)}`,
    reasons: reasons.slice(0, MOST_REASONS).map(partOf),
  }
}

function partOf({ code, where, got }: Reason): RefusedPart {
  return { code, message: got, ...(where !== undefined && where !== '' && { where }) }
}
