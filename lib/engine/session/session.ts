import type { Duplex } from 'node:stream'
import { ArgumentError } from '../../base/errors.ts'
import { checkOptions } from '../call.ts'
import { shown } from '../description.ts'
import { OPEN } from './operations.ts'
import type { SessionOptions } from './options.ts'
import type { Send } from '../send.ts'
import { endOnAbort } from '../stream/attached.ts'

/**
 * Sessions of the builder: `docker.session`. A build that names a session (`session` of `POST /build`) calls the client
 * through it for the context, secrets and credentials.
 *
 * @example
 * ```ts
 * const socket = await docker.session.open('build-1', { methods: ['/moby.filesync.v1.FileSync/DiffCopy'] })
 * // Now the daemon is a client of HTTP/2 with prior knowledge, and this side serves gRPC.
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
   * Opens a session and takes over its connection (`POST /session`). API 1.53 deprecates it in favour of gRPC on the
   * daemon's own socket, but daemons still support it. Over TLS the daemon doesn't notice that the client is gone, so
   * end the socket after the build.
   *
   * @param id - the id for the build; it must not be in use
   * @returns the connection, on which the daemon is a client of HTTP/2 with prior knowledge
   * @throws {@link BadRequestError} or {@link ServerError} if the daemon's builder doesn't support sessions
   */
  async open(id: string, options: SessionOptions = {}): Promise<Duplex> {
    const headers = sessionHeaders(id, checkOptions(OPEN, options))
    const { socket } = await this.#send.hijack(OPEN, { options, headers }, 'h2c')
    // The reader gets the error; an unhandled 'error' would end the process.
    socket.on('error', () => {})
    if (options.signal) endOnAbort(socket, options.signal)
    return socket
  }
}

/** The headers that identify a session (buildkit, session/session.go). */
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

/** The value of a request header, in which a line end would begin another header. */
function field(what: string, value: unknown): string {
  if (typeof value === 'string' && /^[\x21-\x7e]+( +[\x21-\x7e]+)*$/.test(value)) return value
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the ${what} of session.open()`,
    got: `${shown(value)} is not printable ASCII`,
    todo: 'Use printable ASCII: docker-mtls sends it in a request header.',
  })
}
