import type { Duplex } from 'node:stream'

/** A request as it goes over the wire. */
export interface RawRequest {
  /** `GET /containers/json`. */
  readonly line: string
  readonly body?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
}

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number
  /** Head and body. */
  readonly text: string
}

/** Sends one request on a connection of its own, and reads its answer, or the beginning of a stream. */
export async function sendRaw(socket: Duplex, { line, body = '', headers = [] }: RawRequest): Promise<RawAnswer> {
  const isUpgrade = headers.some(([name]) => name === 'Connection')
  const fields = [['Host', 'docker'], ...(isUpgrade ? [] : [['Connection', 'close']]), ...headers]
  if (body !== '')
    fields.push(['Content-Type', 'application/json'], ['Content-Length', String(Buffer.byteLength(body))])
  // Who answers before the whole request has come may close the connection.
  socket.on('error', () => {})
  socket.write(`${line} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n${body}`)
  let text = ''
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      text += chunk.toString('latin1')
      if (/^HTTP\/1\.1 101|^HTTP\/1\.1 200[^]*raw-stream/.test(text)) break
    }
  } catch (error) {
    if (!text.startsWith('HTTP/')) throw error
  }
  socket.destroy()
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text }
}
