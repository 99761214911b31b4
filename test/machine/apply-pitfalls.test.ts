import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { ANN, APPLY, STATE, applyHelpers } from './support/applying.ts'
import { cli, cliIn, cliLines, cliRunning } from './support/cli.ts'
import { daemonPid, localDaemonAnswers, pingAs, snapshot } from './support/daemon.ts'

const DROP_IN = '/etc/systemd/system/docker.service.d/override.conf'

describe('daemon apply on hosts as they are', { skip: lacksMachine() }, () => {
  let machine: Machine
  let bare: string
  const { applies, atWork, goesBack, leavesNothing, renameLast, sh, signals } = applyHelpers(() => machine)
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    assert.equal((await cli(machine, ['init', 'build01', '--client', 'ann'])).code, 0)
    bare = await snapshot(machine)
  })
  after(() => machine?.stop())

  describe('several at once, and what is left of some', () => {
    test('while one is at work, no other begins, none goes back, and it comes to its end', async () => {
      const first = await atWork()
      const other = await cli(machine, APPLY)
      const back = await cli(machine, ['daemon', 'rollback', '--yes'])
      const dry = await cli(machine, ['daemon', 'apply', '--dry-run'])
      const { code, stderr } = await first.ended
      assert.equal(code, 0, stderr)
      for (const { code: refused, stderr: words } of [other, back]) {
        assert.equal(refused, 1)
        assert.match(words, /^ERR_APPLY_PENDING: .*running there/m)
      }
      assert.match(dry.stderr, /did not finish/)
      assert.equal(await pingAs(machine, ANN), 0)
      await goesBack()
      assert.equal(await snapshot(machine), bare)
    })

    test('a process that has got the number of one that is gone is not taken for it', async () => {
      const first = await atWork()
      await first.kill()
      await sh(`for f in ${STATE}/*/owner; do echo '1 12345' >$f; done`)
      await applies()
      await goesBack()
      await leavesNothing()
      assert.equal(await snapshot(machine), bare)
    })

    test('a note of an unfinished one that a power cut has left empty, or that leads nowhere', async () => {
      for (const text of ['', 'nothing\n', '20200101T000000Z-000000\n']) {
        await machine.write(`${STATE}/pending`, text)
        assert.match((await cli(machine, ['daemon', 'status'])).stderr, /An apply is unfinished/)
        await applies()
        await goesBack()
        assert.equal(await machine.exists(`${STATE}/pending`), false)
      }
      await leavesNothing()
    })

    test('three ways back are kept, whatever the clock says, and each can be gone', async () => {
      const texts = [await snapshot(machine)]
      for (const [index, port] of [2376, 2377, 2378, 2379, 2380].entries()) {
        const { code, stderr } = await cli(machine, [...APPLY, '--listen', `0.0.0.0:${port}`])
        assert.equal(code, 0, stderr)
        texts.push(await snapshot(machine))
        // A clock that was years ahead, and is no more.
        if (index === 0) await renameLast('20400101T000000Z-000000')
      }
      assert.equal(await sh(`ls -d ${STATE}/*Z-* | wc -l`), '3\n')
      for (const index of [4, 3, 2]) {
        await goesBack()
        assert.equal(await snapshot(machine), texts[index])
      }
      const { code, stderr } = await cli(machine, ['daemon', 'rollback', '--yes'])
      assert.equal(code, 1)
      assert.match(stderr, /^ERR_APPLY_NOTHING_TO_ROLL_BACK/m)
      await sh(
        `rm -r ${STATE} /etc/docker/tls /etc/systemd/system/docker.service.d; systemctl daemon-reload; systemctl restart docker`,
      )
    })

    test('what runs is not what is configured: docker is not restarted without a word', async () => {
      await applies()
      assert.equal((await cli(machine, ['cert', 'renew', '--server'])).code, 0)
      await sh('cp docker-mtls/server/server-*.pem /etc/docker/tls/')
      const pid = await daemonPid(machine)
      const asked = await cli(machine, ['daemon', 'apply', '--no-client-proof'])
      assert.equal(asked.code, 1)
      assert.match(asked.stderr, /^ERR_CONFIRMATION_REQUIRED: .*it presents another certificate.*Restart docker\?/m)
      assert.equal(await daemonPid(machine), pid)
      const { result } = await cliLines(machine, APPLY)
      assert.deepEqual([result['written'], result['restarted']], [[], true])
      assert.notEqual(await daemonPid(machine), pid)
      await goesBack()
      await goesBack()
      // The files that somebody has put there stay beside their places.
      assert.match(
        await sh('ls /etc/docker/tls'),
        /^server-cert\.pem\.before-rollback\..*\nserver-key\.pem\.before-rollback\..*\n$/,
      )
      await sh('rm -r /etc/docker/tls')
      assert.equal(await snapshot(machine), bare)
    })

    test('a file that somebody changes while it is asked, or that is no UTF-8: nothing is changed', async () => {
      await machine.write(DROP_IN, Buffer.from('[Service]\n# M\xfcller\nNice=1\n', 'latin1'))
      await sh('systemctl daemon-reload')
      const old = await snapshot(machine)
      const { code, stderr } = await cli(machine, APPLY)
      assert.equal(code, 1)
      assert.match(
        stderr,
        /^ERR_HOST_COMMAND_FAILED: changing \/etc\/systemd\/.*override\.conf: .*somebody has just changed it/m,
      )
      assert.equal(await snapshot(machine), old)
      await sh('rm -r /etc/systemd/system/docker.service.d; systemctl daemon-reload')
      await leavesNothing()
      assert.equal(await snapshot(machine), bare)
    })

    const PROBE = '/root/docker-mtls/server/probe'
    const withProbe = async (): Promise<void> => {
      assert.equal((await cli(machine, ['init', 'build01', '--probe'])).code, 0)
      assert.equal(await machine.exists(`${PROBE}/key.pem`), true)
    }

    test('the identity of a proof: it goes with the proof, stays for another try, and goes once it has ended', async () => {
      await withProbe()
      const failed = await cli(machine, ['daemon', 'apply', '--yes', '--listen', '10.99.99.99:2376'])
      assert.match(failed.stderr, /ERR_APPLY_ROLLED_BACK/)
      assert.match(failed.stderr, /certificate stays in docker-mtls\/server\/probe for the next.*\s+rm -r/)
      assert.equal(await machine.exists(`${PROBE}/key.pem`), true)
      const first = await atWork()
      await first.kill()
      assert.equal(await machine.exists(`${PROBE}/key.pem`), true)
      const done = await cliLines(machine, ['daemon', 'apply', '--yes'])
      assert.equal(done.code, 0, done.stderr)
      assert.equal(done.result['clientProven'], true)
      assert.equal(await machine.exists(PROBE), false)
      await goesBack()

      await withProbe()
      const later = ['faketime', '-f', '+2d', ...cliIn(...APPLY, '--dry-run').slice(3)]
      assert.equal((await machine.run(['env', '--chdir', '/root', ...later])).code, 0)
      assert.equal(await machine.exists(`${PROBE}/key.pem`), true)
      await machine.run(['env', '--chdir', '/root', ...later.slice(0, -1)])
      assert.equal(await machine.exists(PROBE), false)
      await goesBack()
      assert.equal(await snapshot(machine), bare)
    })

    test("an identity of somebody's own is deleted in no end, and nobody is told to", async () => {
      const args = ['daemon', 'apply', '--yes', '--probe-identity', ANN]
      const failed = await cli(machine, [...args, '--listen', '10.99.99.99:2376'])
      assert.match(failed.stderr, /ERR_APPLY_ROLLED_BACK/)
      assert.doesNotMatch(failed.stderr, /rm -r/)
      const { code, stderr } = await cli(machine, args)
      assert.equal(code, 0, stderr)
      assert.match(stderr, /isn't a one-day certificate, so it stays/)
      assert.equal(await machine.exists(`${ANN}/key.pem`), true)
      await goesBack()
    })

    for (const signal of ['TERM', 'HUP'] as const) {
      test(`SIG${signal} puts everything back`, async () => {
        const running = cliRunning(machine, [...APPLY, '--json'])
        assert.ok(await running.line(/"step":"restart".*"running"/))
        await signals(signal)
        assert.notEqual((await running.ended).code, 0)
        assert.equal(await snapshot(machine), bare)
        assert.equal(await localDaemonAnswers(machine), true)
        await leavesNothing()
      })
    }

    test('nobody reads what it says: it comes to one of its ends', async () => {
      const words = cliIn(...APPLY, '--json', '--rollback-after', '10').join(' ')
      await sh(`${words} | head -n 3 >/dev/null`)
      for (let second = 0; second < 60 && (await machine.exists(`${STATE}/pending`)); second++) await delay(1000)
      assert.equal(await localDaemonAnswers(machine), true)
      if ((await pingAs(machine, ANN)) === 0) await goesBack()
      assert.equal(await snapshot(machine), bare)
      await leavesNothing()
    })

    test('a validation that was killed leaves no key for long', async () => {
      await machine.write('/run/docker-mtls.4194305.abcdefgh/2.pem', 'a key', 0o600)
      await machine.write('/run/docker-mtls.1.abcdefgh/2.pem', 'of one that is at work', 0o600)
      assert.equal((await cli(machine, ['daemon', 'apply', '--dry-run'])).code, 0)
      assert.equal(await sh('ls -d /run/docker-mtls.*'), '/run/docker-mtls.1.abcdefgh\n')
      await sh('rm -r /run/docker-mtls.1.abcdefgh')
    })
  })
})
