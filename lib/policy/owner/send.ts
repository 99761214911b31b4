import type { Facts } from '../facts.ts'
import type { Json, ReadRequest } from '../request.ts'
import { OWNED_OPERATIONS } from './operations.ts'

/** What becomes of an allowed request of an owner. */
export interface SentForOwner {
  readonly read?: ReadRequest
  readonly mustSendRead?: true
  readonly filterAnswer?: (answer: Json) => Json
}

/** What is sent for an owner, and what the owner gets of the answer. */
export function sendForOwner(read: ReadRequest, owner: string, facts: Facts): SentForOwner {
  const { send, answer, answerWith } = OWNED_OPERATIONS[read.operation.name] ?? {}
  const sent = send?.(read, owner, facts) ?? read
  const isFiltered = answerWith === undefined || read.query.has(answerWith)
  return {
    ...(sent !== read && { read: sent, mustSendRead: true }),
    ...(answer && isFiltered && { filterAnswer: (value: Json) => answer(value, owner, read) }),
  }
}
