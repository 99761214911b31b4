import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import type { TLSSocket } from 'node:tls'
import type { GatewayOptions } from '../../lib/gateway.ts'
import { RENEWAL_PATH } from '../../lib/gateway/renewal/path.ts'
import { originOf } from '../../lib/identity/origin.ts'
import { createCrl, createIssuer, createRequest, loadAuthority, PkiFolder } from '../../lib/pki.ts'
import { sequence, signedInteger, time } from '../../lib/pki/der.ts'
import { definePolicy } from '../../lib/policy.ts'
import { runCli } from '../cli/support/run-cli.ts'
import { runCommand } from '../support/command.ts'
import { foreignList } from '../support/foreign-list.ts'
import { makeCa, makeClient } from '../support/openssl-certs.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { withSerial } from '../support/with-serial.ts'
import {
  credentials,
  dial,
  front,
  newClient,
  readUntil,
  serverTls,
  tickingDaemon,
  type Client,
  type Fronted,
} from './support/fixture.ts'

const NEGATIVE = '9f112233445566778899aabbccddeeff00112233'
const POSITIVE = `00${NEGATIVE}`
const SHOWN = '-60EEDDCCBBAA99887766554433221100FFEEDDCD'
const PING = 'GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n'
const tomorrow = (): Date => new Date(Date.now() + 86_400_000)

const { authority } = credentials
const caKey = await authority.exportKey()

/** As a CA issues it that takes 20 random bytes. */
async function clientWith(contents: string, name = 'ben'): Promise<Client> {
  const client = await newClient(name)
  return { ...client, cert: withSerial(client.cert, caKey, contents) }
}

/** A list with these serial numbers, byte for byte. */
function listOf(...serials: string[]): string {
  const entries = serials.map((one) => sequence(signedInteger(Buffer.from(one, 'hex')), time(new Date())))
  return foreignList(authority.certificate, caKey, sequence(...entries))
}

async function start(t: TestContext, options: Partial<GatewayOptions> = {}): Promise<Fronted> {
  const { socketPath } = await tickingDaemon(t)
  return front(t, { socketPath }, options)
}

async function ask(socket: TLSSocket, request = PING): Promise<string> {
  socket.write(request)
  const answer = await readUntil(socket, /\r\n\r\n(?:OK|.*\}\n)/)
  return [answer.slice(9, 12), ...(/(?<=x-docker-mtls-reason: )\S+/i.exec(answer) ?? [])].join(' ')
}

const comes = async (t: TestContext, { port }: Fronted, client: Client): Promise<string> =>
  ask(await dial(t, port, { client }))

describe('a client whose certificate has a negative serial number', () => {
  test('is refused once a list of its CA names it, as openssl does', { skip: lacks('openssl') }, async (t) => {
    const [ben, carl] = [await clientWith(NEGATIVE), await clientWith(POSITIVE, 'carl')]
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'ca.pem'), authority.certificate)
    await writeFile(join(folder, 'ben.pem'), ben.cert)
    await writeFile(join(folder, 'crl.pem'), listOf(NEGATIVE))
    const args = ['verify', '-crl_check', '-CAfile', 'ca.pem', '-CRLfile', 'crl.pem', 'ben.pem']
    const { stderr } = await runCommand('openssl', args, { cwd: folder })
    assert.match(stderr, /certificate revoked/)
    const refused = '403 CERTIFICATE_REVOKED'
    const rows: [crl: string, bens: string, carls: string][] = [
      [listOf('01'), '200', '200'],
      [listOf(NEGATIVE), refused, '200'],
      [listOf(`ffff${NEGATIVE}`), refused, '200'],
      [listOf(POSITIVE), '200', refused],
      [listOf(`0000${POSITIVE}`), '200', refused],
    ]
    for (const [crl, bens, carls] of rows) {
      const fronted = await start(t, { crl })
      assert.deepEqual([await comes(t, fronted, ben), await comes(t, fronted, carl)], [bens, carls])
    }
  })

  test('is refused by a list of ours, to which a program passed what it read', async (t) => {
    const ben = await clientWith(NEGATIVE)
    const { serialNumber } = new X509Certificate(ben.cert)
    assert.equal(serialNumber, SHOWN)
    for (const written of [serialNumber, serialNumber.toLowerCase(), `-00${SHOWN.slice(1)}`]) {
      const revoked = [{ serialNumber: written, at: new Date() }]
      const { pem } = createCrl(authority, { revoked, nextUpdate: tomorrow(), number: 1 })
      assert.equal(await comes(t, await start(t, { crl: pem }), ben), '403 CERTIFICATE_REVOKED')
    }
  })

  test('is refused after gateway.revoke() with its number, or with its bytes as some programs show them', async (t) => {
    const [ben, carl] = [await clientWith(NEGATIVE), await clientWith('80', 'carl')]
    const colons = NEGATIVE.match(/../g)?.join(':') ?? ''
    for (const written of [SHOWN, SHOWN.toLowerCase(), NEGATIVE, colons.toUpperCase()]) {
      const fronted = await start(t)
      assert.equal(await comes(t, fronted, ben), '200')
      fronted.gateway.revoke(written)
      assert.equal(await comes(t, fronted, ben), '403 CERTIFICATE_REVOKED', written)
      assert.equal(await comes(t, fronted, carl), '200')
    }
    const { gateway } = await start(t)
    for (const wrong of ['-', '--60EE', '60-EE', `-${'f'.repeat(64)}`, `-${'f'.repeat(41)}`])
      assert.throws(() => gateway.revoke(wrong), { code: 'ERR_ARGUMENT_INVALID' }, wrong)
  })

  test('is refused with what it has renewed, and so are clients of a CA that the one above has revoked', async (t) => {
    const ben = await clientWith(NEGATIVE)
    const { cert, key } = await createIssuer(authority, { name: 'renewals' })
    const policy = definePolicy({
      version: 1,
      rules: [{ name: 'ben', who: { commonName: 'ben' }, level: 'read-only', renew: { for: '10m' } }],
    })
    const fronted = await start(t, { issuer: { cert, key }, policy, authorize: undefined, crl: listOf('01') })
    const { request, key: newKey } = await createRequest({ name: 'ben' })
    const socket = await dial(t, fronted.port, { client: ben })
    socket.write(`POST ${RENEWAL_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: ${request.length}\r\n\r\n${request}`)
    const body = (await readUntil(socket, /\}\n/)).split('\r\n\r\n')[1] ?? ''
    const { certificate } = JSON.parse(body) as { certificate: string }
    const renewed = { ca: ben.ca, cert: certificate, key: newKey }
    assert.equal(originOf(new X509Certificate(certificate))?.serial, SHOWN.toLowerCase())
    assert.equal(await comes(t, fronted, renewed), '200')
    fronted.gateway.reload({ crl: listOf('01', NEGATIVE) })
    assert.equal(await comes(t, fronted, renewed), '403 CERTIFICATE_REVOKED')

    const root = await makeCa({ commonName: 'Root' })
    const made = await makeCa({ commonName: 'Middle', issuer: root })
    const middle = { ...made, cert: withSerial(made.cert, root.key, NEGATIVE) }
    const below = await makeClient(middle)
    const [above, own] = [
      await loadAuthority({ certificate: root.cert, key: root.key }),
      await loadAuthority({ certificate: (await makeCa({ commonName: 'Middle', key: made.key })).cert, key: made.key }),
    ]
    const dates = { nextUpdate: tomorrow(), number: 1 }
    const lists = (serials: string[]): string =>
      createCrl(above, { revoked: serials.map((serialNumber) => ({ serialNumber, at: new Date() })), ...dates }).pem +
      createCrl(own, { revoked: [], ...dates }).pem
    const tls = { ...serverTls, ca: `${middle.cert}${root.cert}` }
    const tiers = await start(t, { tls, crl: lists([]) })
    const client = { ca: serverTls.ca, cert: below.cert, key: below.key }
    assert.equal(await comes(t, tiers, client), '200')
    tiers.gateway.reload({ crl: lists([SHOWN]) })
    assert.equal(await comes(t, tiers, client), '403 CERTIFICATE_REVOKED')
  })

  test('is refused after it was adopted and cert revoke has revoked it, also by each further list', async (t) => {
    const root = join(await temporaryFolder(t), 'keys')
    const folder = new PkiFolder(root)
    await folder.ensureAuthority({ commonName: 'A' })
    await folder.ensureServer(['localhost'])
    for (const name of ['ann', 'ben']) await folder.ensureClient(name)
    const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8')
    const path = join(root, 'clients/ben/cert.pem')
    await writeFile(path, withSerial(await read('clients/ben/cert.pem'), await read('ca/ca-key.pem'), NEGATIVE))
    const run = async (...line: string[]): Promise<string> => {
      const { code, stdout, stderr } = await runCli([...line, '--dir', root])
      assert.equal(code, 0, stderr)
      return stdout
    }
    assert.match(await run('cert', 'adopt'), new RegExp(`serial ${SHOWN}`))
    assert.match(await run('cert', 'list', '--json'), new RegExp(`"${SHOWN}"`))
    const [ca, cert, key] = [
      await read('server/ca.pem'),
      await read('server/server-cert.pem'),
      await read('server/server-key.pem'),
    ]
    const clientOf = async (name: string): Promise<Client> => ({
      ca,
      cert: await read(`clients/${name}/cert.pem`),
      key: await read(`clients/${name}/key.pem`),
    })
    const [ann, ben] = [await clientOf('ann'), await clientOf('ben')]
    await run('cert', 'revoke', 'ben', '--yes')
    for (const _ of ['the first', 'a further one']) {
      const fronted = await start(t, { tls: { ca, cert, key }, crl: await read('ca/crl.pem') })
      assert.deepEqual([await comes(t, fronted, ben), await comes(t, fronted, ann)], ['403 CERTIFICATE_REVOKED', '200'])
      await run('cert', 'crl', '--check', '1d')
      await run('cert', 'crl')
    }
  })
})
