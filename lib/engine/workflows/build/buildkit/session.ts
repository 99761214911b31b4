import { createHash, randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import { serveGrpc, type GrpcMethods } from '../../../../transport/grpc.ts'
import type { Send } from '../../../send.ts'
import { Session } from '../../../session/session.ts'
import { HEALTH } from './health.ts'

/** A session that the daemon may call back through while it builds. */
export interface BuildSession {
  readonly id: string
  /** Ends it, and its connection. */
  close(): void
}

/** What is served to the daemon, and for which folder. */
export interface SessionParts {
  readonly methods: GrpcMethods
  /** The context's real path; nothing where the daemon reads no folder of ours. */
  readonly root?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export async function openBuildSession(send: Send, { methods, root, signal }: SessionParts): Promise<BuildSession> {
  const id = randomBytes(16).toString('hex')
  const served = { ...HEALTH, ...methods }
  const socket = await new Session(send).open(id, {
    name: 'docker-mtls',
    methods: Object.keys(served),
    ...(root !== undefined && { sharedKey: await sharedKeyOf(root) }),
    signal,
  })
  const server = serveGrpc(socket, served)
  return { id, close: () => server.close() }
}

/**
 * The daemon keeps a copy of a context under this, and has us send what differs by size or time. So it must be another
 * one for every folder there is: on another machine, of another user, or made anew at the same place.
 */
async function sharedKeyOf(root: string): Promise<string> {
  const { dev, ino, birthtimeNs } = await stat(root, { bigint: true })
  const facts = [hostname(), userInfo().uid, root, dev, ino, birthtimeNs].map(String)
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex')
}
