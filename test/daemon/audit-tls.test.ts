import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { evaluate } from '../../lib/audit/report.ts'
import { CERTIFICATE_CHECKS } from '../../lib/audit/checks/certificates.ts'
import { TLS_CHECKS } from '../../lib/audit/checks/tls.ts'
import { collectSnapshot } from '../../lib/audit/snapshot/collect.ts'
import { connect } from '../../lib/index.ts'
import { runCli } from '../cli/support/run-cli.ts'
import { runCommand } from '../support/command.ts'
import { hasMlKem } from '../support/ml-kem.ts'
import { lacks } from '../support/requirements.ts'
import { startDockerd, type Daemon } from './harness/dockerd.ts'
import { chooseDaemonPlace } from './harness/place.ts'
import { startSecuredDaemon, type SecuredDaemon } from './harness/secured.ts'
import { makeCast, writeCertFolder } from './support/cast.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'ip')
const CHECKS = [...TLS_CHECKS, ...CERTIFICATE_CHECKS]

async function audited(env: Record<string, string>): Promise<Readonly<Record<string, string>>> {
  const docker = await connect({}, env)
  try {
    const { findings } = evaluate(await collectSnapshot(docker), CHECKS)
    assert.equal(findings.length, CHECKS.length)
    const odd = findings.filter(({ status }) => status !== 'pass')
    return Object.fromEntries(odd.map(({ check, status, detail }) => [check, `${status}: ${detail ?? ''}`]))
  } finally {
    await docker.close()
  }
}

/** Debian builds its dockerd with a Go that has it, and turns it off. */
async function refusedBy({ clientEnv }: SecuredDaemon): Promise<string> {
  await using docker = await connect({}, { HOME: '/nonexistent', ...clientEnv })
  return `it refuses X25519MLKEM768: its ${(await docker.version()).GoVersion} has it, but it is turned off`
}

describe('the TLS connection of a real daemon', { skip }, () => {
  let secured: SecuredDaemon
  before(async () => {
    secured = await startSecuredDaemon()
  })
  after(() => secured.stop())

  test('set up by docker-mtls passes every check', async () => {
    // Docker Engine 26.1 still accepts them, and has no setting for it.
    const known = {
      'D-TLS-CBC': 'warn: it accepts a CBC suite in TLS 1.2',
      'T-PQ': `warn: ${await refusedBy(secured)}; this connection uses X25519`,
    }
    assert.deepEqual(await audited({ HOME: '/nonexistent', ...secured.clientEnv }), known)
  })

  test('looks the same to sslscan', { skip: lacks('sslscan') }, async () => {
    const { client, clientEnv, place } = secured
    await using docker = await connect({}, { HOME: '/nonexistent', ...clientEnv })
    const { tls } = await collectSnapshot(docker)
    assert.ok('value' in tls && tls.value)
    const { handshakes, acceptsCbc, postQuantum, server } = tls.value
    const flags = ['--no-colour', `--certs=${client.cert}`, `--pk=${client.key}`]
    const { stdout } = await runCommand('sslscan', [...flags, `127.0.0.1:${place.port}`])
    const enabled = [...stdout.matchAll(/^(TLSv1\.\d) +enabled$/gm)].map(([, version]) => version)
    assert.deepEqual('value' in handshakes && handshakes.value.protocols, enabled)
    assert.deepEqual(acceptsCbc, { value: /^(?:Preferred|Accepted) +TLSv1\.2 .*-SHA(?:256|384)? /m.test(stdout) })
    assert.deepEqual(postQuantum, { value: /MLKEM768/i.test(stdout) })
    assert.match(stdout, new RegExp(`^Signature Algorithm: ${server.signatureAlgorithm}$`, 'mi'))
    assert.match(stdout, /^ECC Curve Name: +prime256v1$/m)
    assert.equal(server.curve, 'P-256')
  })

  test('has the post-quantum key exchange only once GODEBUG turns it on, as the remedy says', async () => {
    const refused = `warn: ${await refusedBy(secured)}; this connection uses X25519`
    assert.equal((await audited({ HOME: '/nonexistent', ...secured.clientEnv }))['T-PQ'], refused)
    await secured.stop()
    secured = await startSecuredDaemon({ env: { GODEBUG: 'tlsmlkem=1' } })
    const lacking = `OpenSSL ${process.versions.openssl} of Node.js here has no X25519MLKEM768`
    const env = { HOME: '/nonexistent', ...secured.clientEnv }
    assert.equal((await audited(env))['T-PQ'], hasMlKem() ? undefined : `warn: this connection uses X25519: ${lacking}`)
    const group = hasMlKem() ? 'X25519MLKEM768' : 'X25519'
    const { stdout } = await runCli(['ping'], { env })
    assert.match(stdout, new RegExp(`^TLS .*, ${group}$`, 'm'))
    const doctor = await runCli(['doctor'], { env })
    assert.match(doctor.stdout.replaceAll(/\s+/g, ' '), new RegExp(`key exchange of this connection is ${group}\\b`))
    const audit = await runCli(['audit', '--only', 'T-PQ'], { env })
    assert.match(audit.stdout, new RegExp(`^Audit of .*, key exchange ${group}$`, 'm'))
  })

  test('has no meaning for a local socket', async () => {
    const [local] = secured.place.listen
    const odd = await audited({ HOME: '/nonexistent', DOCKER_HOST: local })
    assert.deepEqual(
      Object.values(odd).filter((text) => !text.startsWith('not-applicable: ')),
      [],
    )
    assert.equal(Object.keys(odd).length, CHECKS.length)
  })
})

describe('the TLS connection of a daemon with --tlsverify=false', { skip }, () => {
  let daemon: Daemon
  let env: Record<string, string>
  before(async () => {
    const place = await chooseDaemonPlace()
    const cast = await makeCast('p256')
    const folder = await writeCertFolder(`${place.folder}/tls`, { ca: cast.ca.cert, ...cast.server })
    const certPath = await writeCertFolder(`${place.folder}/client`, { ca: cast.ca.cert, ...cast.client })
    const listen = place.listen.flatMap((address) => ['-H', address])
    const files = [
      '--tlscacert',
      `${folder}/ca.pem`,
      '--tlscert',
      `${folder}/cert.pem`,
      '--tlskey',
      `${folder}/key.pem`,
    ]
    daemon = await startDockerd({ place, argv: [place.dockerd, ...listen, '--tls', '--tlsverify=false', ...files] })
    env = { HOME: '/nonexistent', DOCKER_HOST: place.listen[1], DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certPath }
  })
  after(() => daemon.stop())

  test('is told by the handshakes', async () => {
    const odd = await audited(env)
    assert.match(odd['T-NOVERIFY'] ?? '', /^fail: .*client certificate: not asked for/)
    assert.match(odd['D-TLS-SYSROOTS'] ?? '', /^not-applicable/)
    assert.equal(odd['T-PLAIN'], undefined)
  })
})
