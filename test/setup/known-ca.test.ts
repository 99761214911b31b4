import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { caPaths, nextCaPaths } from '../../lib/keystore/layout.ts'
import { refuseForeignCa } from '../../lib/setup/known-ca.ts'
import type { SetupOptions } from '../../lib/setup/options.ts'
import { factsOf, recordsOf } from '../apply/support/facts.ts'
import { fakeShell } from '../apply/support/fake-shell.ts'
import { COURSE, made } from '../keystore/rotate/support/course.ts'

const CA = '/etc/docker/tls/ca.pem'

test('an older copy of the folder brings no CA back that the host has dropped', async (t) => {
  const { root, rotate } = await made(t)
  await rotate(COURSE[0] ?? {})
  const [old, next] = [await readFile(caPaths(root).cert, 'utf8'), await readFile(nextCaPaths(root).cert, 'utf8')]
  const refusal = async (accepted: string, replaceCa = false): Promise<string | undefined> => {
    const shell = fakeShell(() => recordsOf({ files: { [CA]: accepted } }), false)
    const options = { dir: root, replaceCa } as SetupOptions
    try {
      await refuseForeignCa(shell, factsOf(), CA, 'build01', options)
      return undefined
    } catch (error) {
      assert.ok(isDockerMtlsError(error, 'ERR_APPLY_CONFLICT'), String(error))
      return error.message
    }
  }
  assert.match(
    (await refusal(next)) ?? '',
    /has dropped the CA A\. By .*, the rotation to B is in the phase trust, so this is an older copy.*--dir DIR.*--replace-ca/s,
  )
  assert.equal(await refusal(next, true), undefined)
  // Before its files of this phase, and with them.
  assert.deepEqual([await refusal(old), await refusal(old + next)], [undefined, undefined])
})
