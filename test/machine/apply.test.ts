import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cli, cliLines } from './support/cli.ts'
import { daemonPid, localDaemonAnswers, pingAs, snapshot } from './support/daemon.ts'

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly got: string
}

const CHECKS = [
  'certificate',
  'authorities',
  'plaintext',
  'no-certificate',
  'server-certificate',
  'foreign-ca',
  'same-named-ca',
  'client',
]
const STEPS = ['validate', 'backup', 'arm', 'write', 'reload', 'restart', 'prove', 'commit']

for (const unit of ['debian', 'docker-ce'] as const) {
  for (const form of ['systemd', 'daemon-json'] as const) {
    describe(`daemon apply --${form} on the unit of ${unit}`, { skip: lacksMachine() }, () => {
      let machine: Machine
      let old: string
      before(async () => {
        machine = await bootMachine({ docker: true, unit, name: 'build01' })
        await machine.must(['mkdir', '-p', '/root'])
        const init = await cli(machine, ['init', 'build01', '--client', 'ann', '--probe'])
        assert.equal(init.code, 0, init.stderr)
        old = await snapshot(machine)
      })
      after(() => machine?.stop())

      test('a dry run shows everything, and changes nothing', async () => {
        const { code, stdout, stderr } = await cli(machine, ['daemon', 'apply', `--${form}`, '--dry-run'])
        assert.equal(code, 0, stderr)
        assert.match(stdout, /^create +\/etc\/docker\/tls\/server-key\.pem +0600 root:root$/m)
        assert.match(stdout, /^ +\+ExecStart=\/usr\/s?bin\/dockerd .*--containerd=\/run\/containerd\/containerd\.sock/m)
        assert.match(stdout, /^ {2}systemctl restart docker\.service$/m)
        assert.equal(/^create +\/etc\/docker\/daemon\.json/m.test(stdout), form === 'daemon-json')
        assert.equal(await snapshot(machine), old)
      })

      test('without a terminal and without --yes nothing is changed', async () => {
        const { code, stderr } = await cli(machine, ['daemon', 'apply', `--${form}`])
        assert.equal(code, 1)
        assert.match(stderr, /ERR_CONFIRMATION_REQUIRED.*\n.*--yes/)
        assert.equal(await snapshot(machine), old)
      })

      test('applies, and proves that a client gets in and nobody else does', async () => {
        const args = ['daemon', 'apply', `--${form}`, '--yes', '--probe-identity', 'docker-mtls/server/probe']
        const { code, lines, result, stderr } = await cliLines(machine, args)
        assert.equal(code, 0, stderr)
        const done = lines.filter(({ type, state }) => type === 'step' && state === 'done').map(({ step }) => step)
        assert.deepEqual(done, STEPS)
        const proof = result['proof'] as Check[]
        assert.deepEqual(proof.map(({ name }) => name).toSorted(), CHECKS.toSorted())
        assert.ok(
          proof.every(({ ok }) => ok),
          JSON.stringify(proof),
        )
        assert.equal(result['clientProven'], true)
        assert.equal(await machine.exists('/root/docker-mtls/server/probe/key.pem'), false)
        assert.equal(await pingAs(machine, '/root/docker-mtls/clients/ann'), 0)
        assert.equal(await localDaemonAnswers(machine), true)
        const modes = await machine.must(['sh', '-c', 'stat -c "%a %U %n" /etc/docker/tls /etc/docker/tls/*'])
        assert.deepEqual(modes.trim().split('\n'), [
          '700 root /etc/docker/tls',
          '644 root /etc/docker/tls/ca.pem',
          '644 root /etc/docker/tls/server-cert.pem',
          '600 root /etc/docker/tls/server-key.pem',
        ])
        // Nothing is left of what was there for the case of a failure.
        const timers = await machine.must(['systemctl', 'list-timers', '--all', '--no-legend'])
        assert.doesNotMatch(timers, /docker-mtls/)
        assert.equal(await machine.exists('/etc/systemd/system/docker-mtls-recover.service'), false)
      })

      test('is secured by what status says', async () => {
        const { code, stdout, stderr } = await cli(machine, ['daemon', 'status'])
        assert.equal(code, 0, stderr)
        assert.match(
          stdout,
          /tcp:\/\/0\.0\.0\.0:2376: TLSv1\.2, TLSv1\.3; client certificate required, issued by CN=docker-mtls CA/,
        )
        assert.match(stdout, form === 'systemd' ? /Configured +in the drop-in/ : /Configured +in daemon\.json/)
      })

      test('a second run changes nothing, and restarts nothing', async () => {
        const [pid, now] = [await daemonPid(machine), await snapshot(machine)]
        const args = ['daemon', 'apply', '--no-client-proof']
        const { code, result, stderr } = await cliLines(machine, args)
        assert.equal(code, 0, stderr)
        assert.deepEqual(result['written'], [])
        assert.equal(result['restarted'], false)
        assert.equal(await daemonPid(machine), pid)
        assert.equal(await snapshot(machine), now)
        // Without a client that was tried, and without a word that this is meant, it is a failure.
        assert.equal((await cli(machine, ['daemon', 'apply'])).code, 1)
      })

      test('can be undone', async () => {
        const { code, stderr } = await cli(machine, ['daemon', 'rollback', '--yes'])
        assert.equal(code, 0, stderr)
        assert.equal(await snapshot(machine), old)
        assert.equal(await localDaemonAnswers(machine), true)
        assert.notEqual(await pingAs(machine, '/root/docker-mtls/clients/ann'), 0)
        const again = await cli(machine, ['daemon', 'rollback', '--yes'])
        assert.match(again.stderr, /^ERR_APPLY_NOTHING_TO_ROLL_BACK/m)
        assert.equal(again.code, 1)
      })
    })
  }
}
