import assert from 'node:assert/strict'
import { promises as fs, type StatOptions } from 'node:fs'
import { readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { IdentityError } from '../../lib/base/errors.ts'
import { openIdentity, type Identity, type IdentityOptions } from '../../lib/identity/identity.ts'
import { lacks } from '../support/requirements.ts'
import { daysFromNow, encryptKey, makeCa, makeClient, writeIdentity, type Made } from '../support/openssl-certs.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'
import { failureOf, refused } from './support/refusals.ts'

const needs = { skip: lacks('openssl') }
const CHANGED = { code: 'ERR_IDENTITY_CHANGED_INVALID' } as const

let ca: Made
let alice: Made
let bob: Made
before(async () => {
  if (needs.skip !== false) return
  ca = await makeCa()
  alice = await makeClient(ca)
  bob = await makeClient(ca, { commonName: 'bob' })
})

/** A clock that only a test moves. It begins ten seconds ahead, so that files just written count as settled. */
class FakeClock {
  #now = Date.now() + 10_000
  readonly now = (): number => this.#now
  pass(milliseconds: number): void {
    this.#now += milliseconds
  }
}

interface Loaded {
  readonly folder: string
  readonly clock: FakeClock
  readonly identity: Identity
}

async function load(t: Cleanable, made: Made = alice, options: IdentityOptions = {}): Promise<Loaded> {
  const folder = await temporaryFolder(t)
  await writeIdentity(folder, { ca: ca.cert, ...made })
  const clock = new FakeClock()
  return { folder, clock, identity: await openIdentity(folder, options, clock.now) }
}

async function encrypted(made: Made): Promise<Made> {
  return { ...made, key: await encryptKey(made.key, 'secret', 'pkcs8') }
}

describe('files that change', needs, () => {
  test('a new pair is taken at the next connection; while nothing changes the set is the same object', async (t) => {
    const { folder, identity } = await load(t)
    const first = await identity.current()
    assert.equal(await identity.current(), first)
    await writeIdentity(folder, { ca: ca.cert, ...bob })
    const second = await identity.current()
    assert.notEqual(second, first)
    assert.equal(second.client.commonName, 'bob')
    assert.equal(identity.client.commonName, 'bob')
    assert.equal(await identity.current(), second)
  })

  test('touched files with the same contents give the same set', async (t) => {
    const { folder, identity } = await load(t)
    const first = await identity.current()
    await utimes(join(folder, 'cert.pem'), new Date(0), new Date(0))
    await writeIdentity(folder, { ca: ca.cert, ...alice })
    assert.equal(await identity.current(), first)
  })

  test('each of the three files is checked: a CA that is added, a file of the same size put in its place', async (t) => {
    const { folder, identity } = await load(t)
    const first = await identity.current()
    await writeFile(join(folder, 'ca.pem'), ca.cert + (await makeCa()).cert)
    const second = await identity.current()
    assert.equal(second.authorities.length, 2)
    const mtime = new Date('2020-01-01')
    const swap = async (name: string, text: string): Promise<void> => {
      await writeFile(join(folder, 'new'), text)
      await utimes(join(folder, 'new'), mtime, mtime)
      await rename(join(folder, 'new'), join(folder, name))
    }
    await swap('cert.pem', bob.cert)
    await swap('key.pem', bob.key)
    assert.equal((await identity.current()).client.commonName, 'bob')
    assert.equal(first.client.commonName, 'alice')
  })

  test('a folder that is swapped by a link, as Kubernetes does it', async (t) => {
    const folder = await temporaryFolder(t)
    const [one, two] = [join(folder, '..one'), join(folder, '..two')]
    await writeIdentity(one, { ca: ca.cert, ...alice })
    await writeIdentity(two, { ca: ca.cert, ...bob })
    await symlink('..one', join(folder, '..data'))
    for (const name of ['ca.pem', 'cert.pem', 'key.pem']) await symlink(join('..data', name), join(folder, name))
    const identity = await openIdentity(folder, {}, new FakeClock().now)
    assert.equal((await identity.current()).client.commonName, 'alice')
    await symlink('..two', join(folder, '..data_tmp'))
    await rename(join(folder, '..data_tmp'), join(folder, '..data'))
    assert.equal((await identity.current()).client.commonName, 'bob')
  })

  test('a file put in the place of another of the same size and date is noticed', async (t) => {
    const { folder, clock, identity } = await load(t)
    const key = join(folder, 'key.pem')
    const date = new Date('2020-01-01')
    await utimes(key, date, date)
    const good = await identity.current()
    await writeFile(`${key}.new`, bob.key, { mode: 0o600 })
    await utimes(`${key}.new`, date, date)
    await rename(`${key}.new`, key)
    assert.equal(await identity.current(), good)
    clock.pass(5_000)
    await refused(() => identity.current(), { ...CHANGED, says: /not the key of/ })
  })

  test('a file that was just written is compared by its text: the file system may show no change', async (t) => {
    const folder = await temporaryFolder(t)
    await writeIdentity(folder, { ca: ca.cert, ...alice })
    let now = Date.now()
    const frozen = new Map<unknown, unknown>()
    const { stat } = fs
    t.mock.method(fs, 'stat', async (path: string, options: StatOptions) => {
      if (!frozen.has(path)) frozen.set(path, await stat(path, options))
      return frozen.get(path)
    })
    const identity = await openIdentity(folder, {}, () => now)
    const good = await identity.current()
    assert.equal(await identity.current(), good)
    await writeIdentity(folder, { ca: ca.cert, ...bob })
    assert.equal((await identity.current()).client.commonName, 'bob')
    now += 60_000
    const settled = await identity.current()
    await rm(folder, { recursive: true })
    assert.equal(await identity.current(), settled, 'settled files are not read again')
  })

  test('an encrypted key is read again with the passphrase of the beginning', async (t) => {
    const passphrase = Buffer.from('secret')
    const { folder, identity } = await load(t, await encrypted(alice), { passphrase })
    passphrase.fill(0)
    await writeIdentity(folder, { ca: ca.cert, ...(await encrypted(bob)) })
    assert.equal((await identity.current()).client.commonName, 'bob')
  })

  test('calls at the same time share one reading', async (t) => {
    const { folder, identity } = await load(t)
    await writeIdentity(folder, { ca: ca.cert, ...bob })
    const sets = await Promise.all([identity.current(), identity.current(), identity.current()])
    assert.equal(new Set(sets).size, 1)
    assert.equal(sets[0]?.client.commonName, 'bob')
  })
})

describe('files that change into something bad', needs, () => {
  const ways: [what: string, spoil: (folder: string) => Promise<unknown>, cause: string][] = [
    [
      'only the certificate is new',
      (folder) => writeFile(join(folder, 'cert.pem'), bob.cert),
      'ERR_IDENTITY_KEY_MISMATCH',
    ],
    [
      'a file is half written',
      (folder) => writeFile(join(folder, 'key.pem'), bob.key.slice(0, 60)),
      'ERR_IDENTITY_NOT_PEM',
    ],
    ['a file is gone', (folder) => rm(join(folder, 'ca.pem')), 'ERR_IDENTITY_FILE_MISSING'],
    ['the folder is gone', (folder) => rm(folder, { recursive: true }), 'ERR_IDENTITY_FILE_MISSING'],
  ]
  for (const [what, spoil, cause] of ways) {
    test(`${what}: the last good set serves for 5 s, then it is refused until all is good`, async (t) => {
      const { folder, clock, identity } = await load(t)
      const good = await identity.current()
      await spoil(folder)
      assert.equal(await identity.current(), good)
      clock.pass(4_999)
      assert.equal(await identity.current(), good)
      clock.pass(1)
      const error = await failureOf(() => identity.current())
      assert.ok(error instanceof IdentityError)
      assert.equal(error.code, 'ERR_IDENTITY_CHANGED_INVALID')
      assert.ok(error.cause instanceof IdentityError)
      assert.equal(error.cause.code, cause)
      assert.ok(error.message.includes(error.cause.got), error.message)
      assert.ok(error.message.includes(folder), error.message)
      clock.pass(60_000)
      await refused(() => identity.current(), CHANGED)
      await writeIdentity(folder, { ca: ca.cert, ...bob })
      assert.equal((await identity.current()).client.commonName, 'bob')
    })
  }

  test('the 5 s begin anew with each failure, and the first failure is the first look at it', async (t) => {
    const { folder, clock, identity } = await load(t)
    const good = await identity.current()
    for (let round = 0; round < 3; round++) {
      await writeFile(join(folder, 'cert.pem'), bob.cert)
      clock.pass(60_000)
      assert.equal(await identity.current(), good)
      clock.pass(4_000)
      assert.equal(await identity.current(), good)
      await writeFile(join(folder, 'cert.pem'), alice.cert)
      assert.equal(await identity.current(), good)
    }
  })

  test('another bad state does not prolong the 5 s', async (t) => {
    const { folder, clock, identity } = await load(t)
    await writeFile(join(folder, 'cert.pem'), bob.cert)
    await identity.current()
    clock.pass(3_000)
    await rm(join(folder, 'ca.pem'))
    await identity.current()
    clock.pass(2_000)
    await refused(() => identity.current(), { ...CHANGED, says: /ca\.pem: there is no such file/ })
  })

  test('back to what was before: the same set again', async (t) => {
    const { folder, clock, identity } = await load(t)
    const good = await identity.current()
    await rm(join(folder, 'ca.pem'))
    await identity.current()
    clock.pass(6_000)
    await refused(() => identity.current(), CHANGED)
    await writeFile(join(folder, 'ca.pem'), ca.cert)
    assert.equal(await identity.current(), good)
  })

  test('a foreign CA put into ca.pem is not taken for long', async (t) => {
    const { folder, clock, identity } = await load(t)
    await writeFile(join(folder, 'ca.pem'), (await makeCa()).cert)
    await identity.current()
    clock.pass(5_000)
    await refused(() => identity.current(), { ...CHANGED, says: /but another key/ })
  })

  test('a server certificate, or a passphrase that no longer fits', async (t) => {
    const { folder, clock, identity } = await load(t)
    await writeFile(join(folder, 'key.pem'), await encryptKey(alice.key, 'secret', 'pkcs8'))
    await identity.current()
    clock.pass(5_000)
    const error = await failureOf(() => identity.current())
    assert.ok(error instanceof IdentityError && error.cause instanceof IdentityError)
    assert.equal(error.cause.code, 'ERR_IDENTITY_KEY_ENCRYPTED')
    assert.match(await readFile(join(folder, 'cert.pem'), 'utf8'), /BEGIN/)
  })
})

describe('time passes', needs, () => {
  test('a certificate that ends during the life of a process is refused, from a folder and from values', async (t) => {
    const made = await makeClient(ca, { to: daysFromNow(1) })
    const { folder, clock, identity } = await load(t, made)
    const values = await openIdentity({ ca: ca.cert, ...made }, {}, clock.now)
    assert.equal(await values.current(), await values.current())
    await identity.current()
    clock.pass(86_400_000 + 60_000)
    for (const one of [identity, values]) {
      await refused(() => one.current(), { code: 'ERR_IDENTITY_EXPIRED', says: /it expired 1 minute ago/ })
    }
    await writeIdentity(folder, { ca: ca.cert, ...bob })
    assert.equal((await identity.current()).client.commonName, 'bob')
  })

  test('so is one whose CA ends', async (t) => {
    const brief = await makeCa({ from: daysFromNow(-3), to: daysFromNow(1) })
    const made = await makeClient(brief)
    const { clock } = await load(t)
    const identity = await openIdentity({ ca: brief.cert, ...made }, {}, clock.now)
    await identity.current()
    assert.match(identity.warnings.join(), /expires in 24 hours/)
    clock.pass(3 * 86_400_000)
    await refused(() => identity.current(), { code: 'ERR_IDENTITY_CA_EXPIRED' })
    assert.match(identity.warnings.join(), /expired 2 days ago/)
  })

  test('a bad change counts for nothing where the last good set has ended', async (t) => {
    const { folder, clock, identity } = await load(t, await makeClient(ca, { to: daysFromNow(1) }))
    clock.pass(2 * 86_400_000)
    await rm(join(folder, 'ca.pem'))
    await refused(() => identity.current(), { code: 'ERR_IDENTITY_EXPIRED' })
  })

  test('a new certificate whose time has not come serves from then on', async (t) => {
    const { folder, clock, identity } = await load(t)
    const good = await identity.current()
    await writeIdentity(folder, {
      ca: ca.cert,
      ...(await makeClient(ca, { commonName: 'carol', from: new Date(clock.now() + 60_000) })),
    })
    assert.equal(await identity.current(), good)
    clock.pass(6_000)
    await refused(() => identity.current(), { ...CHANGED, says: /it is not valid yet/ })
    clock.pass(60_000)
    assert.equal((await identity.current()).client.commonName, 'carol')
  })
})
