import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { loadIdentity } from '../../lib/identity/identity.ts'
import { installClient } from '../../lib/keystore/client/install.ts'
import { requestClient } from '../../lib/keystore/client/request.ts'
import { createAuthority, createRequest, issueServer, signRequest } from '../../lib/pki.ts'
import { withCode } from '../pki/support/expect.ts'
import { runCommand } from '../support/command.ts'
import { leaksOf, tracesOf } from '../support/leaks.ts'
import { daysFromNow, encryptKey, makeCertificate } from '../support/openssl-certs.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'
import { modesOf, treeOf } from '../support/tree.ts'
import { startFakeDaemon } from './support/fake-daemon.ts'
import { runCli, runJson, runProcess, type Ran } from './support/run-cli.ts'

/** Two machines: the one with the authority, and the client's. */
interface Machines {
  readonly keys: string
  readonly laptop: string
  /** The client's folder. */
  readonly alice: string
  readonly request: string
  readonly answer: string
}

async function machines(t: Cleanable): Promise<Machines> {
  const root = await temporaryFolder(t)
  const keys = join(root, 'authority/docker-mtls')
  const laptop = join(root, 'laptop')
  const alice = join(laptop, 'build01')
  await mkdir(laptop)
  await succeeds('init', 'build01', '127.0.0.1', '--client', 'bob', '--out', keys)
  return { keys, laptop, alice, request: join(alice, 'alice.csr'), answer: join(root, 'alice.pem') }
}

async function succeeds(...argv: readonly string[]): Promise<Ran> {
  const ran = await runCli(argv)
  assert.equal(ran.code, 0, ran.stderr)
  return ran
}

async function fails(code: string, ...argv: readonly string[]): Promise<string> {
  const ran = await runCli(argv)
  assert.ok(ran.stderr.startsWith(`${code}: `), ran.stderr || ran.stdout)
  assert.notEqual(ran.code, 0)
  return ran.stderr
}

/** Both machines, up to a certificate that is in place. */
async function installed(t: Cleanable): Promise<Machines> {
  const all = await machines(t)
  const { keys, alice, request, answer } = all
  await succeeds('client', 'request', 'alice', '--out', alice)
  await succeeds('cert', 'sign', request, '--dir', keys, '--out', answer)
  await succeeds('client', 'install', answer, '--dir', alice)
  return all
}

describe('request, sign, install', () => {
  test('and a daemon takes the client, whose key never left', async (t) => {
    const { keys, alice, request, answer } = await machines(t)
    const daemon = await startFakeDaemon(keys)
    t.after(() => daemon.close())
    const asked = await succeeds('client', 'request', 'alice', '--out', alice)
    const signed = await succeeds('cert', 'sign', request, '--dir', keys, '--out', answer)
    const put = await succeeds('client', 'install', answer, '--dir', alice, '--host', daemon.url)
    const pinged = await succeeds('ping', '--dotenv', join(alice, '.env'))
    assert.match(pinged.stdout, /alice/)
    const key = await readFile(join(alice, 'key.pem'), 'utf8')
    const traces = tracesOf({ key })
    const sent = [await readFile(request, 'utf8'), await readFile(answer, 'utf8')]
    const authority = Object.values(await treeOf(keys)).map((file) => Buffer.from(file.split(' ')[2] ?? '', 'base64'))
    assert.deepEqual(leaksOf([asked, signed, put, pinged, sent, authority.map(String)], traces), [])
    assert.notDeepEqual(leaksOf(key, traces), [])
    assert.deepEqual(modesOf(await treeOf(alice)), {
      '.env': '0600',
      '.gitignore': '0644',
      'alice.csr': '0644',
      'ca.pem': '0644',
      'cert.pem': '0644',
      'key.pem': '0600',
    })
    assert.equal((await stat(alice)).mode & 0o777, 0o700)
  })

  test('both ends print the same fingerprint, and the steps that they name work', async (t) => {
    const { keys, laptop } = await machines(t)
    const here = { cwd: laptop }
    const asked = await runProcess(['client', 'request', 'alice'], here)
    const [, key = ''] = /SHA-256: ((?:[\dA-F]{2}:){31}[\dA-F]{2})$/m.exec(asked.stdout) ?? []
    assert.match(asked.stdout, /^ {2}docker-mtls cert sign alice\.csr$/m)
    assert.match(asked.stdout, /^ {2}docker-mtls client install alice\.pem$/m)
    await rename(join(laptop, 'docker-mtls-alice/alice.csr'), join(keys, '../alice.csr'))
    const signed = await runProcess(['cert', 'sign', 'alice.csr', '--fingerprint', key], { cwd: join(keys, '..') })
    assert.equal(signed.code, 0, signed.stderr)
    assert.ok(signed.stdout.includes(key))
    assert.match(signed.stdout, /^ {2}docker-mtls client install alice\.pem$/m)
    const [, ca] = /trusts servers of CN=.*, SHA-256 (\S+)$/m.exec(signed.stdout) ?? []
    await rename(join(keys, '../alice.pem'), join(laptop, 'alice.pem'))
    const put = await runProcess(['client', 'install', 'alice.pem'], here)
    assert.equal(put.code, 0, put.stderr)
    assert.ok(put.stdout.includes(`SHA-256 ${ca}`))
    assert.equal((await loadIdentity(join(laptop, 'docker-mtls-alice'))).client.commonName, 'alice')
    const listed = await runProcess(['cert', 'list'], { cwd: join(keys, '..') })
    assert.match(listed.stdout, /^client +alice .* in use$/m)
  })

  test('by pipes alone', async (t) => {
    const { keys, alice, request } = await machines(t)
    await succeeds('client', 'request', 'alice', '--out', alice)
    const input = await readFile(request)
    const signed = await runCli(['cert', 'sign', '-', '--dir', keys, '--out', '-'], { input })
    assert.equal(signed.code, 0, signed.stderr)
    assert.match(signed.stdout, /^-----BEGIN CERTIFICATE-----\n[^]*-----END CERTIFICATE-----\n$/)
    assert.match(signed.stderr, /its key's SHA-256: /)
    const put = await runCli(['client', 'install', '-', '--dir', alice], { input: signed.stdout })
    assert.equal(put.code, 0, put.stderr)
  })

  test('for programs', async (t) => {
    const { keys, alice, request, answer } = await machines(t)
    const asked = await runJson(['client', 'request', 'alice', '--out', alice])
    assert.deepEqual(Object.keys(asked), [
      'name',
      'action',
      'folder',
      'paths',
      'request',
      'keyType',
      'keyFingerprint256',
      'keptAside',
      'notes',
    ])
    assert.deepEqual(asked['paths'], { key: join(alice, 'key.pem'), request })
    assert.equal(asked['request'], await readFile(request, 'utf8'))
    const signed = await runJson(['cert', 'sign', request, '--dir', keys, '--out', answer, '--days', '30'])
    assert.equal(signed['keyFingerprint256'], asked['keyFingerprint256'])
    assert.equal(signed['answer'], await readFile(answer, 'utf8'))
    assert.equal((signed['certificate'] as { daysLeft: number }).daysLeft, 30)
    const put = await runJson(['client', 'install', answer, '--dir', alice])
    assert.deepEqual([put['action'], put['keyFingerprint256']], ['created', asked['keyFingerprint256']])
    assert.deepEqual(put['authorities'], signed['authorities'])
    const both = await runCli(['cert', 'sign', request, '--dir', keys, '--out', '-', '--json'])
    assert.equal(both.code, 2)
  })
})

describe('client request', () => {
  test('again keeps the key', async (t) => {
    const { alice, request } = await machines(t)
    await succeeds('client', 'request', 'alice', '--out', alice)
    const key = await readFile(join(alice, 'key.pem'), 'utf8')
    await rm(request)
    const { stdout } = await succeeds('client', 'request', 'alice', '--out', alice, '--key-type', 'rsa2048')
    assert.match(stdout, /\(unchanged\)/)
    assert.match(stdout, /Its key stays p256; to create another: .*--out .*build01 --force --key-type rsa2048/)
    assert.equal(await readFile(join(alice, 'key.pem'), 'utf8'), key)
    assert.ok((await stat(request)).isFile())
    assert.deepEqual((await readdir(alice)).toSorted(), ['.gitignore', 'alice.csr', 'key.pem'])
  })

  test('by force makes a new key, and the old one works until the answer is there', async (t) => {
    const { keys, alice, request, answer } = await installed(t)
    const old = await readFile(join(alice, 'key.pem'), 'utf8')
    const { stdout } = await succeeds('client', 'request', 'alice', '--out', alice, '--force', '--key-type', 'p384')
    assert.match(stdout, /The current key stays in use until the answer is installed/)
    assert.equal((await loadIdentity(alice)).client.key.curve, 'P-256')
    const next = await readFile(join(alice, 'next-key.pem'), 'utf8')
    assert.equal((await stat(join(alice, 'next-key.pem'))).mode & 0o777, 0o600)
    // Once more, without force: the same request of the same new key.
    await succeeds('client', 'request', 'alice', '--out', alice)
    assert.equal(await readFile(join(alice, 'next-key.pem'), 'utf8'), next)
    const refused = await fails('ERR_REQUEST_REFUSED', 'cert', 'sign', request, '--dir', keys, '--out', answer)
    assert.match(refused, /with another key.*\n.*--name OTHER.*--force/)
    await succeeds('cert', 'sign', request, '--dir', keys, '--out', answer, '--force')
    await succeeds('client', 'install', answer, '--dir', alice)
    assert.equal((await loadIdentity(alice)).client.key.curve, 'P-384')
    assert.equal(await readFile(join(alice, 'key.pem'), 'utf8'), next)
    const files = await readdir(alice)
    assert.ok(!files.includes('next-key.pem'))
    const aside = files.find((name) => name.startsWith('key.pem.'))
    assert.equal(await readFile(join(alice, aside ?? ''), 'utf8'), old)
    assert.equal((await stat(join(alice, 'key.pem'))).mode & 0o777, 0o600)
  })

  test('keeps a next key whose predecessor is gone', async (t) => {
    const { alice } = await installed(t)
    await succeeds('client', 'request', 'alice', '--out', alice, '--force')
    const next = await readFile(join(alice, 'next-key.pem'), 'utf8')
    await rm(join(alice, 'key.pem'))
    const again = await succeeds('client', 'request', 'alice', '--out', alice)
    assert.doesNotMatch(again.stdout, /stays in use/)
    assert.equal(await readFile(join(alice, 'next-key.pem'), 'utf8'), next)
    await succeeds('client', 'request', 'alice', '--out', alice, '--force')
    assert.notEqual(await readFile(join(alice, 'next-key.pem'), 'utf8'), next)
    assert.ok(!(await readdir(alice)).includes('key.pem'))
  })

  test('refuses the folder of somebody else, and a file that is something else', async (t) => {
    const { alice, request } = await installed(t)
    const before = await treeOf(alice)
    const refused = await fails('ERR_FILE_EXISTS', 'client', 'request', 'carol', '--out', alice, '--force')
    assert.match(refused, /belongs to alice/)
    await writeFile(request, 'my notes')
    await fails('ERR_FILE_EXISTS', 'client', 'request', 'alice', '--out', alice)
    assert.equal(await readFile(request, 'utf8'), 'my notes')
    await rm(request)
    await succeeds('client', 'request', 'alice', '--out', alice)
    assert.deepEqual(Object.keys(await treeOf(alice)), Object.keys(before))
  })

  test('says of a key that can not be used what would do', { skip: lacks('openssl') }, async (t) => {
    const { alice } = await machines(t)
    await succeeds('client', 'request', 'alice', '--out', alice)
    const path = join(alice, 'key.pem')
    for (const bad of [await encryptKey(await readFile(path, 'utf8'), 'x', 'pkcs8'), 'garbage']) {
      await writeFile(path, bad)
      const refused = await fails('ERR_PKI_FILE_INVALID', 'client', 'request', 'alice', '--out', alice)
      assert.ok(refused.includes(`docker-mtls client request alice --out ${alice} --force`), refused)
      assert.equal(await readFile(path, 'utf8'), bad)
    }
    await chmod(path, 0o644)
    await succeeds('client', 'request', 'alice', '--out', alice, '--force')
    assert.equal(await readFile(path, 'utf8'), 'garbage')
  })

  test('warns of a key that others can read', async (t) => {
    const { alice } = await machines(t)
    await succeeds('client', 'request', 'alice', '--out', alice)
    await chmod(join(alice, 'key.pem'), 0o644)
    const { stdout } = await succeeds('client', 'request', 'alice', '--out', alice)
    assert.match(stdout, /Other users can read .*key\.pem\. Restrict it: {2}chmod 600 \S+key\.pem/)
  })

  test('checks its arguments before it writes', async (t) => {
    const { alice, laptop } = await machines(t)
    await fails('ERR_NAME_INVALID', 'client', 'request', 'a.b', '--out', alice)
    await fails('ERR_USAGE', 'client', 'request', 'alice', '--key-type', 'dsa', '--out', alice)
    await writeFile(join(laptop, 'file'), '')
    await fails('ERR_FILE_WRITE', 'client', 'request', 'alice', '--out', join(laptop, 'file'))
    await assert.rejects(requestClient({ name: 'alice', out: alice } as never), withCode('ERR_OPTION_UNKNOWN'))
    assert.deepEqual(await readdir(laptop), ['file'])
  })

  test('of two at once, one key is made', async (t) => {
    const { alice } = await machines(t)
    const runs = await Promise.allSettled([1, 2, 3].map(() => requestClient({ name: 'alice', folder: alice })))
    const done = runs.flatMap((run) => (run.status === 'fulfilled' ? [run.value] : []))
    assert.ok(done.length >= 1)
    const key = await readFile(join(alice, 'key.pem'), 'utf8')
    const { keyFingerprint256 } = await createRequest({ name: 'alice', key })
    assert.ok(done.every((report) => report.action === 'kept' || report.keyFingerprint256 === keyFingerprint256))
  })
})

describe('cert sign', () => {
  test('refuses, and leaves everything as it was', async (t) => {
    const { keys, laptop, alice, request, answer } = await machines(t)
    await succeeds('client', 'request', 'alice', '--out', alice)
    const before = await treeOf(keys)
    const sign = (file: string, ...more: readonly string[]): readonly string[] => [
      'cert',
      'sign',
      file,
      '--dir',
      keys,
      '--out',
      answer,
      ...more,
    ]
    await fails('ERR_FILE_READ', ...sign(join(laptop, 'nothing.csr')))
    await fails('ERR_FILE_READ', ...sign(laptop))
    const key = await readFile(join(alice, 'key.pem'), 'utf8')
    const seen = await fails('ERR_REQUEST_INVALID', ...sign(join(alice, 'key.pem')))
    assert.match(seen, /it contains a private key/)
    assert.deepEqual(leaksOf(seen, tracesOf({ key })), [])
    await fails('ERR_REQUEST_INVALID', ...sign(join(keys, 'ca/ca.pem')))
    const text = await readFile(request, 'utf8')
    await writeFile(
      join(laptop, 'forged.csr'),
      text.replace(/\n(.)(?=[^\n]{10,})/, (_all, first) => `\n${first === 'M' ? 'N' : 'M'}`),
    )
    await fails('ERR_REQUEST_INVALID', ...sign(join(laptop, 'forged.csr')))
    await writeFile(join(laptop, 'huge.csr'), 'x'.repeat(2_000_000))
    await fails('ERR_FILE_READ', ...sign(join(laptop, 'huge.csr')))
    await fails('ERR_DAYS_INVALID', ...sign(request, '--days', '0'))
    await fails('ERR_DAYS_INVALID', ...sign(request, '--days', '4000'))
    await fails('ERR_REQUEST_REFUSED', ...sign(request, '--fingerprint', 'ab'.repeat(32)))
    await fails('ERR_ARGUMENT_INVALID', ...sign(request, '--fingerprint', 'ab'))
    await fails('ERR_NAME_INVALID', ...sign(request, '--name', 'a b'))
    await writeFile(answer, 'my notes')
    await fails('ERR_FILE_EXISTS', ...sign(request, '--force'))
    assert.equal(await readFile(answer, 'utf8'), 'my notes')
    assert.deepEqual(await treeOf(keys), before)
    const huge = await runCli(['cert', 'sign', '-', '--dir', keys], { input: Buffer.alloc(1_100_000) })
    assert.match(huge.stderr, /^ERR_FILE_READ: .*stdin/)
  })

  test('never writes over a key', async (t) => {
    const { keys, alice, request, laptop } = await machines(t)
    await succeeds('client', 'request', 'alice', '--out', alice)
    await succeeds('cert', 'sign', request, '--dir', keys, '--out', join(laptop, 'all.pem'))
    const all = (await readFile(join(laptop, 'all.pem'), 'utf8')) + (await readFile(join(alice, 'key.pem'), 'utf8'))
    await writeFile(join(laptop, 'all.pem'), all)
    await fails('ERR_FILE_EXISTS', 'cert', 'sign', request, '--dir', keys, '--out', join(laptop, 'all.pem'))
    assert.equal(await readFile(join(laptop, 'all.pem'), 'utf8'), all)
  })

  test('opens an encrypted authority, and says what is wrong with the passphrase', async (t) => {
    const { alice, request, answer, laptop } = await machines(t)
    const keys = join(laptop, 'locked')
    const secret = join(laptop, 'secret')
    await writeFile(secret, 'correct horse\n', { mode: 0o600 })
    await succeeds('cert', 'ca', '--dir', keys, '--encrypt', '--ca-passphrase-file', secret)
    await succeeds('client', 'request', 'alice', '--out', alice)
    const before = await treeOf(keys)
    await fails('ERR_CA_PASSPHRASE', 'cert', 'sign', request, '--dir', keys, '--out', answer)
    await writeFile(join(laptop, 'wrong'), 'wrong horse\n', { mode: 0o600 })
    const wrong = ['--ca-passphrase-file', join(laptop, 'wrong')]
    await fails('ERR_CA_PASSPHRASE', 'cert', 'sign', request, '--dir', keys, '--out', answer, ...wrong)
    assert.deepEqual(await treeOf(keys), before)
    const asked = await runCli(['cert', 'sign', request, '--dir', keys, '--out', answer], {
      tty: true,
      typed: ['wrong\r', 'correct horse\r'],
    })
    assert.equal(asked.code, 0, asked.stderr)
  })
})

/** Both machines, with a signed request, and the line that signs it again. */
async function signedOnce(t: Cleanable): Promise<Machines & { line: string[] }> {
  const all = await machines(t)
  await succeeds('client', 'request', 'alice', '--out', all.alice)
  const line = ['cert', 'sign', all.request, '--dir', all.keys, '--out', all.answer]
  await succeeds(...line)
  return { ...all, line }
}

describe('cert sign of a key that has a certificate already', () => {
  test('asks, and a no or nobody to ask signs nothing', async (t) => {
    const { keys, line, answer } = await signedOnce(t)
    const before = [await treeOf(keys), await readFile(answer, 'utf8')]
    const alone = await fails('ERR_CONFIRMATION_REQUIRED', ...line)
    assert.match(alone, /alice already has a certificate, until .*dockerd accepts both until they expire.*\n.*--yes/)
    await fails('ERR_CONFIRMATION_REQUIRED', ...line, '--force')
    await fails('ERR_DAYS_INVALID', ...line, '--days', '4000')
    const piped = await runCli([...line.with(2, '-'), '--json'], { input: await readFile(line[2] ?? '') })
    assert.equal((JSON.parse(piped.stdout) as { error: { code: string } }).error.code, 'ERR_CONFIRMATION_REQUIRED')
    const no = await runCli(line, { tty: true, typed: ['no\n'] })
    assert.deepEqual([no.code, no.stdout], [1, ''])
    assert.match(no.stderr, /Sign another\? \(yes or no\): .*Nothing was signed\./s)
    assert.deepEqual([await treeOf(keys), await readFile(answer, 'utf8')], before)
  })

  test('signs after a yes, or with --yes', async (t) => {
    const { keys, line } = await signedOnce(t)
    const yes = await runCli(line, { tty: true, typed: ['yes\n'] })
    assert.equal(yes.code, 0, yes.stderr)
    await succeeds(...line, '--yes')
    const list = ['cert', 'list', '--dir', keys]
    const { certificates } = await runJson<{ certificates: { name: string; state: string }[] }>(list)
    const states = certificates.flatMap(({ name, state }) => (name === 'alice' ? [state] : []))
    assert.deepEqual(states, ['replaced', 'replaced', 'in use'])
  })

  test('refuses before it asks', async (t) => {
    const { line } = await signedOnce(t)
    const other = ['--fingerprint', '00'.repeat(32)]
    await fails('ERR_REQUEST_REFUSED', ...line, ...other)
  })

  test("doesn't ask when the certificate is due, or for another name", async (t) => {
    const { line } = await signedOnce(t)
    await succeeds(...line.with(6, join(line[6] ?? '', '../bea.pem')), '--name', 'bea')
    t.mock.timers.enable({ apis: ['Date'], now: daysFromNow(300) })
    await succeeds(...line)
  })
})

describe('client install', () => {
  test('again changes nothing; a renewal keeps the old certificate beside', async (t) => {
    const { keys, alice, request, answer } = await installed(t)
    const before = await treeOf(alice)
    assert.equal((await runJson(['client', 'install', answer, '--dir', alice]))['action'], 'kept')
    assert.deepEqual(await treeOf(alice), before)
    await succeeds('client', 'request', 'alice', '--out', alice)
    await succeeds('cert', 'sign', request, '--dir', keys, '--out', answer, '--yes')
    const old = await readFile(join(alice, 'cert.pem'), 'utf8')
    const renewed = await runJson<{ action: string; keptAside: string[] }>([
      'client',
      'install',
      answer,
      '--dir',
      alice,
    ])
    assert.equal(renewed.action, 'replaced')
    assert.equal(renewed.keptAside.length, 1, 'ca.pem is the same')
    assert.equal(await readFile(renewed.keptAside[0] ?? '', 'utf8'), old)
    assert.ok((await readFile(answer, 'utf8')).startsWith(await readFile(join(alice, 'cert.pem'), 'utf8')))
  })

  test('a reader of the folder finds a complete identity at any moment', async (t) => {
    const { keys, alice, request, answer } = await installed(t)
    const stop = new AbortController()
    const reading = (async (reads = 0) => {
      for (; !stop.signal.aborted; reads++) await loadIdentity(alice)
      return reads
    })()
    for (let round = 0; round < 5; round++) {
      await succeeds('cert', 'sign', request, '--dir', keys, '--out', answer, '--yes')
      await succeeds('client', 'install', answer, '--dir', alice)
    }
    stop.abort()
    assert.ok((await reading) > 5)
  })

  test('refuses what does not belong there', async (t) => {
    const { keys, alice, request, answer, laptop } = await machines(t)
    await succeeds('client', 'request', 'alice', '--out', alice)
    await succeeds('cert', 'sign', request, '--dir', keys, '--out', answer)
    const before = await treeOf(alice)
    const install = (file: string, ...more: readonly string[]): readonly string[] => [
      'client',
      'install',
      file,
      '--dir',
      alice,
      ...more,
    ]
    const authority = await createAuthority()
    const server = await issueServer(authority, { names: ['build01'] })
    const forRequest = await signRequest(authority, await readFile(request))
    const good = await readFile(answer, 'utf8')
    const [leaf = '', ca = ''] = good.match(/-----BEGIN [^]*?-----END .*-----\n/g) ?? []
    const rows: readonly (readonly [string, string, RegExp])[] = [
      ['ERR_CERTIFICATE_INVALID', await readFile(request, 'utf8'), /it is the request, not the signed answer/],
      ['ERR_CERTIFICATE_INVALID', 'hello', /it contains no certificate/],
      ['ERR_CERTIFICATE_INVALID', good.slice(0, 200), /cut short/],
      ['ERR_CERTIFICATE_INVALID', leaf, /it does not contain the CA certificate/],
      ['ERR_CERTIFICATE_INVALID', ca, /0 client certificates/],
      ['ERR_CERTIFICATE_INVALID', leaf + leaf + ca, /2 client certificates/],
      ['ERR_CERTIFICATE_INVALID', good + (await readFile(join(alice, 'key.pem'), 'utf8')), /it contains a private key/],
      ['ERR_CERTIFICATE_INVALID', 'x'.repeat(300_000), /more than any answer has/],
      [
        'ERR_IDENTITY_KEY_MISMATCH',
        server.cert + server.ca,
        /the certificate is for the key [\dA-F:]+, and .*key\.pem is [\dA-F:]+/,
      ],
      ['ERR_IDENTITY_ISSUER', leaf + authority.certificate, /the certificate in .*x\.pem/],
      ['ERR_IDENTITY_ISSUER', forRequest.cert + ca, /cert sign NAME\.csr/],
    ]
    const file = join(laptop, 'x.pem')
    for (const [code, text, words] of rows) {
      await writeFile(file, text)
      const said = await fails(code, ...install(file))
      assert.match(said, words)
      assert.doesNotMatch(said, /the option|cert client/)
      assert.deepEqual(leaksOf(said, tracesOf({ key: await readFile(join(alice, 'key.pem'), 'utf8') })), [])
    }
    await fails('ERR_HOST_INVALID', ...install(answer, '--host', 'unix:///x'))
    assert.deepEqual(await treeOf(alice), before)
    const none = await fails('ERR_IDENTITY_FILE_MISSING', 'client', 'install', answer, '--dir', join(laptop, 'nowhere'))
    assert.match(none, /--dir DIR/)
    await assert.rejects(installClient({ answer: good, dir: alice } as never), withCode('ERR_OPTION_UNKNOWN'))
  })

  test('refuses a certificate that has ended, or that is for a server', { skip: lacks('openssl') }, async (t) => {
    const { keys, alice, request, laptop } = await machines(t)
    await succeeds('client', 'request', 'alice', '--out', alice)
    const key = await readFile(join(alice, 'key.pem'), 'utf8')
    const issuer = {
      cert: await readFile(join(keys, 'ca/ca.pem'), 'utf8'),
      key: await readFile(join(keys, 'ca/ca-key.pem'), 'utf8'),
    }
    const file = join(laptop, 'x.pem')
    const usual = { commonName: 'alice', key, issuer } as const
    for (const [code, options] of [
      ['ERR_IDENTITY_EXPIRED', { from: daysFromNow(-9), to: daysFromNow(-2), purposes: ['clientAuth'] }],
      ['ERR_IDENTITY_PURPOSE', { purposes: ['serverAuth'] }],
    ] as const) {
      const { cert } = await makeCertificate({ ...usual, ...options })
      await writeFile(file, cert + issuer.cert)
      assert.match(await fails(code, 'client', 'install', file, '--dir', alice), /x\.pem/)
    }
    assert.ok(
      (await readdir(alice)).every((name) => ['.gitignore', 'key.pem', 'alice.csr'].includes(name)),
      request,
    )
  })

  test('takes another authority only by force, and one that joins the old one freely', async (t) => {
    const { keys, alice, request, answer, laptop } = await installed(t)
    const other = await createAuthority()
    const forged = await signRequest(other, await readFile(request))
    const file = join(laptop, 'other.pem')
    await writeFile(file, forged.cert + forged.ca)
    const before = await treeOf(alice)
    const said = await fails('ERR_CA_EXISTS', 'client', 'install', file, '--dir', alice)
    assert.ok(said.includes(other.facts.fingerprint256) && said.includes(other.facts.subject))
    const first = new X509Certificate(await readFile(join(keys, 'ca/ca.pem')))
    assert.ok(said.includes(first.fingerprint256))
    assert.deepEqual(await treeOf(alice), before)
    // As while a CA is rotated.
    await writeFile(file, forged.cert + forged.ca + first.toString())
    const joined = await succeeds('client', 'install', file, '--dir', alice)
    assert.ok(joined.stdout.includes(`New in ca.pem: ${other.facts.subject} (SHA-256 ${other.facts.fingerprint256})`))
    await writeFile(file, forged.cert + forged.ca)
    const dropped = await succeeds('client', 'install', file, '--dir', alice)
    assert.match(dropped.stdout, /No longer in ca\.pem: CN=/)
    await fails('ERR_CA_EXISTS', 'client', 'install', answer, '--dir', alice)
    await succeeds('client', 'install', answer, '--dir', alice, '--force')
    await writeFile(join(alice, 'ca.pem'), 'garbage')
    assert.match(await fails('ERR_CA_EXISTS', 'client', 'install', answer, '--dir', alice), /cannot be read/)
  })

  test('goes on where a run was killed', async (t) => {
    const { keys, alice, request, answer } = await installed(t)
    await succeeds('client', 'request', 'alice', '--out', alice, '--force')
    await succeeds('cert', 'sign', request, '--dir', keys, '--out', answer, '--force')
    const next = await readFile(join(alice, 'next-key.pem'), 'utf8')
    const cert = (await readFile(answer, 'utf8')).replace(/(-----END CERTIFICATE-----\n)[^]*/, '$1')
    // The key is in its place, the certificate is not, and the next key is still there.
    await mkdir(join(alice, '.next'))
    await writeFile(join(alice, '.next/cert.pem'), cert)
    await writeFile(join(alice, 'key.pem'), next)
    const done = await succeeds('client', 'install', answer, '--dir', alice)
    assert.match(done.stdout, /^replaced/)
    const { client } = await loadIdentity(alice)
    assert.equal(client.fingerprint256, new X509Certificate(cert).fingerprint256)
    assert.ok(new X509Certificate(cert).checkPrivateKey(createPrivateKey(next)))
    const files = await readdir(alice)
    assert.ok(!files.includes('.next') && !files.includes('next-key.pem'), files.join())
  })

  test('a .env that says something else is kept beside', async (t) => {
    const { alice, answer } = await installed(t)
    await writeFile(join(alice, '.env'), 'MINE=1\n')
    const { stdout } = await succeeds('client', 'install', answer, '--dir', alice, '--host', 'build01')
    assert.match(stdout, /^kept/)
    assert.match(stdout, /\.env with DOCKER_HOST tcp:\/\/build01:2376/)
    const aside = (await readdir(alice)).find((name) => name.startsWith('.env.')) ?? ''
    assert.equal(await readFile(join(alice, aside), 'utf8'), 'MINE=1\n')
    const again = await succeeds('client', 'install', answer, '--dir', alice)
    assert.match(
      again.stdout,
      /To use it:\n {2}docker-mtls ping --dotenv \S+\.env\n {2}docker-mtls context create NAME --host SERVER --cert-path \S+build01 .*\n$/,
    )
  })
})

describe('the machine of the authority', () => {
  test('hands out no key that it has not, and makes none by the way', async (t) => {
    const { keys, answer, alice, laptop } = await installed(t)
    const out = join(laptop, 'alice.tar')
    const said = await fails('ERR_CLIENT_KEY_ELSEWHERE', 'client', 'export', 'alice', '--dir', keys, '--out', out)
    const [, line = ''] = /as one file: {2}(cat .* > alice\.pem) {2}Then/.exec(said) ?? []
    assert.equal((await runCommand('sh', ['-c', line], { cwd: laptop })).code, 0)
    assert.equal(await readFile(join(laptop, 'alice.pem'), 'utf8'), await readFile(answer, 'utf8'))
    assert.equal((await runJson(['client', 'install', join(laptop, 'alice.pem'), '--dir', alice]))['action'], 'kept')
    const kept = await succeeds('cert', 'client', 'alice', '--dir', keys)
    assert.match(kept.stdout, /^kept[^]*Its key is on the machine of alice/)
    await fails('ERR_CLIENT_KEY_ELSEWHERE', 'cert', 'client', 'alice', '--renew', '--dir', keys)
    await fails('ERR_CLIENT_KEY_ELSEWHERE', 'cert', 'renew', 'alice', '--dir', keys)
    const there = await fails('ERR_CLIENT_KEY_ELSEWHERE', 'client', 'env', 'alice', '--dir', keys, '--host', 'build01')
    assert.match(there, /--host SERVER --cert-path DIR/)
    const create = ['context', 'create', 'build01', '--client', 'alice', '--dir', keys, '--host', 'build01']
    assert.doesNotMatch(await fails('ERR_CLIENT_KEY_ELSEWHERE', ...create), /client env/)
    await succeeds('client', 'env', 'alice', '--dir', keys, '--host', 'build01', '--cert-path', alice)
    const again = await succeeds('init', 'build01', '127.0.0.1', '--client', 'alice', '--out', keys)
    assert.match(again.stderr, /The key of alice is on its own machine/)
    assert.match(again.stdout, /Not touched: the clients alice and bob/)
    const list = await runJson<{ certificates: { name: string; keyHeld?: string }[] }>(['cert', 'list', '--dir', keys])
    assert.deepEqual(
      list.certificates.filter(({ keyHeld }) => keyHeld !== undefined).map(({ name, keyHeld }) => [name, keyHeld]),
      [['alice', 'client']],
    )
  })
})

async function withSecret(t: Cleanable): Promise<{ keys: string; out: string; secret: string }> {
  const { keys, laptop } = await machines(t)
  const secret = join(laptop, 'secret')
  await writeFile(secret, 'correct horse\n', { mode: 0o600 })
  return { keys, out: join(laptop, 'bob.p12'), secret }
}

async function opens(path: string, passphrase: string): Promise<boolean> {
  const words = ['pkcs12', '-in', path, '-noout', '-passin', 'env:PASSPHRASE']
  return (await runCommand('openssl', words, { env: { PASSPHRASE: passphrase } })).code === 0
}

describe('client export --p12', () => {
  const needs = { skip: lacks('openssl') }

  test('with a passphrase from a file', needs, async (t) => {
    const { keys, out, secret } = await withSecret(t)
    const argv = ['client', 'export', 'bob', '--p12', '--dir', keys, '--out', out, '--p12-passphrase-file', secret]
    const data = await runJson(argv)
    assert.deepEqual([data['path'], data['format']], [out, 'pkcs12'])
    assert.equal((await stat(out)).mode & 0o777, 0o600)
    assert.ok(await opens(out, 'correct horse'))
    const piped = await runCli([
      'client',
      'export',
      'bob',
      '--p12',
      '--dir',
      keys,
      '--out',
      '-',
      '--p12-passphrase-file',
      secret,
    ])
    await writeFile(out, Buffer.from(piped.stdout, 'latin1'))
    assert.ok(await opens(out, 'correct horse'))
    assert.match(await fails('ERR_FILE_EXISTS', ...argv), /--force/)
    const key = await readFile(join(keys, 'clients/bob/key.pem'), 'utf8')
    assert.deepEqual(leaksOf([data, piped], tracesOf({ key, passphrase: 'correct horse' })), [])
  })

  test('with one that is typed twice', needs, async (t) => {
    const { keys, out } = await withSecret(t)
    const argv = ['client', 'export', 'bob', '--p12', '--dir', keys, '--out', out]
    const typed = ['correct horse\r', 'correct house\r', 'correct horse\r', 'correct horse\r']
    const ran = await runCli(argv, { tty: true, typed })
    assert.equal(ran.code, 0, ran.stderr)
    assert.match(ran.stderr, /The passphrases differ/)
    assert.doesNotMatch(ran.stderr + ran.stdout, /horse/)
    assert.ok(await opens(out, 'correct horse'))
  })

  test('never without one', async (t) => {
    const { keys, out, secret } = await withSecret(t)
    const argv = ['client', 'export', 'bob', '--p12', '--dir', keys, '--out', out]
    assert.match(await fails('ERR_PKCS12_PASSPHRASE', ...argv), /--p12-passphrase-file FILE/)
    const empty = await runCli(argv, { tty: true, typed: ['\r'] })
    assert.match(empty.stderr, /ERR_PKCS12_PASSPHRASE:.*the passphrase is empty/)
    await writeFile(secret, '\n')
    await fails('ERR_FILE_READ', ...argv, '--p12-passphrase-file', secret)
    await writeFile(secret, 'short\n')
    await fails('ERR_PKCS12_PASSPHRASE', ...argv, '--p12-passphrase-file', secret)
    await fails('ERR_USAGE', 'client', 'export', 'bob', '--dir', keys, '--out', out, '--p12-passphrase-file', secret)
    await fails('ERR_CLIENT_NOT_FOUND', 'client', 'export', 'nobody', '--p12', '--dir', keys, '--out', out)
    await assert.rejects(stat(out))
  })
})
