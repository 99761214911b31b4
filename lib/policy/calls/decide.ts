import { noRule, type Decision } from '../decide.ts'
import type { Level, Policy } from '../file/types.ts'
import type { RequestDetails } from '../details/types.ts'
import type { Judged } from '../judging/finding.ts'
import { Unreadable } from '../reading/unreadable.ts'
import { reasonsOfCall } from '../reasons.ts'
import type { Reason } from '../request.ts'
import type { PolicyIdentity } from '../who/identity.ts'
import { matchRule } from '../who/match.ts'
import { isUsual, METHODS, type Metadata, type Method, type OwnId } from './methods.ts'
import { readMessage, writeMessage, type Message } from './wire.ts'

/** A call of gRPC, as it arrived. */
export interface Call {
  /** `/moby.buildkit.v1.Control/Solve`. */
  readonly path: string
  readonly metadata: Metadata
  /** When it arrived. */
  readonly at: Date
  /** Omitted: it hasn't one message, but a stream of them. */
  readonly message?: Uint8Array
}

/** What a policy says about a call. */
export interface CallDecision extends Pick<
  Decision,
  'rule' | 'level' | 'until' | 'operation' | 'reasons' | 'audit' | 'warn'
> {
  readonly verdict: 'allow' | 'refuse'
  /** The message to send: what was judged. Omitted: the call has a stream. */
  readonly message?: Uint8Array
  /** What the caller must have opened, or nothing of it may be sent. */
  readonly uses: readonly OwnId[]
  /** What belongs to the caller if the daemon accepts the call. */
  readonly opens?: OwnId
  /** Reads a message of the answer. Omitted: the caller gets the answer as it is. */
  readonly answer?: Method['answer']
  /** What the build is about, for a log. */
  readonly details?: RequestDetails
}

/** Whether a call has one message, which is judged, or a stream. */
export const hasOneMessage = (path: string): boolean =>
  Object.hasOwn(METHODS, path) && METHODS[path]?.input === undefined

/** Decides whether a caller may make a call to BuildKit. */
export function decideCall(policy: Policy, identity: PolicyIdentity, call: Call): CallDecision {
  const rule = matchRule(policy, identity, call.at)
  if (rule === undefined) {
    return { verdict: 'refuse', reasons: [noRule(policy, identity)], audit: [], warn: [], uses: [] }
  }
  const { enforce, audit, warn } = rule.level
  const { operation, reasonsAt, message: judged = call.message, uses = [], opens, answer, details } = readCall(call)
  const at = (level: Level | undefined): readonly Reason[] =>
    level === undefined || level === 'privileged' ? [] : reasonsAt({ level, rule })
  const reasons = at(enforce)
  const isRoot = enforce === 'privileged'
  // Who is root anyway may send what docker-mtls can't read.
  const message = isRoot ? call.message : judged
  return {
    rule: rule.name,
    level: enforce,
    ...(rule.until !== undefined && { until: rule.until }),
    ...(operation !== undefined && { operation }),
    verdict: reasons.length > 0 ? 'refuse' : 'allow',
    reasons,
    audit: at(audit),
    warn: at(warn),
    ...(reasons.length === 0 && message && { message }),
    uses: isRoot ? [] : uses,
    ...(opens && { opens }),
    ...(answer && !isRoot && { answer }),
    ...(details && { details }),
  }
}

interface ReadCall extends Partial<
  Pick<CallDecision, 'operation' | 'message' | 'uses' | 'opens' | 'answer' | 'details'>
> {
  readonly reasonsAt: (on: Parameters<typeof reasonsOfCall>[2]) => readonly Reason[]
}

function readCall(call: Call): ReadCall {
  const method = Object.hasOwn(METHODS, call.path) ? METHODS[call.path] : undefined
  const got = 'it is no method of BuildKit that docker-mtls knows'
  if (method === undefined) return { reasonsAt: () => [{ code: 'OPERATION_UNKNOWN', where: 'the path', got }] }
  const { operation, isRefused: why } = method
  if (why !== undefined)
    return { operation, reasonsAt: () => [{ code: 'OPERATION_REFUSED', where: 'the path', got: why }] }
  try {
    return { operation, ...readKnown(call, method) }
  } catch (error) {
    if (error instanceof Unreadable) return { operation, reasonsAt: () => [error.reason] }
    throw error
  }
}

/** A build has a session for each of its folders. */
const MOST_USES = 100

const NOTHING: Message = {}

function readKnown(call: Call, method: Method): ReadCall {
  const { operation, shape, judge, rewrite, also, uses, opens, answer, details } = method
  const read = shape && readMessage(call.message ?? new Uint8Array(), shape)
  const message = (read && rewrite?.(read)) ?? read ?? NOTHING
  const operations = [operation, ...(also?.(message) ?? [])]
  const judged: readonly Judged[] = [...(judge?.(message) ?? [])]
  const opened = opens?.(message, call.metadata)
  const about = details?.(message)
  const used = uses?.(message, call.metadata) ?? []
  if (used.length > MOST_USES) throw new Unreadable('BODY_TOO_LARGE', 'the message', 'it names too many sessions')
  // Nobody has opened what has no name.
  for (const id of [...used.filter((one) => one.id !== ''), ...(opened ? [opened] : [])])
    if (!isUsual(id)) throw new Unreadable('BODY_INVALID', 'the message', `its ${id.kind} has no usual id`)
  return {
    reasonsAt: (on) => reasonsOfCall(operations, judged, on),
    ...(shape && { message: writeMessage(message, shape) }),
    operation: operations.at(-1) ?? operation,
    uses: used,
    ...(opened && { opens: opened }),
    ...(answer && { answer }),
    ...(about && { details: about }),
  }
}
