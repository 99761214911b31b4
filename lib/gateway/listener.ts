import { createServer as createHttpServer, type Server as HttpServer, type ServerOptions } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import type { SecureContextOptions } from 'node:tls'
import { ALPN_PROTOCOLS, KEEP_ALIVE_MS } from '../transport/tls-policy.ts'
import type { GatewayLimits } from './options.ts'

/** The time limit of a TLS handshake, in milliseconds. */
const HANDSHAKE_MS = 10_000
/** How often Node looks for heads that are late, in milliseconds. */
const CHECK_MS = 1_000

/** The server of a local socket. */
export function createLocalServer(limits: Required<GatewayLimits>): HttpServer {
  return withoutTimeout(createHttpServer(httpOptions(limits)))
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
  return withoutTimeout(createHttpsServer({ ...httpOptions(limits), ...tls }))
}

function httpOptions({ headBytes, headTimeout, idleTimeout }: Required<GatewayLimits>): ServerOptions {
  return {
    insecureHTTPParser: false,
    requireHostHeader: true,
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

/** A stream may be silent for hours. */
function withoutTimeout<Server extends HttpServer | HttpsServer>(server: Server): Server {
  server.timeout = 0
  return server
}
