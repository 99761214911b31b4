import assert from 'node:assert/strict'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { createAuthority, createCrl, issueClient, PkiFolder } from '../../lib/pki.ts'
import { renewCertificates, rotateAuthority, writeCrl } from '../../lib/provision.ts'
import { runCli } from '../cli/support/run-cli.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { dial, endOf, fakeDaemon, front, readUntil, type Client, type Fronted } from './support/fixture.ts'
import { startOwnClock } from '../support/own-time.ts'

const PING = 'GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n'
const EVENTS = 'GET /events HTTP/1.1\r\nHost: x\r\n\r\n'
const DAY = 86_400_000

interface Place {
  readonly root: string
  readonly fronted: Fronted
  readonly client: (name: string) => Promise<Client>
  /** What an operator does after a command has written the files. */
  readonly reload: () => Promise<void>
}

/** A folder with alice and bob, and a gateway that requires the list in it. */
async function place(t: TestContext, more: string = ''): Promise<Place> {
  const root = join(await temporaryFolder(t), 'keys')
  const folder = new PkiFolder(root)
  await folder.ensureAuthority({ commonName: 'A' })
  await folder.ensureServer(['localhost'])
  for (const name of ['alice', 'bob']) await folder.ensureClient(name)
  await writeCrl({ folder: root })
  const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8')
  const tls = async (): Promise<Client> => ({
    ca: (await read('server/ca.pem')) + more,
    cert: await read('server/server-cert.pem'),
    key: await read('server/server-key.pem'),
  })
  const daemon = await fakeDaemon(t, {
    answer: (request, response) => {
      if (request.url?.startsWith('/events') !== true) return void response.end('OK')
      const timer = setInterval(() => response.write('tick\n'), 20)
      response.once('close', () => clearInterval(timer))
    },
  })
  const crl = await read('ca/crl.pem')
  const fronted = await front(t, { socketPath: daemon.socketPath }, { tls: await tls(), crl })
  return {
    root,
    fronted,
    client: async (name) => ({
      ca: await read('server/ca.pem'),
      cert: await read(`clients/${name}/cert.pem`),
      key: await read(`clients/${name}/key.pem`),
    }),
    reload: async () => fronted.gateway.reload({ tls: await tls(), crl: await read('ca/crl.pem') }),
  }
}

async function ask(socket: TLSSocket, request = PING): Promise<string> {
  socket.write(request)
  const answer = await readUntil(socket, /\r\n\r\n(?:OK|.*\}\n)|tick/)
  const reason = /x-docker-mtls-reason: (\S+)/i.exec(answer)?.[1]
  return `${answer.slice(9, 12)}${reason === undefined ? '' : ` ${reason}`}`
}

const comes = async (t: TestContext, { port }: Fronted, client: Client): Promise<string> =>
  ask(await dial(t, port, { client }))

describe('a gateway with ca/crl.pem', () => {
  test('refuses a client from its next request on once cert revoke has written it, and cuts its streams', async (t) => {
    const { root, fronted, client, reload } = await place(t)
    const [alice, bob] = [await client('alice'), await client('bob')]
    const [idle, stream, other] = [
      await dial(t, fronted.port, { client: alice }),
      await dial(t, fronted.port, { client: alice }),
      await dial(t, fronted.port, { client: bob }),
    ]
    assert.deepEqual([await ask(idle), await ask(stream, EVENTS), await ask(other, EVENTS)], ['200', '200', '200'])
    const { code, stderr } = await runCli(['cert', 'revoke', 'alice', '--yes', '--dir', root])
    assert.equal(code, 0, stderr)
    const ended = endOf(stream)
    const ownTime = startOwnClock()
    await reload()
    assert.equal(await ask(idle), '403 CERTIFICATE_REVOKED')
    await ended
    assert.ok(ownTime() < 1_000)
    assert.equal(await comes(t, fronted, alice), '403 CERTIFICATE_REVOKED')
    assert.match(await readUntil(other, 'tick'), /tick/)
    assert.equal(await comes(t, fronted, bob), '200')
  })

  test('accepts each next list, whichever command wrote it', async (t) => {
    const { root, fronted, client, reload } = await place(t)
    await runCli(['cert', 'revoke', 'alice', '--yes', '--dir', root])
    await reload()
    for (const line of [
      ['cert', 'crl', '--for', '2d'],
      ['cert', 'revoke', 'bob', '--yes'],
      ['cert', 'crl'],
    ]) {
      assert.equal((await runCli([...line, '--dir', root])).code, 0)
      await reload()
    }
    // A new certificate under the old name is a decision, and works at once.
    assert.equal((await runCli(['cert', 'client', 'alice', '--force', '--dir', root])).code, 0)
    assert.equal(await comes(t, fronted, await client('alice')), '200')
    assert.equal(await comes(t, fronted, await client('bob')), '403 CERTIFICATE_REVOKED')
  })

  test('knows the clients of both CAs in each phase of a rotation', async (t) => {
    const { root, fronted, client, reload } = await place(t)
    const rotate = (options: object): ReturnType<typeof rotateAuthority> =>
      rotateAuthority({ folder: root, ...options })
    const course = [
      { next: { commonName: 'B' } },
      { phase: 'trust', confirm: ['alice', 'bob'], confirmServer: ['server'] },
      { phase: 'server', confirmServer: ['server'] },
      { phase: 'clients', confirm: ['alice', 'bob'], consent: async () => undefined },
      { phase: 'finish', confirmServer: ['server'] },
    ]
    const old = await client('bob')
    for (const said of course) {
      await rotate(said)
      await reload()
      assert.equal(await comes(t, fronted, await client('alice')), '200', JSON.stringify(said))
    }
    // Its CA is no longer trusted.
    assert.equal(await comes(t, fronted, { ...old, ca: (await client('bob')).ca }), '')
    await runCli(['cert', 'revoke', 'bob', '--yes', '--dir', root])
    await reload()
    assert.equal(await comes(t, fronted, await client('bob')), '403 CERTIFICATE_REVOKED')
    assert.equal(await comes(t, fronted, await client('alice')), '200')
  })

  test('refuses everybody without the list of a CA, as of a foreign one, until it gets it', async (t) => {
    const foreign = await createAuthority({ commonName: 'Foreign' })
    const { root, fronted, client } = await place(t, foreign.certificate)
    const { cert, key } = await issueClient(foreign, { name: 'carol' })
    const carol = { ca: (await client('alice')).ca, cert, key }
    assert.equal(await comes(t, fronted, carol), '503 CRL_MISSING')
    assert.equal(await comes(t, fronted, await client('alice')), '200')
    const own = await readFile(join(root, 'ca/crl.pem'), 'utf8')
    const theirs = createCrl(foreign, { revoked: [], nextUpdate: new Date(Date.now() + DAY), number: 1 }).pem
    fronted.gateway.reload({ crl: own + theirs })
    assert.equal(await comes(t, fronted, carol), '200')
    // What was lost is written again.
    await rm(join(root, 'ca/crl.pem'))
    assert.equal((await renewCertificates({ folder: root })).crl, undefined)
    await writeCrl({ folder: root })
    fronted.gateway.reload({ crl: (await readFile(join(root, 'ca/crl.pem'), 'utf8')) + theirs })
    assert.equal(await comes(t, fronted, await client('alice')), '200')
  })
})
