import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { pipeBothWays } from '../../interop/tunnel.ts'
import { isId, type OwnId } from '../../policy/calls/methods.ts'
import type { Connection } from '../arriving/connections.ts'
import { refusal, type Refusal } from '../refusal.ts'
import type { Decided } from '../types.ts'
import { withoutEmptyBody } from './empty-body.ts'
import { serveCalls } from './serve.ts'
import type { SharedByCalls } from './shared.ts'

/** A request that has switched to another protocol. */
interface Switched {
  readonly connection: Connection
  readonly request: IncomingMessage
}

/**
 * Joins the two connections of a request that has switched to another protocol. Calls to BuildKit are judged, one by one.
 *
 * @param limit - called with the end of each rule that allows a call
 */
export function join(
  client: Duplex,
  daemon: Duplex,
  { connection, request }: Switched,
  shared: SharedByCalls,
  limit: (until: number) => void,
): void {
  const calls = shared.calls()
  const { url = '', headers } = request
  const isH2c = headers.upgrade?.toLowerCase() === 'h2c'
  if (isH2c && /\/grpc(?:\?|$)/.test(url) && calls?.judges(connection.identity)) {
    serveCalls(client, daemon, { ...shared, connection, limit }).catch((error: unknown) => {
      shared.report({ event: 'failure', error })
      client.destroy()
      daemon.destroy()
    })
    return
  }
  const session = isH2c ? sessionOf(request) : undefined
  if (session && shared.ownIds.add(connection.key, session) === undefined) {
    daemon.once('close', () => shared.ownIds.remove(connection.key, session))
  }
  const isChunked = isH2c && headers['transfer-encoding'] !== undefined
  pipeBothWays(client, daemon, isChunked ? withoutEmptyBody() : undefined)
}

/** The session that a request `POST /session` opens. With several values, it is not known which one dockerd reads. */
function sessionOf({ headersDistinct }: IncomingMessage): OwnId | undefined {
  const [id = '', ...more] = headersDistinct['x-docker-expose-session-uuid'] ?? []
  return more.length === 0 && isId(id) ? { kind: 'session', id } : undefined
}

/**
 * Why a request may not be sent: a build names the session of another client, and would read its files and secrets; or a session
 * has no usual id, by which BuildKit could take it for another one.
 *
 * @param target - as the daemon gets it
 */
export async function refuseForeignSession(
  { operation, level }: Decided,
  target: string,
  { connection, request }: Switched,
  { calls, ownIds }: SharedByCalls,
): Promise<Refusal | undefined> {
  if (calls() === undefined || level === 'privileged') return undefined
  if (operation === 'session.open' && !target.endsWith('/grpc')) {
    const session = sessionOf(request)
    return session === undefined ? UNUSUAL : ownIds.foreign(connection.key, session)
  }
  if (operation !== 'images.build') return undefined
  const ids = new URL(target, 'http://localhost').searchParams.getAll('session').filter((id) => id !== '')
  if (!ids.every(isId)) return UNUSUAL
  return ownIds.check(
    connection.key,
    ids.map((id) => ({ kind: 'session', id })),
  )
}

const UNUSUAL = refusal(400, 'MALFORMED_REQUEST', 'the session has no usual id')
