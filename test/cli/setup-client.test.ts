import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setupClient } from '../../lib/cli/inputs/setup-client.ts'
import { writeSetupRecord } from '../../lib/keystore/setup-record.ts'
import { PkiFolder } from '../../lib/pki.ts'
import { parseTargets } from '../../lib/setup/target.ts'
import { temporaryFolder } from '../support/temporary.ts'

test('a setup that names no client issues no second one', async (t) => {
  const folder = join(await temporaryFolder(t), 'keys')
  const as = (login: string, ...hosts: string[]): Promise<string> =>
    setupClient(folder, parseTargets(hosts.map((host) => `ssh://root@${host}`)), { SUDO_USER: login })
  assert.equal(await as('eve', 'one'), 'eve')
  const pki = new PkiFolder(folder)
  await pki.ensureAuthority()
  await pki.ensureClient('ann')
  assert.equal(await as('eve', 'one'), 'ann')
  await pki.ensureClient('bob')
  assert.equal(await as('bob', 'one'), 'bob')
  await assert.rejects(as('eve', 'one'), {
    code: 'ERR_USAGE',
    message: /several clients: ann and bob\.\n.*--client NAME/,
  })
  // Who set the host up connects to it again.
  const record = { ssh: 'ssh://root@one', names: [], gateway: false }
  await pki.ensureServer(['one'], { host: 'one' })
  await writeSetupRecord(folder, 'one', { ...record, client: 'ann' })
  assert.equal(await as('eve', 'one', 'two'), 'ann')
  assert.equal(await as('bob', 'one'), 'bob')
  // A key on another machine can't connect from here.
  await rm(join(folder, 'clients/ann/key.pem'))
  assert.equal(await as('eve', 'one'), 'bob')
})
