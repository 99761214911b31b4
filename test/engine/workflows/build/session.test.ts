import assert from 'node:assert/strict'
import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import { Duplex } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { openBuildSession } from '../../../../lib/engine/workflows/build/buildkit/session.ts'
import type { Call } from '../../../../lib/engine/call.ts'
import type { Send } from '../../../../lib/engine/send.ts'
import { temporaryFolder } from '../../../support/temporary.ts'

/** The key under which the daemon keeps its copy of a folder. */
async function sharedKeyFor(root: string): Promise<unknown> {
  let sent: Call['headers']
  const socket = new Duplex({ read: () => {}, write: (_chunk, _encoding, callback) => callback() })
  const hijack = (_: unknown, { headers }: Call): Promise<object> => {
    sent = headers
    return Promise.resolve({ headers: {}, socket })
  }
  const session = await openBuildSession({ hijack } as unknown as Send, { methods: {}, root })
  session.close()
  return sent?.['X-Docker-Expose-Session-Sharedkey']
}

/** As in a container that runs as a user without an account. */
function withoutAccount(t: TestContext): void {
  t.mock.method(os, 'userInfo', () => {
    throw new Error('uv_os_get_passwd returned ENOENT')
  })
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
}

test('a folder keeps its key, another folder has another one, and no account is needed', async (t) => {
  const [one, other] = [await temporaryFolder(t), await temporaryFolder(t)]
  const key = await sharedKeyFor(one)
  assert.match(String(key), /^[0-9a-f]{64}$/)
  assert.notEqual(await sharedKeyFor(other), key)
  withoutAccount(t)
  assert.equal(await sharedKeyFor(one), key)
})
