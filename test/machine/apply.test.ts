import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cli } from './support/cli.ts'

describe('daemon apply', { skip: lacksMachine() }, () => {
  let machine: Machine
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
  })
  after(() => machine?.stop())

  test('x', async () => {
    const init = await cli(machine, ['init', 'build01', '--client', 'ann'])
    console.log(init.stdout, init.stderr)
    for (const words of [['daemon', 'apply', '--dry-run'], ['daemon', 'apply'], ['daemon', 'apply', '--yes'], ['daemon', 'apply', '--yes', '--probe-identity', 'docker-mtls/clients/ann'], ['daemon', 'apply', '--dry-run']]) {
      const t = Date.now()
      const ran = await cli(machine, words)
      console.log('-----', words.join(' '), ran.code, Date.now() - t, '\n', ran.stdout, '\n--', ran.stderr)
    }
    console.log(await machine.must(['sh', '-c', 'systemctl cat docker; find /var/lib/docker-mtls /etc/docker /etc/systemd/system/docker* | xargs ls -ld; systemctl list-timers --all; ss -ltn; docker ps']))
    assert.ok(true, 'x')
  })
})
