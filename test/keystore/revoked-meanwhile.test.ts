import assert from 'node:assert/strict'
import { promises as fs } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { openFolderCa, readCaPair } from '../../lib/keystore/ca.ts'
import { readLedger, readRevocations } from '../../lib/keystore/ledger.ts'
import type { LedgerRevocation } from '../../lib/keystore/ledger-revocation.ts'
import { listKnown } from '../../lib/keystore/renew/known.ts'
import { certifyLeaf } from '../../lib/keystore/rotate/files.ts'
import { readLeaves, type Leaf } from '../../lib/keystore/rotate/leaves.ts'
import { createRequest, PkiFolder } from '../../lib/pki.ts'
import { ensureIssuer, readCrl, renewCertificates, revokeClient } from '../../lib/provision.ts'
import { withCode } from '../pki/support/expect.ts'
import { temporaryFolder } from '../support/temporary.ts'

const REVOKED = withCode('ERR_CLIENT_REVOKED')
const { request } = await createRequest({ name: 'alice', keyType: 'p256' })
/** Of a new key: a revoked one is refused in any case. */
const other = await createRequest({ name: 'alice', keyType: 'p256' })

/** Issues a certificate, and again for the same client or issuer. */
interface Way {
  readonly what: string
  readonly name?: string
  readonly first: (root: string) => Promise<unknown>
  readonly again: (root: string) => Promise<unknown>
}

const client = (root: string): Promise<unknown> => new PkiFolder(root).ensureClient('alice')
const issuer = (folder: string): Promise<unknown> => ensureIssuer({ folder, name: 'renewals' })
const signed = (root: string): Promise<unknown> => new PkiFolder(root).signClient(request)

const WAYS: readonly Way[] = [
  {
    what: 'ensureClient()',
    first: client,
    again: (root) => new PkiFolder(root).ensureClient('alice', { renew: true }),
  },
  {
    what: 'ensureClient() with force',
    first: client,
    again: (root) => new PkiFolder(root).ensureClient('alice', { renew: true, force: true }),
  },
  { what: 'signClient()', first: signed, again: signed },
  {
    what: 'signClient() with force',
    first: signed,
    again: (root) => new PkiFolder(root).signClient(other.request, { force: true }),
  },
  {
    what: 'ensureIssuer()',
    name: 'renewals',
    first: issuer,
    again: (folder) => ensureIssuer({ folder, name: 'renewals', renew: true }),
  },
  {
    what: 'ensureIssuer() with force',
    name: 'renewals',
    first: issuer,
    again: (folder) => ensureIssuer({ folder, name: 'renewals', force: true }),
  },
  {
    what: 'renewCertificates() of a client',
    first: client,
    again: (folder) => renewCertificates({ folder, clients: ['alice'] }),
  },
  {
    what: 'renewCertificates() of all',
    first: client,
    again: (folder) => renewCertificates({ folder, all: true }),
  },
]

async function made(t: TestContext): Promise<string> {
  const root = join(await temporaryFolder(t), 'keys')
  await new PkiFolder(root).ensureAuthority()
  return root
}

/** Runs `meanwhile` to its end when the CA key is read, which comes after all checks. */
function whenKeyIsRead(t: TestContext, root: string, meanwhile: () => Promise<unknown>): void {
  const { readFile } = fs
  let isFirst = true
  const reading = async (...[path, ...rest]: Parameters<typeof readFile>): Promise<unknown> => {
    if (isFirst && path === join(root, 'ca/ca-key.pem')) {
      isFirst = false
      await meanwhile()
    }
    return readFile(path, ...rest)
  }
  t.mock.method(fs, 'readFile', reading as typeof readFile)
}

function hasCertificate(leaf: Leaf): leaf is Leaf & { cert: NonNullable<Leaf['cert']> } {
  return leaf.cert !== undefined
}

async function unrevoked(root: string, called: string): Promise<number> {
  return (await listKnown(root)).filter(({ name, state }) => name === called && state !== 'revoked').length
}

async function revocationsIn(root: string): Promise<LedgerRevocation[]> {
  return readRevocations(join(root, 'ca/ledger.jsonl'))
}

describe('a revocation between the checks of a run and its signature', () => {
  for (const { what, name = 'alice', first, again } of WAYS) {
    test(`is not lost: ${what}`, async (t) => {
      const root = await made(t)
      await first(root)
      if (what.includes('with force')) {
        // Force says "although it was revoked": of that one, not of the next.
        await revokeClient({ folder: root, name })
        await again(root)
      }
      whenKeyIsRead(t, root, () => revokeClient({ folder: root, name }))
      await assert.rejects(again(root), REVOKED)
      assert.equal(await unrevoked(root, name), 0)
      assert.deepEqual((await readCrl(root))?.faults, [])
    })
  }

  for (const { what, name = 'alice', first, again } of WAYS.filter((way) => way.what.includes('with force'))) {
    for (const isDue of [false, true]) {
      test(`is not lost if it is the second one: ${what}${isDue ? ', with a list that is due' : ''}`, async (t) => {
        const root = await made(t)
        await first(root)
        await revokeClient({ folder: root, name })
        const before = await revocationsIn(root)
        whenKeyIsRead(t, root, async () => {
          if (isDue) await rm(join(root, 'ca/crl.pem'))
          const { revokedNow, isListWritten } = await revokeClient({ folder: root, name, reason: 'superseded' })
          assert.deepEqual([revokedNow, isListWritten], [[], isDue])
        })
        await assert.rejects(again(root), REVOKED)
        assert.equal(await unrevoked(root, name), 0)
        // It is the line that was there, with a later date.
        const [old, repeated, ...others] = await revocationsIn(root)
        assert.deepEqual([[old], others], [before, []])
        assert.deepEqual({ ...repeated, revokedAt: old?.revokedAt }, old)
        assert.ok((repeated?.revokedAt ?? '') > (old?.revokedAt ?? '-'))
        assert.deepEqual((await readCrl(root))?.faults, [])
      })
    }
  }

  test('is not lost if it is the second one, and comes when the certificate is listed', async (t) => {
    const root = await made(t)
    await client(root)
    await revokeClient({ folder: root, name: 'alice' })
    const { open } = fs
    let isFirst = true
    const opening = async (...args: Parameters<typeof open>): ReturnType<typeof open> => {
      if (isFirst && String(args[0]).includes('.ledger.lock')) {
        isFirst = false
        await new PkiFolder(root).ensureClient('alice', { force: true })
      }
      return open(...args)
    }
    t.mock.method(fs, 'open', opening)
    const { revokedNow, isListWritten } = await revokeClient({ folder: root, name: 'alice' })
    assert.deepEqual([revokedNow.length, isListWritten, await unrevoked(root, 'alice')], [1, true, 0])
  })

  test('is not lost: a rotation of the CA', async (t) => {
    const root = await made(t)
    for (const name of ['alice', 'bob']) await new PkiFolder(root).ensureClient(name)
    const leaves = (await readLeaves(root)).filter(hasCertificate)
    const ledger = await readLedger(join(root, 'ca/ledger.jsonl'))
    const authority = await openFolderCa(root, await readCaPair(root), undefined)
    await revokeClient({ folder: root, name: 'alice' })
    const results: [string, boolean][] = []
    for (const leaf of leaves) results.push([leaf.name, await certifyLeaf(root, leaf, authority, ledger)])
    assert.deepEqual(results, [
      ['alice', false],
      ['bob', true],
    ])
    assert.equal(await unrevoked(root, 'alice'), 0)
  })

  test('includes a certificate that is listed meanwhile', async (t) => {
    const root = await made(t)
    await client(root)
    const { open } = fs
    let isFirst = true
    // The revocation of the first one is about to be noted.
    const opening = async (...args: Parameters<typeof open>): ReturnType<typeof open> => {
      if (isFirst && String(args[0]).includes('.ledger.lock')) {
        isFirst = false
        await new PkiFolder(root).ensureClient('alice', { renew: true })
      }
      return open(...args)
    }
    t.mock.method(fs, 'open', opening)
    const { revokedNow } = await revokeClient({ folder: root, name: 'alice' })
    assert.deepEqual([revokedNow.length, await unrevoked(root, 'alice')], [2, 0])
    assert.equal((await readCrl(root))?.lists[0]?.serials.length, 2)
  })
})
