import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { APPLY, applyHelpers } from './support/applying.ts'
import { cli } from './support/cli.ts'
import { snapshot } from './support/daemon.ts'

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
        assert.equal(code, 2)
        assert.match(stderr, /^ERR_PATH_INVALID: /m)
        assert.equal(await snapshot(machine), bare)
      })
    }
  })
})
