import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect, isDockerMtlsError } from '../../lib/index.ts'
import { createAuthority, createRequest, signRequest } from '../../lib/pki.ts'
import { runCli } from '../cli/support/run-cli.ts'
import { opensslRequest } from '../pki/support/requests.ts'
import { runCommand } from '../support/command.ts'
import { makeKey, type TestKeyType } from '../support/openssl-certs.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { startSecuredDaemon, type SecuredDaemon } from './harness/secured.ts'

const needs = { skip: lacks('namespaces', 'dockerd', 'docker', 'openssl', 'curl') }

describe('a client whose request was signed', needs, () => {
  let daemon: SecuredDaemon
  before(async () => {
    daemon = await startSecuredDaemon()
  })
  after(() => daemon.stop())

  /** Signs into the daemon's folder, and lays the three files out as DOCKER_CERT_PATH wants them. */
  async function foldered(place: string, request: string, key: string): Promise<string> {
    const { answer } = await daemon.pki.signClient(request, { force: true })
    const [cert = '', ...ca] = answer.match(/-----BEGIN [^]*?-----END .*-----\n/g) ?? []
    const folder = join(place, 'client')
    await mkdir(folder)
    await writeFile(join(folder, 'key.pem'), key, { mode: 0o600 })
    await writeFile(join(folder, 'cert.pem'), cert)
    await writeFile(join(folder, 'ca.pem'), ca.join(''))
    return folder
  }

  for (const type of ['p256', 'p384', 'p521', 'ed25519', 'rsa2048'] satisfies TestKeyType[]) {
    test(`${type}: dockerd takes it from us and from the docker command`, async (t) => {
      const key = await makeKey(type)
      const folder = await foldered(await temporaryFolder(t), await opensslRequest(t, { key }), key)
      const docker = await connect({ host: daemon.host, certPath: folder }, {})
      try {
        assert.ok((await docker.system.version()).Version)
      } finally {
        await docker.close()
      }
      const env = { DOCKER_HOST: daemon.host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder }
      const { code, stdout, stderr } = await runCommand('docker', ['version', '--format', '{{.Server.Version}}'], {
        env,
      })
      assert.equal(code, 0, stderr)
      assert.match(stdout, /^\d+\./)
    })
  }

  test('the whole way by commands, from a key that is made there to a ping', async (t) => {
    const place = await temporaryFolder(t)
    const alice = join(place, 'alice')
    const steps = [
      ['client', 'request', 'alice', '--out', alice],
      [
        'cert',
        'sign',
        join(alice, 'alice.csr'),
        '--dir',
        daemon.pki.path,
        '--out',
        join(place, 'alice.pem'),
        '--force',
      ],
      ['client', 'install', join(place, 'alice.pem'), '--dir', alice, '--host', daemon.host],
      ['ping', '--dotenv', join(alice, '.env')],
    ]
    for (const argv of steps) {
      const { code, stderr } = await runCli(argv)
      assert.equal(code, 0, `${argv.join(' ')}: ${stderr}`)
    }
  })

  test('by PKCS#12, with curl', async (t) => {
    const place = await temporaryFolder(t)
    const secret = join(place, 'secret')
    await writeFile(secret, 'correct horse\n', { mode: 0o600 })
    const out = join(place, 'tester.p12')
    const argv = ['client', 'export', 'tester', '--p12', '--dir', daemon.pki.path, '--out', out]
    const made = await runCli([...argv, '--p12-passphrase-file', secret])
    assert.equal(made.code, 0, made.stderr)
    const url = `${daemon.host.replace('tcp://', 'https://')}/_ping`
    const config = `cert = "${out}"\ncert-type = "P12"\npass = "correct horse"\ncacert = "${daemon.client.ca}"\nurl = "${url}"\n`
    const { code, stdout, stderr } = await runCommand('curl', ['-sS', '-K', '-'], { input: config })
    assert.equal(code, 0, stderr)
    assert.equal(stdout, 'OK')
  })

  test('and refuses one that another authority has signed', async (t) => {
    const { request, key } = await createRequest({ name: 'alice' })
    const { ca } = daemon.client
    const { cert } = await signRequest(await createAuthority(), request)
    const options = { ca: await readFile(ca, 'utf8'), cert, key, foreignClientCa: true }
    await assert.rejects(connect({ host: daemon.host, ...options }, {}), (error) =>
      isDockerMtlsError(error, 'ERR_CLIENT_CERT_UNTRUSTED', 'ERR_CLIENT_CERT_REQUIRED'),
    )
    assert.ok(await foldered(await temporaryFolder(t), request, key), 'the same request, signed by the right one')
  })
})
