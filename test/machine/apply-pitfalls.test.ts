import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cli, cliLines, cliIn, cliRunning } from './support/cli.ts'
import { daemonPid, localDaemonAnswers, pingAs, snapshot } from './support/daemon.ts'

const STATE = '/var/lib/docker-mtls'
const DAEMON_JSON = '/etc/docker/daemon.json'
const DROP_IN = '/etc/systemd/system/docker.service.d/override.conf'
const SLOW = '/run/systemd/system/docker.service.d/10-slow.conf'
const ANN = '/root/docker-mtls/clients/ann'
const APPLY = ['daemon', 'apply', '--yes', '--no-client-proof']

describe('daemon apply on hosts as they are', { skip: lacksMachine() }, () => {
  let machine: Machine
  let bare: string
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    assert.equal((await cli(machine, ['init', 'build01', '--client', 'ann'])).code, 0)
    bare = await snapshot(machine)
  })
  after(() => machine?.stop())

  const sh = (script: string): Promise<string> => machine.must(['sh', '-c', `cd /root; ${script}`])

  async function applies(...flags: readonly string[]): Promise<Record<string, unknown>> {
    const { code, result, stderr } = await cliLines(machine, [...APPLY, ...flags])
    assert.equal(code, 0, stderr)
    assert.equal(await pingAs(machine, ANN), 0)
    return result
  }

  async function goesBack(): Promise<void> {
    const { code, stderr } = await cli(machine, ['daemon', 'rollback', '--yes'])
    assert.equal(code, 0, stderr)
    assert.equal(await localDaemonAnswers(machine), true)
  }

  /** To the command itself, and to nobody whose words only speak of it. */
  async function signals(signal: string): Promise<void> {
    await machine.must(['pkill', `-${signal}`, '--full', '--oldest', '^node .*[c]li/main.js daemon apply'])
  }

  /** What is left of a run in places where nobody looks. */
  async function leavesNothing(): Promise<void> {
    const places = `/run/docker-mtls.* /tmp/*mtls* ${STATE}/*Z-* ${STATE}/recover.new /etc/systemd/system/docker-mtls-*`
    assert.equal(await sh(`ls -d ${places} 2>/dev/null || true`), '')
    assert.equal(await sh(`find / -xdev -name '*.docker-mtls' 2>/dev/null`), '')
  }

  /** An apply that waits for a dockerd that takes its time. */
  async function atWork(): Promise<ReturnType<typeof cliRunning>> {
    await machine.write(SLOW, '[Service]\nExecStartPre=/bin/sleep 6\n')
    await machine.must(['systemctl', 'daemon-reload'])
    const running = cliRunning(machine, [...APPLY, '--json'])
    assert.ok(await running.line(/"step":"restart".*"running"/))
    // The next start shall be quick again.
    await machine.must(['rm', SLOW])
    return running
  }

  async function renameLast(id: string): Promise<void> {
    await sh(`cd ${STATE}; mv "$(cat last)" ${id}; echo ${id} >last`)
  }

  describe('paths', () => {
    const folders: [string, string][] = [
      ['/etc/docker/my tls', '--systemd'],
      [`/srv/-it's "so" 100%/$HOME`, '--systemd'],
      [`/srv/-it's "so" 100%/$HOME`, '--daemon-json'],
      ['/srv/a;b&c|d/tläs', '--systemd'],
      ['/srv/#x/\\y', '--daemon-json'],
    ]
    for (const [folder, form] of folders) {
      test(`--tlsdir ${folder} ${form}`, async () => {
        const result = await applies('--tlsdir', folder, form)
        assert.equal(result['tlsDir'], folder)
        assert.deepEqual((await applies('--tlsdir', folder, form))['written'], [])
        const modes = await machine.must(['stat', '-c', '%a', folder, `${folder}/server-key.pem`])
        assert.equal(modes, '700\n600\n')
        await goesBack()
        assert.equal(await snapshot(machine), bare)
        assert.equal(await sh('ls -A /srv'), '')
      })
    }

    for (const folder of ['/srv/a\nb', 'tls', '/srv/../etc', '/srv//x']) {
      test(`--tlsdir ${JSON.stringify(folder)} is refused`, async () => {
        const { code, stderr } = await cli(machine, [...APPLY, '--tlsdir', folder])
        assert.equal(code, 1)
        assert.match(stderr, /^ERR_PATH_INVALID: /m)
        assert.equal(await snapshot(machine), bare)
      })
    }

    test('a folder that somebody else may change is warned of', async () => {
      await sh('mkdir -p -m 0755 /home/deploy/tls; chown -R deploy: /home/deploy')
      const { stderr } = await cli(machine, ['daemon', 'apply', '--dry-run', '--tlsdir', '/home/deploy/tls'])
      assert.match(stderr, /\/home\/deploy\/tls belongs to the user 2001, who can .*another CA/)
      assert.doesNotMatch((await cli(machine, ['daemon', 'apply', '--dry-run'])).stderr, /another CA/)
      await sh('rmdir /home/deploy/tls')
    })
  })

  describe('files that are none of their own', () => {
    const links: [string, string, string, string[]][] = [
      ['daemon.json', DAEMON_JSON, '{ "debug": false }', ['--daemon-json']],
      ['the drop-in', DROP_IN, '[Service]\nNice=1\n', []],
      ["the server's key", '/etc/docker/tls/server-key.pem', 'x', []],
    ]
    for (const [what, path, text, flags] of links) {
      for (const target of ['/srv/there', '/srv/nowhere']) {
        test(`${what} is a link to ${target}: named, and nothing is changed, there or here`, async () => {
          await machine.write('/srv/there', text, 0o640)
          await sh(`mkdir -p ${path.replace(/\/[^/]*$/, '')}; ln -s ${target} ${path}; systemctl daemon-reload`)
          const old = await snapshot(machine)
          const { code, stderr } = await cli(machine, [...APPLY, ...flags])
          await sh(
            `rm ${path}; rmdir /etc/docker/tls /etc/systemd/system/docker.service.d 2>/dev/null; test "$(cat /srv/there)" = '${text}' && rm /srv/there; systemctl daemon-reload`,
          )
          assert.equal(code, 1)
          assert.match(stderr, new RegExp(`^ERR_APPLY_CONFLICT: ${path}: it is a link to ${target}`, 'm'))
          assert.match(stderr, /cp --remove-destination/)
          assert.match(old, new RegExp(` -> ${target}`))
          assert.equal(await snapshot(machine), bare)
        })
      }
    }

    test('a folder in the place of daemon.json, as docker run -v makes one', async () => {
      await sh(`mkdir -p ${DAEMON_JSON}/x`)
      const { code, stderr } = await cli(machine, [...APPLY, '--daemon-json', '--live-restore'])
      await sh(`rm -r ${DAEMON_JSON}`)
      assert.equal(code, 1)
      assert.match(stderr, /^ERR_APPLY_CONFLICT: \/etc\/docker\/daemon\.json: it is no file/m)
      assert.equal(await snapshot(machine), bare)
    })

    test('/etc/docker is a link: it stays one', async () => {
      await sh('mv /etc/docker /srv/docker; ln -s /srv/docker /etc/docker')
      await applies('--daemon-json')
      assert.equal(await sh('readlink /etc/docker; cat /srv/docker/daemon.json | head -c 1'), '/srv/docker\n{')
      await goesBack()
      assert.equal(await sh('ls -A /srv/docker'), '')
      await sh('rm /etc/docker; mv /srv/docker /etc/docker')
      assert.equal(await snapshot(machine), bare)
    })

    test('/etc/docker is a disk of its own', async () => {
      await sh('mount -n -t tmpfs -o mode=755 etc /etc/docker')
      await machine.write(DAEMON_JSON, '{ "debug": false }\n')
      await applies('--daemon-json')
      await goesBack()
      assert.equal(await machine.read(DAEMON_JSON), '{ "debug": false }\n')
      assert.equal(await sh('ls -A /etc/docker'), 'daemon.json\n')
      await sh('umount -n /etc/docker')
      assert.equal(await snapshot(machine), bare)
    })

    test('another name of daemon.json keeps what it had', async () => {
      await machine.write('/srv/mine.json', '{ "debug": false }\n')
      await sh(`ln /srv/mine.json ${DAEMON_JSON}`)
      await applies('--daemon-json')
      assert.equal(await machine.read('/srv/mine.json'), '{ "debug": false }\n')
      await goesBack()
      assert.equal(await machine.read(DAEMON_JSON), '{ "debug": false }\n')
      await sh(`rm /srv/mine.json ${DAEMON_JSON}`)
    })

    for (const [path, form] of [
      [DAEMON_JSON, '--daemon-json'],
      [DROP_IN, '--systemd'],
    ] as const) {
      test(`${path} can't be replaced by anybody: what was written before goes back`, async () => {
        await machine.write(path, path === DROP_IN ? '[Service]\nNice=1\n' : '{}\n')
        await sh(`systemctl daemon-reload; mount -n --bind ${path} ${path}`)
        const old = await snapshot(machine)
        const { code, stderr } = await cli(machine, [...APPLY, form])
        assert.equal(code, 1)
        assert.match(stderr, /^ERR_APPLY_ROLLED_BACK: .*[Dd]evice or resource busy/m)
        assert.match(stderr, /the old daemon answers/)
        assert.equal(await snapshot(machine), old)
        await leavesNothing()
        await sh(
          `umount -n ${path}; rm ${path}; rmdir /etc/docker/tls /etc/systemd/system/docker.service.d 2>/dev/null; systemctl daemon-reload`,
        )
      })
    }
  })

  describe('modes, owners and contents', () => {
    test('what is put back has its mode, its owner, its time and its attributes', async () => {
      await machine.write(DAEMON_JSON, '{ "debug": false }\n')
      const attributes = `python3 -c 'import os; print(os.listxattr("${DAEMON_JSON}"), os.getxattr("${DAEMON_JSON}", "trusted.mine"))'`
      await sh(
        `chmod 0640 ${DAEMON_JSON}; chown root:adm ${DAEMON_JSON}; touch -d 2020-01-01 ${DAEMON_JSON}; python3 -c 'import os; os.setxattr("${DAEMON_JSON}", "trusted.mine", b"yes")'`,
      )
      const look = `stat -c '%a %U:%G %Y' ${DAEMON_JSON}; ${attributes}`
      const old = await sh(look)
      await applies('--daemon-json')
      // Those who may not read it before may not now.
      assert.equal(await sh(`stat -c %a ${DAEMON_JSON}`), '640\n')
      await goesBack()
      assert.equal(await sh(look), old)
      await sh(`rm ${DAEMON_JSON}`)
    })

    test('a drop-in with a secret in it is shown to nobody else afterwards', async () => {
      await machine.write(DROP_IN, '[Service]\nEnvironment=HTTPS_PROXY=http://ann:secret@proxy:3128\n', 0o600)
      await sh('systemctl daemon-reload')
      await applies()
      assert.equal(await sh(`stat -c %a ${DROP_IN}; grep -c secret ${DROP_IN}`), '600\n1\n')
      await goesBack()
      await sh('rm -r /etc/systemd/system/docker.service.d; systemctl daemon-reload; systemctl restart docker')
    })

    test('a daemon.json that everybody may write to is one no more', async () => {
      await machine.write(DAEMON_JSON, '{ "debug": false }\n', 0o666)
      await applies('--daemon-json')
      assert.equal(await sh(`stat -c '%a %U' ${DAEMON_JSON}`), '644 root\n')
      await goesBack()
      await sh(`rm ${DAEMON_JSON}`)
    })

    for (const umask of ['000', '077']) {
      test(`umask ${umask} changes nothing`, async () => {
        const words = cliIn(...APPLY, '--daemon-json').join(' ')
        await sh(`umask ${umask}; ${words}`)
        const modes = await sh(
          `stat -c '%a %n' /etc/docker/tls /etc/docker/tls/* ${DAEMON_JSON} ${DROP_IN} ${STATE} ${STATE}/*Z-*`,
        )
        assert.deepEqual(
          modes
            .trim()
            .split('\n')
            .map((line) => line.split(' ')[0]),
          ['700', '644', '644', '600', '644', '644', '700', '700'],
        )
        await goesBack()
        assert.equal(await snapshot(machine), bare)
      })
    }

    const texts: [string, string, RegExp | undefined][] = [
      ['a byte order mark and line ends of Windows', '\uFEFF{\r\n  "debug": false\r\n}\r\n', undefined],
      ['nothing in it', '', undefined],
      ['comments', '{\n  // mine\n  "debug": false\n}\n', /^ERR_DAEMON_JSON_INVALID: .*daemon\.json/m],
      ['a comma too many', '{ "debug": false, }\n', /^ERR_DAEMON_JSON_INVALID: .*daemon\.json/m],
      ['a list', '[]\n', /^ERR_DAEMON_JSON_INVALID: .*no JSON object/m],
    ]
    for (const [what, text, refusal] of texts) {
      test(`a daemon.json with ${what}`, async () => {
        await machine.write(DAEMON_JSON, text)
        const sum = await sh(`md5sum <${DAEMON_JSON}`)
        for (const form of ['--systemd', '--daemon-json']) {
          if (refusal === undefined) {
            await applies(form)
            await goesBack()
          } else {
            const { code, stderr } = await cli(machine, [...APPLY, form])
            assert.equal(code, 1)
            assert.match(stderr, refusal)
          }
          assert.equal(await sh(`md5sum <${DAEMON_JSON}`), sum)
        }
        await sh(`rm ${DAEMON_JSON}`)
        assert.equal(await snapshot(machine), bare)
      })
    }

    test('what is exported for the docker command leads nobody astray', async () => {
      const env = {
        DOCKER_HOST: 'tcp://192.0.2.1:2376',
        DOCKER_TLS_VERIFY: '1',
        DOCKER_CERT_PATH: '/nowhere',
        DOCKER_CONTEXT: 'none',
      }
      const { code, stderr } = await cli(machine, APPLY, { env })
      assert.equal(code, 0, stderr)
      assert.equal((await cli(machine, ['daemon', 'status'], { env })).code, 0)
      assert.equal((await cli(machine, ['daemon', 'rollback', '--yes'], { env })).code, 0)
      assert.equal(await snapshot(machine), bare)
    })
  })

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
        assert.match(words, /^ERR_APPLY_PENDING: .*at work there/m)
      }
      assert.match(dry.stderr, /did not end/)
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
        assert.match((await cli(machine, ['daemon', 'status'])).stderr, /did not end/)
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
      assert.match(asked.stderr, /^ERR_CONFIRMATION_REQUIRED: .*it shows another certificate.*Restart docker\?/m)
      assert.equal(await daemonPid(machine), pid)
      const { result } = await cliLines(machine, APPLY)
      assert.deepEqual([result['written'], result['restarted']], [[], true])
      assert.notEqual(await daemonPid(machine), pid)
      await goesBack()
      await goesBack()
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
        /^ERR_HOST_COMMAND_FAILED: changing \/etc\/systemd\/.*override\.conf: .*somebody has changed it/m,
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
      assert.match(failed.stderr, /identity .* is still in docker-mtls\/server\/probe, for the next try.*\s+rm -r/)
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
      assert.match(stderr, /is no probe of a day, and stays/)
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
