import { createHash, randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { Duplex } from 'node:stream'
import { codeOf, errorWithCode } from '../../../../base/system-error.ts'
import { serveGrpc, type GrpcMethods } from '../../../../transport/grpc.ts'
import type { Send } from '../../../send.ts'
import { OPEN } from '../../../session/operations.ts'
import { Session } from '../../../session/session.ts'
import { HEALTH } from './health.ts'

/** A session through which the daemon calls the client during a build. */
export interface BuildSession {
  readonly id: string
  /** Ends the session and its connection. */
  close(): void
}

/** The services for the daemon, and the context folder. */
export interface SessionParts {
  readonly methods: GrpcMethods
  /** The real path of the context; omitted if the daemon reads no local folder. */
  readonly root?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly idleTimeout?: number | undefined
  /** Called with the reason if the connection ends before the session is closed. */
  readonly onLost?: (reason: unknown) => void
}

export async function openBuildSession(
  send: Send,
  { methods, root, signal, idleTimeout, onLost }: SessionParts,
): Promise<BuildSession> {
  const id = randomBytes(16).toString('hex')
  const served = { ...HEALTH, ...methods }
  const socket = await new Session(send).open(id, {
    name: 'docker-mtls',
    methods: Object.keys(served),
    ...(root !== undefined && { sharedKey: await sharedKeyOf(root) }),
    signal,
    idleTimeout,
  })
  const reason = reasonOf(socket)
  const server = serveGrpc(socket, served)
  let isOpen = true
  void server.closed.then(() => isOpen && onLost?.(send.dispatcher.explain(reason(), `${OPEN.method} ${OPEN.path}`)))
  const close = (): void => {
    isOpen = false
    server.close()
  }
  return { id, close }
}

/** Returns the reason for the end of a connection. */
function reasonOf(socket: Duplex): () => unknown {
  let failure: unknown
  socket.once('error', (error) => (failure = error))
  return () => (codeOf(failure) === '' ? errorWithCode('UND_ERR_SOCKET', 'the session has ended') : failure)
}

/**
 * The daemon keeps a copy of the context under this key, and requests only files that differ in size or time. So the
 * key must be unique to the folder: another machine, another user, or a new folder at the same path needs another key.
 */
async function sharedKeyOf(root: string): Promise<string> {
  const { dev, ino, birthtimeNs } = await stat(root, { bigint: true })
  // Not os.userInfo(), which throws for a user without an account, such as that of `docker run --user 1234`.
  const user = process.getuid?.() ?? -1
  const facts = [hostname(), user, root, dev, ino, birthtimeNs].map(String)
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex')
}
