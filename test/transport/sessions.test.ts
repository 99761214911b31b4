import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { loadIdentity, parseHost, type Identity, type Peer, type TlsEndpoint } from '../../lib/index.ts'
import { issueClient, issueServer } from '../../lib/pki.ts'
import { certificateFault } from '../../lib/transport/peer.ts'
import { tlsConnector } from '../../lib/transport/tls.ts'
import { daysFromNow, makeCa, makeServer } from '../support/openssl-certs.ts'
import { lacks } from '../support/requirements.ts'
import { startServerWithoutTickets } from '../support/server-without-tickets.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'
import { startPeer, type Peer as MisbehavingPeer } from '../support/tls-servers.ts'
import { makeCredentials, writeClient, type Credentials } from './support/credentials.ts'
import { startWatch } from '../support/watch.ts'

const code = (wanted: string) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, wanted)
  return true
}

/** Opens one connection after the other, and tells who answered each. */
function opener(host: string, identity: Identity): () => Promise<Peer> {
  let peer: Peer | undefined
  const open = tlsConnector(parseHost(host) as TlsEndpoint, identity, { timeout: 2_000, onPeer: (met) => (peer = met) })
  return async () => {
    const socket = await open(new AbortController().signal)
    socket.destroy()
    assert.ok(peer)
    return peer
  }
}

describe('a resumed session', () => {
  let mine: Credentials
  let foreign: Credentials
  before(async () => {
    mine = await makeCredentials()
    foreign = await makeCredentials()
  })

  for (const kind of ['answers every ping', 'TLS 1.2 only'] as const) {
    test(`is used again where nothing changed (${kind})`, async (t) => {
      const server = await startPeer(kind, mine.server)
      t.after(() => server.close())
      const open = opener(`localhost:${server.port}`, await loadIdentity(mine.client))
      assert.equal((await open()).resumed, false)
      const second = await open()
      assert.equal(second.resumed, true)
      assert.deepEqual(second.certificate.names.dns, ['localhost'], 'the certificate is that of the whole handshake')
    })

    test(`never outlives its CA (${kind})`, async (t) => {
      const server = await startPeer(kind, mine.server)
      t.after(() => server.close())
      const folder = join(await temporaryFolder(t), 'client')
      await writeClient(folder, mine.client)
      const open = opener(`localhost:${server.port}`, await loadIdentity(folder, { foreignClientCa: true }))
      await open()
      assert.equal((await open()).resumed, true, 'there is a session that could be resumed')
      await writeClient(folder, { ca: foreign.client.ca })
      await assert.rejects(open(), code('ERR_SERVER_CERT_UNTRUSTED'))
      await writeClient(folder, { ca: mine.client.ca })
      assert.equal((await open()).resumed, false, 'the old session is gone for good')
    })
  }

  test('never outlives its name', async (t) => {
    const server = await startPeer('answers every ping', await issueServer(mine.authority, { names: ['build01'] }))
    t.after(() => server.close())
    const identity = await loadIdentity(mine.client)
    const { cert } = await issueServer(mine.authority, { names: ['build01'] })
    assert.equal(certificateFault(new X509Certificate(cert), 'build01'), undefined)
    assert.equal(
      (certificateFault(new X509Certificate(cert), 'build02') as { code?: string }).code,
      'ERR_TLS_CERT_ALTNAME_INVALID',
    )
    await opener(`localhost:${server.port}`, identity)()
  })

  test('never outlives the certificate that it was made with', { skip: lacks('openssl') }, async () => {
    const ended = await makeServer(await makeCa(), { from: daysFromNow(-9), to: daysFromNow(-1) })
    const fault = certificateFault(new X509Certificate(ended.cert), 'localhost')
    assert.equal((fault as { code?: string }).code, 'CERT_HAS_EXPIRED')
    assert.ok(certificateFault(undefined, 'localhost'), 'no certificate is no proof')
  })

  test('ends with the certificate that it was made with, which nobody looks at again', async (t) => {
    const server = await startPeer(
      'answers every ping',
      await issueServer(mine.authority, { names: ['localhost'], days: 5 }),
    )
    t.after(() => server.close())
    const open = opener(`localhost:${server.port}`, await loadIdentity(mine.client))
    await open()
    assert.equal((await open()).resumed, true, 'there is a session that could be resumed')
    t.mock.timers.enable({ apis: ['Date'], now: daysFromNow(6) })
    await assert.rejects(open(), code('ERR_SERVER_CERT_EXPIRED'))
    t.mock.timers.reset()
    assert.equal((await open()).resumed, false, 'the session of a connection that was refused is gone')
  })

  test('a renewed client certificate is used from the next connection on', async (t) => {
    const server = await startPeer('answers every ping', mine.server)
    t.after(() => server.close())
    const folder = join(await temporaryFolder(t), 'client')
    await writeClient(folder, mine.client)
    const open = opener(`localhost:${server.port}`, await loadIdentity(folder))
    const first = await open()
    const { ca, cert, key } = await issueClient(mine.authority, { name: 'alice' })
    await writeClient(folder, { ca, cert, key })
    const second = await open()
    assert.equal(second.resumed, false)
    assert.notEqual(second.client.serialNumber, first.client.serialNumber)
  })
})

async function startWithoutTickets(
  t: Cleanable,
  { ca = '', cert, key }: Record<string, string>,
): Promise<MisbehavingPeer> {
  const folder = await temporaryFolder(t)
  await writeClient(folder, { ca, cert: cert ?? '', key: key ?? '' })
  const files = { ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  const server = await startServerWithoutTickets(files)
  t.after(() => server.close())
  return server
}

describe('a server that sends no session tickets', { skip: lacks('openssl') }, () => {
  test('is waited for only briefly', async (t) => {
    const { authority, client } = await makeCredentials()
    const { ca, cert, key } = await issueServer(authority, { names: ['localhost'] })
    const server = await startWithoutTickets(t, { ca, cert, key })
    const began = startWatch()
    assert.equal((await opener(`localhost:${server.port}`, await loadIdentity(client))()).resumed, false)
    assert.ok(began() < 1_500)
  })

  test('tells all the same that it refuses our certificate', async (t) => {
    const { authority } = await makeCredentials()
    const { client } = await makeCredentials()
    const { ca, cert, key } = await issueServer(authority, { names: ['localhost'] })
    const server = await startWithoutTickets(t, { ca, cert, key })
    const identity = await loadIdentity({ ...client, ca }, { foreignClientCa: true })
    await assert.rejects(opener(`localhost:${server.port}`, identity)(), code('ERR_CLIENT_CERT_UNTRUSTED'))
  })
})

test('an abort ends a connection that is being made, with its own reason', async (t) => {
  const credentials = await makeCredentials()
  const server = await startPeer('silent before TLS', credentials.server)
  t.after(() => server.close())
  const open = tlsConnector(
    parseHost(`localhost:${server.port}`) as TlsEndpoint,
    await loadIdentity(credentials.client),
    {
      timeout: 5_000,
    },
  )
  const reason = new Error('never mind')
  const controller = new AbortController()
  setTimeout(() => controller.abort(reason), 30)
  await assert.rejects(open(controller.signal), reason)
  await assert.rejects(open(controller.signal), reason)
})
