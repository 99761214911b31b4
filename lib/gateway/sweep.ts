import type { Connection } from './arriving/connections.ts'
import type { GatewayEvent } from './events.ts'
import { isForCertificate, type Refusal } from './refusal.ts'

/** How often open streams are checked for expired and revoked certificates, and for rules that have ended, in milliseconds. */
export const SWEEP_MS = 500

/**
 * Cuts what belongs to clients that may not connect any more, or whose rule or grant has ended, and gives their places back. A missing
 * revocation list ends no stream. An idle connection stays, so that its next request gets the reason.
 *
 * @param check - says why a connection may send no more requests
 */
export function sweep(
  connections: Iterable<Connection>,
  check: (connection: Connection) => Refusal | undefined,
  report: (event: GatewayEvent) => void,
): void {
  const now = Date.now()
  for (const connection of connections) {
    connection.probe()
    const refused = check(connection)
    if (isForCertificate(refused?.code) && !connection.isApart) connection.release()
    const isOut = connection.isForwarding && refused?.status === 403
    const reason = isOut ? refused.code : connection.hasEnded(now) && 'RULE_ENDED'
    // Its socket closes in a later turn of the event loop.
    if (!reason || connection.isCut) continue
    report({ event: 'cut', ...connection.caller, reason })
    connection.cut()
  }
}
