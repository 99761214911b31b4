import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, test } from 'node:test'
import type { ApplyPlan } from '../../lib/apply/plan.ts'
import { makeContext } from '../../lib/cli/command.ts'
import { planText } from '../../lib/cli/reports/apply.ts'
import { startCpuWatch } from '../support/watch.ts'
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

/** The plan that replaces a file. */
function replacing(before: string, text: string): string {
  const { signal } = new AbortController()
  const output = { write: (): void => undefined }
  const io = { stdin: new PassThrough(), stdout: output, stderr: output, env: {}, signal, root: '/' }
  const context = makeContext(io, { jsonLines: true, done: () => undefined })
  const change = { path: '/etc/docker/daemon.json', mode: 0o644, action: 'replace', text }
  const changes = [{ ...change, before: { mode: 0o644, text: before } }]
  const plan = { changes, conflicts: [], losses: [], restarts: true } as unknown as ApplyPlan
  return planText(plan, context, true)
}

test('a diff shows tabs as spaces, and escapes characters that could disguise a line', () => {
  const text = replacing('{\n\t"data-root": "/\u202Eb"\n}\n', '{}\n')
  assert.match(text, /^ {10}- {4}"data-root": "\/<U\+202E>b"$/m)
})

function lines(indent: string, count: number): string {
  return Array.from({ length: count }, (_, index) => `${indent}"k${index}": 1,\n`).join('')
}

test('a file with many lines is compared in moments, whatever differs', () => {
  const elapsed = startCpuWatch()
  assert.match(replacing(lines('', 300_000), lines('  ', 300_000)), /more than 2000 lines differ/)
  assert.match(replacing(lines('', 300_000), `${lines('', 300_000)}"last": 1\n`), /^ {10}\+"last": 1$/m)
  assert.match(replacing(lines('', 900), lines('  ', 900)), /^ {10}\+ {2}"k899": 1,$/m)
  assert.ok(elapsed() < 10_000, `it took ${elapsed()} ms`)
})
