import assert from 'node:assert/strict'
import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { listClients } from '../../lib/keystore/client/list.ts'
import { listKnown } from '../../lib/keystore/renew/known.ts'
import { revokeClient } from '../../lib/keystore/revoke.ts'
import { PkiFolder } from '../../lib/pki.ts'
import { temporaryFolder } from '../support/temporary.ts'

type Work = (root: string) => Promise<unknown>

const WORK: Readonly<Record<string, Work>> = {
  'a list of certificates': (root) => listKnown(root),
  'a list of clients': (root) => listClients(root),
  'an issue': (root) => new PkiFolder(root).ensureClient('zoe'),
  'a revocation': (root) => revokeClient({ folder: root, name: 'c0' }),
}

async function folderWith(clients: number): Promise<string> {
  const root = join(await temporaryFolder(), 'keys')
  const folder = new PkiFolder(root)
  await folder.ensureAuthority()
  for (let index = 0; index < clients; index++) await folder.ensureClient(`c${index}`)
  // As if it were on the client's own machine: then the ledger says whether it should be here.
  for (let index = 1; index < clients; index++) await fs.rm(join(root, `clients/c${index}/key.pem`))
  return root
}

test('the files of the CA, and the ledger, are read as often with many clients as with few', async (t) => {
  const [few, many] = [await folderWith(3), await folderWith(15)]
  const reads = t.mock.method(fs, 'readFile')
  const readsOf = async (work: Work, root: string): Promise<number> => {
    reads.mock.resetCalls()
    await work(root)
    return reads.mock.calls.filter(
      ({ arguments: [path] }) => typeof path === 'string' && path.startsWith(join(root, 'ca')),
    ).length
  }
  for (const [name, work] of Object.entries(WORK))
    assert.equal(await readsOf(work, many), await readsOf(work, few), name)
})
