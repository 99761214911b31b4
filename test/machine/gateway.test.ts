import assert from 'node:assert/strict'
import { mkdtemp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { connect, DockerApiError } from '../../lib/index.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cli } from './support/cli.ts'
import { deskIn, until as untilSo, type Desk } from './support/setup.ts'

const base = await temporaryFolder()

const HOST = 'tcp://build01:2376'
const FOLDER = '/etc/docker-mtls'
const UNIT = 'docker-mtls-gateway'
const policyFor = (name: string): string =>
  `version: 1\nrules:\n  - { name: only, who: { commonName: ${name} }, level: read-only }\n`

describe('the gateway as a service', { skip: lacksMachine() }, () => {
  let machine: Machine
  let desk: Desk
  let steps: string[]

  before(async () => {
    machine = await bootMachine({ docker: true, node: true, name: 'build01', network: { address: '10.77.0.2' } })
    desk = deskIn(await mkdtemp(join(base, 'desk-')))
    const init = await desk.run(['init', 'build01', '10.77.0.2', '--client', 'ann', '--client', 'bob'])
    assert.equal(init.code, 0, init.stderr)
    for (const name of ['ca.pem', 'server-cert.pem', 'server-key.pem']) {
      const text = await readFile(join(desk.folder, 'docker-mtls/server', name))
      await machine.write(join(FOLDER, name), text, 0o600)
    }
    await machine.write(join(FOLDER, 'policy.yaml'), policyFor('ann'))
  })
  after(() => machine?.stop())

  /** What the daemon says to a client, or the code of the error. */
  async function asks(name: string): Promise<string> {
    try {
      await using docker = await connect({ host: HOST, certPath: join(desk.folder, 'docker-mtls/clients', name) }, {})
      return (await docker.system.info()).OSType ?? ''
    } catch (error) {
      if (isDockerMtlsError(error)) return error.code
      throw error
    }
  }

  async function until(name: string, answer: string): Promise<void> {
    let last = ''
    for (let round = 0; round < 100; round++) {
      last = await asks(name)
      if (last === answer) return
      await delay(100)
    }
    assert.fail(`${name} gets ${last}, not ${answer}`)
  }

  const property = async (name: string): Promise<string> =>
    (await machine.must(['systemctl', 'show', UNIT, '--value', '-p', name])).trim()

  test('gateway render shows the steps, and they suffice', async () => {
    const { code, stdout, stderr } = await cli(machine, ['gateway', 'render', '--write', '/etc/systemd/system'])
    assert.equal(code, 0, stderr)
    steps =
      stdout
        .split(/as root:\n/)[1]
        ?.match(/^ {2}\S.*$/gm)
        ?.map((line) => line.trim()) ?? []
    assert.equal(steps.length, 7, stdout)
    for (const step of steps) await machine.must(['sh', '-c', step])
    await until('ann', 'linux')
    assert.equal(await asks('bob'), 'ERR_API_FORBIDDEN')
  })

  test('an audit of the host finds ways around it, and who could change its policy', async () => {
    const checks = [
      'F-AROUND',
      'F-POLICY',
      'F-GWKEY',
      'F-CRL',
      'F-PRIVILEGED',
      'F-SSHKEY',
      'F-GWLOG',
      'F-PLUGIN',
      'F-EXPOSED',
      'F-UNIT',
    ]
    const audited = async (): Promise<Record<string, string>> => {
      const args = ['--local', '--host', 'unix:///run/docker.sock', '--only', checks.join(), '--format', 'json']
      const { stdout, stderr } = await cli(machine, ['audit', ...args])
      const report = JSON.parse(stdout || stderr) as { hosts: [{ findings: { check: string; status: string }[] }] }
      // Of several files, the worst.
      const worst = ['pass', 'not-applicable', 'warn', 'unknown', 'fail']
      const found: Record<string, string> = {}
      for (const { check, status } of report.hosts[0].findings)
        if (worst.indexOf(status) >= worst.indexOf(found[check] ?? 'pass')) found[check] = status
      return found
    }
    const good = Object.fromEntries(checks.map((check) => [check, 'pass']))
    assert.deepEqual(await audited(), { ...good, 'F-CRL': 'fail', 'F-PLUGIN': 'not-applicable' })

    assert.equal((await desk.run(['cert', 'crl'])).code, 0)
    await machine.write(
      join(FOLDER, 'crl.pem'),
      await readFile(join(desk.folder, 'docker-mtls/ca/crl.pem'), 'utf8'),
      0o644,
    )
    await machine.write('/etc/systemd/system/docker.socket.d/tcp.conf', '[Socket]\nListenStream=2377\n')
    await machine.must(['chmod', '666', join(FOLDER, 'policy.yaml')])
    await machine.must(['chmod', '644', join(FOLDER, 'server-key.pem')])
    const bad = { 'F-AROUND': 'fail', 'F-POLICY': 'fail', 'F-GWKEY': 'fail' }
    assert.deepEqual(await audited(), { ...good, ...bad, 'F-PLUGIN': 'not-applicable' })
    await machine.must(['rm', '-r', '/etc/systemd/system/docker.socket.d'])
    await machine.must(['chmod', '640', join(FOLDER, 'policy.yaml'), join(FOLDER, 'server-key.pem')])
  })

  test('it runs as a user of its own, and systemd rates its exposure below 2.0', async () => {
    assert.equal(await property('User'), 'docker-mtls')
    const pid = await property('MainPID')
    const status = await machine.read(`/proc/${pid}/status`)
    assert.match(status, /^CapEff:\t0+$/m)
    assert.match(status, /^NoNewPrivs:\t1$/m)
    const rated = await machine.must(['systemd-analyze', 'security', '--no-pager', UNIT])
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(rated)?.[1])
    assert.ok(exposure > 0 && exposure < 2, rated)
  })

  test('a new policy needs no restart', async () => {
    const pid = await property('MainPID')
    await machine.write(join(FOLDER, 'policy.yaml'), policyFor('bob'), 0o644)
    await until('bob', 'linux')
    assert.equal(await asks('ann'), 'ERR_API_FORBIDDEN')
    await machine.write(join(FOLDER, 'policy.yaml'), policyFor('ann'), 0o644)
    await until('ann', 'linux')
    assert.equal(await property('MainPID'), pid)
  })

  test('killed: nobody gets in until it is back, which it is by itself', async () => {
    const pid = await property('MainPID')
    // It is gone for at least a second (RestartSec=).
    const gone = until('ann', 'ERR_CONNECTION_REFUSED')
    await machine.must(['systemctl', 'kill', '--signal=KILL', UNIT])
    await gone
    await until('ann', 'linux')
    assert.notEqual(await property('MainPID'), pid)
  })

  test('dockerd is gone: the gateway stays, says so to clients and in its log, and goes on with the next one', async () => {
    const pid = await property('MainPID')
    await machine.must(['systemctl', 'stop', 'docker.socket', 'docker.service'])
    const error = await connect({ host: HOST, certPath: join(desk.folder, 'docker-mtls/clients/ann') }, {}).then(
      () => assert.fail('it answers'),
      (reason: unknown) => reason,
    )
    assert.ok(error instanceof DockerApiError, String(error))
    assert.deepEqual([error.status, error.gatewayReason], [502, 'DAEMON_UNREACHABLE'])
    // The gateway logs a request when its answer has been sent.
    let log = ''
    await untilSo('its log has the answer', async () => {
      log = await machine.read('/var/log/docker-mtls/audit.log')
      return /"status":502,"reason":"DAEMON_UNREACHABLE"/.test(log)
    })
    assert.match(log, /"event":"failure","error":"ERR_[A-Z_]+"/)
    assert.equal(await asks('bob'), 'ERR_API_FORBIDDEN')
    await machine.must(['systemctl', 'start', 'docker.socket', 'docker.service'])
    await until('ann', 'linux')
    assert.equal(await property('MainPID'), pid)
  })

  test('it is back after a boot', async () => {
    await machine.reboot()
    await until('ann', 'linux')
    assert.equal(await asks('bob'), 'ERR_API_FORBIDDEN')
  })

  test('its audit log is whole', async () => {
    const { code, stdout, stderr } = await cli(machine, ['gateway', 'log', 'verify', '/var/log/docker-mtls/audit.log'])
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /^\d+ lines, numbers 1 to \d+, .*: ok\n/)
    assert.equal(
      (await machine.must(['stat', '-c', '%U %a', '/var/log/docker-mtls/audit.log'])).trim(),
      'docker-mtls 600',
    )
  })
})
