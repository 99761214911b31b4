import type { Duplex } from 'node:stream'
import { ArgumentError } from '../../base/errors.ts'
import { checkOptions } from '../call.ts'
import { shown } from '../description.ts'
import { OPEN } from './operations.ts'
import type { SessionOptions } from './options.ts'
import type { Send } from '../send.ts'
import { endOnAbort } from '../stream/attached.ts'

/**
 * Sessions of the builder: `docker.session`. A build that names one (`session` of `POST /build`) calls back through it
 * for its context, its secrets and its credentials.
 *
 * @example
 * ```ts
 * const socket = await docker.session.open('build-1', { methods: ['/moby.filesync.v1.FileSync/DiffCopy'] })
 * // From here on the daemon is a client of HTTP/2 with prior knowledge, and this side serves gRPC.
 * socket.destroy()
 * ```
 */
export class Session {
  readonly #send: Send

  /** @internal */
  constructor(send: Send) {
    this.#send = send
  }

  /**
   * Opens a session and takes its connection over (`POST /session`). Abandoned in API 1.53 for gRPC on the daemon's own
   * socket, and still served. Over TLS the daemon can't see that we have gone: end the socket when the build is over.
   *
   * @param id - what a build names; not one that is in use
   * @returns the connection: the daemon speaks HTTP/2 with prior knowledge on it, as the client
   * @throws {@link BadRequestError} or {@link ServerError} where the daemon has no builder with sessions
   */
  async open(id: string, options: SessionOptions = {}): Promise<Duplex> {
    const headers = sessionHeaders(id, checkOptions(OPEN, options))
    const { socket } = await this.#send.hijack(OPEN, { options, headers }, 'h2c')
    // Whoever reads hears of it; an unheard 'error' would end the process.
    socket.on('error', () => {})
    if (options.signal) endOnAbort(socket, options.signal)
    return socket
  }
}

/** How a session says who it is (buildkit, session/session.go). */
function sessionHeaders(
  id: string,
  { name = id, sharedKey, methods }: SessionOptions,
): Record<string, string | string[]> {
  return {
    'X-Docker-Expose-Session-Uuid': field('id', id),
    'X-Docker-Expose-Session-Name': field('name', name),
    ...(sharedKey !== undefined && { 'X-Docker-Expose-Session-Sharedkey': field('sharedKey', sharedKey) }),
    ...(methods !== undefined && { 'X-Docker-Expose-Session-Grpc-Method': fields('methods', methods) }),
  }
}

function fields(what: string, values: unknown): string[] {
  return Array.isArray(values) ? values.map((value) => field(what, value)) : [field(what, values)]
}

/** They travel in the head of the request, where line ends would begin another field. */
function field(what: string, value: unknown): string {
  if (typeof value === 'string' && /^[\x21-\x7e]+( +[\x21-\x7e]+)*$/.test(value)) return value
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the ${what} of session.open()`,
    got: `${shown(value)} is not printable ASCII`,
    todo: 'Use printable ASCII: docker-mtls sends it in a request header.',
  })
}
