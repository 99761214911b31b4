import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { createAuthority, issueClient, issueServer, type IssuedCertificate } from '../../lib/pki.ts'
import { RecordingServer } from './recording-server.ts'
import { lacks } from './requirements.ts'
import { startServerWithoutTickets } from './server-without-tickets.ts'
import { temporaryFolder } from './temporary.ts'
import { startPeer, type PeerKind } from './tls-servers.ts'

/** The servers of these tests are what other tests rely on: each has to misbehave in just the way that it is called by. */

let server: IssuedCertificate
let client: IssuedCertificate

before(async () => {
  const authority = await createAuthority()
  server = await issueServer(authority, { names: ['localhost'] })
  client = await issueClient(authority, { name: 'tester' })
})

/** All that a server says to a client that makes a TLS connection and asks for a ping, and how it ends. */
async function whatHappens(port: number, tls: object = {}): Promise<string> {
  const { ca, cert, key } = client
  const socket = connectTls({ host: 'localhost', port, ca, cert, key, ...tls })
  const seen: string[] = []
  socket.on('secureConnect', () => {
    seen.push(socket.getProtocol() ?? '')
    socket.write('GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n')
  })
  socket.on('session', () => seen.push('ticket'))
  socket.on('data', (data) => seen.push(data.toString('latin1')))
  socket.on('end', () => seen.push('end'))
  socket.on('error', (error: NodeJS.ErrnoException) => seen.push(error.code ?? error.message))
  socket.setTimeout(400, () => {
    seen.push('silence')
    socket.destroy()
  })
  await new Promise((resolve) => socket.once('close', resolve))
  return [...new Set(seen)].join(' | ').replaceAll('\r\n', '↵')
}

const PEERS: Record<PeerKind, RegExp> = {
  'silent before TLS': /^silence$/,
  'silent after TLS': /^TLSv1.3 \| ticket \| silence$/,
  'resets at once': /^ECONNRESET$/,
  'resets in the handshake': /^ECONNRESET$/,
  'resets after TLS': /^(TLSv1.3 \| (ticket \| )?)?(ECONNRESET|EPIPE)$/,
  'resets on the request': /^TLSv1.3 \| ticket \| ECONNRESET$/,
  'closes at once': /^(end \| )?ECONNRESET$/,
  'closes in the handshake': /^(end \| )?ECONNRESET$/,
  'closes after TLS': /^TLSv1.3 \| (ticket \| )?end$/,
  'plaintext HTTP': /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/,
  'speaks first, as SSH does': /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/,
  'a proxy with a 404 page': /HTTP\/1.1 404 Not Found↵Content-Type: text\/html↵.*<\/html> \| silence$/,
  'a web server with a 200 page': /HTTP\/1.1 200 OK↵Content-Type: text\/html↵.*<\/html> \| silence$/,
  'answers no HTTP': /220 mail.example ESMTP↵ \| end$/,
  'TLS 1.1 only': /^ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION$/,
  'TLS 1.2 only': /^TLSv1.2 \| .*Api-Version: 1.45.*OK \| silence$/,
  'TLS 1.2 with CBC suites only': /^TLSv1.2 \| .*OK \| silence$/,
  'redirects elsewhere': /307 Temporary Redirect↵Location: http:/,
  'half a head': /Content-Le \| end$/,
  'half a body': /\{"half \| end$/,
  'half a body, then a reset': /^TLSv1.3 .*ECONNRESET$/,
  'answers every ping': /^TLSv1.3 \| ticket \| .*Api-Version: 1.45.*OK \| silence$/,
  'answers with a weak certificate': /^TLSv1.3 \| ticket \| .*Api-Version: 1.45.*OK \| silence$/,
}

describe('servers that misbehave', () => {
  for (const [kind, expected] of Object.entries(PEERS)) {
    test(kind, async (t) => {
      const peer = await startPeer(kind as PeerKind, server)
      t.after(() => peer.close())
      assert.match(await whatHappens(peer.port), expected)
      assert.equal(peer.count(), 1)
    })
  }

  test('a server with TLS 1.1 only takes a client of its time', async (t) => {
    const peer = await startPeer('TLS 1.1 only', server)
    t.after(() => peer.close())
    const old = { minVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
    assert.match(await whatHappens(peer.port, old), /^TLSv1.1 \| .*OK/)
  })

  test('with a CA they want a certificate of it', async (t) => {
    const peer = await startPeer('answers every ping', { cert: server.cert, key: server.key, ca: server.ca })
    t.after(() => peer.close())
    assert.match(await whatHappens(peer.port), /OK \| silence$/)
    const stranger = await whatHappens(peer.port, { cert: undefined, key: undefined })
    assert.match(stranger, /ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED/)
  })

  test('a server without session tickets', { skip: lacks('openssl') }, async (t) => {
    const folder = await temporaryFolder(t)
    const files = { ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
    await Promise.all([
      writeFile(files.ca, server.ca),
      writeFile(files.cert, server.cert),
      writeFile(files.key, server.key, { mode: 0o600 }),
    ])
    const peer = await startServerWithoutTickets(files)
    t.after(() => peer.close())
    assert.match(await whatHappens(peer.port), /^TLSv1.3 \| HTTP.*OK \| silence$/)
    assert.match(await whatHappens(peer.port), /^TLSv1.3 \| HTTP.*OK \| silence$/)
  })
})

async function say(port: number, host: string, text: string): Promise<void> {
  const socket = connect({ port, host })
  await once(socket, 'connect')
  await new Promise<void>((resolve) => socket.end(text, resolve))
}

describe('the recording server', () => {
  for (const host of ['127.0.0.1', '::1']) {
    test(`notes what comes first, on ${host}`, async (t) => {
      const recording = await RecordingServer.start({ host })
      t.after(() => recording.close())
      await say(recording.port, host, '')
      await say(recording.port, host, 'GET /_ping HTTP/1.1\r\n\r\n')
      connectTls({ port: recording.port, host }).on('error', () => undefined)
      await recording.settled()
      assert.deepEqual(
        recording.connections.map(({ kind }) => kind),
        ['nothing', 'plaintext', 'tls'],
      )
      assert.deepEqual(
        recording.plaintext.map(({ bytes }) => bytes.toString()),
        ['GET /_ping HTTP/1.1\r\n\r\n'],
      )
      recording.clear()
      assert.deepEqual((await recording.settled()).connections, [])
    })
  }
})
