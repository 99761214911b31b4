import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { readByClients } from './read-by-clients.ts'

/** What a server shows, as PEM; with a `ca` it asks for a client's certificate, as dockerd does. */
export interface PeerCredentials {
  readonly cert: string | Buffer
  readonly key: string | Buffer
  readonly ca?: string | Buffer
}

/** A server that misbehaves in one way. */
export interface Peer {
  readonly host: string
  readonly port: number
  /** How many connections came. */
  readonly count: () => number
  close(): Promise<void>
}

type OnSocket = (socket: Socket) => void

const PROXY_PAGE = '<html><head><title>404 Not Found</title></head><body><center>nginx</center></body></html>'
/** dockerd's answer to `/_ping`, near enough. */
export const PING: string = response('200 OK', 'OK', [
  'Api-Version: 1.45',
  'Ostype: linux',
  'Content-Type: text/plain; charset=utf-8',
])

/** An HTTP/1.1 answer as text. */
export function response(status: string, body: string, headers: readonly string[] = []): string {
  return [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n')
}

const ignore: OnSocket = () => undefined
/** The TCP sockets below TLS, by the client's port: Node resets no TLS socket. */
const carriers = new Map<number | undefined, Socket>()
const reset: OnSocket = (socket) => carriers.get(socket.remotePort)?.resetAndDestroy()
/** Late enough for what was written before to have gone out. */
const resetLater: OnSocket = (socket) => void readByClients(50).then(() => reset(socket))
const close: OnSocket = (socket) => socket.end()

/** Answers every request with the same text, HEAD without its body. */
function answering(text: string, then: OnSocket = ignore): OnSocket {
  return (socket) => {
    let pending = ''
    socket.on('data', (chunk: Buffer) => {
      pending += chunk.toString('latin1')
      for (let end = pending.indexOf('\r\n\r\n'); end >= 0; end = pending.indexOf('\r\n\r\n')) {
        const isHead = pending.startsWith('HEAD ')
        pending = pending.slice(end + 4)
        socket.write(isHead ? text.slice(0, text.indexOf('\r\n\r\n') + 4) : text)
        then(socket)
      }
    })
  }
}

/** After a ClientHello has come: the client is in its handshake. */
function onFirstBytes(then: OnSocket): OnSocket {
  return (socket) => socket.once('data', () => then(socket))
}

function tcp(onSocket: OnSocket): () => Server {
  return () => createServer(onSocket)
}

function tls(onSocket: OnSocket, options: TlsOptions = {}): (credentials: PeerCredentials) => Server {
  return ({ cert, key, ca }) => {
    const client = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true }
    return createTlsServer({ cert, key, ...client, ...options }, onSocket as (socket: TLSSocket) => void)
  }
}

const PEERS = {
  /** Accepts, and never says a word. */
  'silent before TLS': tcp(ignore),
  'silent after TLS': tls(ignore),
  'resets at once': tcp(reset),
  'resets in the handshake': tcp(onFirstBytes(reset)),
  'resets after TLS': tls(reset),
  'resets on the request': tls(onFirstBytes(resetLater)),
  'closes at once': tcp(close),
  'closes in the handshake': tcp(onFirstBytes(close)),
  'closes after TLS': tls(close),
  /** As dockerd's 2375 or any web server does with a ClientHello. */
  'plaintext HTTP': tcp(onFirstBytes((socket) => socket.end(response('400 Bad Request', 'Bad Request')))),
  'speaks first, as SSH does': tcp((socket) => socket.write('SSH-2.0-OpenSSH_10.0\r\n')),
  'a proxy with a 404 page': tls(answering(response('404 Not Found', PROXY_PAGE, ['Content-Type: text/html']))),
  'a web server with a 200 page': tls(answering(response('200 OK', PROXY_PAGE, ['Content-Type: text/html']))),
  'answers no HTTP': tls(onFirstBytes((socket) => socket.end('220 mail.example ESMTP\r\n'))),
  'TLS 1.1 only': tls(answering(PING), {
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.1',
    // OpenSSL 3 allows the SHA-1 signatures of TLS 1.1 at security level 0 only (SSL_CTX_set_security_level(3)).
    ciphers: 'DEFAULT@SECLEVEL=0',
  }),
  'TLS 1.2 only': tls(answering(PING), { maxVersion: 'TLSv1.2' }),
  'TLS 1.2 with CBC suites only': tls(answering(PING), {
    maxVersion: 'TLSv1.2',
    ciphers: 'ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA',
  }),
  /** Shows whatever certificate it has: OpenSSL's servers refuse weak ones at their default security level. */
  'answers with a weak certificate': tls(answering(PING), { ciphers: 'DEFAULT@SECLEVEL=0' }),
  'redirects elsewhere': tls(
    answering(response('307 Temporary Redirect', '', ['Location: http://127.0.0.1:2375/_ping'])),
  ),
  'half a head': tls(onFirstBytes((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Le'))),
  'half a body': tls(answering('HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Length: 100\r\n\r\n{"half', close)),
  'half a body, then a reset': tls(
    answering('HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Length: 100\r\n\r\n{"half', resetLater),
  ),
  /** Well-behaved: answers every request as dockerd answers `/_ping`. */
  'answers every ping': tls(answering(PING)),
} as const satisfies Record<string, (credentials: PeerCredentials) => Server>

/** The names of what {@link startPeer} can be. */
export type PeerKind = keyof typeof PEERS

/** Starts a server on loopback that misbehaves as its name says. */
export async function startPeer(
  kind: PeerKind,
  credentials: PeerCredentials,
  { host = '127.0.0.1', port = 0 }: { host?: string; port?: number } = {},
): Promise<Peer> {
  const server = PEERS[kind](credentials)
  const sockets = new Set<Socket>()
  let count = 0
  server.prependListener('connection', (socket: Socket) => {
    count++
    carriers.set(socket.remotePort, socket)
    sockets.add(socket)
    const from = socket.remotePort
    socket.on('error', () => undefined)
    socket.on('close', () => {
      sockets.delete(socket)
      carriers.delete(from)
    })
  })
  server.on('secureConnection', (socket: TLSSocket) => socket.on('error', () => undefined))
  // A client that gives up in the handshake, which is the point of some of these.
  server.on('tlsClientError', () => undefined)
  server.listen(port, host)
  await once(server, 'listening')
  return {
    host,
    port: (server.address() as AddressInfo).port,
    count: () => count,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
