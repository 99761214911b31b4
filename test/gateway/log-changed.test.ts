import assert from 'node:assert/strict'
import { promises as fs } from 'node:fs'
import { test } from 'node:test'
import { openAuditLog } from '../../lib/gateway.ts'
import { pathIn } from './support/log-files.ts'

const EVENT = { event: 'cut', identity: 'CN=a', reason: 'X' } as const
const { lstat } = fs
const refuse = (code: string) => (): Promise<never> => Promise.reject(Object.assign(new Error(code), { code }))
const elsewhere = async (path: string) => Object.assign(await lstat(path), { dev: -1 })

for (const [what, look, isChanged] of [
  ['is on another device', elsewhere, true],
  ['is gone', refuse('ENOENT'), true],
  ["can't be looked at", refuse('EIO'), false],
] as const)
  test(`a file of the log's name that ${what} ${isChanged ? 'was changed' : 'may be the same'}`, async (t) => {
    const path = await pathIn(t)
    const log = await openAuditLog({ path })
    const mock = t.mock.method(fs, 'lstat', (asked: string) => (asked === path ? look(asked) : lstat(asked)))
    assert.equal(await log.record(EVENT), false)
    assert.equal(/something else has changed it/.test(log.failure?.message ?? ''), isChanged)
    mock.mock.restore()
    await log.close()
  })
