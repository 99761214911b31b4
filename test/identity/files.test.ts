import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { appendFile, chmod, mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import type { IdentityErrorCode } from '../../lib/base/errors.ts'
import { loadIdentity } from '../../lib/identity/identity.ts'
import { lacks } from '../support/requirements.ts'
import { makeCa, makeClient, writeIdentity, type Made } from '../support/openssl-certs.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { refused } from './support/refusals.ts'

const needs = { skip: lacks('openssl') }
const REQUEST = '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n'
const PUBLIC_KEY = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'
const SSH_KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n'
const GARBLED_KEY = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'

let ca: Made
let alice: Made
before(async () => {
  if (needs.skip !== false) return
  ca = await makeCa()
  alice = await makeClient(ca)
})

function utf16(text: string): Buffer {
  return Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')])
}

type Change = (path: string) => Promise<unknown>

function holding(contents: () => string | Uint8Array): Change {
  return (path) => writeFile(path, contents())
}

/** Root reads whatever it likes: another user has to try. */
async function withoutPrivileges(action: () => Promise<void>): Promise<void> {
  const root = process.geteuid?.() === 0
  if (root) process.seteuid?.(65_534)
  try {
    await action()
  } finally {
    if (root) process.seteuid?.(0)
  }
}

describe('one file is not what it should be', needs, () => {
  const NOT_PEM = 'ERR_IDENTITY_NOT_PEM'
  const rows: [what: string, files: string[], change: Change, code: IdentityErrorCode, says: RegExp][] = [
    [
      'missing',
      ['ca', 'cert', 'key'],
      (path) => rm(path),
      'ERR_IDENTITY_FILE_MISSING',
      /there is no such file[\s\S]*the folder that holds ca\.pem, cert\.pem and key\.pem.* {2}docker-mtls client export NAME --out NAME\.tar$/,
    ],
    [
      'a link to nowhere',
      ['ca', 'cert', 'key'],
      async (path) => {
        await rm(path)
        await symlink('/nonexistent/x', path)
      },
      'ERR_IDENTITY_FILE_MISSING',
      /no such file/,
    ],
    [
      'a link to itself',
      ['key'],
      async (path) => {
        await rm(path)
        await symlink(path, path)
      },
      'ERR_IDENTITY_FILE_UNREADABLE',
      /too many symbolic links/,
    ],
    [
      'a folder',
      ['ca', 'cert', 'key'],
      async (path) => {
        await rm(path)
        await mkdir(path)
      },
      'ERR_IDENTITY_FILE_UNREADABLE',
      /it is a folder, not a file/,
    ],
    [
      'a pipe',
      ['key'],
      async (path) => {
        await rm(path)
        await promisify(execFile)('mkfifo', [path])
      },
      'ERR_IDENTITY_FILE_UNREADABLE',
      /not a regular file/,
    ],
    ['empty', ['ca', 'cert', 'key'], (path) => truncate(path), NOT_PEM, /it is empty, where a/],
    ['blank', ['cert'], holding(() => ' \n\n'), NOT_PEM, /it is empty/],
    ['words', ['ca', 'cert', 'key'], holding(() => 'hello, world\n'), NOT_PEM, /it is not PEM: it has no BEGIN line/],
    ['far too large', ['ca'], (path) => truncate(path, 5_000_000), NOT_PEM, /it has 5000000 bytes/],
    [
      'cut short',
      ['ca', 'cert', 'key'],
      (path) => truncate(path, 100),
      NOT_PEM,
      /it is cut short: its block [A-Z ]+ has no END line/,
    ],
    ['UTF-16', ['ca', 'cert', 'key'], holding(() => utf16(ca.cert)), NOT_PEM, /UTF-16/],
    ['UTF-16 without a mark', ['key'], holding(() => utf16(alice.key).subarray(2)), NOT_PEM, /UTF-16/],
    [
      'DER',
      ['cert', 'ca'],
      holding(() => new X509Certificate(alice.cert).raw),
      NOT_PEM,
      /it is binary \(DER or PKCS#12\)/,
    ],
    [
      'one line',
      ['cert', 'key'],
      holding(() => alice.key.replaceAll('\n', '\\n')),
      NOT_PEM,
      /it is PEM without its line breaks/,
    ],
    ['a path', ['cert'], holding(() => '../certs/cert.pem'), NOT_PEM, /it is a path/],
    [
      'a key',
      ['ca', 'cert'],
      holding(() => alice.key),
      NOT_PEM,
      /it holds a private key, where a certificate should be/,
    ],
    [
      'a certificate',
      ['key'],
      holding(() => alice.cert),
      NOT_PEM,
      /it holds a certificate, where a private key should be/,
    ],
    [
      'a request',
      ['cert'],
      holding(() => REQUEST),
      NOT_PEM,
      /a certificate request, which no CA has signed yet, where/,
    ],
    ['a public key', ['key'], holding(() => PUBLIC_KEY), NOT_PEM, /it holds a public key, where a private/],
    ["ssh's key", ['key'], holding(() => SSH_KEY), NOT_PEM, /an OpenSSH key/],
    [
      "openssl's own form",
      ['ca'],
      holding(() => ca.cert.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE')),
      NOT_PEM,
      /BEGIN TRUSTED CERTIFICATE/,
    ],
    [
      'garbled',
      ['ca', 'cert', 'key'],
      holding(() => GARBLED_KEY.replaceAll('PRIVATE KEY', 'CERTIFICATE').replace('AAAA', 'A?AA')),
      NOT_PEM,
      /garbled/,
    ],
    [
      'no certificate inside',
      ['ca', 'cert'],
      holding(() => GARBLED_KEY.replaceAll('PRIVATE KEY', 'CERTIFICATE')),
      'ERR_IDENTITY_CERT_INVALID',
      /it is not an X\.509 certificate/,
    ],
    ['no key inside', ['key'], holding(() => GARBLED_KEY), 'ERR_IDENTITY_KEY_INVALID', /the key can't be read/],
    ['two keys', ['key'], (path) => appendFile(path, ca.key), 'ERR_IDENTITY_KEY_INVALID', /it holds 2 private keys/],
  ]
  for (const [what, files, change, code, says] of rows) {
    for (const file of files) {
      test(`${file}.pem is ${what}: ${code}`, async (t) => {
        const folder = await temporaryFolder(t)
        await writeIdentity(folder, { ca: ca.cert, ...alice })
        const path = join(folder, `${file}.pem`)
        await change(path)
        await refused(() => loadIdentity(folder), {
          code,
          says: [new RegExp(`reading (certificate 1 of )?${path}: `), says],
        })
      })
    }
  }

  test('a file that this user may not read', { skip: process.platform === 'win32' }, async (t) => {
    const folder = await temporaryFolder(t)
    await writeIdentity(folder, { ca: ca.cert, ...alice })
    await chmod(folder, 0o755)
    await chmod(join(folder, 'key.pem'), 0)
    const code = 'ERR_IDENTITY_FILE_UNREADABLE'
    await withoutPrivileges(() =>
      refused(() => loadIdentity(folder), { code, says: /this user may not read it[^]*chown/ }),
    )
    await chmod(folder, 0o600)
    await withoutPrivileges(() => refused(() => loadIdentity(folder), { code, says: /ca\.pem: this user may not/ }))
    await chmod(folder, 0o700)
  })
})

describe('the folder', needs, () => {
  test('that is not there, or is a file', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'file'), '')
    const code = 'ERR_IDENTITY_FILE_MISSING'
    await refused(() => loadIdentity(join(folder, 'no')), {
      code,
      says: new RegExp(`reading the folder ${folder}/no: there is no such folder`),
    })
    await refused(() => loadIdentity(join(folder, 'file')), { code, says: /it is a file, not a folder/ })
    await refused(() => loadIdentity(join(folder, 'file', 'below')), { code, says: /no such folder/ })
    await refused(() => loadIdentity('x'.repeat(5000)), { code: 'ERR_IDENTITY_FILE_UNREADABLE', says: /name too long/ })
  })

  test('with cert.pem and key.pem in the place of each other', async (t) => {
    const folder = await temporaryFolder(t)
    const swapped = { ca: ca.cert, cert: alice.key, key: alice.cert }
    await writeIdentity(folder, swapped)
    const says = /cert.* and .*key.*: the first holds a private key, and the second a certificate\.\nSwap the two\.$/
    await refused(() => loadIdentity(folder), { code: 'ERR_IDENTITY_NOT_PEM', says })
    await refused(() => loadIdentity(swapped), { code: 'ERR_IDENTITY_NOT_PEM', says })
    // In a key file of both, nothing is in the place of the other.
    await refused(() => loadIdentity({ ...swapped, key: alice.cert + alice.key }), {
      code: 'ERR_IDENTITY_NOT_PEM',
      says: /it holds a private key, where a certificate should be/,
    })
  })

  test('by a relative path stays the same folder when the process moves', async (t) => {
    const folder = await temporaryFolder(t)
    await writeIdentity(folder, { ca: ca.cert, ...alice })
    const identity = await loadIdentity(relative(process.cwd(), folder))
    assert.equal(identity.source, folder)
    const workingDirectory = process.cwd()
    process.chdir('/')
    t.after(async () => process.chdir(workingDirectory))
    await writeFile(join(folder, 'ca.pem'), ca.cert + ca.cert)
    assert.equal((await identity.current()).authorities.length, 2)
  })

  test('a key that others may read is a warning', { skip: process.platform === 'win32' }, async (t) => {
    const folder = await temporaryFolder(t)
    await writeIdentity(folder, { ca: ca.cert, ...alice })
    const warningsAt = async (mode: number): Promise<string> => {
      await chmod(join(folder, 'key.pem'), mode)
      return (await loadIdentity(folder)).warnings.join()
    }
    for (const mode of [0o600, 0o400, 0o700]) assert.equal(await warningsAt(mode), '')
    for (const mode of [0o644, 0o640, 0o604, 0o620]) {
      assert.match(
        await warningsAt(mode),
        new RegExp(`key\\.pem \\(mode 0${mode.toString(8)}\\)\\. Restrict it:  chmod 600 ${folder}`),
      )
    }
  })

  test('with everything in order', async (t) => {
    const folder = await temporaryFolder(t)
    await writeIdentity(folder, { ca: ca.cert, ...alice })
    const identity = await loadIdentity(folder)
    assert.deepEqual([identity.source, identity.client.commonName, identity.warnings], [folder, 'alice', []])
    assert.deepEqual(
      identity.authorities.map(({ commonName }) => commonName),
      ['Test CA'],
    )
    assert.equal(await identity.current(), await identity.current())
  })
})
