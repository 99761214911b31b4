import { BodyRefused, readBytes, tooMany } from '../arriving/body.ts'
import { refuseForeignSession } from '../grpc/join.ts'
import { Inspections } from '../deciding/inspections.ts'
import { isQuestion } from '../deciding/question.ts'
import { undecided } from '../refusal.ts'
import type { AskedRequest } from '../types.ts'
import { readVerdict, refuseWith, type ReadVerdict } from '../deciding/verdict.ts'
import type { Exchange } from './exchange.ts'

/** Asks the policy or function, and waits for everything else that has a say. Undefined: nothing may follow. */
export async function decide(exchange: Exchange, asked: AskedRequest): Promise<ReadVerdict | undefined> {
  const tooNew = await exchange.shared.served.refuseNewer(asked.target)
  const verdict = tooNew ? refuseWith(tooNew) : await authorize(exchange, asked)
  if (verdict === undefined || exchange.isOver) return undefined
  return verdict.refused || isQuestion(exchange.arrived.request) ? verdict : admit(exchange, asked, verdict)
}

async function authorize(exchange: Exchange, asked: AskedRequest): Promise<ReadVerdict | undefined> {
  const { shared, place, record } = exchange
  const inspections = (exchange.inspections = new Inspections(shared, exchange.arrived.connection.key))
  try {
    const verdict = readVerdict(
      await shared.authorize(asked, (judge) => place.inTurn((outside) => hold(exchange, asked, () => judge(outside)))),
    )
    record.decided(verdict.decided)
    exchange.warnings = verdict.warnings
    return verdict
  } catch (error) {
    if (error instanceof BodyRefused) {
      if (!exchange.hasEnded) exchange.failed(error)
      return undefined
    }
    shared.report({ event: 'failure', error })
    exchange.refuse(undecided(error))
    return undefined
  } finally {
    inspections.end()
  }
}

/** In its turn, so that a flood of refused bodies takes no more time than others. */
function hold<T>(exchange: Exchange, { body }: AskedRequest, judge: () => Promise<T>): Promise<T> {
  if (body === undefined || body === 'unseen' || exchange.isHeld) return judge()
  if (!exchange.place.hold(readBytes(body))) throw tooMany()
  exchange.isHeld = true
  return judge()
}

/** Of what is allowed: counts it as what is sent, looks for sessions of other clients, and logs that it begins. */
async function admit(exchange: Exchange, asked: AskedRequest, verdict: ReadVerdict): Promise<ReadVerdict | undefined> {
  const { shared, arrived, place, record } = exchange
  // The path of a short request can be written as that of none.
  const { method = asked.method, target = asked.target } = verdict.send ?? {}
  const kind = exchange.kindOf(method, target)
  if (!place.change(kind)) return { ...verdict, refused: shared.quotas.refuse(kind) }
  const foreign = await refuseForeignSession(verdict.decided, target, arrived, shared)
  if (exchange.isOver) return undefined
  if (foreign) return { ...verdict, refused: foreign }
  const failed = isRead(exchange, method) ? undefined : await (exchange.begun ??= shared.begin(record.beginning()))
  // It may have been revoked in the meantime.
  return { ...verdict, refused: failed ?? shared.check(arrived.connection) }
}

/** It changes nothing, and the daemon answers at once. */
function isRead({ kind }: Exchange, method: string): boolean {
  return kind === 'requests' && (method === 'GET' || method === 'HEAD')
}
