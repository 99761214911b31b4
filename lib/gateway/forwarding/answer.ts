import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { isArriving } from '../arriving/body.ts'
import { renderRefusal, type Refusal } from '../refusal.ts'

/** How long a client may go on sending a body after it was answered, in milliseconds. */
const LINGER_MS = 2_000

/** The answer to a request that asked for an upgrade, for which Node creates none. The connection ends after it. */
export function answerOn(socket: Socket, request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  // The HTTP server has stopped to listen on this connection.
  socket.on('drain', () => response.emit('drain'))
  response.once('finish', () => {
    socket.end()
    // Closing a socket with unread bytes resets the connection, and the client would lose the answer (unix(7)).
    socket.resume()
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  })
  return response
}

/**
 * For a client that asked for no upgrade: the output as an answer with an end. Bytes after the request are input, as in dockerd:
 * dockerode sends them.
 */
export function streamOn(request: IncomingMessage, response: ServerResponse, fields: string[], daemon: Duplex): void {
  response.shouldKeepAlive = false
  // Node stops parsing requests as soon as another listener reads the socket. At the end of the input, it would end the output.
  if (request.complete) request.socket.removeAllListeners('data').removeAllListeners('end').pipe(daemon)
  response.writeHead(200, fields).flushHeaders()
  daemon.once('close', () => {
    // Unread bytes would reset the connection, and the client would lose the end of the output.
    if (request.complete) request.socket.resume()
    if (!daemon.readableEnded) response.destroy()
  })
  daemon.pipe(response)
  response.once('finish', () => daemon.destroy())
}

/** Answers a request without the daemon. */
export function answerJson(response: ServerResponse, value: object): void {
  const body = `${JSON.stringify(value)}\n`
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) })
  response.end(body)
}

/** Refuses a request without the daemon. */
export function refuse(request: IncomingMessage, response: ServerResponse, refused: Refusal): void {
  if (response.headersSent) return void response.destroy()
  const { headers, body } = renderRefusal(refused)
  response.writeHead(refused.status, headers)
  if (request.method !== 'HEAD') response.write(body)
  else response.flushHeaders()
  finish(request, response)
}

/**
 * Ends an answer. If the client is still sending its body, it first gets some time to notice the answer: Node would close the
 * connection, and the rest of the body would reset it.
 */
export function finish(request: IncomingMessage, response: ServerResponse): void {
  if (!isArriving(request)) return void response.end()
  const timer = setTimeout(() => {
    response.end()
    // After a head without `Connection: close`, the rest of the body would count as the next request's.
    response.once('finish', () => request.destroy())
  }, LINGER_MS)
  const end = (): void => {
    clearTimeout(timer)
    response.end()
  }
  request.once('end', end).once('close', end).resume()
}
