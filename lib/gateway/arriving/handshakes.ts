import type { Server } from 'node:https'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { groupBy } from '../../base/group-by.ts'
import { codeOf } from '../../base/system-error.ts'
import { addressOf, type Remote } from './connections.ts'
import type { GatewayEvent } from '../events.ts'

/** How many connections may be in their handshake at a time. It takes milliseconds, and strangers have no other limit. */
const MOST_PENDING = 500

/**
 * Limits the connections whose client hasn't shown its certificate yet. If there are more, the oldest one of the address that has most of
 * them makes room: so a stranger who opens thousands of silent connections neither takes all file descriptors, nor keeps a client of
 * another address out.
 */
export function limitHandshakes(server: Server): void {
  const most = Math.min(MOST_PENDING, server.maxConnections / 4)
  const pending = new Map<string, Socket>()
  server.on('connection', (socket: Socket) => {
    const place = placeOf(socket)
    pending.set(place, socket)
    socket.once('close', () => {
      // Another connection may come from the same port by now.
      if (pending.get(place) === socket) pending.delete(place)
    })
    if (pending.size <= most) return
    const [oldest, silent] = oldestOfBusiest(pending)
    if (oldest !== undefined) pending.delete(oldest)
    silent?.destroy()
  })
  server.on('secureConnection', (socket: TLSSocket) => pending.delete(placeOf(socket)))
}

/** The event for a connection that can't carry a request. */
export function refusedHandshake(reason: string, from: Remote = {}): GatewayEvent {
  const address = addressOf(from)
  return { event: 'handshake refused', reason, ...(address !== undefined && { address }) }
}

/** Why a handshake failed, for events. */
export function failedHandshake(error: Error, socket: TLSSocket): GatewayEvent {
  const code = codeOf(error)
  return refusedHandshake(String(socket.authorizationError ?? (code === '' ? error.message : code)), socket)
}

function oldestOfBusiest(pending: ReadonlyMap<string, Socket>): readonly [string, Socket] | readonly [] {
  const byAddress = groupBy(pending, ([, { remoteAddress }]) => remoteAddress)
  const [busiest = []] = [...byAddress.values()].toSorted((one, other) => other.length - one.length)
  return busiest[0] ?? []
}

/** The same for a connection of TCP and that of TLS on it: Node.js doesn't say which belong together. */
function placeOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(' ')
}
