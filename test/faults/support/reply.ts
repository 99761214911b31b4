import { createHash } from 'node:crypto'
import { frame, UPGRADED } from '../../support/pretend.ts'

/** An answer of the peer, in the pieces between which it can be cut. */
export interface Reply {
  /** Status line and header fields, with the empty line. */
  readonly head: string
  /** Frames, lines, messages or chunks, each as it is sent. */
  readonly units: readonly Buffer[]
  /** The same without the framing of HTTP. */
  readonly data: readonly Buffer[]
  /** What is sent after the last unit. */
  readonly end: Buffer
  /** The connection ends with the answer. */
  readonly closes: boolean
}

const NOTHING: Buffer = Buffer.alloc(0)

function chunk(data: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')])
}

const headOf = (status: string, ...fields: readonly string[]): string =>
  `HTTP/1.1 ${[status, 'Api-Version: 1.45', ...fields].join('\r\n')}\r\n\r\n`

/** An answer of known length, such as most JSON. */
export function whole(text: string, { status = '200 OK', fields = [] as readonly string[] } = {}): Reply {
  const head = headOf(status, 'Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`, ...fields)
  const data = text === '' ? [] : [Buffer.from(text)]
  return { head, units: data, data, end: NOTHING, closes: false }
}

/** An answer in chunks, each of which is a line, a frame or a part of an archive. */
export function chunked(parts: readonly (Buffer | string)[], type: string, ...fields: readonly string[]): Reply {
  const head = headOf('200 OK', `Content-Type: ${type}`, 'Transfer-Encoding: chunked', ...fields)
  const data = parts.map((part) => Buffer.from(part))
  return { head, units: data.map(chunk), data, end: Buffer.from('0\r\n\r\n'), closes: false }
}

export const MULTIPLEXED = 'application/vnd.docker.multiplexed-stream'

/** Frames on a connection that was taken over, which end with it. */
export function upgraded(texts: readonly string[]): Reply {
  const head = `${UPGRADED}Content-Type: ${MULTIPLEXED}\r\n\r\n`
  const units = texts.map((text) => frame(1, text))
  return { head, units, data: units, end: NOTHING, closes: true }
}

/** RFC 6455, section 1.3: what a server makes of the key that a client has sent. */
function acceptOf(request: string): string {
  const key = /^sec-websocket-key: (\S+)/im.exec(request)?.[1] ?? ''
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

/** Binary messages of a web socket, and its closing frame (RFC 6455, sections 5.2 and 5.5.1). */
export function webSocket(texts: readonly string[], request: string): Reply {
  const fields = ['Connection: Upgrade', 'Upgrade: websocket', `Sec-WebSocket-Accept: ${acceptOf(request)}`]
  const units = texts.map((text) => Buffer.concat([Buffer.from([0x82, text.length]), Buffer.from(text)]))
  const head = `HTTP/1.1 ${['101 Switching Protocols', ...fields].join('\r\n')}\r\n\r\n`
  return { head, units, data: units, end: Buffer.from([0x88, 0x02, 0x03, 0xe8]), closes: true }
}

/** How another server ends its answers: it closes the connection as well, or only that tells that they are complete. */
export type Style = 'closing' | 'endless'

export function styled(reply: Reply, style: Style | undefined): Reply {
  if (style === undefined) return reply
  const head = reply.head.replace('\r\n', '\r\nConnection: close\r\n')
  if (style === 'closing') return { ...reply, head, closes: true }
  const without = head.replace(/(Transfer-Encoding|Content-Length): .*\r\n/, '')
  return { head: without, units: reply.data, data: reply.data, end: NOTHING, closes: true }
}
