import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { before, describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { isDockerMtlsError, type ErrorCode } from '../../lib/base/errors.ts'
import { openCertificate, readCertificate, splitPem } from '../../lib/identity/certificate.ts'
import { namesAuthority, namesOnly, probeServer, type ProbeOptions, type ServerReport } from '../../lib/probe.ts'
import { withDeadline } from '../../lib/probe/deadline.ts'
import { readDistinguishedName, subjectOf } from '../../lib/probe/distinguished-name.ts'
import { exchange } from '../../lib/probe/exchange.ts'
import { makeCa, makeServer, type Made } from '../support/openssl-certs.ts'
import { freePort } from '../support/ports.ts'
import { TYPESCRIPT } from '../support/programs.ts'
import { lacks } from '../support/requirements.ts'
import { PING, response, startPeer, type PeerKind } from '../support/tls-servers.ts'
import { alert, certificateRequest, certificates, helloDone, inRecords, record, serverHello } from './support/flight.ts'
import {
  startNodeTls,
  startOpenssl,
  startStopped,
  startTcp,
  writeFiles,
  type Files,
  type TcpPeer,
} from './support/peers.ts'
import { startWatch } from '../support/watch.ts'

const HOST = { host: '127.0.0.1', servername: 'localhost' }

const probe = (port: number, options: Partial<ProbeOptions> = {}): Promise<ServerReport> =>
  probeServer({ ...HOST, port, ...options })

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => assert.fail(`it should have failed, and gave ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
}

async function assertFails(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  const error = await failure(promise)
  assert.ok(isDockerMtlsError(error, code), String(error))
}

let ca: Made
let otherCa: Made
let server: Made
let files: Files
const skip = lacks('openssl')
before(async () => {
  if (skip !== false) return
  ;[ca, otherCa] = await Promise.all([makeCa(), makeCa({ commonName: 'Another CA' })])
  server = await makeServer(ca)
  files = { ca: ca.cert, cert: server.cert, key: server.key }
})

/** Its names in words, or why there are none. */
function authorities({ acceptedAuthorities: found }: ServerReport): readonly string[] | string {
  return typeof found === 'string' ? found : found.map(({ name }) => name)
}

interface Row {
  readonly args: string
  readonly protocols: ServerReport['protocols']
  readonly clientCertificate: ServerReport['clientCertificate']
  readonly authorities: readonly string[] | string
}

const OLD = '-cipher DEFAULT@SECLEVEL=0'
const NEW: ServerReport['protocols'] = ['TLSv1.2', 'TLSv1.3']
const ROWS: readonly Row[] = [
  { args: '', protocols: NEW, clientCertificate: 'not asked for', authorities: 'not asked for' },
  { args: '-verify 1', protocols: NEW, clientCertificate: 'requested', authorities: [] },
  { args: '-verify 1 -CAfile CA', protocols: NEW, clientCertificate: 'requested', authorities: ['CN=Test CA'] },
  { args: '-Verify 1', protocols: NEW, clientCertificate: 'required', authorities: [] },
  { args: '-Verify 1 -CAfile CA', protocols: NEW, clientCertificate: 'required', authorities: ['CN=Test CA'] },
  { args: '-tls1_2', protocols: ['TLSv1.2'], clientCertificate: 'not asked for', authorities: 'not asked for' },
  { args: '-tls1_2 -verify 1', protocols: ['TLSv1.2'], clientCertificate: 'requested', authorities: [] },
  {
    args: '-tls1_2 -Verify 1 -CAfile CA',
    protocols: ['TLSv1.2'],
    clientCertificate: 'required',
    authorities: ['CN=Test CA'],
  },
  { args: '-tls1_3', protocols: ['TLSv1.3'], clientCertificate: 'not asked for', authorities: 'not asked for' },
  {
    args: '-tls1_3 -verify 1 -CAfile CA',
    protocols: ['TLSv1.3'],
    clientCertificate: 'requested',
    authorities: 'unknown',
  },
  {
    args: '-tls1_3 -Verify 1 -CAfile CA',
    protocols: ['TLSv1.3'],
    clientCertificate: 'required',
    authorities: 'unknown',
  },
  {
    args: '-tls1_3 -num_tickets 0',
    protocols: ['TLSv1.3'],
    clientCertificate: 'not asked for',
    authorities: 'not asked for',
  },
  {
    args: `${OLD} -Verify 1 -CAfile CA`,
    protocols: ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
    clientCertificate: 'required',
    authorities: ['CN=Test CA'],
  },
  {
    args: `-tls1_1 ${OLD} -Verify 1 -CAfile CA`,
    protocols: ['TLSv1.1'],
    clientCertificate: 'required',
    authorities: ['CN=Test CA'],
  },
  { args: `-tls1 ${OLD}`, protocols: ['TLSv1'], clientCertificate: 'not asked for', authorities: 'not asked for' },
  { args: `-tls1 ${OLD} -verify 1`, protocols: ['TLSv1'], clientCertificate: 'requested', authorities: [] },
]

describe('openssl s_server', { skip }, () => {
  for (const row of ROWS) {
    test(row.args === '' ? 'without any flag' : row.args, async (t) => {
      const port = await startOpenssl(t, files, row.args.split(' ').filter(Boolean))
      const report = await probe(port)
      assert.equal(report.plaintext, 'refused')
      assert.deepEqual(report.protocols, row.protocols)
      assert.equal(report.clientCertificate, row.clientCertificate)
      assert.deepEqual(authorities(report), row.authorities)
      assert.deepEqual(report.certificate, readCertificate(server.cert))
      // Given a CA, s_server shows that as well.
      assert.deepEqual(report.chain, splitPem(row.args.includes('CA') ? server.cert + ca.cert : server.cert))

      const isNamed = Array.isArray(row.authorities) && row.authorities.length > 0
      assert.equal(namesAuthority(report, ca.cert), isNamed)
      assert.equal(namesOnly(report, ca.cert), isNamed)
      assert.equal(namesAuthority(report, otherCa.cert), false)
      assert.equal(namesOnly(report, ca.cert + otherCa.cert), false)
    })
  }

  test('shows every kind of key, expired and foreign certificates, and whole chains', async (t) => {
    for (const keyType of ['rsa2048', 'p384', 'ed25519'] as const) {
      const made = await makeServer(otherCa, { keyType, from: new Date(2020, 1), to: new Date(2021, 1) })
      const chain = ['-cert_chain', 'CA']
      for (const version of ['-tls1_2', '-tls1_3']) {
        const port = await startOpenssl(t, { ...made, ca: otherCa.cert }, [version, ...chain, '-Verify', '1'])
        const report = await probe(port)
        assert.deepEqual(report.certificate, readCertificate(made.cert))
        assert.deepEqual(report.chain, [...splitPem(made.cert), ...splitPem(otherCa.cert)])
        assert.equal(report.clientCertificate, 'required')
        assert.deepEqual(report.protocols, [version === '-tls1_2' ? 'TLSv1.2' : 'TLSv1.3'])
      }
    }
  })

  test('names two CAs, in bytes and in words', async (t) => {
    const port = await startOpenssl(t, { ...files, ca: ca.cert + otherCa.cert }, ['-Verify', '1', '-CAfile', 'CA'])
    const report = await probe(port)
    assert.deepEqual(new Set(authorities(report)), new Set(['CN=Test CA', 'CN=Another CA']))
    assert.ok(namesAuthority(report, ca.cert) && namesAuthority(report, otherCa.cert))
    assert.ok(namesAuthority(report, ca.cert + otherCa.cert) && namesOnly(report, otherCa.cert + ca.cert))
    assert.equal(namesOnly(report, ca.cert), false, 'the other one is taken, too')
    assert.equal(namesAuthority(report, ca.cert + server.cert), false)
    await assertFails((async () => namesAuthority(report, ''))(), 'ERR_IDENTITY_NOT_PEM')
    await assertFails((async () => namesOnly(report, server.key))(), 'ERR_IDENTITY_NOT_PEM')
  })

  test('is asked for the name, and not for an address', async (t) => {
    const other = await makeServer(otherCa, { names: ['DNS:other.example'] })
    const { cert, key } = await writeFiles(t, { cert: other.cert, key: other.key })
    const args = ['-servername', 'other.example', '-cert2', cert, '-key2', key]
    for (const version of ['-tls1_2', '-tls1_3']) {
      const port = await startOpenssl(t, files, [version, ...args])
      assert.equal((await probe(port, { servername: 'other.example' })).certificate?.names.dns[0], 'other.example')
      assert.equal((await probe(port, { servername: 'localhost' })).certificate?.names.dns[0], 'localhost')
      assert.equal((await probeServer({ host: '127.0.0.1', port })).certificate?.names.dns[0], 'localhost')
    }
  })

  test('reads more CAs than one record holds', async (t) => {
    const names = Array.from({ length: 12 }, (_, index) => `CA ${index} ${'x'.repeat(50)}`)
    const many = await Promise.all(names.map((commonName) => makeCa({ commonName })))
    const bundle = many.map(({ cert }) => cert).join('')
    const port = await startOpenssl(t, { ...files, ca: bundle }, [
      '-Verify',
      '1',
      '-CAfile',
      'CA',
      '-max_send_frag',
      '512',
    ])
    const report = await probe(port)
    assert.equal(report.acceptedAuthorities.length, 12)
    assert.ok(namesOnly(report, bundle))
  })
})

describe('a server of node:tls', { skip }, () => {
  const policies = { 'with a client certificate': true, 'that asks and lets in': false } as const
  for (const [name, rejectUnauthorized] of Object.entries(policies)) {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      test(`${name}, ${maxVersion}`, async (t) => {
        const { port, told } = await startNodeTls(t, { ...files, requestCert: true, rejectUnauthorized, maxVersion })
        const report = await probe(port)
        assert.equal(report.clientCertificate, rejectUnauthorized ? 'required' : 'requested')
        assert.deepEqual(authorities(report), ['CN=Test CA'])
        assert.equal(report.plaintext, 'refused')
        assert.equal(told(), 0, 'nothing is sent inside TLS')
      })
    }
  }

  test('that asks for nothing', async (t) => {
    const { port, told } = await startNodeTls(t, files)
    const { clientCertificate, acceptedAuthorities, protocols } = await probe(port)
    assert.deepEqual([clientCertificate, acceptedAuthorities], ['not asked for', 'not asked for'])
    assert.deepEqual(protocols, ['TLSv1.2', 'TLSv1.3'])
    assert.equal(told(), 0)
  })
})

const GO = response('400 Bad Request', 'Client sent an HTTP request to an HTTPS server.\n')
const NGINX = response('400 Bad Request', '<center>The plain HTTP request was sent to HTTPS port</center>')
const APACHE = response('400 Bad Request', "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />")

const WITHOUT_TLS: Record<string, readonly [ServerReport['plaintext'], string]> = {
  'Docker without TLS': ['docker', PING],
  'Docker that asks an authorization plugin': ['docker', response('403 Forbidden', '{}', ['Api-Version: 1.45'])],
  'an old Docker': ['docker', response('200 OK', 'OK', ['Server: Docker/1.13.1 (linux)'])],
  'a web server': ['http', response('404 Not Found', '<html>')],
  'a web server that dislikes the request': ['http', response('400 Bad Request', 'Bad Request')],
  'a web server that only talks of HTTPS': ['http', response('200 OK', 'This is an HTTPS server.')],
  'Go with TLS': ['refused', GO],
  'nginx with TLS': ['refused', NGINX],
  'Apache with TLS': ['refused', APACHE],
  'an alert': ['refused', alert(2, 10).toString('latin1')],
  SSH: ['other', 'SSH-2.0-OpenSSH_10.0\r\n'],
  'half a head': ['http', 'HTTP/1.1 200 OK\r\nContent-Le'],
}

describe('without TLS', () => {
  for (const [name, [plaintext, answer]] of Object.entries(WITHOUT_TLS)) {
    for (const then of ['end', 'silence'] as const) {
      // Until its body has come nobody knows what a 400 means.
      const waits = then === 'silence' && (name === 'half a head' || name.endsWith('dislikes the request'))
      test(`${name} (then ${then}): ${plaintext}`, async (t) => {
        const { port } = await startTcp(t, (socket) => {
          socket.once('data', () => {
            socket.write(answer, 'latin1')
            if (then === 'end') socket.end()
          })
        })
        const start = startWatch()
        const report = await probe(port, { timeout: waits ? 300 : 5_000 })
        assert.equal(report.plaintext, plaintext)
        assert.deepEqual(report.protocols, [])
        assert.equal(report.certificate, undefined)
        assert.deepEqual([report.clientCertificate, report.acceptedAuthorities], ['unknown', 'unknown'])
        assert.ok(start() < 2_000, 'it waits for nothing more')
      })
    }
  }

  test('an address is asked for by no name', async (t) => {
    const { port, received } = await startTcp(t, (socket) => void socket.once('data', () => socket.end()))
    await probeServer({ host: '127.0.0.1', port })
    assert.equal(received().includes('127.0.0.1'), false)
  })

  test('what a 400 means is read to its end, in however many pieces it comes', async (t) => {
    const { port } = await startTcp(t, (socket) => {
      const [head = '', body = ''] = GO.split(/(?<=\r\n\r\n)/)
      socket.setNoDelay(true).once('data', () => {
        socket.write(head)
        setTimeout(() => socket.end(body), 50)
      })
    })
    assert.equal((await probe(port)).plaintext, 'refused')
  })

  test('what is sent is a ping, four hellos and a handshake, and nothing else', async (t) => {
    const { port, received } = await startTcp(t, (socket) => void socket.once('data', () => socket.end()))
    await probe(port)
    const bytes = received().toString('latin1')
    assert.match(bytes, /GET \/_ping HTTP\/1\.1\r\nHost: docker\r\nConnection: close\r\n\r\n/)
    assert.equal(bytes.split('\x16\x03\x01').length - 1, 5)
    assert.equal(bytes.split('GET ').length - 1, 1)
    assert.equal(bytes.split('localhost').length - 1, 5, 'the name is in each hello')
    assert.equal(bytes.split('\x00\x0d\x00').length - 1, 3, 'signature algorithms are for 1.2 and later')
  })
})

/** Answers a hello with bytes, and a request without TLS by closing. */
const answering =
  (bytes: (hello: Buffer) => Buffer, then: (socket: Socket) => void = (socket) => void socket.end()) =>
  (socket: Socket): void => {
    socket.once('data', (hello: Buffer) => {
      if (hello[0] === 22) socket.write(bytes(hello))
      then(socket)
    })
  }

/** TLS 1.2 alone, by hand: what a client that offers only 1.3 is told stands in the alert. */
const onlyIn12 =
  (flight: Buffer) =>
  (hello: Buffer): Buffer =>
    hello[9] === 3 && hello[10] === 3 && !hello.includes(Buffer.from([0, 43, 0, 3, 2, 3, 4])) ? flight : alert(2, 70)

const flight = (): Buffer[] => [
  serverHello(0x0303),
  certificates(openCertificate(server.cert).raw),
  certificateRequest(subjectOf(openCertificate(ca.cert).raw)),
  helloDone,
]

const endless = (bytes: Buffer) => (socket: Socket) => {
  const more = (): void => {
    while (!socket.destroyed && socket.write(bytes));
  }
  socket.on('drain', more)
  socket.once('data', more)
}

async function drip(socket: Socket, bytes: Buffer): Promise<void> {
  for (const byte of bytes) {
    if (socket.destroyed) return
    socket.write(Uint8Array.of(byte))
    await new Promise(setImmediate)
  }
}

describe('servers that misbehave', { skip }, () => {
  test('a flight in pieces of one byte', async (t) => {
    const { port } = await startTcp(t, (socket) => {
      socket.setNoDelay(true).once('data', (hello: Buffer) => {
        void drip(socket, onlyIn12(inRecords(flight(), 200))(hello))
      })
    })
    const report = await probe(port, { timeout: 2_000 })
    assert.deepEqual(report.protocols, ['TLSv1.2'])
    assert.deepEqual(authorities(report), ['CN=Test CA'])
    assert.deepEqual(report.certificate, readCertificate(server.cert))
    assert.ok(namesOnly(report, ca.cert))
  })

  test('half a CertificateRequest: the version and the certificate, and no list', async (t) => {
    const whole = inRecords(flight(), 16_384)
    const { port } = await startTcp(t, answering(onlyIn12(whole.subarray(0, -10))))
    const report = await probe(port, { timeout: 1_000 })
    assert.deepEqual(report.protocols, [], 'the record is not whole')
    const half = Buffer.concat([
      inRecords(flight().slice(0, 2), 16_384),
      inRecords(flight().slice(2), 16_384).subarray(0, -10),
    ])
    const other = await startTcp(t, answering(onlyIn12(half)))
    const second = await probe(other.port, { timeout: 1_000 })
    assert.deepEqual(second.protocols, ['TLSv1.2'])
    assert.deepEqual(second.certificate, readCertificate(server.cert))
    assert.deepEqual([second.acceptedAuthorities, second.clientCertificate], ['unknown', 'unknown'])
    assert.equal(namesAuthority(second, ca.cert), false)
  })

  test('an answer in another version than was asked for', async (t) => {
    const { port } = await startTcp(
      t,
      answering(() => inRecords([serverHello(0x0300), helloDone], 16_384)),
    )
    assert.deepEqual((await probe(port)).protocols, [])
  })

  test('a certificate that is none, and a CA whose name is none', async (t) => {
    const bytes = inRecords(
      [serverHello(0x0303), certificates(Buffer.from('junk')), certificateRequest(Buffer.from('junk')), helloDone],
      16_384,
    )
    const { port } = await startTcp(t, answering(onlyIn12(bytes)))
    const report = await probe(port)
    assert.equal(report.certificate, undefined)
    assert.equal(report.chain.length, 1)
    assert.deepEqual(authorities(report), ['not a name: 6a756e6b'])
    assert.equal(namesAuthority(report, ca.cert), false)
  })

  const KINDS: readonly PeerKind[] = [
    'silent before TLS',
    'resets at once',
    'resets in the handshake',
    'closes at once',
    'closes in the handshake',
    'speaks first, as SSH does',
    'resets after TLS',
    'closes after TLS',
    'silent after TLS',
    'TLS 1.2 with CBC suites only',
    'answers with a weak certificate',
  ]
  for (const kind of KINDS) {
    test(`${kind}: a report, in time`, async (t) => {
      const peer = await startPeer(kind, files)
      t.after(() => peer.close())
      const start = startWatch()
      const report = await probe(peer.port, { timeout: 500 })
      assert.ok(start() < 1_500)
      if (/^(resets|closes) (at|in)|before|SSH/.test(kind)) assert.deepEqual(report.protocols, [])
      if (kind === 'silent before TLS') {
        assert.deepEqual([report.plaintext, report.clientCertificate], ['silent', 'unknown'])
      }
      if (kind === 'TLS 1.2 with CBC suites only') assert.deepEqual(report.protocols, ['TLSv1.2'])
      if (kind.startsWith('closes') || kind.startsWith('resets')) assert.notEqual(report.clientCertificate, 'requested')
    })
  }

  test('garbage without an end, and records without an end', async (t) => {
    const hello = inRecords([serverHello(0x0303)], 16_384)
    const record12 = record(22, Buffer.concat([Buffer.from([12, 0, 0x3e, 0x7c]), Buffer.alloc(15_996)]))
    const warnings = Buffer.concat(Array.from({ length: 9_000 }, () => alert(1, 112)))
    for (const bytes of [Buffer.alloc(65_536, 7), record12, Buffer.concat([hello, record12]), warnings]) {
      const peer = await startTcp(t, endless(bytes))
      const start = startWatch()
      await probe(peer.port, { timeout: 10_000 })
      assert.ok(start() < 5_000, 'it does not listen for as long as it may')
      await untilClosed(peer)
    }
  })
})

async function untilClosed(peer: TcpPeer): Promise<void> {
  for (let attempt = 0; attempt < 100 && peer.open() > 0; attempt++) await delay(20)
  assert.equal(peer.open(), 0, 'sockets are left open')
}

describe('no way to the server', () => {
  test('nothing listens, and no such name', async () => {
    await assertFails(probe(await freePort()), 'ERR_CONNECTION_REFUSED')
    await assertFails(probeServer({ host: 'no-such-host.invalid', port: 2376 }), 'ERR_NAME_NOT_RESOLVED')
  })

  test('silence ends with the time, and nothing stays open', async (t) => {
    const peer = await startTcp(t, () => undefined)
    const [began, passed] = [performance.now(), startWatch()]
    const report = await probe(peer.port, { timeout: 400 })
    assert.ok(performance.now() - began >= 390)
    assert.ok(passed() < 1_200, `${passed()} ms`)
    assert.equal(report.plaintext, 'silent')
    await untilClosed(peer)
  })

  test('an abort ends it with its reason, before, during and never after', async (t) => {
    const peer = await startTcp(t, () => undefined)
    const reason = new Error('enough of it')
    assert.equal(await failure(probe(peer.port, { signal: AbortSignal.abort(reason) })), reason)
    const { signal, abort } = aborting(reason)
    setTimeout(abort, 100)
    const start = startWatch()
    assert.equal(await failure(probe(peer.port, { signal })), reason)
    assert.ok(start() < 1_000)
    await untilClosed(peer)

    const early = aborting(reason)
    setTimeout(early.abort, 100)
    assert.equal(await failure(probe(await startStopped(t), { signal: early.signal })), reason)
  })

  test('an abort between the connection and the first byte ends it, too', async (t) => {
    const peer = await startTcp(t, () => undefined)
    const { signal, abort } = aborting(new Error('enough of it'))
    // Listens after exchange() does, so that the abort comes when it has just noticed the connection.
    const onSocket = (message: unknown): void => {
      const { socket } = message as { socket: Socket }
      queueMicrotask(() => socket.once('connect', abort))
    }
    subscribe('net.client.socket', onSocket)
    t.after(() => unsubscribe('net.client.socket', onSocket))
    const target = { ...HOST, port: peer.port, timeout: 1_000, signal, name: 'tcp://127.0.0.1' }
    assert.equal(await exchange(target, { send: Buffer.from('x'), receive: () => true }, signal), 'late')
  })

  test('where one look fails, the others end with it', async () => {
    let seen: AbortSignal | undefined
    const call = async (time: AbortSignal): Promise<never> => {
      seen = time
      throw new Error('no way')
    }
    await assert.rejects(withDeadline({ timeout: 60_000, signal: undefined }, call), /no way/)
    assert.equal(seen?.aborted, true)
  })

  test('a host that takes no more connections', async (t) => {
    const port = await startStopped(t)
    const start = startWatch()
    await assertFails(probe(port, { timeout: 300 }), 'ERR_CONNECT_TIMEOUT')
    assert.ok(start() < 1_500)
  })

  test('a process that has probed ends', async (t: TestContext) => {
    const peer = await startTcp(t, () => undefined)
    const code = `import { probeServer } from ${JSON.stringify(new URL('../../lib/probe.ts', import.meta.url))}
      const { plaintext } = await probeServer({ host: '127.0.0.1', port: ${peer.port}, timeout: 300 })
      console.log(plaintext)`
    const child = spawn(process.execPath, [...TYPESCRIPT, '--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 20_000,
    })
    let told = ''
    child.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()))
    const [status] = (await once(child, 'close')) as [number | null]
    assert.deepEqual([status, told], [0, 'silent\n'])
  })

  test('mistakes in a call', async () => {
    await assertFails(wrong({ ...HOST, port: 2376, rejectUnauthorised: true }), 'ERR_OPTION_UNKNOWN')
    for (const options of [
      undefined,
      { port: 2376 },
      { host: '', port: 2376 },
      { host: 'a' },
      { host: 'a', port: 0 },
      { host: 'a', port: 70_000 },
      { host: 'a', port: '2376' },
      { host: 'a', port: 1, timeout: 0 },
      { host: 'a', port: 1, timeout: Number.NaN },
      { host: 'a', port: 1, servername: 5 },
      { host: 'a', port: 1, signal: {} },
    ]) {
      await assertFails(wrong(options as object), 'ERR_ARGUMENT_INVALID')
    }
  })
})

const wrong = (options: object): Promise<unknown> => probeServer(options as ProbeOptions)

function aborting(reason: Error): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort(reason) }
}

describe('distinguished names', { skip }, () => {
  test("have a certificate's own words and bytes", async () => {
    const odd = ['Test CA', 'comma, plus + and "quotes"', 'Ünïcödé 漢字', 'a\\b', ' leading', '#hash', 'x'.repeat(64)]
    for (const commonName of odd) {
      const { cert } = await makeCa({ commonName: commonName.replaceAll(/["\\#]/g, String.raw`\$&`) })
      const { raw } = openCertificate(cert)
      assert.equal(readDistinguishedName(subjectOf(raw)).name, readCertificate(cert).subject)
    }
    const version1 = Buffer.from('300f300d02010130003000300030020500', 'hex')
    assert.deepEqual([...subjectOf(version1)], [0x30, 2, 5, 0], 'the first version of certificates has no field for it')
    const empty = openCertificate((await makeServer(ca, { commonName: '' })).cert).raw
    assert.deepEqual([...subjectOf(empty)], [0x30, 0])
    assert.equal(readDistinguishedName(subjectOf(empty)).name, '')
  })
})
