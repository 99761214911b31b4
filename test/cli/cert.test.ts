import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { createAuthority, createRequest, issueClient, PkiFolder } from '../../lib/pki.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'
import { runCli, runJson, type Ran, type RunOptions } from './support/run-cli.ts'

interface PieceData {
  readonly action: string
  readonly paths: Record<string, string>
  readonly certificate: { readonly subject: string; readonly daysLeft: number; readonly key: object }
  readonly keptAside: string[]
  readonly notes: string[]
}

async function place(t: TestContext): Promise<{
  folder: string
  cert: (argv: readonly string[], options?: RunOptions) => Promise<Ran>
  json: (argv: readonly string[], options?: RunOptions) => Promise<PieceData>
}> {
  const folder = join(await temporaryFolder(t), 'keys')
  const line = (argv: readonly string[]): string[] => ['cert', ...argv, '--dir', folder]
  return {
    folder,
    cert: (argv, options) => runCli(line(argv), options),
    json: (argv, options) => runJson<PieceData>(line(argv), options),
  }
}

describe('cert ca, cert server, cert client', () => {
  test('one piece at a time', async (t) => {
    const { folder, json } = await place(t)
    const ca = await json(['ca', '--name', 'Our CA', '--days', '100', '--key-type', 'p384'])
    assert.deepEqual(
      [ca.action, ca.certificate.subject, ca.certificate.daysLeft, ca.certificate.key],
      ['created', 'CN=Our CA', 100, { type: 'ec', curve: 'P-384' }],
    )
    const server = await json(['server', 'build01', '10.0.0.4', '--days', '50'])
    assert.deepEqual([server.action, server.certificate.daysLeft], ['created', 50])
    const client = await json(['client', 'alice'])
    // Never past its authority.
    assert.deepEqual([client.action, client.certificate.daysLeft, client.notes.length], ['created', 100, 1])
    assert.deepEqual(Object.keys(client), ['action', 'paths', 'certificate', 'keptAside', 'notes'])
    assert.equal(client.paths['cert'], join(folder, 'clients/alice/cert.pem'))
  })

  test('a second time everything stays', async (t) => {
    const { folder, cert } = await place(t)
    const lines = [['ca'], ['server', 'b'], ['client', 'alice']]
    for (const line of lines) assert.equal((await cert(line)).code, 0)
    const before = await treeOf(folder)
    for (const line of lines) assert.match((await cert([...line])).stdout, /^kept /)
    assert.match((await cert(['server', 'b', '--force'])).stdout, /^kept /)
    assert.deepEqual(await treeOf(folder), before)
  })

  test('other names only by force, a good one again only by --renew', async (t) => {
    const { folder, cert, json } = await place(t)
    for (const line of [['ca'], ['server', 'b'], ['client', 'alice']]) await cert(line)
    const before = await treeOf(folder)
    const { code, stderr } = await cert(['server', 'b', 'c'])
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^ERR_SERVER_NAMES_CHANGED: .*\n.*docker-mtls cert server b c --dir \S+ --force .* --host NAME/,
    )
    assert.deepEqual(await treeOf(folder), before)
    assert.equal((await json(['server', 'b', 'c', '--force'])).action, 'replaced')
    const renewed = await json(['client', 'alice', '--renew'])
    assert.deepEqual([renewed.action, renewed.keptAside.length], ['replaced', 2])
    const again = await cert(['client', 'alice', '--renew'])
    assert.match(
      again.stderr,
      /^Warning: The old certificate of alice works until 20\d\d-.*: {2}docker-mtls cert revoke alice/,
    )
    for (const line of ['alice', 'bob']) assert.equal((await cert(['client', line])).stderr, '')
    const damaged = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
    await writeFile(join(folder, 'clients/bob/cert.pem'), damaged)
    const forced = await cert(['client', 'bob', '--force'])
    assert.deepEqual([forced.code, forced.stderr], [0, ''])
  })

  test('the files of another server are not replaced by force', async (t) => {
    const { folder, cert, json } = await place(t)
    for (const line of [['ca'], ['server', 'b', '10.0.0.4']]) await cert(line)
    const before = await treeOf(folder)
    for (const more of [[], ['--force'], ['--force', '--renew']]) {
      const { code, stderr } = await cert(['server', 'c', 'localhost', ...more])
      assert.equal(code, 1)
      assert.match(
        stderr,
        /^ERR_SERVER_NAMES_CHANGED: .* another server, b and 10\.0\.0\.4\.\n.*cert server c localhost --host c .* mv \S+server /,
      )
    }
    assert.deepEqual(await treeOf(folder), before)
    const own = await json(['server', 'c', '--host', 'c'])
    assert.deepEqual([own.action, own.paths.folder], ['created', join(folder, 'hosts/c')])
    // As ERR_SERVER_NAME_MISMATCH says it, of a server that has a folder of its own.
    const { stderr } = await cert(['server', 'c', 'other', '--force'])
    assert.match(stderr, /in hosts\/c\.\n.*docker-mtls cert server c other --host c --dir \S+ --force/)
    const line = /docker-mtls (cert server .* --force)/.exec(stderr)?.[1]?.split(' ') ?? []
    assert.equal((await runCli(line)).code, 0)
    assert.match(
      new X509Certificate(await readFile(join(folder, 'hosts/c/server-cert.pem'))).subjectAltName ?? '',
      /other/,
    )
    // One name in common is the same server.
    assert.equal((await cert(['server', '10.0.0.4', 'd', '--force'])).code, 0)
  })

  test('an authority is replaced by --replace-ca alone, and its files stay', async (t) => {
    const { folder, cert, json } = await place(t)
    await cert(['ca'])
    const old = await readFile(join(folder, 'ca/ca-key.pem'), 'utf8')
    assert.equal((await json(['ca'])).action, 'kept')
    const before = await treeOf(folder)
    const unsaid = await cert(['ca', '--replace-ca'])
    assert.equal(unsaid.code, 1)
    assert.match(unsaid.stderr, /^ERR_CONFIRMATION_REQUIRED: .*Replace the CA in .*\n.*--yes/)
    assert.deepEqual(await treeOf(folder), before)
    const { stdout, stderr } = await cert(['ca', '--replace-ca', '--yes'])
    assert.match(stdout, /^replaced/)
    assert.match(stderr, /^Warning: The new CA did not issue the existing certificates/)
    const names = await readdir(join(folder, 'ca'))
    const aside = names.find((name) => name.startsWith('ca-key.pem.')) ?? ''
    assert.equal(await readFile(join(folder, 'ca', aside), 'utf8'), old)
    // It is undone by the lines that it shows.
    const lines = Array.from(stdout.matchAll(/^ {2}mv (\S+) (\S+)$/gm), ([, from = '', to = '']) => [from, to] as const)
    assert.equal(lines.length, 2)
    for (const [from, to] of lines) await rename(from, to)
    assert.equal(await readFile(join(folder, 'ca/ca-key.pem'), 'utf8'), old)
    assert.equal((await cert(['client', 'alice'])).code, 0)
    assert.equal((await cert(['list'])).stderr, '')
  })

  test('Ed25519 says who refuses it', async (t) => {
    const { cert } = await place(t)
    for (const line of [['ca'], ['server', 'b'], ['client', 'a']]) {
      assert.match((await cert([...line, '--key-type', 'ed25519'])).stderr, /^Warning: .*NSS/)
    }
  })
})

test('what a replaced authority has issued is known by that, and not handed out', async (t) => {
  const { folder, cert, json } = await place(t)
  for (const line of [['ca'], ['server', 'b'], ['client', 'alice']]) await cert(line)
  const { reissue } = (await json(['ca', '--replace-ca', '--yes'])) as PieceData & { reissue: string[] }
  assert.deepEqual(reissue, [
    `docker-mtls cert server b localhost 127.0.0.1 ::1 --force --dir ${folder}`,
    `docker-mtls cert client alice --force --dir ${folder}`,
  ])
  const { stdout, stderr } = await cert(['list'])
  assert.match(stdout, /^server {2}b .* of a replaced CA$/m)
  assert.match(stdout, /^client {2}alice .* of a replaced CA$/m)
  assert.ok(stderr.includes(`alice was issued by a replaced CA:  ${reissue[1]}`))
  const line = ['client', 'export', 'alice', '--dir', folder, '--out', join(folder, 'alice.tar')]
  assert.match(
    (await runCli(line)).stderr,
    /^ERR_PKI_FILE_INVALID: .*\nIssue it again: {2}docker-mtls cert client alice/,
  )
  for (const again of reissue) assert.equal((await runCli(again.split(' ').slice(1))).code, 0)
  assert.match((await cert(['list'])).stderr, /^Warning: The newest certificate of b was not delivered.*\n$/)
  assert.equal((await runCli(line)).code, 0)
})

test('of several servers, and of a client whose key is elsewhere, it is said how they are issued anew', async (t) => {
  const { folder, cert, json } = await place(t)
  await cert(['ca'])
  for (const host of [undefined, 'b1', 'b2']) {
    await new PkiFolder(folder).ensureServer([host ?? 'b0'], host === undefined ? {} : { host })
  }
  const request = join(folder, 'ci.csr')
  await writeFile(request, (await createRequest({ name: 'ci' })).request)
  await cert(['sign', request, '--out', join(folder, 'ci.pem')])
  const { reissue } = (await json(['ca', '--replace-ca', '--yes'])) as PieceData & { reissue: string[] }
  assert.deepEqual(reissue, [
    `docker-mtls cert renew --server --dir ${folder}`,
    `docker-mtls cert sign ci.csr --dir ${folder}`,
  ])
  const { stdout } = await cert(['ca', '--replace-ca', '--yes'])
  assert.match(stdout, /cert sign ci\.csr .*# first, on its machine: {2}docker-mtls client request ci$/m)
  assert.equal((await cert(['renew', '--server'])).code, 0)
  assert.equal((await cert(['sign', request, '--out', join(folder, 'ci.pem')])).code, 0)
  assert.match((await cert(['list'])).stderr, /^(?:Warning: The newest certificate of b\d was not delivered.*\n){3}$/)
})

test('flags that change nothing on what is kept are answered with those that do', async (t) => {
  const { cert, json } = await place(t)
  for (const line of [['ca'], ['client', 'alice']]) await cert(line)
  const days = await json(['client', 'alice', '--days', '30'])
  assert.match(days.notes.join(), /how long it is valid: {2}--renew --days 30/)
  assert.equal((await json(['client', 'alice', '--renew', '--days', '30'])).certificate.daysLeft, 30)
  const [note = ''] = (await json(['client', 'alice', '--key-type', 'p384'])).notes
  const [, line = ''] = /^Its key stays p256; to change it: {2}docker-mtls (.*)$/.exec(note) ?? []
  const byNpx = await cert(['client', 'alice', '--key-type', 'p384'], { env: { npm_command: 'exec' } })
  assert.match(
    byNpx.stdout,
    /Its key stays p256; to change it: {2}npx docker-mtls cert client alice .*--key-type p384$/m,
  )
  assert.match((await runCli(line.split(' '))).stdout, /^replaced .*\n.*P-384/)
})

describe('cert show', () => {
  test('says what a certificate says, and what Docker makes of it', async (t) => {
    const { folder, cert } = await place(t)
    for (const line of [['ca'], ['server', 'build01', '10.0.0.4'], ['client', 'alice']]) await cert(line)
    const server = await runCli(['cert', 'show', join(folder, 'server/server-cert.pem')])
    for (const words of [
      /Subject {2,}CN=build01/,
      /Not after {2,}.*397 days left/,
      /Public key {2,}P-256/,
      /Basic constraints {2,}not a CA/,
      /Extended key usage {2,}serverAuth/,
      /Subject alternative names {2,}DNS build01, DNS localhost, IP 10\.0\.0\.4/,
      /As a server {2,}yes: clients can connect to it as build01/,
      /As a client {2,}no: its extended key usage is serverAuth/,
    ]) {
      assert.match(server.stdout, words)
    }
    const client = await runCli(['cert', 'show', join(folder, 'clients/alice/cert.pem')])
    assert.match(client.stdout, /As a client {2,}yes: dockerd accepts it as the user "alice"/)
    const ca = await runCli(['cert', 'show', join(folder, 'ca/ca.pem')])
    assert.match(ca.stdout, /As a CA {2,}yes/)
    assert.match(ca.stdout, /\(self-signed\)/)
  })

  test('a fingerprint and a name break between their parts', async (t) => {
    const { folder, cert } = await place(t)
    for (const line of [['ca'], ['server', 'build01']]) await cert(line)
    const argv = ['cert', 'show', join(folder, 'server/server-cert.pem')]
    for (const columns of [72, 80]) {
      const { stdout } = await runCli(argv, { tty: true, columns, env: { NO_COLOR: '1' } })
      const shown = stdout.split('\n').slice(1)
      assert.ok(
        shown.every((line) => line.length <= columns),
        stdout,
      )
      assert.match(stdout, /alternative names {2}DNS build01\n {29}DNS localhost\n {29}IP 127/)
      assert.match(stdout, /fingerprint {8}(?:[0-9A-F]{2}:)+\n {29}[0-9A-F]{2}/)
    }
    assert.match((await runCli(argv)).stdout, /^ {2}SHA-256 fingerprint {8}(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/m)
  })

  test('several in one file, DER, and stdin', async (t) => {
    const { folder, cert } = await place(t)
    for (const line of [['ca'], ['client', 'alice']]) await cert(line)
    const pem = await readFile(join(folder, 'clients/alice/cert.pem'), 'utf8')
    const both = pem + (await readFile(join(folder, 'ca/ca.pem'), 'utf8'))
    await writeFile(join(folder, 'both.pem'), both)
    await writeFile(join(folder, 'cert.der'), new X509Certificate(pem).raw)
    const { stdout } = await runCli(['cert', 'show', join(folder, 'both.pem')])
    assert.match(stdout, /both\.pem, certificate 1 of 2\n(?:.*\n)*.*both\.pem, certificate 2 of 2\n/)
    assert.match((await runCli(['cert', 'show', join(folder, 'cert.der')])).stdout, /Subject {2,}CN=alice/)
    assert.match((await runCli(['cert', 'show', '-'], { input: both })).stdout, /stdin, certificate 2 of 2/)
  })

  test('for a program', async (t) => {
    const { folder, cert } = await place(t)
    await cert(['ca'])
    const { certificates } = await runJson<{ certificates: Record<string, unknown>[] }>([
      'cert',
      'show',
      join(folder, 'ca/ca.pem'),
    ])
    const [ca] = certificates
    assert.deepEqual([ca?.['daysLeft'], ca?.['isCa'], ca?.['pathLength']], [3650, true, 0])
    assert.match(String(ca?.['validTo']), /^\d{4}-\d\d-\d\dT/)
    const verdicts = ca?.['verdicts'] as { role: string; ok: boolean }[]
    assert.equal(verdicts.find(({ role }) => role === 'ca')?.ok, true)
  })

  test('steers no terminal', async (t) => {
    const { folder, cert } = await place(t)
    await cert(['ca', '--name', 'a\u202Eb'])
    const files = await readdir(join(folder, 'ca')).catch(() => [])
    if (files.length === 0) return
    const { stdout } = await runCli(['cert', 'show', join(folder, 'ca/ca.pem')])
    assert.doesNotMatch(stdout, /\u202E/)
  })
})

describe('cert list', () => {
  test('a table, with what was replaced', async (t) => {
    const { folder, cert } = await place(t)
    for (const line of [
      ['ca', '--name', 'CA'],
      ['server', 'b'],
      ['client', 'alice'],
      ['client', 'alice', '--renew'],
    ]) {
      await cert(line)
    }
    const { stdout, stderr } = await cert(['list'])
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/))
    assert.deepEqual(rows[0], ['KIND', 'NAME', 'EXPIRES', 'DAYS LEFT', 'STATE'])
    assert.deepEqual(
      rows.slice(1).map(([kind, name, , days, state]) => [kind, name, days, state]),
      [
        ['ca', 'CA', '3650', 'in use'],
        ['server', 'b', '397', 'in use'],
        ['client', 'alice', '397', 'replaced'],
        ['client', 'alice', '397', 'in use'],
      ],
    )
    assert.equal(stderr, '')
    const { certificates } = await runJson<{ certificates: Record<string, unknown>[] }>([
      'cert',
      'list',
      '--dir',
      folder,
    ])
    assert.deepEqual(
      certificates.map(({ state, path }) => [state, path]),
      [
        ['in use', join(folder, 'ca/ca.pem')],
        ['in use', join(folder, 'server/server-cert.pem')],
        ['replaced', undefined],
        ['in use', join(folder, 'clients/alice/cert.pem')],
      ],
    )
  })

  test('says what ends soon, and how to renew it', async (t) => {
    const { folder, cert } = await place(t)
    for (const line of [['ca'], ['server', 'b', '10.0.0.4'], ['client', 'alice', '--days', '20']]) await cert(line)
    const ledger = join(folder, 'ca/ledger.jsonl')
    const [ca, server = '', client] = (await readFile(ledger, 'utf8')).split('\n')
    const [notBefore, notAfter] = [-300, 29].map((days) => new Date(Date.now() + days * 86_400_000).toISOString())
    await writeFile(ledger, [ca, JSON.stringify({ ...JSON.parse(server), notBefore, notAfter }), client, ''].join('\n'))
    const { stdout, stderr } = await cert(['list'])
    assert.match(stdout, /server {2}b .*expires soon\n/)
    assert.match(stdout, /client {2}alice .*in use\n/)
    const soon = `Warning: The certificate of b expires soon:  docker-mtls cert renew --server --dir ${folder}\n`
    assert.ok(stderr.startsWith(soon), stderr)
    assert.doesNotMatch(stderr, /alice/)
  })

  test('a certificate that has ended', async (t) => {
    const { folder, cert } = await place(t)
    await cert(['ca'])
    const ledger = join(folder, 'ca/ledger.jsonl')
    const [first = ''] = (await readFile(ledger, 'utf8')).split('\n')
    const ended = { ...(JSON.parse(first) as object), notAfter: new Date(Date.now() - 3_600_000).toISOString() }
    await writeFile(ledger, `${JSON.stringify(ended)}\n`)
    const { stdout, stderr } = await cert(['list'])
    assert.match(stdout, / -1 +expired\n/)
    assert.match(stderr, /has expired: {2}docker-mtls cert ca --replace-ca/)
  })
})

test('a certificate of someone else is shown too', async (t) => {
  const folder = await temporaryFolder(t)
  const { cert } = await issueClient(await createAuthority({ commonName: 'Theirs' }), { name: 'eve' })
  await writeFile(join(folder, 'x.crt'), `some words before\n${cert}`)
  assert.match((await runCli(['cert', 'show', join(folder, 'x.crt')])).stdout, /Issuer {2,}CN=Theirs/)
})
