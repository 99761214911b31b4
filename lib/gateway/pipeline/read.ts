import { hasBody, isJson, readBody, tooLarge } from '../arriving/body.ts'
import { headOf } from '../forwarding/fields.ts'
import { askedBy, isQuestion } from '../deciding/question.ts'
import { isRenewal, MOST_REQUEST_BYTES } from '../renewal/path.ts'
import type { AskedHead, AskedRequest } from '../types.ts'
import type { Exchange } from './exchange.ts'

/** What is decided about: the request, with its body if that is JSON and counts, or the request that a question is about. */
export async function read(exchange: Exchange): Promise<AskedRequest> {
  const { request } = exchange.arrived
  const head: AskedHead = {
    ...headOf(exchange.arrived),
    upgrade: exchange.upgrade,
    inspect: (kind, name) => exchange.inspections.inspect(kind, name),
  }
  const found = await bodyOf(exchange, head)
  const body = found?.length === 0 ? undefined : (found ?? (hasStream(exchange) ? 'unseen' : undefined))
  return { ...head, body, ...(isQuestion(request) && askedBy(request, body)) }
}

function hasStream({ arrived, upgrade }: Exchange): boolean {
  // docker-modem announces a chunked body for an attach, and sends none before the connection is switched.
  return upgrade === undefined && hasBody(arrived.request)
}

/** Undefined: there is none, or it is a stream, or nobody has to know it. */
async function bodyOf(exchange: Exchange, head: AskedHead): Promise<Buffer | undefined> {
  const { shared, place, upgrade } = exchange
  const { request } = exchange.arrived
  const announced = request.headers['content-length']
  const isRenewing = isRenewal(request.url)
  const isRead = hasBody(request) && (isRenewing || isJson(request))
  if (upgrade === undefined ? !isRead : Number(announced ?? 0) === 0) return undefined
  exchange.isUnread = exchange.isUnread === undefined && !isQuestion(request) && !shared.needsBody(head)
  if (exchange.isUnread) return undefined
  exchange.continue()
  const bytes = isRenewing ? MOST_REQUEST_BYTES : shared.limits.bodyBytes
  if (Number(announced ?? 0) > bytes) throw tooLarge(bytes)
  const limits = { bytes, milliseconds: shared.limits.bodyTimeout, reserve: (more: number) => place.hold(more) }
  // Node leaves the body of a request for an upgrade on the connection.
  return upgrade === undefined
    ? readBody(request, undefined, limits)
    : readBody(request.socket, Number(announced), limits)
}
