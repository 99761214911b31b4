import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { listClients } from '../../lib/keystore/client/list.ts'
import { findConflicts } from '../../lib/keystore/ledger-check.ts'
import { listKnown } from '../../lib/keystore/renew/known.ts'
import { renewCertificates } from '../../lib/keystore/renew/renew.ts'
import { revokeClient } from '../../lib/keystore/revoke.ts'
import { PkiFolder } from '../../lib/pki.ts'
import { temporaryFolder } from '../support/temporary.ts'

type Work = (root: string) => Promise<unknown>

const WORK: Readonly<Record<string, Work>> = {
  'a list of certificates': (root) => listKnown(root),
  'a list of clients': (root) => listClients(root),
  conflicts: (root) => findConflicts(root),
  'a renewal of what is due': (root) => renewCertificates({ folder: root }),
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

const FOLDERS = ['ca', 'clients']
/** How often each file of a client may be read, and its signature verified. */
const [MOST_READS, MOST_VERIFIED] = [6, 2]

test('with many clients, no file is read more often, and no certificate opened more often, than with few', async (t) => {
  const [few, many] = [await folderWith(3), await folderWith(15)]
  const reads = t.mock.method(fs, 'readFile')
  const verified = t.mock.method(X509Certificate.prototype, 'verify')
  const costsOf = async (work: Work, root: string): Promise<number[]> => {
    reads.mock.resetCalls()
    verified.mock.resetCalls()
    await work(root)
    const paths = reads.mock.calls.map(({ arguments: [path] }) => path).filter((path) => typeof path === 'string')
    const files = FOLDERS.map((folder) => paths.filter((path) => path.startsWith(join(root, folder))))
    return [...files.map(({ length }) => length), verified.mock.callCount()]
  }
  for (const [name, work] of Object.entries(WORK)) {
    const [[ca = 0, clients = 0, signatures = 0], [caMany, clientsMany = 0, signaturesMany = 0]] = [
      await costsOf(work, few),
      await costsOf(work, many),
    ]
    assert.equal(caMany, ca, `${name}: the files of the CA`)
    assert.ok(clientsMany <= clients + 12 * MOST_READS, `${name}: ${clients}, then ${clientsMany} files of clients`)
    assert.ok(
      signaturesMany <= signatures + 12 * MOST_VERIFIED,
      `${name}: ${signatures}, then ${signaturesMany} signatures`,
    )
  }
})

test('a list of certificates reads each file once', async (t) => {
  const root = await folderWith(5)
  const reads = t.mock.method(fs, 'readFile')
  await listKnown(root)
  const paths = reads.mock.calls.map(({ arguments: [path] }) => path).filter((path) => typeof path === 'string')
  const own = paths.filter((path) => path.startsWith(join(root, 'clients')))
  assert.deepEqual(own.toSorted(), [...new Set(own)].toSorted())
})
