import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import { once } from 'node:events'
import { limitSignal } from '../../base/abort.ts'
import { askForBuild } from '../../policy/calls/history.ts'
import { refusal, type Refusal } from '../refusal.ts'
import { frameOf } from './message.ts'
import { NOT_OWN } from './own-ids.ts'

/** How long the daemon may take, in milliseconds: it looks into a small database. */
const LOOK_MS = 10_000
/** The statuses of gRPC for a call that went well, and for a BuildKit without a history. */
const OK = '0'
const UNIMPLEMENTED = '12'

const UNDECIDED = refusal(503, 'AUTHORIZATION_FAILED', 'the daemon did not say whether there is such a build already')

/**
 * The refusal for a build that the daemon knows already, running or in its history; it reports no internal ones. Who begins another one with its id could follow
 * it, and read its record. A gateway itself remembers few builds, and none after a restart.
 */
export async function refuseKnownBuild(
  daemon: ClientHttp2Session,
  id: string,
  left: AbortSignal,
): Promise<Refusal | undefined> {
  if (daemon.closed || daemon.destroyed) return UNDECIDED
  const { path, message } = askForBuild(id)
  const call = daemon.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' })
  call.on('error', () => {})
  call.end(frameOf(message))
  // A signal of AbortSignal.any() could be collected as garbage before the time is up (Node 20).
  const { signal, unlink } = limitSignal({ timeout: LOOK_MS, signal: left })
  try {
    const found = await Promise.race([answerOf(call), once(call, 'close', { signal }).then(() => undefined)])
    if (found === 'a build') return NOT_OWN
    return found === OK || found === UNIMPLEMENTED ? undefined : UNDECIDED
  } catch {
    return UNDECIDED
  } finally {
    unlink()
    call.close()
  }
}

/** The status at the end of the answer, or that there is a build in it. */
function answerOf(call: ClientHttp2Stream): Promise<string> {
  return new Promise((resolve) => {
    const take = (fields: Readonly<Record<string, unknown>>): void => {
      const { 'grpc-status': status } = fields
      if (typeof status === 'string') resolve(status)
    }
    call.on('response', take)
    call.on('trailers', take)
    call.on('data', () => resolve('a build'))
  })
}
