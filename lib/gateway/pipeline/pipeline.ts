import { answerJson } from '../forwarding/answer.ts'
import { decideInForce } from '../deciding/in-force.ts'
import { answerOf } from '../deciding/question.ts'
import { isRenewal } from '../renewal/path.ts'
import { ONLY_POST } from '../refusal.ts'
import type { Arrived, Shared } from '../shared.ts'
import type { AskedRequest } from '../types.ts'
import { drop, limit, whyNotExpected } from './arrive.ts'
import { decide } from './decide.ts'
import { Exchange } from './exchange.ts'
import { read } from './read.ts'
import { renew, send } from './send.ts'

/**
 * What a request passes, from top to bottom. Until `limit` has counted it, a plain request waits for nothing: the next one on its
 * connection could come in between.
 */
export async function serve(shared: Shared, arrived: Arrived): Promise<void> {
  const exchange = new Exchange(shared, arrived)
  const unexpected = whyNotExpected(exchange) ?? (arrived.response ? undefined : await whyNotIdle(exchange))
  if (unexpected !== undefined) return drop(exchange, unexpected)
  const refused = limit(exchange)
  if (refused) return exchange.refuse(refused)
  try {
    await proceed(exchange)
  } catch (error) {
    exchange.failed(error)
  }
}

/** An upgrade takes the connection over, so every answer on it has to be complete. */
async function whyNotIdle({ arrived }: Exchange): Promise<string | undefined> {
  const isIdle = await arrived.connection.becomesIdle()
  return isIdle ? undefined : 'it came before the end of the answer before'
}

async function proceed(exchange: Exchange): Promise<void> {
  await carryOut(exchange, await read(exchange))
}

/** Decides, and does what was decided. Once more, if the policy changes before the daemon gets the request. */
async function carryOut(exchange: Exchange, asked: AskedRequest): Promise<void> {
  const { shared } = exchange
  const verdict = await decideInForce(shared.calls, () => decide(exchange, asked))
  if (verdict === undefined || exchange.isOver) return
  // The policy has changed since. What nobody has read goes to no daemon.
  if (exchange.isUnread && (!verdict.refused || shared.needsBody(asked))) return proceed(exchange)
  if (asked.isQuestion) return answerJson(exchange.answer(), answerOf(verdict))
  if (verdict.refused) return exchange.refuse(verdict.refused)
  if (!isRenewal(asked.target)) return send(exchange, asked, verdict, () => carryOut(exchange, asked))
  if (asked.method !== 'POST') return exchange.refuse(ONLY_POST)
  return renew(exchange, asked, verdict)
}
