import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHANGED_CODE } from '../../lib/apply/rollback/state.ts'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { undoOnHosts } from '../../lib/setup/undo/carry-out.ts'
import type { UndoPlan } from '../../lib/setup/undo/plan.ts'
import { factsOf } from '../apply/support/facts.ts'
import { fakeShell } from '../apply/support/fake-shell.ts'

for (const [code, expected, begins] of [
  [1, 'ERR_APPLY_ROLLED_BACK', /^dockerd is as it was, but its gateway/],
  [CHANGED_CODE, 'ERR_HOST_COMMAND_FAILED', /^The gateway/],
] as const)
  test(`if the rest ends with ${code}, says that the gateway is removed already, and how to put it back`, async () => {
    const unit = '/etc/systemd/system/docker-mtls-gateway.service'
    const text = '[Service]\nExecStart=/usr/bin/node /srv/main.js gateway run --policy /p\n'
    const facts = factsOf({ files: { [unit]: text } })
    const change = { path: '/etc/docker/daemon.json', mode: 0o644, text: '', action: 'remove' }
    const guarded = {
      facts,
      conflicts: [],
      changes: [change],
      tlsDir: '/etc/docker/tls',
      reloadsFirst: false,
      remaps: false,
    }
    let transactions = 0
    const shell = fakeShell((script) => {
      if (script.includes('dockerd_pid')) return { stdout: 'x86_64\nown 11\n' }
      if (!script.includes('@step')) return {}
      transactions += 1
      return transactions === 1 ? {} : { code, stderr: 'no room' }
    }, false)
    const plan = {
      host: 'a.test',
      shell,
      gateway: { ...guarded, listen: 'tcp://10.0.0.5:2376' },
      remove: { ...guarded, closes: [], listens: [], stays: [], asides: [], tlsFolders: [], hasBackups: true },
      copies: { removed: [], stays: [] },
      contexts: [],
    } as unknown as UndoPlan
    const options = { dir: '/nowhere', config: '/nowhere', dryRun: false }
    const [outcome] = await undoOnHosts([{ host: 'a.test', value: plan }], options)
    assert.ok(outcome !== undefined && 'error' in outcome)
    assert.ok(isDockerMtlsError(outcome.error, expected), String(outcome.error))
    assert.match(outcome.error.todo, begins)
    assert.doesNotMatch(outcome.error.message, /Everything is as it was/)
    assert.match(
      outcome.error.todo,
      /gateway is removed already, so nobody can connect over the network\..*as root: {2}\/usr\/bin\/node \/srv\/main\.js gateway rollback$/,
    )
  })
