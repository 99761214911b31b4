import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { portConflicts } from '../../lib/apply/ports.ts'
import { gatherFacts } from '../../lib/host/facts.ts'
import { localShell } from '../../lib/host/local-shell.ts'
import { lacks } from '../support/requirements.ts'
import { factsOf } from './support/facts.ts'

const line = (local: string, users = ''): string => `LISTEN 0      4096   ${local}    0.0.0.0:*   ${users}`
const user = (program: string, pid: number): string => `("${program}",pid=${pid},fd=3)`

function holder(...listening: readonly string[]): string | undefined {
  const facts = factsOf({ facts: { listening: listening.join('\n') } })
  return portConflicts(facts, ['tcp://0.0.0.0:2376'])[0]?.got
}

describe('who listens on a port', () => {
  test('its program is named, and dockerd itself is no conflict', () => {
    assert.equal(
      holder(line('0.0.0.0:2376', `users:(${user('nginx', 7)},${user('nginx', 8)})`))?.slice(0, 17),
      'nginx (process 7)',
    )
    assert.equal(holder(line('*:2376', `users:(${user('dockerd', 212)})`)), undefined)
    assert.equal(holder(line('[::1]%lo:2376', `users:(${user('a', 7)})`))?.slice(-10), '[::1]:2376')
    assert.equal(holder(line('10.0.0.1:22', `users:(${user('sshd', 7)})`)), undefined)
    assert.match(holder(line('*:2376')) ?? '', /^another program /)
  })

  /** All of up to 15 characters. */
  const names = ['",pid=1,fd=3),(', '",pid=212', 'a"b', '("x",pid=212', '"),("', '\nLISTEN 0 0 *:9', ')', 'users:(("a']
  for (const name of names) {
    test(`a process called ${JSON.stringify(name)} is neither systemd nor dockerd`, () => {
      assert.ok(name.length <= 15)
      assert.doesNotMatch(
        holder(line('*:2376', `users:(${user(name, 7)})`)) ?? 'none',
        /none|systemd|process (?:1|212)\)/,
      )
      assert.equal(holder(line('*:22', `users:(${user(name, 7)})`)), undefined)
    })
  }

  test('the same for a real process', { skip: lacks('ss') }, async (t) => {
    const script = `process.title = '",pid=1,fd=3),('
      require('node:net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
    const child = spawn(process.execPath, ['-e', script])
    t.after(() => child.kill())
    const [port] = (await once(child.stdout, 'data')) as [Buffer]
    const facts = await gatherFacts(localShell())
    const [conflict] = portConflicts(facts, [`tcp://127.0.0.1:${String(port).trim()}`])
    assert.match(conflict?.got ?? '', /^another program already listens/)
  })
})
