import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { promises } from 'node:fs'
import {
  appendFile,
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { createAuthority, issueClient, issueServer, PkiFolder, type LedgerEntry } from '../../lib/pki.ts'
import { appendToLedger, readLedger } from '../../lib/keystore/ledger.ts'
import { adoptCertificates } from '../../lib/keystore/adopt.ts'
import { refuseOtherServer } from '../../lib/keystore/other-server.ts'
import { leafExtensions } from '../../lib/pki/extensions.ts'
import { generateKeys } from '../../lib/pki/key-type.ts'
import { periodOf } from '../../lib/pki/lifetime.ts'
import { parseServerNames } from '../../lib/pki/server-name.ts'
import { distinguishedName } from '../../lib/pki/sign.ts'
import { TYPESCRIPT } from '../support/programs.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'
import { withCode } from '../pki/support/expect.ts'
import { odd } from '../pki/support/odd.ts'

const AUTHORITY = ['ca/ca-key.pem', 'ca/ca.pem', 'ca/ledger-heads.jsonl', 'ca/ledger.jsonl']
const SERVER = ['server/ca.pem', 'server/server-cert.pem', 'server/server-key.pem']
const CLIENT = ['clients/alice/ca.pem', 'clients/alice/cert.pem', 'clients/alice/key.pem']
const DATED = /\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(?:-\d+)?$/

/** Every file below a folder, by its path from there. */
async function filesIn(root: string): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for (const found of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(found.parentPath, found.name)
    if (found.isFile()) files.set(path.slice(root.length + 1), await readFile(path, 'utf8'))
  }
  return files
}

/** A folder with everything in it. */
async function initialised(t: Cleanable): Promise<{ root: string; folder: PkiFolder }> {
  const root = join(await temporaryFolder(t), 'out')
  const folder = new PkiFolder(root)
  await folder.ensureAuthority()
  await folder.ensureServer(['build01', '10.0.0.4'])
  await folder.ensureClient('alice')
  return { root, folder }
}

/** Runs it, and asserts that every text that was in a file before is in one afterwards; the ledger may have grown. */
async function losingNothing<T>(root: string, act: () => Promise<T>): Promise<T> {
  const before = await filesIn(root)
  const result = await act()
  const after = [...(await filesIn(root)).values()]
  for (const [path, text] of before) {
    assert.ok(
      after.some((kept) => kept === text || (path.endsWith('.jsonl') && kept.startsWith(text))),
      `${path} is lost`,
    )
  }
  return result
}

/** Asserts that it fails, and that not a byte changed. */
async function refusedUntouched(
  root: string,
  act: () => Promise<unknown>,
  expected: (error: unknown) => boolean,
): Promise<void> {
  const before = await filesIn(root)
  await assert.rejects(act(), expected)
  assert.deepEqual(await filesIn(root), before)
}

/** Asserts that it fails with such a code, and that no file changed; what isn't a file may be in the way. */
async function refusedUntouchedFiles(root: string, act: () => Promise<unknown>, code: RegExp): Promise<void> {
  await refusedUntouched(root, act, (error) => code.test((error as { code: string }).code))
}

/** Asserts that all files go together, as every reader would want them. */
async function assertWhole(root: string, passphrase?: string): Promise<void> {
  const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8')
  const ca = new X509Certificate((await new PkiFolder(root).openAuthority(passphrase)).certificate)
  for (const [caFile = '', cert = '', key = ''] of [SERVER, CLIENT]) {
    const leaf = new X509Certificate(await read(cert))
    assert.ok(leaf.checkIssued(ca) && leaf.verify(ca.publicKey))
    assert.ok(leaf.checkPrivateKey(createPrivateKey(await read(key))))
    assert.equal(new X509Certificate(await read(caFile)).fingerprint256, ca.fingerprint256)
  }
}

describe('a new folder', () => {
  for (const mask of [0o022, 0o077, 0o000]) {
    test(`has its files and modes, whatever the umask (${mask.toString(8).padStart(3, '0')})`, async (t) => {
      const old = process.umask(mask)
      try {
        const { root } = await initialised(t)
        const files = ['.gitignore', ...AUTHORITY, ...CLIENT, ...SERVER]
        assert.deepEqual([...(await filesIn(root)).keys()].toSorted(), files.toSorted())
        const modeOf = async (path: string): Promise<string> =>
          ((await stat(join(root, path))).mode & 0o777).toString(8)
        for (const path of ['', 'ca', 'server', 'clients', 'clients/alice'])
          assert.equal(await modeOf(path), '700', path)
        for (const path of files) {
          const secret = path.includes('key') || path.endsWith('.jsonl')
          assert.equal(await modeOf(path), secret ? '600' : '644', path)
        }
      } finally {
        process.umask(old)
      }
    })
  }

  test('goes together, and says what was done', async (t) => {
    const root = join(await temporaryFolder(t), 'a b', 'out')
    const folder = new PkiFolder(root)
    const authority = await folder.ensureAuthority({ commonName: 'Acme', keyType: 'ed25519', days: 100 })
    assert.equal(authority.action, 'created')
    assert.equal(authority.facts.commonName, 'Acme')
    assert.equal(authority.facts.key.type, 'ed25519')
    const server = await folder.ensureServer(['bücher.example', 'b'], { keyType: 'p384' })
    assert.equal(server.action, 'created')
    assert.equal(server.facts.key.curve, 'P-384')
    assert.deepEqual(server.notes, [
      'bücher.example appears in the certificate as xn--bcher-kva.example',
      `It expires with its CA, on ${authority.facts.validTo.toISOString().slice(0, 10)}`,
    ])
    const client = await folder.ensureClient('alice', { days: 7 })
    assert.deepEqual([client.action, client.notes, client.keptAside], ['created', [], []])
    assert.equal(client.paths.key, join(root, 'clients/alice/key.pem'))
    await assertWhole(root)
    assert.deepEqual(await folder.clients(), ['alice'])
    const { ca, cert, key } = await folder.readClient('alice')
    assert.deepEqual([ca, cert, key], await Promise.all(CLIENT.map((path) => readFile(join(root, path), 'utf8'))))
  })

  test('needs its authority first', async (t) => {
    const root = join(await temporaryFolder(t), 'out')
    const folder = new PkiFolder(root)
    await assert.rejects(folder.ensureServer(['b']), withCode('ERR_CA_MISSING', `docker-mtls cert ca --dir ${root}`))
    await assert.rejects(folder.ensureClient('b'), withCode('ERR_CA_MISSING'))
    await assert.rejects(folder.list(), withCode('ERR_CA_MISSING'))
    await assert.rejects(stat(root), { code: 'ENOENT' })
  })

  test('is not begun for arguments that can not be meant', async (t) => {
    const root = join(await temporaryFolder(t), 'out')
    const folder = new PkiFolder(root)
    await assert.rejects(folder.ensureAuthority({ days: 0 }), withCode('ERR_DAYS_INVALID'))
    await assert.rejects(folder.ensureAuthority({ passphrase: '' }), withCode('ERR_CA_PASSPHRASE'))
    await assert.rejects(folder.ensureAuthority({ force: true } as never), withCode('ERR_OPTION_UNKNOWN', '"force"'))
    await assert.rejects(folder.replaceAuthority({ keyType: 'x' as never }), withCode('ERR_KEY_TYPE_INVALID'))
    await assert.rejects(stat(root), { code: 'ENOENT' })
    await folder.ensureAuthority()
    const before = await filesIn(root)
    await assert.rejects(folder.ensureServer(['b:2376']), withCode('ERR_NAME_INVALID'))
    await assert.rejects(folder.ensureServer(['b'], { days: 4000 }), withCode('ERR_DAYS_INVALID'))
    await assert.rejects(folder.ensureServer(['b'], { keyType: 'x' as never }), withCode('ERR_KEY_TYPE_INVALID'))
    await assert.rejects(folder.ensureClient('../x'), withCode('ERR_NAME_INVALID'))
    await assert.rejects(folder.ensureClient('a', { overwrite: true } as never), withCode('ERR_OPTION_UNKNOWN'))
    await assert.rejects(folder.readClient('../x'), withCode('ERR_NAME_INVALID'))
    assert.throws(() => new PkiFolder(7 as never), withCode('ERR_ARGUMENT_INVALID'))
    assert.deepEqual(await filesIn(root), before)
  })
})

describe('a second run', () => {
  test('keeps everything, byte for byte', async (t) => {
    const { root, folder } = await initialised(t)
    const before = await filesIn(root)
    for (const again of [folder, new PkiFolder(root)]) {
      const force = { force: true }
      assert.equal((await again.ensureAuthority()).action, 'kept')
      assert.equal((await again.ensureServer(['10.0.0.4', 'BUILD01', 'localhost'])).action, 'kept')
      assert.equal((await again.ensureServer(['build01', '10.0.0.4'], force)).action, 'kept')
      assert.equal((await again.ensureClient('alice', force)).action, 'kept')
    }
    assert.deepEqual(await filesIn(root), before)
  })

  test('says what it kept although something else was asked', async (t) => {
    const { root, folder } = await initialised(t)
    await chmod(join(root, 'ca/ca-key.pem'), 0o644)
    await chmod(join(root, 'server/server-key.pem'), 0o640)
    const authority = await folder.ensureAuthority({ keyType: 'rsa4096', commonName: 'Acme', passphrase: 'x' })
    assert.equal(authority.action, 'kept')
    assert.match(
      authority.notes.join('\n'),
      /stays p256\n.*stays CN=docker-mtls CA .*\n.*not encrypted\nOther users can read/,
    )
    const server = await folder.ensureServer(['build01', '10.0.0.4'], { keyType: 'p384' })
    assert.equal(server.action, 'kept')
    assert.match(server.notes.join('\n'), /stays p256; .*--force --key-type p384\nOther users can read/)
  })

  test('adds what is missing, and nothing else', async (t) => {
    const { root, folder } = await initialised(t)
    await rm(join(root, 'clients/alice/ca.pem'))
    await rm(join(root, 'server'), { recursive: true })
    const { action, notes } = await losingNothing(root, () => folder.ensureClient('alice'))
    assert.equal(action, 'kept')
    assert.match(notes[0] ?? '', /ca\.pem was missing/)
    assert.equal((await losingNothing(root, () => folder.ensureServer(['b']))).action, 'created')
    assert.equal((await losingNothing(root, () => folder.ensureClient('bob'))).action, 'created')
    await assertWhole(root)
  })

  test('refuses other names of a server, until it is forced', async (t) => {
    const { root, folder } = await initialised(t)
    const names = ['build01', '10.0.0.5', '*.example.com']
    const refusal = withCode(
      'ERR_SERVER_NAMES_CHANGED',
      'added: 10.0.0.5, *.example.com; removed: 10.0.0.4',
      'host: NAME',
      `docker-mtls cert server build01 10.0.0.5 '*.example.com' --dir ${root} --force`,
    )
    await refusedUntouched(root, () => folder.ensureServer(names), refusal)
    const before = await filesIn(root)
    const { action, keptAside, facts } = await losingNothing(root, () => folder.ensureServer(names, { force: true }))
    assert.equal(action, 'replaced')
    assert.deepEqual(facts.names.ip, ['10.0.0.5', '127.0.0.1', '::1'])
    assert.deepEqual(keptAside.map((path) => path.replace(DATED, '')).toSorted(), [
      join(root, 'server/server-cert.pem'),
      join(root, 'server/server-key.pem'),
    ])
    for (const path of keptAside) {
      assert.match(path, DATED)
      assert.equal(await readFile(path, 'utf8'), before.get(path.slice(root.length + 1).replace(DATED, '')))
      assert.equal((await stat(path)).mode & 0o777, path.includes('key') ? 0o600 : 0o644)
    }
    // Only what had to go has gone.
    for (const path of [...CLIENT, 'ca/ca.pem', 'ca/ca-key.pem', 'server/ca.pem']) {
      assert.equal(await readFile(join(root, path), 'utf8'), before.get(path))
    }
    await assertWhole(root)
  })

  test('renews what is good only when told, as often as it likes within a second', async (t) => {
    const { root, folder } = await initialised(t)
    for (let round = 0; round < 4; round++) {
      await losingNothing(root, async () => {
        assert.equal((await folder.ensureClient('alice', { renew: true })).action, 'replaced')
      })
    }
    const names = await readdir(join(root, 'clients/alice'))
    assert.equal(names.filter((name) => DATED.test(name)).length, 8)
    assert.equal(
      (await folder.ensureServer(['build01', '10.0.0.4'], { force: true, keyType: 'p384' })).action,
      'replaced',
    )
    await assertWhole(root)
  })
})

describe('what is damaged', () => {
  test('half a pair is issued anew, and the half that is there is kept', async (t) => {
    for (const gone of [...SERVER.slice(1), ...CLIENT.slice(1)]) {
      const { root, folder } = await initialised(t)
      await rm(join(root, gone))
      const ensure = (): ReturnType<PkiFolder['ensureServer']> =>
        gone.startsWith('server') ? folder.ensureServer(['build01', '10.0.0.4']) : folder.ensureClient('alice')
      const { action, keptAside } = await losingNothing(root, ensure)
      assert.equal(action, 'replaced')
      assert.equal(keptAside.length, 1)
      await assertWhole(root)
    }
  })

  test('a leaf that is no good is refused with its reason, and replaced by force', async (t) => {
    const other = await createAuthority({ commonName: 'other' })
    const foreign = await issueClient(other, { name: 'alice' })
    const expired = await odd({ commonName: 'alice', notAfter: new Date(Date.now() - 1000) })
    const locked = await other.exportKey({ passphrase: 'x' })
    const rows: [string, (ca: PkiFolder) => Promise<Record<string, string>>, string][] = [
      ['foreign', async () => ({ cert: foreign.cert, key: foreign.key }), 'another CA issued it, CN=other'],
      ['expired', async () => ({ cert: expired.pem, key: expired.key }), 'it expired on'],
      [
        "someone else's",
        async (ca) => pick(await issueClient(await ca.openAuthority(), { name: 'bob' })),
        'it belongs to bob',
      ],
      [
        "a server's",
        async (ca) => pick(await issueServer(await ca.openAuthority(), { names: ['b'] })),
        'not clientAuth',
      ],
      ['an empty certificate', async () => ({ cert: '' }), 'cert.pem'],
      ['a garbled certificate', async () => ({ cert: 'x' }), 'cert.pem'],
      ['an empty key', async () => ({ key: '' }), 'key.pem: it is not a private key'],
      ['another key', async () => ({ key: foreign.key }), 'key.pem: it does not match'],
      ['an encrypted key', async () => ({ key: locked }), 'key.pem: it is encrypted'],
      ['a foreign ca.pem', async () => ({ ca: other.certificate }), 'ca.pem: it does not contain the CA certificate'],
      ['a garbled ca.pem', async () => ({ ca: 'x' }), 'ca.pem: it does not contain the CA certificate'],
    ]
    for (const [what, damage, words] of rows) {
      const { root, folder } = await initialised(t)
      for (const [name, text] of Object.entries(await damage(folder))) {
        await writeFile(join(root, 'clients/alice', `${name}.pem`), text)
      }
      const refusal = withCode('ERR_PKI_FILE_INVALID', words, `cert client alice --dir ${root} --force`)
      await refusedUntouched(root, () => folder.ensureClient('alice'), refusal)
      const { action } = await losingNothing(root, () => folder.ensureClient('alice', { force: true }))
      assert.equal(action, 'replaced', what)
      await assertWhole(root)
    }
  })

  test('a ca.pem with a second authority in it stays, as while one is rotated', async (t) => {
    const { root, folder } = await initialised(t)
    const next = await createAuthority()
    await appendFile(join(root, 'server/ca.pem'), next.certificate)
    const before = await readFile(join(root, 'server/ca.pem'), 'utf8')
    assert.equal((await folder.ensureServer(['build01', '10.0.0.4'])).action, 'kept')
    assert.equal((await folder.ensureServer(['c'], { force: true })).action, 'replaced')
    assert.equal(await readFile(join(root, 'server/ca.pem'), 'utf8'), before)
  })

  test('an authority that is not whole is never mended by guessing', async (t) => {
    const foreign = await createAuthority({ commonName: 'foreign' })
    const ended = await odd({ ca: true, keyUsage: ['keyCertSign'], notAfter: new Date(Date.now() - 1000) })
    const rows: [string, (root: string) => Promise<void>, 'ERR_CA_INVALID' | 'ERR_CA_EXPIRED', string][] = [
      [
        'no certificate',
        (root) => rm(join(root, 'ca/ca.pem')),
        'ERR_CA_INVALID',
        'ca-key.pem exists, but ca.pem is missing',
      ],
      [
        'no key',
        (root) => rm(join(root, 'ca/ca-key.pem')),
        'ERR_CA_INVALID',
        'ca.pem exists, but ca-key.pem is missing',
      ],
      [
        'another certificate',
        (root) => writeFile(join(root, 'ca/ca.pem'), foreign.certificate),
        'ERR_CA_INVALID',
        'does not match the certificate',
      ],
      ['an empty key', (root) => writeFile(join(root, 'ca/ca-key.pem'), ''), 'ERR_CA_INVALID', 'not a private key'],
      ['a garbled certificate', (root) => writeFile(join(root, 'ca/ca.pem'), 'x'), 'ERR_CA_INVALID', 'no certificate'],
      [
        'a leaf',
        (root) => rename(join(root, 'server/server-cert.pem'), join(root, 'ca/ca.pem')),
        'ERR_CA_INVALID',
        'does not match the certificate',
      ],
      [
        'an expired one',
        async (root) => {
          await writeFile(join(root, 'ca/ca.pem'), ended.pem)
          await writeFile(join(root, 'ca/ca-key.pem'), ended.key)
        },
        'ERR_CA_EXPIRED',
        'expired on',
      ],
    ]
    for (const [, damage, code, words] of rows) {
      const { root } = await initialised(t)
      await damage(root)
      const folder = new PkiFolder(root)
      const refusal = withCode(code, words, join(root, 'ca'), '--replace-ca')
      await refusedUntouched(
        root,
        () => folder.ensureAuthority(),
        code === 'ERR_CA_INVALID' && words === 'does not match the certificate' ? withCode(code, words) : refusal,
      )
      await refusedUntouched(root, () => folder.ensureClient('new', { force: true }), withCode(code, words))
      const { action } = await losingNothing(root, () => folder.replaceAuthority())
      assert.equal(action, 'replaced')
      await folder.ensureServer(['build01'], { force: true })
      await folder.ensureClient('alice', { force: true })
      await assertWhole(root)
    }
  })
})

describe('replacing the authority', () => {
  test('keeps the old one beside it, and the ledger whole', async (t) => {
    const { root, folder } = await initialised(t)
    const old = (await folder.ensureAuthority()).facts
    const { action, keptAside, facts } = await losingNothing(root, () => folder.replaceAuthority())
    assert.equal(action, 'replaced')
    assert.notEqual(facts.commonName, old.commonName)
    assert.deepEqual(keptAside.map((path) => path.replace(DATED, '')).toSorted(), [
      join(root, 'ca/ca-key.pem'),
      join(root, 'ca/ca.pem'),
    ])
    const issuedByOld = withCode('ERR_PKI_FILE_INVALID', `another CA issued it, CN=${old.commonName}`)
    await refusedUntouched(root, () => folder.ensureServer(['build01', '10.0.0.4']), issuedByOld)
    await losingNothing(root, () => folder.ensureServer(['build01', '10.0.0.4'], { force: true }))
    await losingNothing(root, () => folder.ensureClient('alice', { force: true }))
    await assertWhole(root)
    const kinds = (await folder.list()).map(({ kind, path }) => `${kind}${path === undefined ? ' gone' : ''}`)
    assert.deepEqual(kinds, ['ca gone', 'server gone', 'client gone', 'ca', 'server', 'client'])
  })

  test('makes the first one where there is none', async (t) => {
    const root = join(await temporaryFolder(t), 'out')
    assert.equal((await new PkiFolder(root).replaceAuthority()).action, 'created')
    await mkdir(join(root, 'x', 'ca'), { recursive: true })
    assert.equal((await new PkiFolder(join(root, 'x')).replaceAuthority()).action, 'created')
  })

  test('never under the same name', async (t) => {
    const root = join(await temporaryFolder(t), 'out')
    const folder = new PkiFolder(root)
    await folder.ensureAuthority({ commonName: 'Acme' })
    const refusal = withCode('ERR_NAME_INVALID', 'the same name, CN=Acme')
    await refusedUntouched(root, () => folder.replaceAuthority({ commonName: 'Acme' }), refusal)
    await folder.replaceAuthority({ commonName: 'Acme 2' })
  })

  test('says when the new key is open and the old one was not', async (t) => {
    const root = join(await temporaryFolder(t), 'out')
    const folder = new PkiFolder(root)
    await folder.ensureAuthority({ passphrase: 'x' })
    assert.deepEqual((await folder.replaceAuthority()).notes, ['The old CA key was encrypted; the new one is not'])
  })
})

test('an encrypted authority is opened only where something has to be signed', async (t) => {
  const root = join(await temporaryFolder(t), 'out')
  const passphrase = 'open sesame'
  const folder = new PkiFolder(root)
  await folder.ensureAuthority({ passphrase })
  assert.match(await readFile(join(root, 'ca/ca-key.pem'), 'utf8'), /BEGIN ENCRYPTED PRIVATE KEY/)
  await folder.ensureServer(['build01'])
  await folder.ensureClient('alice')
  await assertWhole(root, passphrase)
  assert.doesNotMatch(inspect(folder, { depth: Infinity, showHidden: true }), /PRIVATE KEY|sesame/)

  const next = new PkiFolder(root)
  assert.equal((await next.ensureAuthority()).action, 'kept')
  assert.equal((await next.ensureServer(['build01'])).action, 'kept')
  assert.equal((await next.ensureClient('alice')).action, 'kept')
  const locked = withCode('ERR_CA_PASSPHRASE', join(root, 'ca'), 'no passphrase')
  await refusedUntouched(root, () => next.ensureClient('bob'), locked)
  await refusedUntouched(root, () => next.ensureServer(['other'], { force: true }), locked)
  const wrong = withCode('ERR_CA_PASSPHRASE', 'does not decrypt it')
  await refusedUntouched(root, () => next.ensureClient('bob', { passphrase: 'wrong' }), wrong)
  await refusedUntouched(root, () => next.ensureAuthority({ passphrase: 'wrong' }), wrong)
  await refusedUntouched(root, () => next.ensureClient('alice', { passphrase: 'wrong' }), wrong)
  assert.equal((await next.ensureClient('bob', { passphrase })).action, 'created')
})

describe('what is in the way', () => {
  test('a file where a folder should be, a folder where a file should be, and a place that nobody writes to', async (t) => {
    const base = await temporaryFolder(t)
    const file = join(base, 'file')
    await writeFile(file, 'mine')
    for (const root of [file, join(file, 'below'), '/proc/docker-mtls', '/dev/null/out']) {
      const folder = new PkiFolder(root)
      const refused = /^ERR_FILE_(?:READ|WRITE)$/
      await assert.rejects(folder.ensureAuthority(), ({ code, message }: { code: string; message: string }) => {
        assert.match(code, refused)
        return message.includes(root)
      })
      await assert.rejects(folder.replaceAuthority(), ({ code }: { code: string }) => refused.test(code))
    }
    assert.equal(await readFile(file, 'utf8'), 'mine')

    const { root, folder } = await initialised(t)
    await writeFile(join(root, 'clients/bob'), 'mine')
    await refusedUntouchedFiles(root, () => folder.ensureClient('bob'), /^ERR_FILE_(?:READ|WRITE)$/)
    await rm(join(root, 'clients/alice/key.pem'))
    await mkdir(join(root, 'clients/alice/key.pem'))
    await refusedUntouchedFiles(root, () => folder.ensureClient('alice', { force: true }), /^ERR_FILE_READ$/)
    await rm(join(root, 'ca/ledger.jsonl'))
    await mkdir(join(root, 'ca/ledger.jsonl'))
    await refusedUntouchedFiles(root, () => folder.ensureClient('carol'), /^ERR_FILE_READ$/)
    await refusedUntouchedFiles(root, () => folder.ensureServer(['b'], { host: 'b' }), /^ERR_FILE_WRITE$/)
    await assert.rejects(folder.list(), withCode('ERR_FILE_READ'))
  })

  test('links are followed for reading, and never written through', async (t) => {
    const { root, folder } = await initialised(t)
    const elsewhere = join(dirname(root), 'elsewhere')
    await rename(join(root, 'clients/alice'), elsewhere)
    await symlink(elsewhere, join(root, 'clients/alice'))
    await rename(join(elsewhere, 'key.pem'), join(dirname(root), 'kept-key'))
    await symlink(join(dirname(root), 'kept-key'), join(elsewhere, 'key.pem'))
    const key = await readFile(join(dirname(root), 'kept-key'), 'utf8')
    assert.equal((await folder.ensureClient('alice')).action, 'kept')
    assert.equal((await folder.ensureClient('alice', { renew: true })).action, 'replaced')
    assert.equal(await readFile(join(dirname(root), 'kept-key'), 'utf8'), key)
    await assertWhole(root)
    await symlink(join(root, 'nowhere'), join(root, 'clients/bob'))
    await assert.rejects(folder.ensureClient('bob'), withCode('ERR_FILE_WRITE', 'clients/bob'))
  })

  test('other files in the folders are left alone, and an empty folder is used', async (t) => {
    const root = join(await temporaryFolder(t), 'out')
    await mkdir(join(root, 'ca'), { recursive: true })
    await mkdir(join(root, 'server'))
    await writeFile(join(root, 'server/override.conf'), 'mine')
    const folder = new PkiFolder(root)
    assert.equal((await folder.ensureAuthority()).action, 'created')
    assert.equal((await losingNothing(root, () => folder.ensureServer(['b']))).action, 'created')
    assert.equal((await folder.ensureClient('alice')).action, 'created')
    await assertWhole(root)
    assert.deepEqual(
      (await folder.list()).map(({ kind }) => kind),
      ['ca', 'server', 'client'],
    )
  })

  test('a write that fails puts everything back', async (t) => {
    const { root, folder } = await initialised(t)
    // The new certificate can't be written where a dangling link has its name.
    await rename(join(root, 'server/server-cert.pem'), join(root, 'server/away'))
    await symlink('nowhere', join(root, 'server/server-cert.pem'))
    const names = await readdir(join(root, 'server'))
    const before = await readFile(join(root, 'server/server-key.pem'), 'utf8')
    await assert.rejects(folder.ensureServer(['build01', '10.0.0.4']), withCode('ERR_FILE_EXISTS', 'server-cert.pem'))
    assert.deepEqual(await readdir(join(root, 'server')), names)
    assert.equal(await readFile(join(root, 'server/server-key.pem'), 'utf8'), before)
  })
})

describe('runs at the same time', () => {
  test('make one authority, one server, and one of each client', async (t) => {
    for (const prepare of [false, true]) {
      const root = join(await temporaryFolder(t), 'out')
      if (prepare) await mkdir(join(root, 'ca'), { recursive: true })
      const runs = Array.from({ length: 6 }, async () => {
        const folder = new PkiFolder(root)
        const authority = await folder.ensureAuthority()
        const server = await folder.ensureServer(['build01'])
        const client = await folder.ensureClient('alice')
        return [authority, server, client].map(({ action, facts }) => ({ action, print: facts.fingerprint256 }))
      })
      const results = await Promise.all(runs)
      for (const step of [0, 1, 2]) {
        const prints = new Set(results.map((result) => result[step]?.print))
        assert.equal(prints.size, 1)
        assert.equal(results.filter((result) => result[step]?.action === 'created').length, 1)
      }
      await assertWhole(root)
      assert.equal([...(await filesIn(root)).keys()].filter((path) => DATED.test(path)).length, 0)
    }
  })

  test('that both restore the ca.pem of a client: the second one finds that of the first', async (t) => {
    const root = join(await temporaryFolder(t), 'out')
    const folder = new PkiFolder(root)
    await folder.ensureAuthority()
    const { paths } = await folder.ensureClient('alice')
    const ca = await readFile(paths.ca, 'utf8')
    await rm(paths.ca)
    const { link } = promises
    t.mock.method(promises, 'link', async (from: string, to: string) => {
      if (to === paths.ca) await writeFile(to, ca, { flag: 'wx' })
      await link(from, to)
    })
    const { action } = await folder.ensureClient('alice')
    assert.equal(action, 'kept')
    assert.equal(await readFile(paths.ca, 'utf8'), ca)
  })

  test('in other processes too', async (t) => {
    const root = join(await temporaryFolder(t), 'out')
    const codes = await Promise.all([1, 2, 3].map(async () => (await once(runChild(root, INIT), 'close'))[0] as number))
    assert.deepEqual(codes, [0, 0, 0])
    await assertWhole(root)
    assert.equal((await new PkiFolder(root).list()).filter(({ path }) => path !== undefined).length, 3)
  })

  test('that are killed at any moment leave what the next run completes, and lose nothing', async (t) => {
    const root = join(await temporaryFolder(t), 'out')
    const seen = new Set<string>()
    for (const delay of [0, 3, 9, 20, 45, 90]) {
      const child = runChild(root, RENEW)
      await once(child.stdout, 'data')
      await wait(delay)
      child.kill('SIGKILL')
      await once(child, 'close')
      const folder = new PkiFolder(root)
      await folder.ensureAuthority()
      await folder.ensureServer(['build01'])
      await folder.ensureClient('alice')
      await assertWhole(root)
      const texts = new Set([...(await filesIn(root)).values()].map(digest))
      for (const key of seen) assert.ok(texts.has(key))
      for (const [path, text] of await filesIn(root)) if (path.includes('key.pem')) seen.add(digest(text))
    }
    assert.equal((await new PkiFolder(root).list()).filter(({ kind }) => kind === 'ca').length, 1)
  })
})

function entry(name: string): LedgerEntry {
  const date = '2026-01-01T00:00:00.000Z'
  const dates = { notBefore: date, notAfter: date, issuedAt: date }
  return { serial: '01', kind: 'client', name, sans: [], fingerprint256: 'AA', ...dates, keyType: 'p256' }
}

async function namesIn(path: string): Promise<string[]> {
  return (await readLedger(path)).map(({ name }) => name)
}

test('capital letters in the names of a certificate do not change its names', async (t) => {
  const { root, folder } = await initialised(t)
  const authority = await folder.openAuthority()
  const keys = await generateKeys('p256')
  const names = parseServerNames(['build01', '10.0.0.4']).map((name) => ({ ...name, value: name.value.toUpperCase() }))
  const x509 = authority.sign({
    subject: distinguishedName('BUILD01'),
    keys,
    period: periodOf(1, authority.facts),
    extensions: leafExtensions(keys, authority.keyId, 'serverAuth', names),
  })
  await writeFile(join(root, 'server/server-cert.pem'), x509.toString())
  await writeFile(join(root, 'server/server-key.pem'), keys.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  assert.equal((await folder.ensureServer(['build01', '10.0.0.4'])).action, 'kept')
  await refuseOtherServer(root, ['build01'])
})

describe('the ledger', () => {
  test('has a line for everything that was issued', async (t) => {
    const { root, folder } = await initialised(t)
    const [ca, server, client] = await folder.list()
    const cert = new X509Certificate(await readFile(join(root, 'server/server-cert.pem')))
    assert.deepEqual(
      { ...server, issuedAt: '' },
      {
        serial: cert.serialNumber,
        kind: 'server',
        name: 'build01',
        sans: ['build01', 'localhost', '10.0.0.4', '127.0.0.1', '::1'],
        fingerprint256: cert.fingerprint256,
        notBefore: new Date(cert.validFrom).toISOString(),
        notAfter: new Date(cert.validTo).toISOString(),
        issuedAt: '',
        keyType: 'p256',
        path: join(root, 'server/server-cert.pem'),
      },
    )
    assert.deepEqual([ca?.kind, client?.kind, client?.name], ['ca', 'client', 'alice'])
    assert.ok(Math.abs(Date.parse(client?.issuedAt ?? '') - Date.now()) < 60_000)
    const lines = (await readFile(join(root, 'ca/ledger.jsonl'), 'utf8')).split('\n')
    assert.equal(lines.length, 4)
    assert.equal(lines.at(-1), '')
  })

  test('a line that a crash cut off is passed over, now and when others follow', async (t) => {
    const path = join(await temporaryFolder(t), 'ledger.jsonl')
    assert.deepEqual(await namesIn(path), [])
    const whole = JSON.stringify(entry('cut'))
    for (const length of [1, 2, 20, whole.length - 1]) {
      await rm(path, { force: true })
      await appendToLedger(path, entry('a'))
      await appendFile(path, whole.slice(0, length))
      assert.deepEqual(await namesIn(path), ['a'])
      await appendToLedger(path, entry('b'))
      await appendToLedger(path, entry('c'))
      assert.deepEqual(await namesIn(path), ['a', 'b', 'c'])
    }
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    // Cut between the line and its end: nothing of it is missing.
    await appendFile(path, whole)
    assert.deepEqual(await namesIn(path), ['a', 'b', 'c', 'cut'])
    await appendToLedger(path, entry('d'))
    assert.deepEqual(await namesIn(path), ['a', 'b', 'c', 'cut', 'd'])
  })

  test('a line in the middle that is broken is named', async (t) => {
    const path = join(await temporaryFolder(t), 'ledger.jsonl')
    const good = JSON.stringify(entry('a'))
    const rows = [
      ['x', 'not JSON'],
      [good.slice(0, -5), 'not JSON'],
      ['7', 'not an object'],
      ['null', 'not an object'],
      ['{}', '"serial"'],
      [JSON.stringify({ ...entry('a'), kind: 'x' }), '"kind" is "x"'],
      [JSON.stringify({ ...entry('a'), sans: [1] }), '"sans"'],
      [JSON.stringify({ ...entry('a'), name: 1 }), '"name"'],
      [JSON.stringify({ ...entry('a'), notAfter: 'soon' }), '"notAfter" is not a date'],
    ] as const
    for (const [line, words] of rows) {
      await writeFile(path, `${good}\n${line}\n${good}\n`)
      await assert.rejects(readLedger(path), withCode('ERR_LEDGER_INVALID', `line 2 of ${path}`, words))
    }
    await writeFile(path, `\n${good}\n\n${good}`)
    assert.deepEqual(await namesIn(path), ['a', 'a'])
  })

  test('gets one line for a certificate in two places', async (t) => {
    const { root } = await initialised(t)
    // As at the end of a rotation.
    await mkdir(join(root, 'ca/next'))
    await copyFile(join(root, 'ca/ca.pem'), join(root, 'ca/next/ca.pem'))
    const path = join(root, 'ca/ledger.jsonl')
    await rm(path)
    const { adopted } = await adoptCertificates(root, { dryRun: false, acceptChanges: false })
    assert.deepEqual(
      adopted.map(({ kind }) => kind),
      ['ca', 'server', 'client'],
    )
    assert.equal((await readLedger(path)).length, 3)
  })

  test('many that write at once lose nothing, after a crash too', async (t) => {
    const path = join(await temporaryFolder(t), 'ledger.jsonl')
    await writeFile(path, '{"serial":"0')
    const all = Array.from({ length: 40 }, (_, index) => `n${index}`)
    await Promise.all(all.map((name) => appendToLedger(path, entry(name))))
    assert.deepEqual((await namesIn(path)).toSorted(), all.toSorted())
  })

  test('is no reason not to list the rest, where a certificate is damaged', async (t) => {
    const { root, folder } = await initialised(t)
    await writeFile(join(root, 'server/server-cert.pem'), 'x')
    assert.deepEqual(
      (await folder.list()).map(({ path }) => path !== undefined),
      [true, false, true],
    )
  })
})

test("a client's files that are not there", async (t) => {
  const { root, folder } = await initialised(t)
  await assert.rejects(
    folder.readClient('bob'),
    withCode('ERR_CLIENT_NOT_FOUND', 'only client is alice', `cert client bob --dir ${root}`),
  )
  await rm(join(root, 'clients/alice/key.pem'))
  await assert.rejects(
    folder.readClient('alice'),
    withCode('ERR_PKI_FILE_INVALID', join(root, 'clients/alice/key.pem')),
  )
  await rm(join(root, 'clients'), { recursive: true })
  await assert.rejects(folder.readClient('alice'), withCode('ERR_CLIENT_NOT_FOUND', 'no clients'))
  assert.deepEqual(await folder.clients(), [])
})

const INIT = `await folder.ensureAuthority(); await folder.ensureServer(['build01']); await folder.ensureClient('alice')`
const RENEW = `console.log('go'); ${INIT}
  for (;;) { await folder.ensureServer(['build01'], { renew: true }); await folder.ensureClient('alice', { renew: true }) }`

function runChild(root: string, script: string): ReturnType<typeof spawn> & { stdout: NodeJS.ReadableStream } {
  const index = pathToFileURL(join(import.meta.dirname, '../../lib/pki.ts')).href
  const code = `import { PkiFolder } from ${JSON.stringify(index)}
    const folder = new PkiFolder(${JSON.stringify(root)})
    ${script}`
  const args = [...TYPESCRIPT, '--input-type=module', '-e', code]
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function pick({ cert, key }: { cert: string; key: string }): Record<string, string> {
  return { cert, key }
}
