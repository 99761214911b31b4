import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createAuthority, issueClient, PkiFolder } from '../../../lib/pki.ts'
import { exportClient } from '../../../lib/keystore/client/export.ts'
import { renewCertificates } from '../../../lib/keystore/renew/renew.ts'
import { listKnown } from '../../../lib/keystore/renew/known.ts'
import type { RotateOptions } from '../../../lib/keystore/rotate/options.ts'
import type { RotationReport } from '../../../lib/keystore/rotate/report.ts'
import { rotateAuthority } from '../../../lib/keystore/rotate/rotate.ts'
import { withCode } from '../../pki/support/expect.ts'
import { runCommand } from '../../support/command.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { treeOf } from '../../support/tree.ts'
import { assertConsistent } from './support/consistent.ts'
import { agree, COURSE, made, finish } from './support/course.ts'

const disagree = (): Promise<void> => Promise.reject(new Error('no'))

async function refused(
  root: string,
  act: () => Promise<unknown>,
  expected: (error: unknown) => boolean,
): Promise<void> {
  const before = await treeOf(root)
  await assert.rejects(act, expected)
  assert.deepEqual(await treeOf(root), before)
}

describe('a whole rotation', () => {
  test('phase by phase, with the same keys, and nothing but certificates of the new authority at the end', async (t) => {
    const { root, rotate } = await made(t)
    const read = (path: string): Promise<string> => fs.readFile(join(root, path), 'utf8')
    const keys = ['server/server-key.pem', 'clients/alice/key.pem', 'clients/bob/key.pem']
    const before = await Promise.all(keys.map(read))
    const old = new X509Certificate(await read('server/server-cert.pem'))
    const seen: [string, object, string, string, string][] = []
    for (const said of COURSE) {
      const { phase, outcome, waiting } = await rotate(said)
      const { server, clients } = await assertConsistent(root)
      const who = {
        clients: waiting.clients.map(({ name }) => name).join(),
        servers: waiting.servers.map(({ name }) => name).join(),
      }
      seen.push([
        outcome === 'under way' ? phase : outcome,
        who,
        server.trusts.join(''),
        server.issuer,
        clients['alice']?.issuer ?? '',
      ])
      assert.deepEqual(await Promise.all(keys.map(read)), before)
    }
    assert.deepEqual(seen, [
      ['trust', { clients: 'alice,bob', servers: 'server' }, 'AB', 'A', 'A'],
      ['trust', { clients: 'bob', servers: 'server' }, 'AB', 'A', 'A'],
      ['server', { clients: '', servers: 'server' }, 'AB', 'B', 'A'],
      ['clients', { clients: 'alice,bob', servers: '' }, 'AB', 'B', 'B'],
      ['finish', { clients: '', servers: 'server' }, 'B', 'B', 'B'],
      ['ended', { clients: '', servers: '' }, 'B', 'B', 'B'],
    ])
    const now = new X509Certificate(await read('server/server-cert.pem'))
    assert.deepEqual([now.subject, now.subjectAltName], [old.subject, old.subjectAltName])
    assert.deepEqual(
      (await listKnown(root)).filter(({ path }) => path !== undefined).map(({ name }) => name),
      ['B', 'build01.example.com', 'alice', 'bob'],
    )
    assert.deepEqual(
      (await fs.readdir(join(root, 'ca'))).map((name) => name.replace(/\.\d{4}-.*Z$/, '.DATE')).toSorted(),
      [
        'ca-key.pem',
        'ca-key.pem.DATE',
        'ca.pem',
        'ca.pem.DATE',
        'ledger-heads.jsonl',
        'ledger.jsonl',
        'rotation.json.DATE',
      ],
    )
    // The life of each is as long as before.
    const alice = new X509Certificate(await read('clients/alice/cert.pem'))
    assert.equal(Math.round((Date.parse(alice.validTo) - Date.now()) / 86_400_000), 90)
    for (const [ca, cert] of [
      ['server/ca.pem', 'server/server-cert.pem'],
      ['clients/bob/ca.pem', 'clients/bob/cert.pem'],
    ] as const) {
      const { code, stderr } = await runCommand('openssl', [
        'verify',
        '-x509_strict',
        '-CAfile',
        join(root, ca),
        join(root, cert),
      ])
      assert.equal(code, 0, stderr)
    }
  })

  test('modes are as they were, and nothing that was there is lost', async (t) => {
    const { root, rotate } = await made(t)
    const before = await textsBelow(root)
    for (const said of COURSE) {
      await rotate(said)
      for (const name of [
        'ca/ca-key.pem',
        'ca/ledger.jsonl',
        'ca/next/ca-key.pem',
        'ca/next/rotation.json',
        'server/server-key.pem',
      ]) {
        const mode = await fs.stat(join(root, name)).then(
          (found) => found.mode & 0o777,
          () => 0o600,
        )
        assert.equal(mode, 0o600, name)
      }
      for (const name of ['server/ca.pem', 'server/server-cert.pem', 'clients/alice/cert.pem', 'ca/ca.pem']) {
        assert.equal((await fs.stat(join(root, name))).mode & 0o777, 0o644, name)
      }
    }
    const after = [...(await textsBelow(root)).values()]
    for (const [path, text] of before) {
      // Each ca.pem is the authority's own certificate, which is kept once.
      assert.ok(
        after.some((kept) => kept === text || (path.endsWith('.jsonl') && kept.startsWith(text))),
        path,
      )
    }
  })

  test('a second one can follow, and none is begun by a word for one that has ended', async (t) => {
    const { root, rotate } = await made(t)
    for (const said of COURSE) await rotate(said)
    for (const said of COURSE.slice(1))
      await refused(root, () => rotate(said), withCode('ERR_ROTATION_NONE', 'rotation.json.'))
    await refused(root, () => rotate({ action: 'status' }), withCode('ERR_ROTATION_NONE', 'cert rotate-ca'))
    for (const said of [{ next: { commonName: 'C' } }, ...COURSE.slice(1)]) await rotate(said)
    assert.deepEqual((await assertConsistent(root)).server, { issuer: 'C', trusts: ['C'] })
  })

  test('the new authority is as the old one, or as it is told', async (t) => {
    const root = join(await temporaryFolder(t), 'keys')
    const folder = new PkiFolder(root)
    await folder.ensureAuthority({ keyType: 'ed25519' })
    await folder.ensureClient('alice')
    const { from, to, begun } = await rotateAuthority({ folder: root })
    assert.ok(begun)
    assert.notEqual(from.name, to.name)
    const next = new X509Certificate(await fs.readFile(join(root, 'ca/next/ca.pem')))
    assert.equal(next.publicKey.asymmetricKeyType, 'ed25519')
    await rotateAuthority({ folder: root, action: 'abort' })
    await rotateAuthority({ folder: root, next: { keyType: 'p384', days: 100, commonName: 'X' } })
    const other = new X509Certificate(await fs.readFile(join(root, 'ca/next/ca.pem')))
    assert.deepEqual([other.subject, other.publicKey.asymmetricKeyDetails?.namedCurve], ['CN=X', 'secp384r1'])
    assert.equal(Math.round((Date.parse(other.validTo) - Date.now()) / 86_400_000), 100)
    await refused(
      root,
      () => rotateAuthority({ folder: root, next: { days: 5 } }),
      withCode('ERR_ROTATION_UNDERWAY', 'already exists: X'),
    )
  })
})

async function textsBelow(root: string): Promise<Map<string, string>> {
  const found = await fs.readdir(root, { recursive: true, withFileTypes: true })
  const paths = found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
  return new Map(await Promise.all(paths.map(async (path) => [path, await fs.readFile(path, 'utf8')] as const)))
}

describe('what is said counts only where it can be true', () => {
  test('of a phase that waits for it, of clients and servers in use', async (t) => {
    const { root, rotate } = await made(t)
    for (const said of [
      { confirm: ['alice'] },
      { confirmServer: ['server'] },
      { phase: 'trust' },
      { action: 'status' },
      { action: 'abort' },
    ] as const) {
      await refused(root, () => rotate(said), withCode('ERR_ROTATION_NONE', 'no rotation is in progress'))
    }
    await rotate({ next: { commonName: 'B' } })
    await refused(
      root,
      () => rotate({ confirm: ['eve'] }),
      withCode('ERR_CLIENT_NOT_FOUND', 'in use are alice and bob'),
    )
    await refused(
      root,
      () => rotate({ confirmServer: ['build01'] }),
      withCode('ERR_CLIENT_NOT_FOUND', 'servers in use are server'),
    )
    await refused(
      root,
      () => rotate({ phase: 'clients', confirm: ['alice'] }),
      withCode('ERR_ROTATION_PHASE', 'it is in the phase trust'),
    )
    await refused(root, () => rotate({ confirm: ['../x'] }), withCode('ERR_NAME_INVALID'))
    for (const said of COURSE.slice(1, 3)) await rotate(said)
    await refused(
      root,
      () => rotate({ confirm: ['alice'] }),
      withCode('ERR_ROTATION_PHASE', 'in the phase server, which waits for no client'),
    )
    await rotate({ confirmServer: ['server'] })
    await refused(
      root,
      () => rotate({ confirmServer: ['server'] }),
      withCode('ERR_ROTATION_PHASE', 'in the phase clients, which waits for no server'),
    )
  })

  test('what was made in this moment nobody has', async (t) => {
    const { root, rotate } = await made(t)
    for (const said of COURSE.slice(0, 4)) await rotate(said)
    // As if a run had been killed right after the phase was written down.
    const names = await fs.readdir(join(root, 'clients/alice'))
    const dated = names.find((name) => name.startsWith('cert.pem.')) ?? ''
    await fs.rename(join(root, 'clients/alice', dated), join(root, 'clients/alice/cert.pem'))
    await assert.rejects(
      rotate({ phase: 'clients', confirm: ['alice', 'bob'] }),
      withCode('ERR_ROTATION_PHASE', 'confirming alice', 'created just now'),
    )
    const { waiting } = await rotate({ phase: 'clients', confirm: ['alice'] })
    assert.deepEqual(waiting.clients, [{ name: 'bob', keyElsewhere: false }])
  })

  test('a client that was issued, expired or removed during the rotation', async (t) => {
    const { root, folder, rotate } = await made(t)
    await rotate({ next: { commonName: 'B' } })
    await folder.ensureClient('carol')
    await fs.rename(join(root, 'clients/bob'), join(root, 'bob-is-gone'))
    const { waiting, lost } = await rotate()
    assert.deepEqual(
      waiting.clients.map(({ name }) => name),
      ['alice', 'carol'],
    )
    assert.deepEqual(
      lost.map(({ name }) => name),
      ['bob'],
    )
  })

  test('nobody has to agree to what is not asked, and the old authority stays without', async (t) => {
    const { root, rotate } = await made(t)
    for (const said of COURSE.slice(0, 4)) await rotate(said)
    const { waiting, phase } = await rotate({ confirm: ['alice', 'bob'] })
    assert.deepEqual([phase, waiting], ['clients', { clients: [], servers: [], consent: true }])
    await refused(
      root,
      () => rotate({ consent: disagree }),
      (error) => (error as Error).message === 'no',
    )
    assert.equal((await rotate({ action: 'status' })).phase, 'clients')
    assert.equal((await rotate({ consent: agree })).phase, 'finish')
  })
})

describe('rolling back a rotation', () => {
  test('is possible until a daemon presents a certificate from the new CA', async (t) => {
    for (const length of [1, 2, 3]) {
      const { root, folder, rotate } = await made(t)
      for (const said of COURSE.slice(0, length)) await rotate(said)
      assert.equal((await rotate({ action: 'abort' })).outcome, 'aborted')
      const { server, clients } = await assertConsistent(root)
      assert.deepEqual([server, clients['alice'], clients['bob']], [{ issuer: 'A', trusts: ['A'] }, server, server])
      assert.equal((await folder.openAuthority()).facts.commonName, 'A')
      // The other authority's key is kept: who was told to trust it may have to be told again.
      const aside = (await fs.readdir(join(root, 'ca'))).find((name) => name.startsWith('next.')) ?? ''
      assert.ok((await fs.readdir(join(root, 'ca', aside))).includes('ca-key.pem'))
      await rotate({ next: { commonName: 'C' } })
    }
    const { root, rotate } = await made(t)
    for (const said of COURSE.slice(0, 4)) await rotate(said)
    await refused(
      root,
      () => rotate({ action: 'abort' }),
      withCode('ERR_ROTATION_PHASE', 'a daemon already uses a certificate issued by B'),
    )
  })
})

describe('other commands on the folder during a rotation', () => {
  const rows: [phase: string, length: number, server: string, client: string, trusts: string][] = [
    ['trust', 1, 'A', 'A', 'AB'],
    ['server', 3, 'B', 'A', 'AB'],
    ['clients', 4, 'B', 'B', 'AB'],
    ['finish', 5, 'B', 'B', 'B'],
  ]
  for (const [phase, length, server, client, trusts] of rows) {
    test(`in the phase ${phase}: what is issued is of the right authority, with the right ca.pem`, async (t) => {
      const { root, folder, rotate } = await made(t)
      for (const said of COURSE.slice(0, length)) await rotate(said)
      await folder.ensureClient('carol')
      await folder.ensureServer(['build01.example.com', '10.0.0.4'], { renew: true })
      await renewCertificates({ folder: root, clients: ['bob'] })
      const now = await assertConsistent(root)
      assert.deepEqual([now.server.issuer, now.server.trusts.join('')], [server, trusts])
      for (const name of ['carol', 'bob']) {
        assert.deepEqual([now.clients[name]?.issuer, now.clients[name]?.trusts.join('')], [client, trusts], name)
      }
      const authority = await folder.openAuthority()
      const issued = await issueClient(authority, { name: 'dave' })
      assert.deepEqual([issued.facts.issuer, issued.ca.match(/BEGIN/g)?.length], [`CN=${client}`, trusts.length])
      for (const state of (await listKnown(root)).map((one) => one.state)) assert.notEqual(state, 'of a replaced CA')
      await exportClient({ folder: root, name: 'carol', out: join(root, '..', 'carol.tar') })
      assert.equal((await folder.ensureAuthority()).action, 'kept')
      await refused(
        root,
        () => folder.replaceAuthority(),
        withCode('ERR_ROTATION_UNDERWAY', `phase ${phase}`, '--abort'),
      )
      // And it goes on.
      await finish(root, rotate)
      const end = await assertConsistent(root)
      assert.deepEqual([end.server, end.clients['carol']], [{ issuer: 'B', trusts: ['B'] }, end.server])
    })
  }

  test('authorities that somebody has added to a ca.pem stay there', async (t) => {
    const { root, rotate } = await made(t)
    const other = await createAuthority({ commonName: 'Other' })
    await fs.appendFile(join(root, 'server/ca.pem'), other.certificate)
    for (const said of COURSE) await rotate(said)
    assert.deepEqual((await assertConsistent(root)).server.trusts, ['B', 'Other'])
  })
})

describe('who is out stays out', () => {
  test('what has ended, or is of an authority that was replaced before, gets no new certificate', async (t) => {
    const { root, folder, rotate } = await made(t)
    await folder.replaceAuthority({ commonName: 'A2' })
    await folder.ensureServer(['build01.example.com', '10.0.0.4'], { force: true })
    await folder.ensureClient('alice', { force: true })
    const bob = await fs.readFile(join(root, 'clients/bob/cert.pem'), 'utf8')
    const first = await rotate({ next: { commonName: 'B' } })
    assert.deepEqual([first.waiting.clients.map(({ name }) => name), first.left], [['alice'], ['bob']])
    for (const said of COURSE.slice(1)) await rotate({ ...said, ...(said.confirm && { confirm: ['alice'] }) })
    assert.equal(await fs.readFile(join(root, 'clients/bob/cert.pem'), 'utf8'), bob)
    assert.deepEqual(
      (await listKnown(root)).filter(({ name, path }) => name === 'bob' && path).map(({ state }) => state),
      ['of a replaced CA'],
    )
  })
})

/** One of 256 begins with these digits already. */
function withOtherFingerprint(state: string): string {
  return state.replace(/(?<="fingerprint256": ")../, (digits) => (digits === '00' ? 'FF' : '00'))
}

describe('bad beginnings change nothing', () => {
  test('half a pair, a broken ledger, no authority, a name that is taken', async (t) => {
    const { root, rotate } = await made(t)
    await refused(
      root,
      () => rotate({ next: { commonName: 'A' } }),
      withCode('ERR_NAME_INVALID', 'the same name, CN=A'),
    )
    await refused(root, () => rotate({ next: { days: 0 } }), withCode('ERR_DAYS_INVALID'))
    await refused(root, () => rotate({ hosts: ['tcp://build01:2375'] }), withCode('ERR_PLAINTEXT_PORT'))
    await refused(root, () => rotate({ hosts: ['unix:///x'] }), withCode('ERR_HOST_INVALID', 'over TLS'))
    await refused(
      root,
      () => rotate({ phase: 'x' }),
      withCode('ERR_ARGUMENT_INVALID', 'trust, server, clients or finish'),
    )
    await refused(root, () => rotateAuthority({ folder: root, force: true } as never), withCode('ERR_OPTION_UNKNOWN'))
    await fs.rename(join(root, 'clients/bob/key.pem'), join(root, 'key'))
    await refused(root, () => rotate(), withCode('ERR_PKI_FILE_INVALID', 'bob/key.pem', 'cert renew bob'))
    await fs.copyFile(join(root, 'clients/alice/key.pem'), join(root, 'clients/bob/key.pem'))
    await refused(root, () => rotate(), withCode('ERR_PKI_FILE_INVALID', 'does not match'))
    await fs.rename(join(root, 'ca/ledger.jsonl'), join(root, 'ledger'))
    await refused(root, () => rotate(), withCode('ERR_LEDGER_MISMATCH', 'cert adopt'))
    await assert.rejects(rotateAuthority({ folder: join(root, 'none') }), withCode('ERR_CA_MISSING'))
  })

  test('a state or an authority that was changed by hand', async (t) => {
    const { root, folder, rotate } = await made(t)
    await rotate({ next: { commonName: 'B' } })
    const state = join(root, 'ca/next/rotation.json')
    const good = await fs.readFile(state, 'utf8')
    const damages: [() => Promise<void>, () => Promise<void>][] = [
      [() => fs.writeFile(state, 'x'), () => fs.writeFile(state, good)],
      [() => fs.rename(state, join(root, 'x')), () => fs.rename(join(root, 'x'), state)],
      [() => fs.writeFile(state, withOtherFingerprint(good)), () => fs.writeFile(state, good)],
    ]
    for (const [damage, mend] of damages) {
      await damage()
      for (const act of [
        () => rotate(),
        () => rotate({ action: 'abort' }),
        () => rotate({ action: 'status' }),
        () => folder.ensureClient('new'),
        () => folder.replaceAuthority(),
      ]) {
        const withoutKey =
          act.toString().includes('replaceAuthority') &&
          (await fs.readFile(state, 'utf8').catch(() => '')).startsWith('{')
        if (withoutKey) continue
        await refused(root, act, withCode('ERR_ROTATION_INVALID', 'Restore that file'))
      }
      await mend()
    }
    await rotate()
  })
})

test('an encrypted authority: its passphrase goes for both, and a wrong one changes nothing', async (t) => {
  const { root, rotate } = await made(t, 'correct horse')
  const without = (options: Omit<RotateOptions, 'folder'>): Promise<RotationReport> =>
    rotateAuthority({ folder: root, ...options })
  for (const [index, said] of COURSE.entries()) {
    const signs = [0, 2, 3].includes(index)
    if (signs) {
      await refused(root, () => without(said), withCode('ERR_CA_PASSPHRASE'))
      await refused(
        root,
        () => without({ ...said, passphrase: 'wrong' }),
        withCode('ERR_CA_PASSPHRASE', 'does not decrypt it'),
      )
    }
    await (signs ? rotate(said) : without(said))
    await assertConsistent(root, 'correct horse')
  }
  assert.match(await fs.readFile(join(root, 'ca/ca-key.pem'), 'utf8'), /BEGIN ENCRYPTED PRIVATE KEY/)
  for (const [path, text] of await textsBelow(root)) {
    if (path.includes('/ca/')) assert.doesNotMatch(text, /BEGIN PRIVATE KEY/, path)
  }
})

test('a client whose key is on its own machine gets a certificate for that key', async (t) => {
  const { root, rotate } = await made(t)
  const ledger = join(root, 'ca/ledger.jsonl')
  await fs.writeFile(ledger, (await fs.readFile(ledger, 'utf8')).replace(/("name":"bob".*)}/, '$1,"keyHeld":"client"}'))
  await fs.rename(join(root, 'clients/bob/key.pem'), join(root, 'key.pem'))
  const old = new X509Certificate(await fs.readFile(join(root, 'clients/bob/cert.pem')))
  const { waiting } = await rotate({ next: { commonName: 'B' } })
  assert.deepEqual(waiting.clients, [
    { name: 'alice', keyElsewhere: false },
    { name: 'bob', keyElsewhere: true },
  ])
  for (const said of COURSE.slice(1)) await rotate(said)
  const now = new X509Certificate(await fs.readFile(join(root, 'clients/bob/cert.pem')))
  assert.ok(now.publicKey.equals(old.publicKey))
  assert.equal(now.issuer, 'CN=B')
  assert.deepEqual(
    (await listKnown(root)).filter(({ name, path }) => name === 'bob' && path).map(({ keyHeld }) => keyHeld),
    ['client'],
  )
})

test('several servers of one authority: each has to have it', async (t) => {
  const { root, folder, rotate } = await made(t)
  await folder.ensureServer(['b.example.com'], { host: 'b.example.com' })
  const { waiting } = await rotate({ next: { commonName: 'B' } })
  assert.deepEqual(
    waiting.servers.map(({ name }) => name),
    ['server', 'hosts/b.example.com'],
  )
  assert.deepEqual(waiting.servers[1]?.names, ['b.example.com', 'localhost', '127.0.0.1', '::1'])
  await refused(
    root,
    () => rotate({ hosts: ['c.example.com'] }),
    withCode('ERR_HOST_INVALID', 'no certificate in the folder contains this name'),
  )
  await refused(root, () => rotate({ hosts: ['127.0.0.1'] }), withCode('ERR_HOST_INVALID'))
  for (const said of COURSE.slice(1)) {
    const half = await rotate(said)
    const isWaiting = said.confirmServer !== undefined
    assert.deepEqual(
      half.waiting.servers.map(({ name }) => name).slice(0, 1),
      isWaiting ? ['hosts/b.example.com'] : half.waiting.servers.map(({ name }) => name).slice(0, 1),
    )
    if (isWaiting) await rotate({ confirmServer: ['hosts/b.example.com'] })
  }
  const cert = new X509Certificate(await fs.readFile(join(root, 'hosts/b.example.com/server-cert.pem')))
  assert.equal(cert.issuer, 'CN=B')
})

test('of two runs at once one goes first', async (t) => {
  const { root, rotate } = await made(t)
  const reports = await Promise.all([rotate(), rotate(), rotate()])
  assert.equal(reports.filter(({ begun }) => begun).length, 1)
  await Promise.all([
    rotate({ confirm: ['alice'] }),
    rotate({ confirm: ['bob'] }),
    rotate({ confirmServer: ['server'] }),
  ])
  assert.equal((await rotate({ action: 'status' })).phase, 'server')
  await assertConsistent(root)
})
