import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, test } from 'node:test'
import type { ApplyPlan } from '../../lib/apply/plan.ts'
import { makeContext } from '../../lib/cli/command.ts'
import { planText } from '../../lib/cli/reports/apply.ts'
import { runCli } from './support/run-cli.ts'

describe('a word too many at daemon apply', () => {
  const rows: readonly (readonly [words: string[], remedy: RegExp])[] = [
    [['--userns-remap', 'nosuch'], /docker-mtls daemon apply --userns-remap=nosuch$/m],
    [['server'], /docker-mtls daemon apply --from server$/m],
  ]
  for (const [words, remedy] of rows) {
    test(words.join(' '), async () => {
      const { code, stderr } = await runCli(['daemon', 'apply', ...words])
      assert.equal(code, 2)
      assert.match(stderr, /the argument ".*" is unexpected/)
      assert.match(stderr, remedy)
    })
  }
})

test('a diff shows tabs as spaces, and escapes characters that could disguise a line', () => {
  const { signal } = new AbortController()
  const output = { write: (): void => undefined }
  const io = { stdin: new PassThrough(), stdout: output, stderr: output, env: {}, signal, root: '/' }
  const context = makeContext(io, { jsonLines: true, done: () => undefined })
  const before = { mode: 0o644, text: '{\n\t"data-root": "/\u202Eb"\n}\n' }
  const change = { path: '/etc/docker/daemon.json', mode: 0o644, action: 'replace', text: '{}\n', before }
  const plan = { changes: [change], conflicts: [], losses: [], restarts: true } as unknown as ApplyPlan
  assert.match(planText(plan, context, true), /^ {10}- {4}"data-root": "\/<U\+202E>b"$/m)
})
