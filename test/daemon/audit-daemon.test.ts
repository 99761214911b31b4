import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { VULNERABILITIES } from '../../lib/audit/cve/table.ts'
import { auditSnapshot, type AuditReport } from '../../lib/audit/report.ts'
import { collectSnapshot } from '../../lib/audit/snapshot/collect.ts'
import { connect } from '../../lib/index.ts'
import { lacks } from '../support/requirements.ts'
import { startAuthorization, type AuthorizationPlugin } from './harness/authorization.ts'
import { startDockerd, type Daemon } from './harness/dockerd.ts'
import { pluginTar } from './harness/plugin.ts'
import { chooseDaemonPlace } from './harness/place.ts'
import { startBusyboxEngine, type BusyboxEngine } from './support/busybox-engine.ts'
import { startSwarmEngine } from './support/swarm-engine.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')

/** The families of these tests. The containers have their own. */
const OTHERS = new Set(['container', 'host'])

function idsWith({ findings, checks }: AuditReport, status: string): string[] {
  const families = new Map(checks.map(({ id, family }) => [id, family]))
  const found = findings.filter((one) => one.status === status && !OTHERS.has(families.get(one.check) ?? ''))
  return [...new Set(found.map(({ check }) => check))].toSorted()
}

function detailOf({ findings }: AuditReport, id: string): string | undefined {
  return findings.find(({ check }) => check === id)?.detail
}

/** Whether the version in a detail, such as `runc 1.3.6+ds1`, is a fixed version of its release line, or newer. */
function hasFix(check: string, detail: string): boolean {
  const fixed = VULNERABILITIES.find(({ ids }) => `D-${ids[0]}` === check)?.fixed ?? []
  const [major, minor, patch] = numbersOf(detail)
  return fixed.map(numbersOf).some((fix) => major === fix[0] && minor === fix[1] && (patch ?? 0) >= (fix[2] ?? 0))
}

function numbersOf(text: string): number[] {
  return (/\d+(?:\.\d+)+/.exec(text)?.[0] ?? '').split('.').map(Number)
}

/** True of every daemon of these tests: their kernel has no AppArmor, or it isn't mounted in their namespaces. */
const OF_THE_MACHINE: ReadonlySet<string> = new Set(['D-MAC'])

/** What the well configured daemon has to pass. */
const CONFIGURED =
  `D-TLS-PLAIN D-TLS-NOVERIFY T-SKEW D-USERNS D-NNP D-SECCOMP D-ICC D-BINDIP D-LIVE D-INSECREG D-AUFS D-AUTHZ D-LOG D-DEBUG
  D-EXP D-SWARM N-UNPROTECTED N-TRUSTED N-MACVLAN D-RUNTIME D-MINAPI D-PROXYCRED I-HISTORY O-SPRAWL`.split(/\s+/)

describe('a well configured daemon', { skip }, () => {
  let engine: BusyboxEngine
  let plugin: AuthorizationPlugin
  let report: AuditReport
  before(async () => {
    plugin = await startAuthorization('audit-policy')
    const flags = ['--icc=false', '--no-new-privileges', '--live-restore', '--log-driver=journald', '--ip=127.0.0.1']
    engine = await startBusyboxEngine({
      config: { usernsRemap: 'default' },
      flags: [...flags, `--authorization-plugin=${plugin.name}`],
    })
    const network = await engine.docker.networks.create({ Name: 'app' })
    await engine.start({ HostConfig: { NetworkMode: network.Id, LogConfig: { Type: 'none' } } })
    report = auditSnapshot(await collectSnapshot(engine.docker))
  })
  after(async () => {
    await engine?.stop()
    await plugin?.stop()
  })

  test('has no failure but what is true of the machine', () => {
    assert.deepEqual(
      idsWith(report, 'fail').filter((id) => !OF_THE_MACHINE.has(id)),
      [],
    )
  })

  test('passes what it was configured for', () => {
    const passed = new Set(idsWith(report, 'pass'))
    for (const id of CONFIGURED) assert.ok(passed.has(id), `${id}: ${detailOf(report, id)}`)
  })

  test("gives no verdict on Debian's build, but the tracker of Debian, unless its version has the fix", () => {
    const judged = report.findings.filter(({ check }) => check.startsWith('D-CVE-2026'))
    assert.ok(judged.length > 5)
    for (const { check, status, detail = '' } of judged) {
      if (status === 'pass') assert.ok(hasFix(check, detail), `${check}: ${detail}`)
      else assert.ok(['unknown', 'not-applicable'].includes(status), check)
    }
    assert.match(detailOf(report, 'D-CVE-2026-17106') ?? '', /security-tracker\.debian\.org\/tracker\/CVE-2026-17106/)
  })

  test('says that its age hides what newer API versions report', () => {
    assert.match(detailOf(report, 'I-IDENTITY') ?? '', /API 1\.53/)
  })
})

describe('a badly configured daemon', { skip }, () => {
  let daemon: Daemon
  let report: AuditReport
  before(async () => {
    const place = await chooseDaemonPlace()
    const [unix, tcp] = place.listen
    const flags = ['--debug', '--icc=true', '--experimental', '--insecure-registry=registry.example.com:5000']
    const env = { HTTPS_PROXY: 'http://ann:secret-of-the-proxy@proxy.example.com:3128' }
    // Loopback of namespaces of its own, so nobody else reaches it.
    const argv = [place.dockerd, '-H', unix, '-H', tcp, '--tls=false', ...flags, '--seccomp-profile=unconfined']
    daemon = await startDockerd({ place, argv, env })
    await using docker = await connect({ host: unix }, { HOME: '/nonexistent' })
    for (const option of ['nat-unprotected', 'routed'])
      await docker.networks.create({
        Name: option,
        Options: { 'com.docker.network.bridge.gateway_mode_ipv4': option },
      })
    const snapshot = await collectSnapshot(docker)
    assert.ok(!JSON.stringify(snapshot).includes('secret-of-the-proxy'))
    report = auditSnapshot(snapshot)
  })
  after(() => daemon?.stop())

  test('fails exactly what is wrong with it', () => {
    const expected = [
      'D-DEBUG',
      'D-EXP',
      'D-ICC',
      'D-INSECREG',
      'D-NNP',
      'D-PROXYCRED',
      'D-SECCOMP',
      'D-TLS-PLAIN',
      'D-USERNS',
    ]
    const failed = idsWith(report, 'fail').filter((id) => !OF_THE_MACHINE.has(id))
    assert.deepEqual(failed, [...expected, 'N-UNPROTECTED'])
    assert.match(detailOf(report, 'D-TLS-PLAIN') ?? '', new RegExp(`^127.0.0.1:${daemon.place.port}`))
    assert.equal(detailOf(report, 'D-INSECREG'), 'registry.example.com:5000')
  })

  test('warns of what may be wrong with it', () => {
    const warned = idsWith(report, 'warn')
    for (const id of ['D-LIVE', 'D-LOG', 'D-AUTHZ', 'D-BINDIP', 'D-ROOTLESS', 'N-UNPROTECTED'])
      assert.ok(warned.includes(id), `${id}: ${detailOf(report, id)}`)
  })
})

describe('a daemon with TLS that verifies no client', { skip }, () => {
  test('is told', async () => {
    const engine = await startBusyboxEngine({ flags: ['--tlsverify=false'] })
    try {
      const report = auditSnapshot(await collectSnapshot(engine.docker))
      assert.ok(idsWith(report, 'fail').includes('D-TLS-NOVERIFY'), detailOf(report, 'D-TLS-NOVERIFY'))
      assert.ok(idsWith(report, 'pass').includes('D-TLS-PLAIN'))
    } finally {
      await engine.stop()
    }
  })
})

describe('the manager of a swarm', { skip }, () => {
  let engine: BusyboxEngine
  let report: AuditReport
  before(async () => {
    engine = await startSwarmEngine()
    const { docker } = engine
    const key = `-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n`
    await docker.configs.create({ Name: 'key.pem', Data: Buffer.from(key) })
    await docker.configs.create({ Name: 'site.conf', Data: Buffer.from('listen 80;') })
    await docker.networks.create({ Name: 'plain', Driver: 'overlay' })
    await docker.networks.create({ Name: 'private', Driver: 'overlay', Options: { encrypted: '' } })
    await docker.plugins.create('volumes', await pluginTar({ description: 'for the audit' }))
    await docker.plugins.enable('volumes')
    const snapshot = await collectSnapshot(docker)
    const { JoinTokens } = await docker.swarm.inspect()
    for (const secret of [JoinTokens.Worker, JoinTokens.Manager, 'MC4CAQ', 'hello'])
      assert.ok(!JSON.stringify(snapshot).includes(secret), 'a secret is in the snapshot')
    report = auditSnapshot(snapshot)
  })
  after(async () => {
    await engine?.docker.plugins.disable('volumes', { force: true }).catch(() => undefined)
    await engine?.stop()
  })

  test('is asked about its networks, its CA, its configs and its plugins', () => {
    const statuses = report.findings
      .filter(({ check }) => /^S-|^D-SWARM|^D-PLUGINS|^D-LIVE/.test(check))
      .map(({ check, status, subject }) => `${check} ${'name' in subject ? `${subject.name} ` : ''}${status}`)
    assert.deepEqual(statuses.toSorted(), [
      'D-LIVE not-applicable',
      'D-PLUGINS volumes:latest fail',
      'D-SWARM warn',
      'S-CERTAGE pass',
      'S-CONFIGS key.pem fail',
      'S-CONFIGS site.conf pass',
      'S-DATAPATH not-applicable',
      'S-ENC ingress warn',
      'S-ENC plain fail',
      'S-ENC private pass',
      'S-HOSTPORT pass',
      'S-LOCK fail',
      'S-MANAGERS pass',
      'S-ROTATE pass',
    ])
  })
})
