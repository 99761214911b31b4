import assert from 'node:assert/strict'
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { audit, type AuditReport } from '../../lib/audit.ts'
import { connect } from '../../lib/index.ts'
import { runJson } from '../cli/support/run-cli.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { startSecuredDaemon, type SecuredDaemon } from './harness/secured.ts'
import { startSshd, type Sshd } from './harness/sshd.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'ip', 'ssh', 'sshd')
const DAEMON_JSON = '/etc/docker/daemon.json'
const folder = await temporaryFolder()

type Findings = AuditReport['findings']

function statusesOf(findings: Findings): Record<string, string> {
  const worst = ['fail', 'warn', 'unknown', 'pass', 'not-applicable']
  const ids = [...new Set(findings.map(({ check }) => check))]
  return Object.fromEntries(
    ids.map((id) => {
      const found = new Set<string>(findings.filter(({ check }) => check === id).map(({ status }) => status))
      return [id, worst.find((status) => found.has(status)) ?? 'none']
    }),
  )
}

async function auditHost(...argv: string[]): Promise<Findings> {
  const env = { HOME: folder }
  const { hosts } = await runJson<{ hosts: AuditReport[] }>(['audit', '--only', 'host', ...argv], { env })
  const [report] = hosts
  assert.ok(report?.findings, JSON.stringify(hosts))
  assert.deepEqual(report.unread, [])
  return report.findings
}

describe('an audit of the files of a real host', { skip }, () => {
  let daemon: SecuredDaemon
  let sshd: Sshd
  let local: Findings
  before(async () => {
    await mkdir(dirname(DAEMON_JSON), { recursive: true, mode: 0o755 })
    await writeFile(DAEMON_JSON, JSON.stringify({ 'userland-proxy': false, 'log-level': 'warn' }))
    // /etc is a copy of these namespaces.
    await chmod(DAEMON_JSON, 0o666)
    daemon = await startSecuredDaemon()
    const { socketPath, listen } = daemon.place
    sshd = await startSshd({ dockerHost: listen[0], users: [{ name: 'deploy' }] })
    await chmod(socketPath, 0o666)
    local = await auditHost('--local', '--host', listen[0])
  })
  after(async () => {
    await sshd?.stop()
    await daemon?.stop()
    await rm(DAEMON_JSON, { force: true })
  })

  test('by --local, it finds what is wrong, and only that', () => {
    const { 'F-PART': part, ...statuses } = statusesOf(local)
    assert.notEqual(part, 'unknown')
    assert.deepEqual(statuses, {
      'F-KEYMODE': 'pass',
      'F-CAMODE': 'pass',
      'F-DIR': 'pass',
      'F-DAEMONJSON': 'fail',
      'F-UNIT': 'pass',
      'F-DEFAULT': 'pass',
      'F-SOCK': 'fail',
      'F-CONTAINERD': 'not-applicable',
      'F-CERTSD': 'not-applicable',
      'F-CAKEY': 'pass',
      'F-EXPOSED': 'pass',
      'F-GROUP': 'pass',
      'F-OVERRIDE': 'pass',
      'F-DIRECT': 'pass',
      'D-IPTABLES': 'pass',
      'D-PROXY': 'pass',
      'D-LOGLEVEL': 'fail',
      'F-AUDIT': 'fail',
      'F-AROUND': 'not-applicable',
      'F-POLICY': 'not-applicable',
      'F-GWKEY': 'not-applicable',
      'F-CRL': 'not-applicable',
      'F-PRIVILEGED': 'not-applicable',
      'F-SSHKEY': 'not-applicable',
      'F-GWLOG': 'not-applicable',
      'F-PLUGIN': 'not-applicable',
    })
  })

  test('over ssh, as root, it finds the same', async () => {
    assert.deepEqual(await auditHost('--host', `ssh://root@127.0.0.1:${sshd.port}`), local)
  })

  test('over ssh, as a user without sudo, what only root sees is unknown', async () => {
    const theirs = statusesOf(await auditHost('--host', `ssh://deploy@127.0.0.1:${sshd.port}`))
    for (const id of ['F-KEYMODE', 'F-CAMODE', 'F-CAKEY', 'F-EXPOSED', 'F-DIRECT'])
      assert.equal(theirs[id], 'unknown', id)
    for (const id of ['F-DAEMONJSON', 'F-SOCK', 'D-LOGLEVEL']) assert.equal(theirs[id], 'fail', id)
    assert.equal(theirs['D-PROXY'], 'pass')
  })

  test('in code, over TLS, it finds the key of the CA beside the certificates', async (t) => {
    const caKey = join(dirname(daemon.server.key), 'ca-key.pem')
    await copyFile(join(daemon.place.folder, 'pki', 'ca', 'ca-key.pem'), caKey)
    t.after(() => rm(caKey))
    await using docker = await connect({}, { HOME: folder, ...daemon.clientEnv })
    const { findings: found } = await audit(docker, { only: ['F-CAKEY'], hostFiles: 'local' })
    assert.deepEqual(
      found.map(({ status, detail }) => [status, detail]),
      [['fail', caKey]],
    )
  })

  test('a plugin that the next start needs, and that is not there', async (t) => {
    const original = await readFile(DAEMON_JSON, 'utf8')
    t.after(() => writeFile(DAEMON_JSON, original))
    await writeFile(DAEMON_JSON, JSON.stringify({ ...JSON.parse(original), 'authorization-plugins': ['no-such'] }))
    await using docker = await connect({}, { HOME: folder, ...daemon.clientEnv })
    const [found] = (await audit(docker, { only: ['F-PLUGIN'], hostFiles: 'local' })).findings
    assert.equal(found?.status, 'fail', found?.detail)
    assert.match(found.detail ?? '', /the plugin no-such, so dockerd will not start/)
  })
})
