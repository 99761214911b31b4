import { decideCall, hasOneMessage, type CallDecision } from '../../policy/calls/decide.ts'
import { judgesCalls } from '../../policy/calls/open.ts'
import type { Policy } from '../../policy/file/types.ts'
import { reasonText, refusalText } from '../../policy/refusal-text.ts'
import type { PolicyIdentity } from '../../policy/who/identity.ts'
import { decidedBy, MOST_REASONS } from '../deciding/decided.ts'
import type { Refusal } from '../refusal.ts'
import type { GatewayIdentity } from '../types.ts'
import type { CallJudge } from './shared.ts'

/** Judges the calls of clients by a policy. */
export function callsByPolicy(policy: Policy, identityOf: (identity: GatewayIdentity) => PolicyIdentity): CallJudge {
  return {
    judges: (identity) => judgesCalls(policy, identityOf(identity), new Date()),
    hasOneMessage,
    judge: (identity, call) => {
      const decision = decideCall(policy, identityOf(identity), { ...call, at: new Date() })
      return {
        refused: decision.verdict === 'allow' ? undefined : refusalOf(decision),
        decided: decidedBy(decision),
        warnings: decision.warn.slice(0, MOST_REASONS).map(reasonText),
        message: decision.message,
        uses: decision.uses,
        opens: decision.opens,
        answer: decision.answer,
        until: decision.until === undefined ? Infinity : Date.parse(decision.until),
      }
    },
  }
}

function refusalOf(decision: CallDecision): Refusal {
  const code = decision.reasons[0]?.code ?? 'REFUSED'
  return { status: 403, code, message: `docker-mtls gateway: ${refusalText(decision)}` }
}
