import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { PkiFolder } from '../../lib/pki.ts'
import { failingAt, killedBefore } from '../contexts/support/crash.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'

async function withAlice(t: Cleanable): Promise<{ root: string; files: string; folder: PkiFolder }> {
  const root = join(await temporaryFolder(t), 'out')
  const folder = new PkiFolder(root)
  await folder.ensureAuthority()
  await folder.ensureClient('alice')
  return { root, files: join(root, 'clients/alice'), folder }
}

async function pairIn(files: string): Promise<{ cert: X509Certificate; fits: boolean }> {
  const cert = new X509Certificate(await readFile(join(files, 'cert.pem')))
  return { cert, fits: cert.checkPrivateKey(createPrivateKey(await readFile(join(files, 'key.pem')))) }
}

/** Every text that any file in the folder holds. */
async function textsIn(files: string): Promise<Set<string>> {
  const found = await readdir(files, { recursive: true, withFileTypes: true })
  const paths = found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
  return new Set(await Promise.all(paths.map((path) => readFile(path, 'utf8'))))
}

describe('a pair that is renewed', () => {
  test('is the old one or the new one after a run that was killed at any step, and nothing is lost', async (t) => {
    let unfinished = 0
    for (let step = 1; ; step++) {
      const { root, files, folder } = await withAlice(t)
      const before = await textsIn(files)
      const old = (await pairIn(files)).cert.fingerprint256
      const ended = await killedBefore(step, () => folder.ensureClient('alice', { renew: true }))
      // No file is ever missing meanwhile, and the ledger names whatever is there.
      if (!(await pairIn(files)).fits) unfinished++
      const next = new PkiFolder(root)
      assert.equal((await next.ensureClient('alice')).action, 'kept', `step ${step}`)
      const { cert, fits } = await pairIn(files)
      assert.ok(fits, `step ${step}`)
      const newest = (await next.list()).findLast(({ kind }) => kind === 'client')?.fingerprint256
      assert.ok([old, newest].includes(cert.fingerprint256))
      for (const text of before) assert.ok((await textsIn(files)).has(text), `step ${step}`)
      assert.equal((await readdir(files)).includes('.next'), false, `step ${step}`)
      if (!ended) continue
      assert.notEqual(cert.fingerprint256, old)
      break
    }
    // Between the two names there is one step, which the next run takes.
    assert.ok(unfinished >= 1 && unfinished <= 3, String(unfinished))
  })

  test('is whole after a disk that failed at any step, too', async (t) => {
    for (let step = 1; ; step++) {
      const { files, folder } = await withAlice(t)
      const reached = await failingAt(step, () => folder.ensureClient('alice', { renew: true }))
      await folder.ensureClient('alice')
      assert.ok((await pairIn(files)).fits, `step ${step}`)
      if (!reached) break
    }
  })

  test('is taken to its place by whoever reads it next', async (t) => {
    for (let step = 1; ; step++) {
      const { root, files, folder } = await withAlice(t)
      const ended = await killedBefore(step, () => folder.ensureClient('alice', { renew: true }))
      const { cert, key } = await new PkiFolder(root).readClient('alice')
      assert.ok(new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)), `step ${step}`)
      assert.ok((await pairIn(files)).fits)
      if (ended) break
    }
  })

  test('that two runs renew at once is whole', async (t) => {
    const { root, files } = await withAlice(t)
    const runs = [1, 2, 3, 4].map(() => new PkiFolder(root).ensureClient('alice', { renew: true }))
    assert.ok((await Promise.allSettled(runs)).some(({ status }) => status === 'fulfilled'))
    await new PkiFolder(root).ensureClient('alice')
    assert.ok((await pairIn(files)).fits)
  })
})
