import type { Call, CallDecision } from '../../policy/calls/decide.ts'
import type { OwnId } from '../../policy/calls/methods.ts'
import type { FairScheduler } from '../../base/fair-scheduler.ts'
import type { Connection } from '../arriving/connections.ts'
import type { GatewayEvent, RequestBegan } from '../events.ts'
import type { GatewayLimits } from '../options.ts'
import type { Quotas } from '../arriving/quota.ts'
import type { Refusal } from '../refusal.ts'
import type { Decided } from '../types.ts'
import type { OwnIds } from './own-ids.ts'

/** What a policy says about a call. */
export interface CallVerdict {
  readonly refused: Refusal | undefined
  readonly decided: Decided
  readonly warnings: readonly string[]
  readonly message: Uint8Array | undefined
  readonly uses: readonly OwnId[]
  readonly opens: OwnId | undefined
  /** Reads a message of the answer, of which the caller gets what is about its own builds. */
  readonly answer: CallDecision['answer']
  /** When the rule ends, in milliseconds. */
  readonly until: number
}

/** Judges the calls of clients. */
export interface CallJudge {
  /** Whether this caller's calls are judged. Otherwise its connection is the daemon's. */
  readonly judges: (identity: Connection['identity']) => boolean
  readonly hasOneMessage: (path: string) => boolean
  readonly judge: (identity: Connection['identity'], call: Omit<Call, 'at'>) => CallVerdict
}

/** What all requests and calls of a gateway share. */
export interface SharedByCalls {
  /** The judge of the current policy. Each change of the policy creates another one. Undefined: a function decides about requests, and calls aren't judged. */
  readonly calls: () => CallJudge | undefined
  readonly ownIds: OwnIds
  readonly limits: Required<GatewayLimits>
  readonly quotas: Quotas
  readonly scheduler: FairScheduler
  /** Whether the connection may still send requests. */
  readonly check: (connection: Connection) => Refusal | undefined
  readonly report: (event: GatewayEvent) => void
  /** Reports a request that the daemon is about to get, and says why it must not get it: it can't be logged. */
  readonly begin: (event: RequestBegan) => Promise<Refusal | undefined>
}
