import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { connect, createServer, type TLSSocket } from 'node:tls'
import {
  createAuthority,
  exportPkcs12,
  issueClient,
  issueServer,
  KEY_TYPES,
  signRequest,
  type Authority,
  type IssuedCertificate,
} from '../../lib/pki.ts'
import { deriveMacKey } from '../../lib/pki/pkcs12-mac.ts'
import { runCommand, type CommandResult } from '../support/command.ts'
import { leaksOf, tracesOf } from '../support/leaks.ts'
import { encryptKey, makeKey } from '../support/openssl-certs.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'
import { withCode } from './support/expect.ts'
import { opensslRequest } from './support/requests.ts'

const PASSPHRASE = 'correct horse battery'

interface Parts {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

let authority: Authority
let server: IssuedCertificate
let parts: Parts
/** The file of these parts, made once: each takes a second. */
let exported: Buffer
before(async () => {
  authority = await createAuthority()
  server = await issueServer(authority, { names: ['localhost'] })
  parts = await clientOf('p256', undefined)
  exported = await exportPkcs12({ ...parts, passphrase: PASSPHRASE, name: 'alice' })
})

async function clientOf(type: (typeof KEY_TYPES)[number] | 'p521', t: Cleanable | undefined): Promise<Parts> {
  if (type === 'p521') {
    const key = await makeKey('p521')
    const { ca, cert } = await signRequest(authority, await opensslRequest(t ?? { after: () => undefined }, { key }))
    return { ca, cert, key }
  }
  const { ca, cert, key } = await issueClient(authority, { name: 'alice', keyType: type })
  return { ca, cert, key }
}

async function fileOf(t: Cleanable, bytes: Buffer): Promise<string> {
  const path = join(await temporaryFolder(t), 'alice.p12')
  await writeFile(path, bytes, { mode: 0o600 })
  return path
}

function openssl(path: string, passphrase: string, ...words: readonly string[]): Promise<CommandResult> {
  const env = { PASSPHRASE: passphrase }
  return runCommand('openssl', ['pkcs12', '-in', path, '-passin', 'env:PASSPHRASE', ...words], { env })
}

async function pk12util(path: string, passphrase: string): Promise<CommandResult> {
  await writeFile(`${path}.pass`, passphrase)
  return runCommand('pk12util', ['-l', path, '-w', `${path}.pass`])
}

/** Into a store of NSS, and the certificate from there again. */
async function importInto(folder: string, path: string): Promise<CommandResult> {
  const store = ['-d', `sql:${folder}`]
  await writeFile(`${path}.pass`, PASSPHRASE)
  assert.equal((await runCommand('certutil', ['-N', '--empty-password', ...store])).code, 0)
  const imported = await runCommand('pk12util', ['-i', path, '-w', `${path}.pass`, ...store])
  return imported.code === 0 ? runCommand('certutil', ['-L', '-n', 'alice', ...store]) : imported
}

/** Who a server sees that asks for a certificate of the authority. */
async function seenBy(pfx: Buffer, passphrase: string): Promise<string> {
  const listener = createServer(
    { cert: server.cert, key: server.key, ca: authority.certificate, requestCert: true, rejectUnauthorized: true },
    (socket) => socket.end(String(socket.getPeerCertificate().subject.CN)),
  )
  listener.on('tlsClientError', () => undefined).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  try {
    // Its ca bags are what the server is verified by.
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', servername: 'localhost', pfx, passphrase })
    let seen = ''
    for await (const chunk of socket) seen += String(chunk)
    return seen
  } finally {
    listener.close()
  }
}

for (const type of [...KEY_TYPES, 'p521'] as const) {
  test(`${type}: openssl, NSS and node:tls read it`, { skip: lacks('openssl', 'pk12util') }, async (t) => {
    const { ca, cert, key } = await clientOf(type, t)
    const bytes = await exportPkcs12({ ca, cert, key, passphrase: PASSPHRASE, name: 'alice' })
    const path = await fileOf(t, bytes)
    const { code, stdout, stderr } = await openssl(path, PASSPHRASE, '-info', '-noenc')
    assert.equal(code, 0, stderr)
    assert.match(stderr, /^MAC: sha256, Iteration 600000/m)
    assert.equal(stderr.match(/PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256/g)?.length, 2, stderr)
    const pems = stdout.match(/-----BEGIN [^]*?-----END .*-----\n/g) ?? []
    const [first = '', second = ''] = pems.filter((pem) => pem.includes('CERTIFICATE'))
    assert.equal(new X509Certificate(first).fingerprint256, new X509Certificate(cert).fingerprint256)
    assert.equal(new X509Certificate(second).fingerprint256, new X509Certificate(ca).fingerprint256)
    const found = createPrivateKey(pems.find((pem) => pem.includes('PRIVATE KEY')) ?? '')
    assert.ok(found.equals(createPrivateKey(key)))
    assert.equal(stdout.match(/friendlyName: alice/g)?.length, 2, 'of the key and of its certificate')
    assert.equal(new Set(stdout.match(/localKeyID: .*/g)).size, 1)
    assert.equal(stdout.match(/localKeyID: /g)?.length, 2)
    assert.equal(await seenBy(bytes, PASSPHRASE), 'alice')
    // NSS lists an Ed25519 key, and takes none.
    const nss = await importInto(await temporaryFolder(t), path)
    assert.equal(nss.code === 0, type !== 'ed25519', `${nss.stdout}${nss.stderr}`)
  })
}

describe('a passphrase', { skip: lacks('openssl', 'pk12util') }, () => {
  test('that is wrong opens nothing', async (t) => {
    const path = await fileOf(t, exported)
    assert.notEqual((await openssl(path, 'wrong', '-noout')).code, 0)
    assert.notEqual((await openssl(path, '', '-noout')).code, 0)
    assert.notEqual((await pk12util(path, 'wrong')).code, 0)
    await assert.rejects(seenBy(exported, 'wrong'))
  })

  for (const passphrase of ['a', 'Grüße, мир: 日本', 'x'.repeat(1024), ' with blanks ', '\u{1F511}key']) {
    test(`${passphrase.slice(0, 16)} is the same to everybody`, async (t) => {
      const bytes = await exportPkcs12({ ...parts, passphrase: Buffer.from(passphrase), name: 'Grüße \u{1F511}' })
      assert.equal(await seenBy(bytes, passphrase), 'alice')
      const path = await fileOf(t, bytes)
      assert.equal((await openssl(path, passphrase, '-noout')).code, 0)
      assert.equal((await pk12util(path, passphrase)).code, 0)
    })
  }

  const BAD: readonly (readonly [string, string | Uint8Array, string])[] = [
    ['an empty one', '', 'is empty'],
    ['no bytes', Buffer.alloc(0), 'is empty'],
    ['one that is too long', 'x'.repeat(1025), 'has 1025 bytes'],
    ['a zero', 'a\0b', 'cannot be typed'],
    ['half a character', 'a\ud83d', 'cannot be typed'],
    ['bytes that are no UTF-8', Buffer.of(0xff, 0xfe), 'not UTF-8'],
  ]
  for (const [what, passphrase, words] of BAD) {
    test(`is refused: ${what}`, async () => {
      await assert.rejects(exportPkcs12({ ...parts, passphrase }), withCode('ERR_PKCS12_PASSPHRASE', words))
    })
  }
})

test('a byte that is changed is noticed', { skip: lacks('openssl') }, async (t) => {
  for (const at of [Math.floor(exported.length / 4), Math.floor(exported.length / 2)]) {
    const changed = Buffer.from(exported)
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.notEqual((await openssl(await fileOf(t, changed), PASSPHRASE, '-noout')).code, 0)
  }
})

test('the derivation is that of OpenSSL', { skip: lacks('openssl') }, async () => {
  for (const [passphrase, rounds] of [
    ['smeg', 1],
    ['a passphrase that takes more than one block of sixty-four bytes', 2000],
  ] as const) {
    const salt = Buffer.from('0102030405060708', 'hex')
    const key = await deriveMacKey(passphrase, salt, rounds)
    assert.equal(key.toString('hex'), await opensslKdf(passphrase, salt, rounds))
  }
})

async function opensslKdf(passphrase: string, salt: Buffer, rounds: number): Promise<string> {
  const password = Buffer.from(`${passphrase}\0`, 'utf16le').swap16().toString('hex')
  const options = ['digest:SHA256', `hexpass:${password}`, `hexsalt:${salt.toString('hex')}`, `iter:${rounds}`, 'id:3']
  const { code, stdout, stderr } = await runCommand('openssl', [
    'kdf',
    '-keylen',
    '32',
    ...options.flatMap((option) => ['-kdfopt', option]),
    'PKCS12KDF',
  ])
  assert.equal(code, 0, stderr)
  return stdout.trim().replaceAll(':', '').toLowerCase()
}

test('intermediate CAs and several authorities come along', { skip: lacks('openssl') }, async (t) => {
  const other = await createAuthority()
  const ca = parts.ca + other.certificate
  const path = await fileOf(
    t,
    await exportPkcs12({ ...parts, cert: parts.cert + other.certificate, ca, passphrase: 'abc' }),
  )
  const { stdout } = await openssl(path, 'abc', '-nokeys')
  assert.equal(stdout.match(/BEGIN CERTIFICATE/g)?.length, 4)
})

test('what does not go together, and what is not known, is refused', { skip: lacks('openssl') }, async () => {
  const passphrase = PASSPHRASE
  const bob = await issueClient(authority, { name: 'bob' })
  const traces = tracesOf({ bob: bob.key, alice: parts.key, passphrase })
  const rows: readonly (readonly [Partial<Parts>, string])[] = [
    [{ key: bob.key }, 'it does not match the certificate'],
    [{ key: await encryptKey(parts.key, 'x', 'pkcs8') }, 'it is encrypted'],
    [{ key: parts.cert }, 'not a private key'],
    [{ key: parts.key.slice(0, 90) }, 'not a private key'],
    [{ cert: parts.key }, 'contains no certificate'],
    [{ cert: parts.cert.slice(0, 90) }, 'cut short'],
    [{ ca: '' }, 'contains no certificate'],
  ]
  for (const [change, words] of rows) {
    const error = await exportPkcs12({ ...parts, ...change, passphrase }).catch((thrown: unknown) => thrown)
    assert.ok(withCode('ERR_CERTIFICATE_INVALID', words)(error))
    assert.deepEqual(leaksOf(error, traces), [])
  }
  await assert.rejects(
    exportPkcs12({ ...parts, passphrase, friendlyName: 'x' } as never),
    withCode('ERR_OPTION_UNKNOWN'),
  )
  await assert.rejects(exportPkcs12({ ...parts } as never), withCode('ERR_ARGUMENT_INVALID'))
  await assert.rejects(exportPkcs12({ ...parts, passphrase, name: 5 } as never), withCode('ERR_ARGUMENT_INVALID'))
})

test('the file shows neither the key nor a name', () => {
  const bytes = exported
  assert.deepEqual(leaksOf(bytes.toString('base64'), tracesOf({ key: parts.key })), [])
  assert.ok(!bytes.includes('docker-mtls CA'))
  assert.ok(!bytes.includes(new X509Certificate(parts.cert).raw.subarray(20, 60)))
})

test('whatever else the process does goes on', async () => {
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  await deriveMacKey(PASSPHRASE, Buffer.alloc(16), 600_000)
  clearInterval(timer)
  assert.ok(turns >= 10, `${turns}`)
})
