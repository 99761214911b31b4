import type { Duplex } from 'node:stream'
import { answerJson, streamOn } from '../forwarding/answer.ts'
import { forward } from '../forwarding/forward.ts'
import { join } from '../grpc/join.ts'
import type { InForce } from '../deciding/in-force.ts'
import { asksForVersion, knownVersions } from '../forwarding/served-version.ts'
import type { AskedRequest } from '../types.ts'
import type { ReadVerdict } from '../deciding/verdict.ts'
import { warningFields } from '../forwarding/warnings.ts'
import type { Exchange } from './exchange.ts'

/**
 * Sends a request to the daemon, and its answer to the client.
 *
 * @param again - called if the decision doesn't hold any more when there is a connection to the daemon
 */
export function send(
  exchange: Exchange,
  asked: AskedRequest,
  { send: instead, filterAnswer, until, holds, onlyDockerd }: InForce<ReadVerdict>,
  again: () => Promise<void>,
): void {
  const { shared, record, place, upgrade } = exchange
  const { request, connection } = exchange.arrived
  record.allowed()
  const { method = asked.method, target = asked.target } = instead ?? {}
  const body = instead?.body ?? asked.body
  const apply = asksForVersion(method, target) ? knownVersions(filterAnswer) : filterAnswer
  const answer = forward(
    shared.dispatcher,
    request,
    {
      caller: connection.key,
      onlyDockerd,
      method,
      target,
      body,
      upgrade,
      filter: apply && { apply, reserve: (bytes) => place.hold(bytes), inTurn: place.inTurn },
      served: shared.served,
    },
    {
      connected: () => {
        // For a connection, it can have waited as long as for anything else.
        if (!holds() || shared.check(connection)) return false
        exchange.until = until
        exchange.isFiltered = filterAnswer !== undefined
        if (body === 'unseen') exchange.continue()
        return true
      },
      stopped: () => {
        record.undecided()
        again().catch((error: unknown) => exchange.failed(error))
      },
      upgraded: (fields, socket) => switchTo(exchange, fields, socket),
      response: () => exchange.answer(),
      failed: (refused, error) => {
        shared.report({ event: 'failure', error })
        exchange.refuse(refused)
      },
    },
  )
  exchange.leave = () => answer.leave()
  if (request.socket.destroyed) answer.leave()
}

/** The daemon has switched protocols: joins its connection and the client's. */
function switchTo(exchange: Exchange, answered: string[], daemon: Duplex): void {
  const { shared, arrived, warnings, upgrade } = exchange
  daemon.on('error', () => {})
  const fields = [...answered, ...Object.entries(shared.served.fields).flat(), ...warningFields(warnings)]
  // A stream that the client cut isn't complete, nor is one that the daemon cut.
  exchange.leave = () => daemon.destroy()
  if (arrived.response) {
    arrived.connection.isEnding = true
    return streamOn(arrived.request, arrived.response, fields, daemon)
  }
  const client = arrived.request.socket
  exchange.status = 101
  const lines = fields.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${fields[index + 1]}`] : []))
  const head = ['HTTP/1.1 101 UPGRADED', ...lines, 'Connection: Upgrade', `Upgrade: ${upgrade}`, '', '']
  client.write(head.join('\r\n'), 'latin1')
  join(client, daemon, arrived, shared, (until) => (exchange.until = Math.min(exchange.until, until)))
}

/** Renews the certificate of the client, without the daemon. */
export async function renew(exchange: Exchange, { body }: AskedRequest, { renewFor }: ReadVerdict): Promise<void> {
  const { shared, arrived, record } = exchange
  const asked = { request: body === 'unseen' ? undefined : body, seconds: renewFor }
  const renewed = await shared.renew(arrived.connection, asked)
  if (exchange.isOver) return
  if ('status' in renewed) return exchange.refuse(renewed)
  record.allowed()
  answerJson(exchange.answer(), renewed)
}
