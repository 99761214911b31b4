import { exchange } from './exchange.ts'
import type { Target } from './options.ts'

/**
 * The answer to a request without TLS. `refused`: a TLS alert, the 400 of a web server that speaks TLS, or a closed
 * connection. `docker`: **a Docker daemon answers everybody**. `http`: something else answers in plain HTTP. `other`: an
 * answer that isn't HTTP. `silent`: no answer in time.
 */
export type PlaintextAnswer = 'refused' | 'docker' | 'http' | 'other' | 'silent'

/** Harmless: it changes nothing, and every client may send it (Engine API, operation SystemPing). */
const PING = Buffer.from('GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n')

/** The head of an answer in bytes; the rest isn't needed. */
const LONGEST_HEAD = 16_384

/** Go: `Client sent an HTTP request to an HTTPS server.` nginx and Apache have similar messages. */
const WANTS_TLS = /^HTTP\/1\.[01] 400 [^]*(?:HTTPS (?:server|port)|SSL-enabled server port)/
/** A record of an alert, of any version (RFC 8446 section 5.1). */
const ALERT = '\x15\x03'
const IS_DOCKER = /^HTTP\/1\.[01] \d{3}[^]*\r\n(?:Api-Version:|Server: Docker\/|Ostype:)/i

/** Sends a ping without TLS. */
export async function askWithoutTls(target: Target, deadline: AbortSignal): Promise<PlaintextAnswer> {
  let answer = ''
  const receive = (bytes: Buffer): boolean => {
    answer += bytes.toString('latin1')
    return answer.length < LONGEST_HEAD && !isEnough(answer)
  }
  const ending = await exchange(target, { send: PING, receive }, deadline)
  return answer === '' ? (ending === 'late' ? 'silent' : 'refused') : judgePlaintext(answer)
}

/** Is the answer complete enough? Not every server closes the connection, and the meaning of a 400 is in its body. */
function isEnough(answer: string): boolean {
  if (answer.length >= 5 && !answer.startsWith('HTTP/')) return true
  return answer.includes('\r\n\r\n') && (!/^\S+ 400 /.test(answer) || WANTS_TLS.test(answer))
}

/** Judges the beginning of an answer, one character for each byte. */
function judgePlaintext(answer: string): Exclude<PlaintextAnswer, 'silent'> {
  if (answer.startsWith(ALERT) || WANTS_TLS.test(answer)) return 'refused'
  if (IS_DOCKER.test(answer)) return 'docker'
  return answer.startsWith('HTTP/') ? 'http' : 'other'
}
