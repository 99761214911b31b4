import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { SIGINT_CODE } from '../../lib/cli/terminal/io.ts'
import type { GatewayOptions } from '../../lib/gateway.ts'
import { originOf } from '../../lib/identity/origin.ts'
import { loadIdentity } from '../../lib/index.ts'
import { createIssuer, issueClient, type KeyType } from '../../lib/pki.ts'
import { runCli, type Ran } from '../cli/support/run-cli.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { writeClient } from '../transport/support/credentials.ts'
import { credentials, fakeDaemon, front, type Fronted } from './support/fixture.ts'
import { carryLoad } from './support/renewal-load.ts'

const folders = await temporaryFolder()
const { cert, key } = await createIssuer(credentials.authority, { name: 'renewals' })
const issuer = { cert, key }

async function start(t: TestContext, options: Partial<GatewayOptions> = {}): Promise<Fronted> {
  const { socketPath } = await fakeDaemon(t)
  return front(t, { socketPath }, { issuer, authorize: () => ({ allow: true, renewFor: 600 }), ...options })
}

let made = 0

/** A folder with the files of a new client. */
async function clientFolder(keyType: KeyType = 'p256'): Promise<string> {
  const folder = join(folders, `client-${++made}`)
  const { ca, cert: own, key: ownKey } = await issueClient(credentials.authority, { name: 'alice', keyType })
  await writeClient(folder, { ca, cert: own, key: ownKey })
  return folder
}

const leafIn = async (folder: string): Promise<X509Certificate> =>
  new X509Certificate(await readFile(join(folder, 'cert.pem')))

function renew(port: number, folder: string, ...more: string[]): Promise<Ran> {
  return runCli(['client', 'renew', '--host', `tcp://localhost:${port}`, '--cert-path', folder, ...more])
}

void describe('client renew', () => {
  for (const keyType of ['p256', 'ed25519', 'rsa2048'] as const) {
    void test(`replaces key and certificate, with a key of the same type: ${keyType}`, async (t) => {
      const { port } = await start(t)
      const folder = await clientFolder(keyType)
      const [before, keyBefore] = [await leafIn(folder), await readFile(join(folder, 'key.pem'), 'utf8')]
      const { code, stdout, stderr } = await renew(port, folder)
      assert.equal(code, 0, stderr)
      assert.match(stdout, /^replaced {2}.*cert\.pem\n +alice, until .*, with a new key\n/)
      const now = await leafIn(folder)
      assert.equal(originOf(now)?.fingerprint256, before.fingerprint256)
      assert.notEqual(await readFile(join(folder, 'key.pem'), 'utf8'), keyBefore)
      assert.deepEqual(now.publicKey.asymmetricKeyDetails, before.publicKey.asymmetricKeyDetails)
      // Nothing else is in the folder: no old key.
      assert.deepEqual((await readdir(folder)).toSorted(), ['ca.pem', 'cert.pem', 'key.pem'])
      assert.equal((await stat(join(folder, 'key.pem'))).mode & 0o777, 0o600)
      await loadIdentity(folder)
    })
  }

  void test('says it as JSON', async (t) => {
    const { port } = await start(t)
    const { stdout } = await renew(port, await clientFolder(), '--json')
    const { type, certificate, lineEnds } = JSON.parse(stdout) as {
      type: string
      certificate: object
      lineEnds: string
    }
    assert.equal(type, 'result')
    assert.ok('validTo' in certificate && lineEnds > new Date().toISOString())
  })

  void test('changes nothing if it is refused', async (t) => {
    const folder = await clientFolder()
    const before = await readFile(join(folder, 'cert.pem'), 'utf8')
    const rows: readonly (readonly [string, Partial<GatewayOptions>, string])[] = [
      ['not allowed', { authorize: () => ({ allow: true }) }, 'ERR_RENEWAL_REFUSED'],
      ['no issuer', { issuer: undefined }, 'ERR_RENEWAL_UNAVAILABLE'],
    ]
    for (const [what, options, code] of rows) {
      const { port } = await start(t, options)
      const ran = await renew(port, folder, '--json')
      assert.equal(ran.code, 1)
      assert.equal((JSON.parse(ran.stdout) as { error: { code: string } }).error.code, code, what)
    }
    const { stderr } = await runCli(['client', 'renew', '--host', 'unix:///x'])
    assert.match(stderr, /ERR_RENEWAL_REFUSED.*without a certificate/)
    assert.equal(await readFile(join(folder, 'cert.pem'), 'utf8'), before)
  })

  void test('ends with an error when it watches and the gateway refuses', async (t) => {
    const { port, gateway } = await start(t)
    const folder = await clientFolder()
    gateway.revoke(await leafIn(folder))
    const { code, stderr } = await renew(port, folder, '--watch')
    assert.equal(code, 1)
    assert.match(stderr, /ERR_RENEWAL_REFUSED.*CERTIFICATE_REVOKED/s)
  })
})

void describe('client renew --watch', () => {
  void test('renews certificates of 5 s under load, without one failed request', async (t) => {
    const { answers, lines, exitCode, folder, renewals } = await carryLoad(t, { life: 5, seconds: 9 })
    assert.deepEqual([...answers.keys()], ['200'])
    assert.ok((answers.get('200') ?? 0) > 400)
    assert.equal(exitCode, SIGINT_CODE)
    assert.ok(lines.length >= 4, `${lines.length} renewals`)
    for (const line of lines) assert.equal((JSON.parse(line) as { type: string }).type, 'renewed')
    assert.equal(renewals, lines.length)
    assert.deepEqual((await readdir(folder)).toSorted(), ['ca.pem', 'cert.pem', 'key.pem'])
  })
})
