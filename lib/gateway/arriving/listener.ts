import { once } from 'node:events'
import { createServer as createHttpServer, type Server as HttpServer, type ServerOptions } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import { ConnectionError } from '../../base/errors.ts'
import { codeOf } from '../../base/system-error.ts'
import { ALPN_PROTOCOLS, KEEP_ALIVE_MS } from '../../transport/tls-policy.ts'
import { mostConnections } from './descriptors.ts'
import { limitHandshakes } from './handshakes.ts'
import type { GatewayLimits } from '../options.ts'
import { refusal, type Refusal } from '../refusal.ts'

/** The time limit of a TLS handshake, in milliseconds. */
const HANDSHAKE_MS = 10_000
/** How often Node looks for heads that are late, in milliseconds. */
const CHECK_MS = 1_000

/** The server of a local socket. */
export function createLocalServer(limits: Required<GatewayLimits>): HttpServer {
  return limited(createHttpServer(httpOptions(limits)))
}

/**
 * The server of a port. A client without a certificate of these CAs is refused in the handshake. Nothing in the environment of the
 * process changes that.
 */
export function createTlsServer(context: SecureContextOptions, limits: Required<GatewayLimits>): HttpsServer {
  const tls = {
    ...context,
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: HANDSHAKE_MS,
    ALPNProtocols: ALPN_PROTOCOLS,
    // A command's input may end long before its output.
    allowHalfOpen: true,
  }
  const server = limited(createHttpsServer({ ...httpOptions(limits), ...tls }))
  limitHandshakes(server)
  return server
}

function httpOptions({ headBytes, headTimeout, idleTimeout }: Required<GatewayLimits>): ServerOptions {
  return {
    insecureHTTPParser: false,
    // Screening requires it: Node would answer without telling anybody.
    requireHostHeader: false,
    maxHeaderSize: headBytes,
    headersTimeout: headTimeout,
    // For the whole request: an archive may take hours. A JSON body has its own limit.
    requestTimeout: 0,
    keepAliveTimeout: idleTimeout,
    connectionsCheckingInterval: CHECK_MS,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  }
}

function limited<Server extends HttpServer | HttpsServer>(server: Server): Server {
  // A stream may be silent for hours.
  server.timeout = 0
  server.maxConnections = mostConnections()
  return server
}

/** Why Node's parser refused something. */
export function describeMalformed(code: string): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') return refusal(431, 'HEAD_TOO_LARGE', 'the head of the request is too large')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return refusal(408, 'REQUEST_TIMEOUT', 'the head did not arrive in time')
  return refusal(400, 'MALFORMED_REQUEST', `this is not an HTTP/1.1 request (${code})`)
}

/** Returns the address at which the server listens. */
export async function listenOn(
  server: HttpServer | HttpsServer,
  { host, port }: { readonly host?: string; readonly port: number },
): Promise<{ readonly host: string; readonly port: number }> {
  try {
    server.listen({ port, ...(host !== undefined && { host }) })
    await once(server, 'listening')
  } catch (cause) {
    throw new ConnectionError('ERR_GATEWAY_LISTEN', {
      tried: `listening on port ${port}${host === undefined ? '' : ` of ${host}`}`,
      got: codeOf(cause) === 'EADDRINUSE' ? 'another program listens there' : (cause as Error).message,
      todo: 'Choose an address of this machine and a free port. dockerd itself may use 2376.',
      cause,
    })
  }
  const address = server.address() as AddressInfo
  return { host: address.address, port: address.port }
}
