import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { before, describe, test, type TestContext } from 'node:test'
import { createServer as createTlsServer, type TlsOptions, type TLSSocket } from 'node:tls'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { readCertificate } from '../../lib/identity/certificate.ts'
import { createAuthority, issueClient, issueServer, type IssuedCertificate } from '../../lib/pki.ts'
import { localShell } from '../../lib/host/local-shell.ts'
import type { HostShell, ScriptResult } from '../../lib/host/shell.ts'
import { verifyListener, type VerificationCheck } from '../../lib/apply/verify-listener.ts'
import { verifyDaemon } from '../../lib/apply/verify-daemon.ts'
import type { ServerFiles } from '../../lib/apply/server-files.ts'
import { PING } from '../support/tls-servers.ts'
import { freePort } from '../support/ports.ts'

/** Decides by itself whom it lets in, whatever OpenSSL thinks. */
type Takes = (socket: TLSSocket) => boolean

interface Fake {
  readonly options?: TlsOptions
  readonly takes?: Takes
  /** Does it answer plain HTTP on the same port, too? */
  readonly isOpen?: boolean
}

let server: ServerFiles
let sibling: IssuedCertificate
let stranger: IssuedCertificate
let probe: { ca: string; cert: string; key: string }

before(async () => {
  const authority = await createAuthority()
  server = await issueServer(authority, { names: ['localhost'] })
  sibling = await issueServer(authority, { names: ['localhost'] })
  stranger = await issueServer(await createAuthority(), { names: ['localhost'] })
  probe = await issueClient(authority, { name: 'probe-0a0b0c0d', days: 1 })
})

const issuerOf = (socket: TLSSocket): string => socket.getPeerX509Certificate()?.issuer.replace(/^CN=/, '') ?? ''
const isForClients = (socket: TLSSocket): boolean =>
  socket.getPeerX509Certificate()?.keyUsage?.includes('1.3.6.1.5.5.7.3.2') === true
/** By itself, with a list of CAs that nobody is told. */
const isOurs = (socket: TLSSocket): boolean =>
  isForClients(socket) && socket.getPeerX509Certificate()?.verify(new X509Certificate(server.ca).publicKey) === true

/** A server as dockerd is, but for one thing. Gives its port. */
async function startFake(t: TestContext, { options = {}, takes, isOpen = false }: Fake): Promise<number> {
  const { cert, key = '', ca } = server
  const strict = { requestCert: true, rejectUnauthorized: takes === undefined }
  const inner = createTlsServer({ cert, key, ca, ...strict, ...options }, (socket) => {
    socket.on('error', () => undefined).resume()
    if (takes?.(socket) === false) socket.destroy()
  }).on('tlsClientError', () => undefined)
  const outer = isOpen ? behindPlaintext(inner) : inner
  const open = new Set<Socket>()
  outer.on('connection', (socket: Socket) => open.add(socket.on('error', () => undefined)))
  outer.listen(0, '127.0.0.1')
  await once(outer, 'listening')
  t.after(() => {
    for (const socket of open) socket.destroy()
    outer.close()
  })
  return (outer.address() as AddressInfo).port
}

/** Tells TLS by its first byte. */
function behindPlaintext(inner: Server): Server {
  return createServer((socket) => {
    socket.once('data', (chunk: Buffer) => {
      if (chunk[0] !== 22) return socket.end(PING)
      socket.pause()
      socket.unshift(chunk)
      return inner.emit('connection', socket)
    })
  })
}

const failedOf = (checks: readonly VerificationCheck[]): string[] =>
  checks.flatMap(({ name, ok }) => (ok ? [] : [name])).toSorted()

const commonNameOf = (pem: string): string => readCertificate(pem).commonName ?? ''

describe('each thing that a proof claims', () => {
  const rows: [string, () => Fake, VerificationCheck['name'][]][] = [
    ['a server as it should be', () => ({}), []],
    [
      'it asks for no certificate',
      () => ({ options: { requestCert: false, rejectUnauthorized: false } }),
      ['authorities', 'foreign-ca', 'no-certificate', 'same-named-ca', 'server-certificate'],
    ],
    [
      'it asks, and takes anybody',
      () => ({ takes: () => true }),
      ['foreign-ca', 'no-certificate', 'same-named-ca', 'server-certificate'],
    ],
    [
      'it takes who shows nothing',
      () => ({ takes: (socket) => socket.authorized || socket.getPeerX509Certificate() === undefined }),
      ['no-certificate'],
    ],
    [
      "it takes the server's own certificate",
      () => ({ takes: (socket) => socket.authorized || String(socket.authorizationError) === 'INVALID_PURPOSE' }),
      ['server-certificate'],
    ],
    [
      'it takes clients of other CAs',
      () => ({ takes: (socket) => socket.authorized || !['', commonNameOf(server.ca)].includes(issuerOf(socket)) }),
      ['foreign-ca'],
    ],
    [
      'it only compares the names of CAs',
      () => ({
        takes: (socket) => socket.authorized || (isForClients(socket) && issuerOf(socket) === commonNameOf(server.ca)),
      }),
      ['same-named-ca'],
    ],
    ['it has one more CA in its list', () => ({ options: { ca: [server.ca, stranger.ca] } }), ['authorities']],
    ['it has another CA in its list', () => ({ options: { ca: stranger.ca } }), ['authorities', 'client']],
    ['its list of CAs is empty', () => ({ options: { ca: [] }, takes: isOurs }), ['authorities']],
    ['it takes nobody at all', () => ({ takes: () => false }), ['client']],
    ['it answers in plaintext, too', () => ({ isOpen: true }), ['plaintext']],
    [
      'it shows another certificate of the same CA',
      () => ({ options: { cert: sibling.cert, key: sibling.key } }),
      ['certificate'],
    ],
  ]
  for (const [name, fake, failed] of rows) {
    test(`${name}: ${failed.join(', ') || 'nothing to find'}`, async (t) => {
      const port = await startFake(t, fake())
      const checks = await verifyListener({ host: '127.0.0.1', port, server, probe })
      assert.deepEqual(failedOf(checks), failed, JSON.stringify(checks, undefined, 1))
    })
  }
})

test('a server of another CA is none of ours, and nothing else is tried', async (t) => {
  const port = await startFake(t, { options: { cert: stranger.cert, key: stranger.key } })
  await assert.rejects(verifyListener({ host: '127.0.0.1', port, server, probe }), (error) =>
    isDockerMtlsError(error, 'ERR_SERVER_CERT_UNTRUSTED'),
  )
})

test('a server that keeps its list of CAs to itself, by TLS 1.3 alone, proves nothing', async (t) => {
  const port = await startFake(t, { options: { minVersion: 'TLSv1.3' } })
  assert.deepEqual(failedOf(await verifyListener({ host: '127.0.0.1', port, server, probe })), ['authorities'])
})

const planOf = (...ports: number[]): Parameters<typeof verifyDaemon>[0] => ({
  server,
  settings: { listen: ports.map((port) => `tcp://127.0.0.1:${port}` as const) },
})

describe('a daemon with several listeners', () => {
  /** The shell of this machine, whose dockerd we are. */
  const shell: HostShell = {
    ...localShell(),
    run: (script: string): Promise<ScriptResult> =>
      localShell().run(script.replace('"$(dockerd_pid)"', `${process.pid}`)),
  }
  test('each is proven, those that are only found by their sockets too', async (t) => {
    const [one, two, three] = [await startFake(t, {}), await startFake(t, {}), await startFake(t, {})]
    const checks = await verifyDaemon(planOf(one, two), { shell, probe })
    const places = [...new Set(checks.map(({ at }) => at))]
    assert.deepEqual(
      places,
      [one, two, three].map((port) => `tcp://127.0.0.1:${port}`),
    )
    assert.equal(checks.length, places.length * 8)
  })

  for (const [what, fake] of [
    ['plaintext', { isOpen: true }],
    ['anybody let in', { takes: () => true }],
  ] as const) {
    test(`${what} at the second, or at one that nobody knows of: refused, and where it is`, async (t) => {
      const [one, two] = [await startFake(t, {}), await startFake(t, fake)]
      for (const plan of [planOf(one, two), planOf(one)]) {
        await assert.rejects(verifyDaemon(plan, { shell, probe }), (error: unknown) => {
          assert.ok(isDockerMtlsError(error, 'ERR_HOST_COMMAND_FAILED'))
          assert.match(error.tried, new RegExp(`127\\.0\\.0\\.1:${two} `))
          assert.doesNotMatch(error.tried, new RegExp(`:${one}\\b`))
          return true
        })
      }
    })
  }

  test('a Docker in plaintext, on a port that nobody knows of', async (t) => {
    const one = await startFake(t, {})
    const open = createServer((socket) => socket.on('error', () => undefined).end(PING)).listen(0, '127.0.0.1')
    await once(open, 'listening')
    t.after(() => open.close())
    const { port } = open.address() as AddressInfo
    await assert.rejects(verifyDaemon(planOf(one), { shell, probe }), new RegExp(`:${port} .*plaintext`))
  })

  test("another host's loopback is asked there, and never ours in its place", async (t) => {
    const [one, inner] = [await startFake(t, {}), await startFake(t, {})]
    const asked: string[] = []
    const answering = (code: number): HostShell => ({
      ...shell,
      isHere: false,
      run: async (script) => {
        const at = /docker -H (\S+) version/.exec(script)?.[1]
        if (at === undefined) return shell.run(script)
        asked.push(at)
        return { code, stdout: '', stderr: '' }
      },
    })
    const plan = planOf(one)
    assert.equal((await verifyDaemon(plan, { shell: answering(1), probe })).length, 8)
    await assert.rejects(verifyDaemon(plan, { shell: answering(0), probe }), new RegExp(`:${inner} .*plaintext`))
    assert.deepEqual(asked, [`tcp://127.0.0.1:${inner}`, `tcp://127.0.0.1:${inner}`])
  })

  test('a process whose sockets can not be seen is no proof', async (t) => {
    const one = await startFake(t, {})
    const blind: HostShell = { ...shell, run: async () => ({ code: 0, stdout: 'x86_64\n', stderr: '' }) }
    await assert.rejects(verifyDaemon(planOf(one), { shell: blind, probe }), /no sockets/)
  })

  test('one that nobody listens on fails', async (t) => {
    const port = await startFake(t, {})
    const free = await freePort()
    await assert.rejects(verifyDaemon(planOf(port, free), { shell, probe, signal: AbortSignal.timeout(3000) }))
  })
})
