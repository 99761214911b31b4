import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { APPLY, STATE, applyHelpers } from './support/applying.ts'
import { cli, cliIn } from './support/cli.ts'
import { snapshot } from './support/daemon.ts'

const DAEMON_JSON = '/etc/docker/daemon.json'
const DROP_IN = '/etc/systemd/system/docker.service.d/override.conf'

describe('daemon apply on hosts as they are', { skip: lacksMachine() }, () => {
  let machine: Machine
  let bare: string
  const { applies, goesBack, sh } = applyHelpers(() => machine)
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    assert.equal((await cli(machine, ['init', 'build01', '--client', 'ann'])).code, 0)
    bare = await snapshot(machine)
  })
  after(() => machine?.stop())

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
      ['a list', '[]\n', /^ERR_DAEMON_JSON_INVALID: .*not a JSON object/m],
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
})
