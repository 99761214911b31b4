import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readRevocationLists } from '../../../lib/identity/crl.ts'
import { serialOf } from '../../../lib/identity/serial.ts'
import { createRequest } from '../../../lib/pki.ts'
import { readCrl, revokeClient, writeCrl } from '../../../lib/provision.ts'
import { killedBefore, stepsThatChange } from '../../contexts/support/crash.ts'
import { withCode } from '../../pki/support/expect.ts'
import { treeOf } from '../../support/tree.ts'
import { agree, copyOf, COURSE, made, unlock } from './support/course.ts'

/** Of each list, its CA and how many certificates it has. */
async function lists(root: string): Promise<[string, number][]> {
  const state = await readCrl(root)
  assert.deepEqual(state?.faults, [])
  return state.lists.map(({ ca, serials }) => [ca.name, serials.length])
}

describe('a rotation with revocation lists', () => {
  test('keeps the lists of both CAs, and drops that of the old one in the end', async (t) => {
    const { root, rotate } = await made(t)
    await writeCrl({ folder: root })
    const seen: unknown[] = []
    for (const said of COURSE) {
      const { phase } = await rotate(said)
      seen.push([phase, ...(await lists(root)).map(([ca]) => ca)])
    }
    assert.deepEqual(seen, [
      ['trust', 'A', 'B'],
      ['trust', 'A', 'B'],
      ['server', 'A', 'B'],
      ['clients', 'A', 'B'],
      ['finish', 'B'],
      ['finish', 'B'],
    ])
  })

  test('a client that is revoked on the way is in both lists, gets no certificate, and is not waited for', async (t) => {
    const { root, rotate } = await made(t)
    await rotate(COURSE[0])
    await revokeClient({ folder: root, name: 'bob' })
    assert.deepEqual(await lists(root), [
      ['A', 1],
      ['B', 1],
    ])
    const bob = await readFile(join(root, 'clients/bob/cert.pem'), 'utf8')
    await rotate({ phase: 'trust', confirm: ['alice'], confirmServer: ['server'] })
    const { phase, left, waiting } = await rotate({ phase: 'server', confirmServer: ['server'] })
    assert.deepEqual([phase, left, waiting.clients.map(({ name }) => name)], ['clients', ['bob'], ['alice']])
    assert.equal(await readFile(join(root, 'clients/bob/cert.pem'), 'utf8'), bob)
    await rotate({ phase: 'clients', confirm: ['alice'], consent: agree })
    assert.deepEqual(await lists(root), [['B', 1]])
    await rotate({ phase: 'finish', confirmServer: ['server'] })
    assert.deepEqual(await lists(root), [['B', 1]])
    const text = await readFile(join(root, 'ca/crl.pem'), 'utf8')
    const ca = new X509Certificate(await readFile(join(root, 'ca/ca.pem')))
    assert.ok(readRevocationLists(text)[0]?.isOf(ca))
  })

  test('revokes what both CAs have issued', async (t) => {
    const { root, folder, rotate } = await made(t)
    const { request } = await createRequest({ name: 'carol' })
    await folder.signClient(request)
    const serial = async (name: string): Promise<string> =>
      serialOf(new X509Certificate(await readFile(join(root, `clients/${name}/cert.pem`))).serialNumber)
    const old = await serial('alice')
    await rotate(COURSE[0])
    await rotate({ phase: 'trust', confirm: ['alice', 'bob', 'carol'], confirmServer: ['server'] })
    await rotate({ phase: 'server', confirmServer: ['server'] })
    assert.notEqual(await serial('alice'), old)
    const { revokedNow } = await revokeClient({ folder: root, name: 'alice' })
    assert.equal(revokedNow.length, 2)
    for (const list of readRevocationLists(await readFile(join(root, 'ca/crl.pem'), 'utf8')))
      assert.deepEqual([...list.serials.keys()].toSorted(), [old, await serial('alice')].toSorted())
  })

  test('does not go on and is not aborted while the lists are unreadable, and changes nothing', async (t) => {
    const { root, rotate } = await made(t)
    await writeCrl({ folder: root })
    await rotate(COURSE[0])
    await writeFile(join(root, 'ca/crl.pem'), 'damaged')
    const before = await treeOf(root)
    for (const said of [{}, { action: 'abort' }] as const)
      await assert.rejects(rotate(said), withCode('ERR_CRL_INVALID'))
    assert.deepEqual(await treeOf(root), before)
    await writeCrl({ folder: root })
    assert.equal((await rotate({ action: 'abort' })).outcome, 'aborted')
  })

  test('aborted, it has the list of the old CA alone', async (t) => {
    const { root, rotate } = await made(t)
    await revokeClient({ folder: root, name: 'bob' })
    await rotate(COURSE[0])
    assert.equal((await lists(root)).length, 2)
    await rotate({ action: 'abort' })
    assert.deepEqual(await lists(root), [['A', 1]])
  })

  test('with an encrypted key, asks for the passphrase before anything is changed', async (t) => {
    const { root, rotate } = await made(t, 'correct horse')
    await writeCrl({ folder: root, passphrase: 'correct horse' })
    await rotate(COURSE[0])
    await rotate({ phase: 'trust', confirm: ['alice', 'bob'], confirmServer: ['server'] })
    await rotate({ phase: 'server', confirmServer: ['server'] })
    const end = { phase: 'clients', confirm: ['alice', 'bob'], consent: agree } as const
    await assert.rejects(rotate({ ...end, passphrase: 'wrong' }), withCode('ERR_CA_PASSPHRASE'))
    assert.equal((await lists(root)).length, 2)
    assert.equal((await rotate(end)).phase, 'finish')
    assert.equal((await lists(root)).length, 1)
  })

  test('killed at any step of the last phases, the next run has the right lists', async (t) => {
    const { root: start, rotate: first } = await made(t)
    await revokeClient({ folder: start, name: 'bob' })
    await first(COURSE[0])
    await first({ phase: 'trust', confirm: ['alice'], confirmServer: ['server'] })
    await first({ phase: 'server', confirmServer: ['server'] })
    const said = { phase: 'clients', confirm: ['alice'], consent: agree } as const
    const whole = await copyOf(start, t)
    const steps = await stepsThatChange(
      whole.root,
      () => whole.rotate(said),
      (path) => !/^ca\/\.\w+\.lock$/.test(path),
    )
    assert.ok(steps.length > 3)
    for (const step of steps) {
      const { root, rotate } = await copyOf(start, t)
      await killedBefore(step, () => rotate(said))
      await unlock(root)
      const readable = await readCrl(root)
      assert.ok((readable?.lists.length ?? 0) > 0, String(step))
      await rotate(said).catch(withCode('ERR_ROTATION_PHASE'))
      // It does what the killed run left, so that the files can be delivered.
      await rotate()
      await rotate({ phase: 'finish', confirmServer: ['server'] })
      assert.deepEqual(await lists(root), [['B', 1]], String(step))
    }
  })
})
