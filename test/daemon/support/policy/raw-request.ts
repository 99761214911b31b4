import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
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
  readonly text: string
}

/** Sends it over the daemon's socket, one character a byte, and reads until the daemon closes the connection. */
export async function sendRaw(socketPath: string, { line, headers = [], body = '' }: RawRequest): Promise<RawAnswer> {
  const bytes = Buffer.from(body)
  const length: readonly (readonly [string, string])[] =
    bytes.length === 0 ? [] : [['Content-Length', String(bytes.length)]]
  const all = [['Host', 'docker'], ['Connection', 'close'], ...headers, ...length]
  const head = [`${line} HTTP/1.1`, ...all.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n')
  const socket = connect(socketPath)
  socket.setTimeout(20_000, () => socket.destroy(new Error(`${line}: dockerd is silent`)))
  socket.write(Buffer.concat([Buffer.from(head, 'latin1'), bytes]))
  const answer = (await buffer(socket)).toString()
  const [, status = '', text = ''] =
    /^(?:HTTP\/1\.1 100 .*?\r\n\r\n)?HTTP\/1\.[01] (\d{3}).*?(?:\r\n\r\n(.*))?$/s.exec(answer) ?? []
  return { status: Number(status), text }
}

/** The same request as a gateway would get it. */
export function toPolicyRequest({ line, headers = [], body = '' }: RawRequest): PolicyRequest {
  const [method = '', target = ''] = line.split(/ (.*)/s)
  const fields: Record<string, string[]> = {}
  for (const [name, value] of headers) (fields[name.toLowerCase()] ??= []).push(value)
  const bytes = Buffer.from(body)
  return { method, target, headers: fields, ...(bytes.length > 0 && { body: bytes }) }
}
