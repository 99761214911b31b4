import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, test } from 'node:test'
import { makeContext } from '../../lib/cli/command.ts'
import { gatewayRollbackDone } from '../../lib/cli/reports/rollback-plan.ts'
import { rollbackReporter } from '../../lib/cli/reports/rollback.ts'
import { Interrupted } from '../../lib/cli/terminal/io.ts'
import { rollBackNowLine } from '../../lib/cli/reports/setup.ts'
import { ConnectionError, ProvisionError } from '../../lib/base/errors.ts'
import { UNIT_PATH } from '../../lib/apply/gateway/files.ts'
import { settlePending } from '../../lib/apply/rollback/pending.ts'
import { renderSentence } from '../../lib/base/sentence.ts'
import { STATE_FOLDER } from '../../lib/host/facts-script.ts'
import { parseTargets } from '../../lib/setup/target.ts'
import type { StepEvent } from '../../lib/base/progress.ts'
import { temporaryFolder } from '../support/temporary.ts'

type Step = readonly [step: string, state: StepEvent['state'], subject?: string]

/** What is said of these steps, where Ctrl-C comes behind the first ones. */
function told(before: readonly Step[], after: readonly Step[], error: unknown, subjects?: readonly string[]): string {
  let said = ''
  const controller = new AbortController()
  const output = { write: (text: string | Uint8Array) => (said += String(text)) }
  const io = { stdin: new PassThrough(), stdout: output, stderr: output, env: {}, signal: controller.signal, root: '/' }
  const context = makeContext(io, { done: () => undefined, jsonLines: true })
  const teller = rollbackReporter(context, { after: 180, atOnce: (subject) => `go back ${subject}`.trim() }, subjects)
  const onStep = teller.watch(() => undefined)
  const show = ([step, state, subject]: Step): void =>
    onStep({ step, title: step, state, ...(subject !== undefined && { subject }) })
  before.forEach(show)
  controller.abort(new Interrupted(130))
  after.forEach(show)
  teller.end(error)
  return said.replaceAll(/\d\d:\d\d:\d\d/g, 'TIME')
}

const ARMED: readonly Step[] = [
  ['arm', 'running'],
  ['write', 'running'],
]
const STOPPING = 'Stopping: rolling back the changes. If this command is cut off, the host does so by itself at TIME.\n'
const INTERRUPTED = new Interrupted(130)

describe('Ctrl-C during an apply', () => {
  const rows: readonly (readonly [name: string, before: readonly Step[], after: readonly Step[], said: string])[] = [
    ['nothing was begun', [['validate', 'running']], [], 'Nothing was changed.\n'],
    [
      'all is put back',
      ARMED,
      [
        ['roll-back', 'done'],
        ['old-daemon', 'done'],
      ],
      `${STOPPING}Everything is rolled back, and the daemon answers.\n`,
    ],
    ['there was no daemon before', ARMED, [['roll-back', 'done']], `${STOPPING}Everything is rolled back.\n`],
    ['it came too late', [...ARMED, ['commit', 'done']], [], 'All changes were complete before that, and stay.\n'],
  ]
  for (const [name, before, after, said] of rows) test(name, () => assert.equal(told(before, after, INTERRUPTED), said))

  test('it could not be put back: why, when the host does it, and how at once', () => {
    const error = new ProvisionError('ERR_APPLY_ROLLBACK_FAILED', { tried: 'going back', got: 'no', todo: 'Look.' })
    assert.equal(
      told(ARMED, [['roll-back', 'failed']], error),
      `${STOPPING}ERR_APPLY_ROLLBACK_FAILED: ${error.message}\nNot rolled back yet: the host does so by itself at TIME. To do it now:  go back\n`,
    )
  })

  test('of several hosts each has its line', () => {
    const before = ARMED.map(([step, state]): Step => [step, state, 'one'])
    assert.equal(
      told(before, [['roll-back', 'failed', 'one']], undefined, ['one', 'two']),
      `${STOPPING}one: Not rolled back yet: the host does so by itself at TIME. To do it now:  go back one\ntwo: Nothing was changed.\n`,
    )
  })

  test('without a signal nothing is said', () => {
    const output = { write: (text: string | Uint8Array) => assert.fail(String(text)) }
    const { signal } = new AbortController()
    const io = { stdin: new PassThrough(), stdout: output, stderr: output, env: {}, signal, root: '/' }
    const context = makeContext(io, { done: () => undefined, jsonLines: true })
    const error = new ConnectionError('ERR_CONNECTION_REFUSED', { tried: 'it', got: 'no', todo: 'Wait.' })
    rollbackReporter(context, { after: 180, atOnce: () => '' }).end(error)
  })
})

for (const user of ['root', 'deploy']) {
  test(`the line that puts a host back at once is one that can be typed, as ${user}`, async (t) => {
    const folder = await temporaryFolder(t)
    const state = join(folder, 'state')
    await mkdir(join(state, 'an-id'), { recursive: true })
    await writeFile(join(state, 'pending'), 'an-id\n')
    await writeFile(join(state, 'an-id', 'rollback.sh'), 'echo "$1"\n')
    // As ssh hands a command on: to the login shell, as one text.
    await writeFile(join(folder, 'ssh'), '#!/bin/sh\nshift\nexec sh -c "$*"\n')
    await writeFile(join(folder, 'sudo'), '#!/bin/sh\nexec "$@"\n')
    for (const name of ['ssh', 'sudo']) await chmod(join(folder, name), 0o755)
    const [target] = parseTargets([`ssh://${user}@build01`])
    assert.ok(target)
    const line = rollBackNowLine(target).replaceAll(STATE_FOLDER, state)
    const env = { PATH: `${folder}:/usr/bin:/bin` }
    assert.equal(execFileSync('sh', ['-c', line], { env, encoding: 'utf8' }), 'now\n')
  })
}

test('what waits for a host to go back by itself says until when first', async () => {
  const notes: string[] = []
  const codes = [11, 0]
  const run = (): Promise<{ code: number; stdout: string; stderr: string }> =>
    Promise.resolve({ code: codes.shift() ?? 1, stdout: '94', stderr: '' })
  await settlePending({ name: 'build01', isHere: false, run }, ({ note }) => notes.push(note ?? ''))
  assert.match(notes.join('\n'), /^\n\d\d:\d\d:\d\d, when the host rolls back by itself\n$/)
})

test('an abort while it waits is passed on with its own reason', async () => {
  const [controller, mine] = [new AbortController(), new Error('mine')]
  const run = (): Promise<{ code: number; stdout: string; stderr: string }> => {
    setImmediate(() => controller.abort(mine))
    return Promise.resolve({ code: 11, stdout: '94', stderr: '' })
  }
  await assert.rejects(settlePending({ name: 'build01', isHere: false, run }, undefined, controller.signal), mine)
})

test('what a rollback of the gateway has done', () => {
  const last = {
    id: '1',
    at: new Date(0),
    isPending: false,
    wasActive: true,
    copies: new Map<string, string>(),
    restored: [],
    removed: [],
    written: new Map<string, string>(),
  }
  const plan = { last, conflicts: [], losses: [], stops: 0 }
  const done = (hasGateway: boolean, removed: readonly string[] = []): string | undefined =>
    renderSentence(gatewayRollbackDone({ ...plan, last: { ...last, removed } }, { hasGateway, listeners: [] })).split(
      '\n',
    )[1]
  const daemon = 'dockerd listens on its local socket alone, as before.'
  assert.equal(done(true), `The gateway runs as before. ${daemon}`)
  assert.equal(done(false, [UNIT_PATH]), `The gateway is removed; its audit log stays. ${daemon}`)
  assert.equal(done(false), `The gateway is restored, but isn't running. ${daemon} See:  docker-mtls gateway status`)
})
