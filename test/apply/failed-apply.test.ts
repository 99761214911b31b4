import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isDockerMtlsError, ProvisionError } from '../../lib/base/errors.ts'
import { rollBackFailedApply, type FailedApply } from '../../lib/apply/rollback/failed-apply.ts'
import type { ScriptResult } from '../../lib/host/shell.ts'
import { startCpuWatch } from '../support/watch.ts'
import { fakeShell } from './support/fake-shell.ts'

const SILENT = new ProvisionError('ERR_HOST_UNREADABLE', { tried: 'a', got: 'it printed nothing', todo: 'c' })
const FAILED = new ProvisionError('ERR_HOST_COMMAND_FAILED', { tried: 'a', got: 'it failed', todo: 'c' })
type Answer = Partial<ScriptResult> | Error

/** A host that answers the script with these words so, and all others well. */
function afterApply(words: string, answer: Answer, started = true): Promise<unknown> {
  const shell = fakeShell((script) => (script.includes(words) ? answer : {}), false)
  const common = { id: 'ID', onStep: undefined, signal: undefined, wasActive: true, isEnding: false, after: 180 }
  const failed: FailedApply = { ...common, shell, started }
  return rollBackFailedApply(FAILED, failed).catch((error: unknown) => error)
}

/** The rollback of an apply fails, and then the host tells of this apply. */
function afterRollback(last: Answer | string, code = 1): Promise<unknown> {
  const shell = fakeShell((script) => {
    if (script.includes('may have failed at any point')) return { code, stderr: 'mv: no such file' }
    return script.includes('apply that can be rolled back') ? last : {}
  }, false)
  const common = { id: 'ID', onStep: undefined, signal: undefined, wasActive: true, isEnding: false, after: 180 }
  return rollBackFailedApply(FAILED, { ...common, shell, started: true }).catch((error: unknown) => error)
}

test('an apply that the timer has overtaken names the timer, and not what that has ended', async () => {
  const overtaken = new ProvisionError('ERR_HOST_COMMAND_FAILED', { tried: 'a', got: 'it took longer', todo: 'c' })
  const common = { id: 'ID', onStep: undefined, signal: undefined, wasActive: true, isEnding: false, after: 180 }
  for (const [stdout, given, got] of [
    ['@overtaken\n', overtaken, 'it took longer'],
    ['@overtaken\n', undefined, 'it failed'],
    ['', overtaken, 'it failed'],
  ] as const) {
    const shell = fakeShell((script) => (script.includes('may have failed at any point') ? { stdout } : {}), false)
    const failed = { ...common, shell, started: true, overtaken: given }
    const error = await rollBackFailedApply(FAILED, failed)
    assert.ok(isDockerMtlsError(error, 'ERR_APPLY_ROLLED_BACK'), String(error))
    assert.equal(error.got, got)
  }
})

describe('an apply failed, and then the host', () => {
  test('does not answer: it rolls back by itself', async () => {
    const error = await afterApply('rollback.sh', SILENT)
    assert.ok(isDockerMtlsError(error, 'ERR_APPLY_ROLLBACK_FAILED'), String(error))
    assert.match(error.message, /it printed nothing.*It rolls back by itself, at the latest 180 seconds/s)
  })

  test('fails to roll back: the remedy continues that rollback, and undoes no other apply', async () => {
    for (const [last, remedy] of [
      ['pending\nID\nyes\n', 'daemon rollback'],
      ['pending\nID\nyes gateway\n', 'daemon rollback'],
      ['last\nID\nyes\n', 'daemon rollback'],
      ['last\nID\nyes gateway\n', 'gateway rollback'],
    ] as const) {
      const error = await afterRollback(last)
      assert.ok(isDockerMtlsError(error, 'ERR_APPLY_ROLLBACK_FAILED'), String(error))
      assert.match(error.message, new RegExp(`mv: no such file.*${remedy}$`, 's'), last)
    }
    // Another run of it, such as that of the timer, was faster.
    for (const last of ['', 'last\nEARLIER\nyes\n', 'pending\nLATER\nyes\n']) {
      const error = await afterRollback(last)
      assert.ok(isDockerMtlsError(error, 'ERR_APPLY_ROLLED_BACK'), String(error))
      assert.match(error.message, /Everything is as it was, and the old daemon answers/)
    }
  })

  test('has kept it, because a later apply goes back to it: no error says that all is as it was', async () => {
    const error = await afterRollback('last\nLATER\nyes\n', 75)
    assert.ok(isDockerMtlsError(error, 'ERR_APPLY_ROLLBACK_FAILED'), String(error))
    assert.match(error.message, /the apply itself was finished, and another apply or a rollback has begun since/)
    assert.equal(error.cause, FAILED)
  })

  test('does not say whether another run has rolled back', async () => {
    const error = await afterRollback({ code: 2, stderr: 'cat: input/output error' })
    assert.ok(isDockerMtlsError(error, 'ERR_APPLY_ROLLBACK_FAILED'), String(error))
    assert.match(error.message, /mv: no such file.*then finish the rollback/s)
  })

  test('has rolled back, and does not answer any more: that is what the error says', async () => {
    const error = await afterApply('docker -H', SILENT)
    assert.ok(isDockerMtlsError(error, 'ERR_APPLY_ROLLED_BACK'), String(error))
    assert.match(error.message, /could not check that the old daemon answers \(it printed nothing\)/)
  })

  test("names the TLS file that dockerd did not find, in dockerd's words", async () => {
    const line =
      'invalid TLS configuration: could not load X509 key pair (cert: "/x.pem", key: "/y.pem"): open /x.pem: no such file or directory'
    const stdout = `Starting docker.service\n${line}\ndocker.service: Main process exited, code=exited, status=1/FAILURE\n`
    const error = await afterApply('journalctl', { stdout }, false)
    assert.ok(isDockerMtlsError(error, 'ERR_APPLY_ROLLED_BACK'), String(error))
    assert.equal(error.got, line)
  })

  test('shows a log in which nothing can be found quickly: the search takes moments', async () => {
    const elapsed = startCpuWatch()
    const noise = 'unable to configure the Docker daemon '.repeat(30_000)
    const stdout = `Starting docker.service\n${noise}\n${noise}\nfailed to start daemon: no room\n`
    const error = await afterApply('journalctl', { stdout }, false)
    assert.match(String(error), /no room/)
    const nothing = await afterApply('journalctl', { stdout: `${noise}\n`.repeat(5) }, false)
    assert.match(String(nothing), /it failed/)
    assert.ok(elapsed() < 3000, `it took ${elapsed()} ms`)
  })
})
