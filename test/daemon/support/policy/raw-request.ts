import { connect, type Socket } from 'node:net'
import type { PolicyRequest } from '../../../../lib/policy/request.ts'

/** A request as bytes: no client between us and dockerd that would correct it. */
export interface RawRequest {
  /** `GET /containers/json`, without the version of HTTP. */
  readonly line: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly body?: Uint8Array | string
}

export interface RawAnswer {
  readonly status: number
  readonly head: string
  readonly text: string
}

/**
 * Sends it to the daemon's socket, or on a connection that was opened, one character a byte, and reads until the other side closes the
 * connection.
 */
export async function sendRaw(to: string | Socket, { line, headers = [], body = '' }: RawRequest): Promise<RawAnswer> {
  const bytes = Buffer.from(body)
  const length: readonly (readonly [string, string])[] =
    bytes.length === 0 ? [] : [['Content-Length', String(bytes.length)]]
  const all = [['Host', 'docker'], ['Connection', 'close'], ...headers, ...length]
  const sent = [`${line} HTTP/1.1`, ...all.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n')
  const socket = typeof to === 'string' ? connect(to) : to
  socket.setTimeout(20_000, () => socket.destroy(new Error(`${line}: nobody answers`)))
  socket.write(Buffer.concat([Buffer.from(sent, 'latin1'), bytes]))
  const answer = (await wholeAnswer(socket)).toString()
  const [, head = '', status = '', text = ''] =
    /^(?:HTTP\/1\.1 100 .*?\r\n\r\n)?(HTTP\/1\.[01] (\d{3}).*?)(?:\r\n\r\n(.*))?$/s.exec(answer) ?? []
  return { status: Number(status), head, text }
}

async function wholeAnswer(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk)
  } catch (error) {
    // Who answers before the whole request has come may cut the connection.
    if (chunks.length === 0) throw error
  }
  return Buffer.concat(chunks)
}

/** The same request as a gateway would get it. */
export function toPolicyRequest({ line, headers = [], body = '' }: RawRequest): PolicyRequest {
  const [method = '', target = ''] = line.split(/ (.*)/s)
  const fields: Record<string, string[]> = {}
  for (const [name, value] of headers) (fields[name.toLowerCase()] ??= []).push(value)
  const bytes = Buffer.from(body)
  return { method, target, headers: fields, ...(bytes.length > 0 && { body: bytes }) }
}
