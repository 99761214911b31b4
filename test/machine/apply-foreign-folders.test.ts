import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { APPLY, applyHelpers } from './support/applying.ts'
import { cli } from './support/cli.ts'
import { snapshot } from './support/daemon.ts'

const VICTIM = '/etc/victim'

/** Folders in which a user could make root write elsewhere. */
const ROWS: readonly { name: string; before: string; after: string; tlsDir: string; says: RegExp }[] = [
  {
    name: 'a folder in the home of a user',
    before: 'install -d -o deploy /home/deploy/tls',
    after: 'rm -r /home/deploy/tls',
    tlsDir: '/home/deploy/tls',
    says: /^ERR_APPLY_CONFLICT: \/home\/deploy\/tls: the user 2001 owns it, .*\n.*--tlsdir \/etc\/docker\/tls/m,
  },
  {
    name: "root's folder in the home of a user",
    before: 'install -d -o deploy /home/deploy; install -d /home/deploy/tls',
    after: 'rm -r /home/deploy/tls',
    tlsDir: '/home/deploy/tls',
    says: /^ERR_APPLY_CONFLICT: \/home\/deploy: the user 2001 owns it/m,
  },
  {
    name: 'a folder in /tmp that is not there yet',
    before: 'true',
    after: 'true',
    tlsDir: '/tmp/tls',
    says: /^ERR_APPLY_CONFLICT: \/tmp: users other than root can write to it \(mode 1777\)/m,
  },
  {
    name: 'a folder that a group may write to',
    before: 'install -d -m 0775 -g deploy /srv/shared',
    after: 'rmdir /srv/shared',
    tlsDir: '/srv/shared/tls',
    says: /^ERR_APPLY_CONFLICT: \/srv\/shared: users other than root can write to it \(mode 775\)/m,
  },
  {
    name: 'a link of root through the home of a user',
    before: 'install -d -o deploy /home/deploy; ln -s ../home/deploy/hop /srv/link; ln -s /opt /home/deploy/hop',
    after: 'rm /srv/link /home/deploy/hop',
    tlsDir: '/srv/link/tls',
    says: /^ERR_APPLY_CONFLICT: \/srv\/\.\.\/home\/deploy: the user 2001 owns it/m,
  },
  {
    name: 'the folder of daemon.json itself',
    before: 'chmod 0775 /etc/docker',
    after: 'chmod 0755 /etc/docker',
    tlsDir: '/srv/tls',
    says: /^ERR_APPLY_CONFLICT: \/etc\/docker: .*\n.*chown root:root \/etc\/docker .*chmod go-w \/etc\/docker/m,
  },
]

describe('daemon apply where a user could redirect it', { skip: lacksMachine() }, () => {
  let machine: Machine
  let bare: string
  const { applies, goesBack, leavesNothing, sh } = applyHelpers(() => machine)
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    assert.equal((await cli(machine, ['init', 'build01', '--client', 'ann'])).code, 0)
    bare = await snapshot(machine)
    await sh(`echo mine >${VICTIM}; chmod 0640 ${VICTIM}`)
  })
  after(() => machine?.stop())

  for (const { name, before: prepare, after: undo, tlsDir, says } of ROWS) {
    test(`${name} is a conflict`, async () => {
      await sh(prepare)
      const { code, stderr } = await cli(machine, [...APPLY, '--tlsdir', tlsDir])
      await sh(undo)
      assert.equal(code, 1)
      assert.match(stderr, says)
      assert.equal(await snapshot(machine), bare)
    })
  }

  test("root's own links and closed folders are none", async () => {
    await sh('install -d /opt/keys; ln -s ../opt/keys /srv/keys')
    await applies('--tlsdir', '/srv/keys/tls')
    assert.equal(await sh('ls /opt/keys/tls'), 'ca.pem\nserver-cert.pem\nserver-key.pem\n')
    await goesBack()
    await sh('rm /srv/keys; rmdir /opt/keys')
    assert.equal(await snapshot(machine), bare)
  })

  /** What somebody has put beforehand where the apply, and its rollback, write a file before they rename it. */
  const TRAPS: readonly [name: string, trap: string][] = [
    ['a link to a file', `ln -s ${VICTIM} "$f"`],
    ['a second name of a file', `ln ${VICTIM} "$f"`],
    ['a link to nothing', 'ln -s /etc/victim.new "$f"'],
    ['a link to a pipe', 'ln -s /etc/victim.pipe "$f"'],
  ]
  for (const [name, trap] of TRAPS) {
    test(`${name} in the place of a temporary file is never followed`, async () => {
      const set = `mkfifo /etc/victim.pipe; mkdir -p /etc/docker/tls; for f in /etc/docker/tls/server-key.pem /etc/docker/tls/ca.pem; do f=$f.docker-mtls; ${trap}; done`
      const isUntouched = async (when: string): Promise<void> => {
        const seen = await sh(`cat ${VICTIM}; stat -c '%a %F' ${VICTIM} /etc/victim.pipe; ls -d /etc/victim*`)
        assert.equal(seen, `mine\n640 regular file\n644 fifo\n${VICTIM}\n/etc/victim.pipe\n`, when)
      }
      await sh(set)
      await applies()
      await isUntouched('apply')
      await sh('rm -f /etc/victim.pipe')
      await sh(set)
      await goesBack()
      await isUntouched('rollback')
      await sh('rm -f /etc/victim.pipe; rmdir /etc/docker/tls 2>/dev/null || true')
      assert.equal(await snapshot(machine), bare)
      await leavesNothing()
    })
  }

  test('a link to a folder in its place gets no file either', async () => {
    await sh('echo "{}" >/etc/docker/daemon.json; mkdir /etc/victim.d')
    await applies('--daemon-json')
    await sh('ln -s /etc/victim.d /etc/docker/daemon.json.docker-mtls')
    await goesBack()
    assert.equal(await sh('ls -A /etc/victim.d'), '')
    assert.equal(await sh('cat /etc/docker/daemon.json'), '{}\n')
    await sh('rmdir /etc/victim.d; rm /etc/docker/daemon.json')
    await leavesNothing()
  })
})
