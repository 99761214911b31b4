import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { APPLY, applyHelpers } from './support/applying.ts'
import { cli } from './support/cli.ts'
import { snapshot } from './support/daemon.ts'

const DAEMON_JSON = '/etc/docker/daemon.json'
const DROP_IN = '/etc/systemd/system/docker.service.d/override.conf'

describe('daemon apply on hosts as they are', { skip: lacksMachine() }, () => {
  let machine: Machine
  let bare: string
  const { applies, goesBack, leavesNothing, sh } = applyHelpers(() => machine)
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    assert.equal((await cli(machine, ['init', 'build01', '--client', 'ann'])).code, 0)
    bare = await snapshot(machine)
  })
  after(() => machine?.stop())

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
      assert.match(stderr, /^ERR_APPLY_CONFLICT: \/etc\/docker\/daemon\.json: it isn't a regular file/m)
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
})
