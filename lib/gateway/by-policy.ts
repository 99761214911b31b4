import type { X509Certificate } from 'node:crypto'
import { certificatesIn } from '../identity/certificate.ts'
import { decideAsking } from '../policy/decide-asking.ts'
import type { Decision } from '../policy/decide.ts'
import type { Policy } from '../policy/file/types.ts'
import { refusalText } from '../policy/refusal-text.ts'
import type { Json } from '../policy/request.ts'
import { identityOfCertificate, type PolicyIdentity } from '../policy/who/identity.ts'
import { writeRequest } from '../policy/writing.ts'
import type { AskedRequest, GatewayIdentity, SentInstead, Verdict } from './types.ts'

/**
 * Decides by a policy.
 *
 * @param ca - the CAs of the clients, as PEM; for rules that name the issuer
 */
export function byPolicy(policy: Policy, ca: string = ''): (asked: AskedRequest) => Promise<Verdict> {
  const authorities = certificatesIn(ca, 'tls.ca')
  const known = new WeakMap<X509Certificate, PolicyIdentity>()
  const identityOf = (identity: GatewayIdentity): PolicyIdentity => {
    if ('socket' in identity) return identity
    const { certificate } = identity
    const read = known.get(certificate) ?? identityOfCertificate(certificate, authorities)
    known.set(certificate, read)
    return read
  }
  return async (asked) => {
    const { method, target, headers, body } = asked
    const request = { method, target, headers, ...(body !== undefined && { body }) }
    const decision = await decideAsking(
      policy,
      identityOf(asked.identity),
      request,
      async ({ kind, name }) => (await asked.inspect(kind, name)) as Json,
    )
    return decision.verdict === 'allow' ? { allow: true, send: sendInstead(decision, body) } : refused(decision)
  }
}

/** What was judged is what is sent. What can't be read goes on as it arrived: only `privileged` allows that. */
function sendInstead({ read }: Decision, body: AskedRequest['body']): SentInstead | undefined {
  if (read === undefined) return undefined
  const written = writeRequest(read)
  const { method, target } = written
  if (body === undefined || body === 'unseen') return { method, target }
  return { method, target, body: Buffer.from(written.body ?? '') }
}

function refused(decision: Decision): Verdict {
  return {
    allow: false,
    status: 403,
    code: decision.reasons[0]?.code ?? 'REFUSED',
    message: `docker-mtls gateway: ${refusalText(decision)}`,
  }
}
