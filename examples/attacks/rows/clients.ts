import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { RecordingServer } from '../../../test/support/recording-server.ts'
import { Refusal, type Attack } from '../attack.ts'
import { makeImpostor } from '../stage/certificates.ts'
import { create } from '../stage/containers.ts'
import type { Target } from '../stage/target.ts'

/** Where an attacker waits for a client. */
interface Trap {
  readonly port: number
  /** What the attacker has read. */
  readonly heard: () => string
  readonly close: () => void
}

/** Has the password of the registry arrived? Every pull carries it, in base64. */
async function lure(
  { port, heard, close }: Trap,
  pull: (port: number) => Promise<void>,
  password: string,
): Promise<string> {
  try {
    // The attacker answers nothing useful. What counts is what was sent.
    const end = await pull(port).catch((error: unknown) => error)
    const header = /x-registry-auth: (\S+)/i.exec(heard())?.[1] ?? ''
    if (Buffer.from(header, 'base64').toString().includes(password)) return password
    if (end instanceof Refusal && heard() === '') throw end
    throw new Error(`the client neither refused nor told the password: ${String(end)}, ${heard()}`)
  } finally {
    close()
  }
}

/** Answers TLS with a certificate for the right names, of a CA that nobody trusts. */
async function startImpostor(): Promise<Trap> {
  let heard = ''
  const server = createServer(await makeImpostor(), (socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1')
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    })
  })
  server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, heard: () => heard, close: () => server.close() }
}

async function startEavesdropper(): Promise<Trap> {
  const server = await RecordingServer.start()
  const heard = (): string => server.connections.map(({ bytes }) => bytes.toString('latin1')).join('')
  return { port: server.port, heard, close: () => void server.close() }
}

/** What doctor says about the server's CA: of an impostor, or of our daemon. */
async function look(target: Target): Promise<string> {
  const impostor = target.side === 'wrong' ? await startImpostor() : undefined
  try {
    const { steps } = await target.diagnose(impostor?.port ?? target.port)
    return steps.find(({ step }) => step === 'ca')?.status ?? 'absent'
  } finally {
    impostor?.close()
  }
}

/** Attacks on clients. */
export const CLIENTS: readonly Attack[] = [
  {
    id: 'plaintext-client',
    title: 'An eavesdropper reads registry passwords',
    attacker: 'anyone who sees the traffic between client and daemon, or can redirect it',
    setup: 'plain',
    wrong: 'a client has `DOCKER_HOST=tcp://...` without `DOCKER_TLS_VERIFY`',
    how: 'The client sends everything in plaintext: registry passwords, build contexts, environment variables of containers.',
    attempt: async (target) => {
      const { client, user, host } = target
      // For the audit: such a client is often in a container.
      await create(user, { name: 'plaintext-client', env: client.env })
      const trap = await startEavesdropper()
      return `read a registry password: ${await lure(trap, (port) => client.pullPlainly(port, host.canary), host.canary)}`
    },
    refusal: /^ERR_TLS_VERIFY_REQUIRED/,
    stoppedBy: 'a client that refuses plaintext',
    defence: 'docker-mtls connects to TCP only with TLS, and refuses anything else before it sends a byte.',
    remains:
      'Other clients still connect without TLS if their variables say so. To let them use connections of docker-mtls, see [other clients and tools](other-clients.md).',
    signs: [{ check: 'C-DOCKERHOST', ours: 'pass' }],
  },
  {
    id: 'impostor',
    title: 'An impostor gets registry passwords',
    attacker: 'anyone who can redirect the traffic between client and daemon',
    setup: 'naive',
    wrong: 'a client uses TLS but does not verify the server',
    how: 'The attacker answers with a certificate of its own. A client that accepts any certificate sends it registry passwords and build contexts, and believes its answers.',
    attempt: async ({ client, host }) => {
      const trap = await startImpostor()
      return `read a registry password: ${await lure(trap, (port) => client.pull(port, host.canary), host.canary)}`
    },
    refusal: /^ERR_SERVER_CERT_UNTRUSTED/,
    stoppedBy: 'a client that verifies the server',
    defence: 'docker-mtls trusts only the CA in `ca.pem`. No option or variable turns that off.',
    remains:
      'No audit of the daemon shows whether its clients verify it. Look for `DOCKER_TLS` and `--tls` in their settings, and set `DOCKER_TLS_VERIFY=1` instead.',
    signs: [{ step: 'ca', ours: 'ok', look }],
  },
]
