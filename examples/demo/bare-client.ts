import { get } from 'node:http'
import { connect } from 'node:tls'

/** Longer than any answer on loopback takes. */
const TIMEOUT_MS = 5_000

interface Handshake {
  readonly port: number
  readonly ca: string | Buffer
  readonly cert?: string
  readonly key?: string
}

/** Sends plain HTTP to the port. Gives the refusal, and throws where there is none. */
export function askPlainly(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path: '/_ping', timeout: TIMEOUT_MS }, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      answer.once('end', () => {
        if (answer.statusCode === 200) reject(new Error('plain HTTP was answered, and should not have been'))
        else resolve(`HTTP ${answer.statusCode}, ${body.trim().replace(/\.$/, '')}`)
      })
    })
    request.once('timeout', () => request.destroy(new Error('silence')))
    request.once('error', (error) => resolve(error.message))
  })
}

/** Shakes hands as a client that isn't this package, and asks. Gives the refusal, and throws where there is none. */
export function shakeHands(options: Handshake): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', ...options })
    // Over TLS 1.3 a client's certificate is judged after the handshake (RFC 8446, section 4.4.2.4): ask, and see.
    socket.once('secureConnect', () => socket.write('GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n'))
    socket.once('data', () => {
      socket.destroy()
      reject(new Error('a client without a good certificate was let in, and should not have been'))
    })
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('silence')))
    socket.once('error', (error: Error & { reason?: string }) => resolve(`TLS alert, ${words(error)}`))
    socket.once('end', () => resolve('closed the connection'))
  })
}

/** OpenSSL's `tlsv13 alert certificate required`, without what every alert says. */
function words({ reason, message }: Error & { reason?: string }): string {
  return (reason ?? message).replace(/^(sslv3|tlsv1|tlsv13|ssl\/tls) alert /, '')
}
