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

/** Sends plain HTTP to the port. Returns the refusal, and throws if the server answers. */
export function askPlainly(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path: '/_ping', timeout: TIMEOUT_MS }, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      answer.once('end', () => {
        if (answer.statusCode === 200) reject(new Error('the server answered plain HTTP'))
        else resolve(`HTTP ${answer.statusCode}, ${body.trim().replace(/\.$/, '')}`)
      })
    })
    request.once('timeout', () => request.destroy(new Error('no answer')))
    request.once('error', (error) => resolve(error.message))
  })
}

/** Connects with plain node:tls and sends a request. Returns the refusal, and throws if the server answers. */
export function shakeHands(options: Handshake): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', ...options })
    // With TLS 1.3 the server verifies the client certificate after the handshake (RFC 8446, section 4.4.2.4), so only
    // a request shows the result.
    socket.once('secureConnect', () => socket.write('GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n'))
    socket.once('data', () => {
      socket.destroy()
      reject(new Error('the server accepted a client without a valid certificate'))
    })
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer')))
    socket.once('error', (error: Error & { reason?: string }) => resolve(`TLS alert, ${alertText(error)}`))
    socket.once('end', () => resolve('closed the connection'))
  })
}

/** Removes the common prefix of OpenSSL's texts, such as `tlsv13 alert certificate required`. */
export function alertText({ reason, message }: Error & { reason?: string }): string {
  return (reason ?? message).replace(/^(sslv3|tlsv1|tlsv13|ssl\/tls) alert /, '')
}
