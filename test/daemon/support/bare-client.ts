import { connect, createSecureContext, type ConnectionOptions } from 'node:tls'
import { readCertificate } from '../../../lib/identity/certificate.ts'
import type { Identity } from '../../../lib/identity/identity.ts'
import { runCommand, untilAlert, type CommandResult } from '../../support/command.ts'

/** OpenSSL itself would refuse SHA-1 and short keys: here the daemon is to judge. */
const ANY_STRENGTH = 'DEFAULT@SECLEVEL=0'

export interface Shown {
  readonly ca: string
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/**
 * `GET /_ping` by node:tls and nothing else: neither our checks nor our words are in it.
 *
 * @returns all that came back
 * @throws whatever Node says
 */
export function pingBarely(port: number, { ca, cert, key }: Shown, options: ConnectionOptions = {}): Promise<string> {
  const socket = connect({
    host: 'localhost',
    port,
    ca,
    cert,
    key,
    servername: 'localhost',
    ciphers: ANY_STRENGTH,
    ...options,
  })
  return new Promise((resolve, reject) => {
    let answer = ''
    // The ticket comes once the server has taken our certificate. A request written before could end the connection
    // by a reset, which throws the alert away. And not from within: 'session' comes in the middle of a read.
    const ask = (): boolean => socket.write('GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n')
    socket.once('session', () => setImmediate(ask))
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
    socket.once('end', () => resolve(answer)).once('error', reject)
    socket.setTimeout(10_000, () => socket.destroy(new Error('silence')))
  })
}

/** An identity that has passed no check, for what comes after the checks: it shows what it is given. */
export function uncheckedIdentity({ ca, cert, key }: Shown): Identity {
  const context = createSecureContext({ ca, ...(cert !== undefined && { cert, key }), ciphers: ANY_STRENGTH })
  const set = {
    client: cert === undefined ? undefined : readCertificate(cert),
    authorities: [readCertificate(ca)],
    secureContext: () => context,
  }
  return { current: () => Promise.resolve(set) } as unknown as Identity
}

/** `docker version` as a person with these certificates would run it. */
export function dockerVersion(port: number, certPath: string): Promise<CommandResult> {
  const where = { DOCKER_HOST: `tcp://localhost:${port}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certPath }
  const env = { ...where, DOCKER_CONFIG: `${certPath}/none` }
  return untilAlert(() => runCommand('docker', ['version'], { env }))
}
