import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'

/** How long a client that sends no more waits for an answer until it leaves, in milliseconds. */
const SILENT_MS = 1_000
/** How long the other side has for what it got, until the connection is reset, in milliseconds. */
const BEFORE_RESET_MS = 100
/** Longer than an answer takes on a loaded machine. */
const LONG_MS = 20_000

const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`

/** What comes of a body of JSON, in parts, and how its head announces it. */
interface Sent {
  readonly announced: string
  readonly parts: readonly string[]
}

/** A way to send a body. */
export interface Way {
  readonly name: string
  readonly sent: (body: string) => Sent
  /** After the last part. `answer`: the client waits for it. */
  readonly end: 'FIN' | 'RST' | 'silence' | 'answer'
  /**
   * Between two parts, in milliseconds.
   *
   * @defaultValue 2
   */
  readonly pause?: number
}

const byLength = (body: string, parts: readonly string[], length: number = body.length): Sent => ({
  announced: `Content-Length: ${length}`,
  parts,
})
const inChunks = (...parts: string[]): Sent => ({ announced: 'Transfer-Encoding: chunked', parts })

const bytesOf = (text: string): string[] => text.match(/[^]/g) ?? []
const half = (text: string): string => text.slice(0, text.length / 2)

/** Some end within the JSON, and some behind it, where only the rest of the body is missing. */
const CUTS: Readonly<Record<string, Way['sent']>> = {
  'half of a body': (body) => byLength(body, [half(body)]),
  'a body that is shorter than its length': (body) => byLength(body, [body], body.length + 100),
  'half of a chunk': (body) => inChunks(half(chunk(body))),
  'a chunk without the last one': (body) => inChunks(chunk(body)),
}
const ENDS = ['FIN', 'RST', 'silence'] as const

/** Ways in which a body never arrives as a whole. */
export const CUT: readonly Way[] = Object.entries(CUTS).flatMap(([name, sent]) =>
  ENDS.map((end) => ({ name: `${name}, then ${end}`, sent, end })),
)

/** Ways in which it does, byte by byte. */
export const SLOW: readonly Way[] = [
  { name: 'byte by byte', sent: (body) => byLength(body, bytesOf(body)), end: 'answer' },
  { name: 'byte by byte, chunked', sent: (body) => inChunks(...bytesOf(body).map(chunk), '0\r\n\r\n'), end: 'answer' },
]

/** Sends a request to a port in one of these ways, and returns what came back. */
export async function sendIn(
  { sent, end, pause = 2 }: Way,
  { port, secure }: { readonly port: number; readonly secure: (below: Socket) => TLSSocket },
  { line, body }: { readonly line: string; readonly body: string },
): Promise<string> {
  const below = connect({ host: '127.0.0.1', port, noDelay: true })
  below.on('error', () => {})
  await once(below, 'connect')
  const socket = secure(below)
  let text = ''
  const over = new Promise<void>((resolve) => {
    for (const event of ['end', 'close', 'error']) socket.once(event, () => resolve())
  })
  socket.on('error', () => {}).on('data', (bytes: Buffer) => (text += bytes.toString('latin1')))
  await once(socket, 'secureConnect')
  const { announced, parts } = sent(body)
  socket.write(
    `${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n${announced}\r\n\r\n`,
  )
  for (const part of parts) {
    // Who answers before the whole request has come reads no more of it.
    if (text !== '' || socket.destroyed) break
    socket.write(part)
    if (parts.length > 1) await delay(pause)
  }
  if (end === 'FIN') socket.end()
  if (end === 'RST') await delay(BEFORE_RESET_MS).then(() => below.resetAndDestroy())
  await Promise.race([over, delay(end === 'silence' ? SILENT_MS : LONG_MS, undefined, { ref: false })])
  socket.destroy()
  return text
}
