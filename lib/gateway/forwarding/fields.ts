import type { IncomingMessage } from 'node:http'
import type { Upgrade } from '../arriving/screening.ts'
import type { ServedVersion } from './served-version.ts'
import type { Arrived } from '../shared.ts'
import type { AskedRequest } from '../types.ts'

/** What the daemon gets of a request's header fields, besides those of its body. */
const TO_DAEMON: ReadonlySet<string> = new Set(['x-registry-auth', 'x-registry-config', 'user-agent', 'accept'])
/** What it gets if the body is the one that arrived. The length is checked by the transport. */
const OF_BODY: ReadonlySet<string> = new Set(['content-type', 'content-length'])
/** BuildKit names its session by these (moby, api/server/router/session). */
const SESSION_FIELD = /^x-docker-expose-session-[a-z-]+$/
/** The opening handshake of a web socket (RFC 6455, section 4.1). dockerd requires an Origin. */
const WEB_SOCKET_FIELD = /^(?:origin|sec-websocket-(?:key|version|protocol|extensions))$/

/** What a client gets of an answer's header fields. */
const TO_CLIENT: ReadonlyMap<string, string> = new Map(
  [
    'Content-Type',
    'Content-Length',
    'Builder-Version',
    'Cache-Control',
    'Docker-Experimental',
    'Ostype',
    'Pragma',
    'Server',
    'Swarm',
    'Warning',
    'X-Docker-Container-Path-Stat',
    'Sec-WebSocket-Accept',
    'Sec-WebSocket-Protocol',
    'Sec-WebSocket-Extensions',
  ].map((name) => [name.toLowerCase(), name]),
)

/** Names and values in turns, as the dispatcher takes them. */
export function fieldsForDaemon(
  { rawHeaders }: IncomingMessage,
  { upgrade, body }: { readonly upgrade: Upgrade | undefined; readonly body: 'json' | 'stream' | undefined },
): string[] {
  const fields: string[] = body === 'json' ? ['content-type', 'application/json'] : []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? ''
    const isKnown =
      TO_DAEMON.has(name) ||
      (body === 'stream' && OF_BODY.has(name)) ||
      (upgrade === 'h2c' && SESSION_FIELD.test(name)) ||
      (upgrade === 'websocket' && WEB_SOCKET_FIELD.test(name))
    if (isKnown) fields.push(name, rawHeaders[index + 1] ?? '')
  }
  return fields
}

/** Names and values in turns, as node:http takes them. `served` learns the daemon's version, and has the fields in its place. */
export function fieldsForClient(headers: readonly Buffer[], served: ServedVersion): string[] {
  const fields: string[] = []
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const field = headers[index]?.toString('latin1').toLowerCase() ?? ''
    const value = headers[index + 1]?.toString('latin1') ?? ''
    const name = TO_CLIENT.get(field)
    if (field === 'api-version') served.learn(value)
    if (name !== undefined) fields.push(name, value)
  }
  return fields
}

/** What is judged of a head. */
export function headOf({
  request,
  connection: { identity },
}: Arrived): Pick<AskedRequest, 'identity' | 'method' | 'target' | 'headers'> {
  return { identity, method: request.method ?? '', target: request.url ?? '', headers: headersOf(request) }
}

/** Node would join repeated fields, or drop all but the first. */
export function headersOf({ headersDistinct }: IncomingMessage): AskedRequest['headers'] {
  const entries = Object.entries(headersDistinct).map(([name, values]) => [
    name,
    values?.length === 1 ? values[0] : values,
  ])
  return Object.fromEntries(entries) as AskedRequest['headers']
}
