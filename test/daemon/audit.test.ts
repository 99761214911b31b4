import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { audit, auditSnapshot, failuresOf, parseSnapshot, renderReport, type AuditReport } from '../../lib/audit.ts'
import { FORMATS } from '../../lib/audit/names.ts'
import { runCli, runJson, type Ran } from '../cli/support/run-cli.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { startBusyboxEngine, type BusyboxEngine } from './support/busybox-engine.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')
const SECRET = 'a secret that no snapshot may hold'
const folder = await temporaryFolder()
const ONLY = ['--only', 'C-PRIV,D-DEBUG']

function statusOf({ findings }: Pick<AuditReport, 'findings'>, check: string, name: string): string | undefined {
  return findings.find((one) => one.check === check && one.subject.kind === 'container' && one.subject.name === name)
    ?.status
}

describe('an audit of a real daemon', { skip }, () => {
  let engine: BusyboxEngine
  let env: Record<string, string>
  before(async () => {
    engine = await startBusyboxEngine({ config: { debug: true } })
    env = { HOME: folder, ...engine.daemon.clientEnv }
    await engine.start(
      { HostConfig: { Privileged: true }, Labels: { token: SECRET }, Env: [`PASSWORD=${SECRET}`] },
      'bad',
    )
    await engine.start({ Cmd: ['sh', '-c', `trap exit TERM; sleep 1000 & wait # ${SECRET}`] }, 'good')
  })
  after(() => engine?.stop())

  const run = (...argv: string[]): Promise<Ran> => runCli(['audit', ...argv], { env })

  test('finds what is wrong, and only that', async () => {
    const { code, stdout, stderr } = await run(...ONLY)
    assert.equal(code, 3, stderr)
    assert.match(stdout, /^ {2}C-PRIV \(critical\): .*\n {4}FAIL {2}bad: Privileged: true\n {4}Remedy: /m)
    assert.match(stdout, /^ {2}D-DEBUG \(low\): .*\n {4}FAIL {2}Debug: true$/m)
    assert.match(stdout, /^2 failures \(1 critical, 1 low\), 0 warnings, 0 unknown, 1 passed, 0 not applicable\.$/m)
  })

  test('in code, with all checks: each part of the daemon is read', async () => {
    const report = await audit(engine.docker)
    assert.deepEqual(report.unread, [])
    assert.deepEqual([statusOf(report, 'C-PRIV', 'bad'), statusOf(report, 'C-PRIV', 'good')], ['fail', 'pass'])
    assert.ok(failuresOf(report, 'critical').length > 0)
    for (const format of FORMATS) assert.match(renderReport(report, format), /C-PRIV/)
  })

  test('a snapshot gives the same report when the daemon has changed, and has no secrets', async () => {
    const path = join(folder, 'snapshot.json')
    const live = await runJson<{ hosts: AuditReport[] }>(['audit', '--snapshot', path], { env })
    const text = await readFile(path, 'utf8')
    assert.ok(!text.includes(SECRET))
    assert.ok(text.includes('PASSWORD'), 'the names of variables are there')
    await engine.docker.containers.remove('good', { force: true })
    const again = await runJson<{ hosts: AuditReport[] }>(['audit', '--replay', path], { env: { HOME: folder } })
    assert.deepEqual(again, live)
    assert.equal(statusOf(auditSnapshot(parseSnapshot(text)), 'C-PRIV', 'good'), 'pass')
    assert.equal(statusOf(await audit(engine.docker), 'C-PRIV', 'good'), undefined)
  })

  test('with a baseline, a new privileged container fails, and an old one does not', async () => {
    const path = join(folder, 'baseline.json')
    await run(...ONLY, '--format', 'json', '--output', path)
    assert.equal((await run(...ONLY, '--baseline', path)).code, 0)
    const id = await engine.start({ HostConfig: { Privileged: true } }, 'newer')
    const { code, stdout } = await run(...ONLY, '--baseline', path)
    assert.equal(code, 3, stdout)
    assert.match(stdout, /FAIL {2}newer: Privileged: true \(new\)/)
    await engine.docker.containers.remove(id, { force: true })
  })

  test('beside a daemon that is not reached, it is done, and the exit code is 1', async () => {
    const { DOCKER_CERT_PATH, DOCKER_HOST } = engine.daemon.clientEnv
    const hosts = ['--host', DOCKER_HOST, '--host', 'tcp://127.0.0.1:1', '--cert-path', DOCKER_CERT_PATH]
    const { code, stdout } = await runCli(['audit', ...ONLY, ...hosts], { env: { HOME: folder } })
    assert.equal(code, 1, stdout)
    assert.match(stdout, /FAIL {2}bad: Privileged: true/)
    assert.match(stdout, /^not audited: ERR_\w+ +tcp:\/\/127\.0\.0\.1:1$/m)
  })

  test('over the local socket, too', async () => {
    const { code, stderr } = await runCli(['audit', ...ONLY, '--host', engine.daemon.place.listen[0]], {
      env: { HOME: folder },
    })
    assert.equal(code, 3, stderr)
  })
})
