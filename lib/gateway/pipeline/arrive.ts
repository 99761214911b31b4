import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { isForCertificate, refusal, type Refusal } from '../refusal.ts'
import { screen } from '../arriving/screening.ts'
import type { Exchange } from './exchange.ts'

/** Why a request doesn't count, which came behind the last one of its connection, or behind too many. */
export function whyNotExpected({ arrived: { connection, response } }: Exchange): string | undefined {
  // The client's next request comes with the certificate that it has by then.
  if (response && connection.peer?.endsSoon(Date.now())) response.shouldKeepAlive = false
  const unexpected = connection.unexpected()
  if (unexpected === undefined && response?.shouldKeepAlive === false) connection.isEnding = true
  return unexpected
}

/**
 * Not carried out, and not answered: it came behind the last request of a connection, so that nobody would learn what became of it
 * (RFC 9112, section 9.6), or behind too many. Or it is an upgrade that came before the end of an answer, from which it would take the
 * connection over. No Docker client sends any of these.
 */
export function drop(exchange: Exchange, why: string): void {
  const { shared, arrived, record } = exchange
  record.refused(shared.check(arrived.connection) ?? refusal(400, 'MALFORMED_REQUEST', why))
  if (arrived.response === undefined) arrived.request.socket.destroy()
  exchange.reportEnd()
}

/** Counts a request against the limits of its client until it ends, and screens it. */
export function limit(exchange: Exchange): Refusal | undefined {
  const { shared, place } = exchange
  const { request, response, connection } = exchange.arrived
  const unwelcome = shared.check(connection)
  // A refused certificate doesn't count against the limits of the client's new certificate.
  const isFree = !isForCertificate(unwelcome?.code) && place.take()
  connection.open.add(exchange)
  whenClosed([request.socket, ...(response ? [response] : [])], () => exchange.end())
  return (
    unwelcome ?? screen(request, response === undefined) ?? (isFree ? undefined : shared.quotas.refuse(exchange.kind))
  )
}

/** Calls it once, when one of them closes. Node emits no 'close' on the answer of a request that waits behind another on its connection. */
function whenClosed(streams: readonly (ServerResponse | Socket)[], then: () => void): void {
  let isClosed = false
  const closed = (): void => {
    // An event that is being emitted still reaches a listener that was removed.
    if (isClosed) return
    isClosed = true
    for (const stream of streams) stream.off('close', closed)
    then()
  }
  for (const stream of streams) stream.once('close', closed)
  if (streams.some(({ destroyed }) => destroyed)) closed()
}
