import assert from 'node:assert/strict'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { writeSetupRecord } from '../../lib/keystore/setup-record.ts'
import { readRevocationLists } from '../../lib/identity/crl.ts'
import { serialOf } from '../../lib/identity/serial.ts'
import { PkiFolder } from '../../lib/keystore/folder.ts'
import { createCrl, createRequest } from '../../lib/pki.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'
import { runCli, runJson, type Ran, type RunOptions } from './support/run-cli.ts'

interface Place {
  readonly folder: string
  readonly run: (words: readonly string[], options?: RunOptions) => Promise<Ran>
  readonly json: <Data = Revocation>(words: readonly string[], options?: RunOptions) => Promise<Data>
}

/** A folder with the server build01, and the clients alice and bob. */
async function place(t: Cleanable): Promise<Place> {
  const root = await temporaryFolder(t)
  const folder = join(root, 'keys')
  const run = (words: readonly string[], options?: RunOptions): Promise<Ran> =>
    runCli([...words, '--dir', folder], options)
  const pki = new PkiFolder(folder)
  await pki.ensureAuthority()
  await pki.ensureServer(['build01'])
  for (const name of ['alice', 'bob']) await pki.ensureClient(name)
  return { folder, run, json: (words, options) => runJson([...words, '--dir', folder], options) }
}

async function fails(ran: Promise<Ran>, code: string): Promise<string> {
  const { code: exit, stderr, stdout } = await ran
  assert.ok(stderr.startsWith(`${code}: `), stderr || stdout)
  assert.equal(exit, 1)
  return stderr
}

interface Revocation {
  readonly revoked: boolean
  readonly changed?: boolean
  readonly because?: string
  readonly certificates: readonly {
    readonly state: string
    readonly serial: string
    readonly revoked?: { readonly at: string; readonly reason?: string }
  }[]
  readonly sameKey: readonly { readonly name: string; readonly command: string }[]
  readonly acceptedBy: readonly { readonly name: string }[]
  readonly ways: readonly { readonly speed: string; readonly commands: readonly string[] }[]
  readonly crl?: Crl
}

interface Crl {
  readonly written?: boolean
  readonly renewed?: boolean
  readonly path: string
  readonly number: string
  readonly nextUpdate: string
  readonly lists: readonly { readonly ca: { readonly name: string }; readonly serials: readonly string[] }[]
  readonly faults: readonly string[]
}

const DAYS = 86_400_000
const daysOf = ({ nextUpdate }: { readonly nextUpdate: string }): number =>
  Math.round((Date.parse(nextUpdate) - Date.now()) / DAYS)

describe('cert revoke', () => {
  test('asks, and a no or nobody to ask revokes nothing', async (t) => {
    const { folder, run } = await place(t)
    const before = await treeOf(folder)
    const alone = await fails(run(['cert', 'revoke', 'alice']), 'ERR_CONFIRMATION_REQUIRED')
    assert.match(alone, /Revoke the certificate of alice\? Gateways will refuse the client\. This can't be undone\./)
    const no = await run(['cert', 'revoke', 'alice'], { tty: true, typed: ['no\n'] })
    assert.deepEqual([no.code, no.stdout], [1, ''])
    assert.match(no.stderr, /Nothing was revoked\./)
    assert.deepEqual(await treeOf(folder), before)
  })

  test('says what was revoked, where the list is, and what a daemon without a gateway does', async (t) => {
    const { folder, run } = await place(t)
    await run(['cert', 'client', 'alice', '--renew'])
    const yes = ['cert', 'revoke', 'alice', '--reason', 'keyCompromise', '--yes']
    const { code, stdout, stderr } = await run(yes)
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^The client alice is revoked:\n {4}a certificate until 20/)
    assert.equal(stdout.match(/a certificate until 20.* days left\), serial [0-9A-F]+/g)?.length, 2)
    const path = join(folder, 'ca/crl.pem')
    assert.ok(stdout.includes(`The new revocation list is ${path}, until 20`), stdout)
    assert.match(stdout, /A gateway that has read it refuses the client from its next request on/)
    assert.match(
      stdout,
      /A daemon without a gateway reads no list: it accepts the certificates until they expire\. build01 and every other daemon that trusts .* root/,
    )
    for (const line of ['client rm alice', 'cert ca --replace-ca', 'cert renew --server', 'cert rotate-ca'])
      assert.match(stdout, new RegExp(`^ {2}docker-mtls ${line} --dir `, 'm'))
    assert.equal(readRevocationLists(await readFile(path, 'utf8'))[0]?.serials.size, 2)
    const listed = await run(['cert', 'list'])
    assert.equal(listed.stdout.match(/^client +alice .* revoked$/gm)?.length, 2)
    assert.match(listed.stdout, /^client +bob .* in use$/m)
    assert.match(listed.stdout, /^ {2}of the CA docker-mtls CA \w+: 2 revoked certificates, number \d+, until 20/m)
    const soon = await run(['cert', 'list', '--expiring', '100w'])
    assert.doesNotMatch(soon.stdout, /alice/)
    const before = await treeOf(folder)
    const again = await run(['cert', 'revoke', 'alice'])
    assert.equal(again.code, 0, again.stderr)
    assert.match(
      again.stdout,
      /^The client alice was revoked before:[^]*Nothing was left to revoke\. The revocation list is /,
    )
    // The ledger has its last line again, for a run that issues a certificate at this moment.
    const after = await treeOf(folder)
    const changed = Object.keys(after).filter((file) => after[file] !== before[file])
    assert.deepEqual([changed, Object.keys(after)], [['ca/ledger-heads.jsonl', 'ca/ledger.jsonl'], Object.keys(before)])
  })

  test('its JSON says the same', async (t) => {
    const { folder, json } = await place(t)
    const words = ['cert', 'revoke', 'bob', '--reason', 'CessationOfOperation', '--for', '7d', '--yes']
    const { revoked, changed, certificates, acceptedBy, ways, crl } = await json(words)
    assert.deepEqual([revoked, changed, acceptedBy], [true, true, [{ name: 'build01' }]])
    assert.deepEqual(
      certificates.map((one) => [one.state, one.revoked?.reason]),
      [['revoked', 'cessationOfOperation']],
    )
    assert.deepEqual(
      ways.map(({ speed }) => speed),
      ['at once', 'in phases'],
    )
    assert.ok(crl)
    assert.deepEqual([crl.path, crl.faults, daysOf(crl)], [join(folder, 'ca/crl.pem'), [], 7])
    assert.match(crl.number, /^\d{13,}$/)
    assert.deepEqual(
      crl.lists[0]?.serials.map(serialOf),
      certificates.map(({ serial }) => serialOf(serial)),
    )
    const again = await json(['cert', 'revoke', 'bob'])
    assert.deepEqual([again.revoked, again.changed, again.crl], [true, false, crl])
    const listed = await json<{ crl: Crl; certificates: Revocation['certificates'] }>(['cert', 'list'])
    assert.deepEqual(listed.crl, crl)
    assert.ok(listed.certificates.some((one) => one.state === 'revoked' && one.revoked?.at !== undefined))
  })

  test('names the clients that have a certificate for the same key, until they are revoked, too', async (t) => {
    const { folder, run, json } = await place(t)
    const { request } = await createRequest({ name: 'carol' })
    for (const name of ['carol', 'dave', 'eve']) await new PkiFolder(folder).signClient(request, { name })
    const dry = await run(['cert', 'revoke', 'dave', '--dry-run'])
    assert.match(dry.stdout, /Whoever has the same key can also connect as carol or eve\. To end that:/)
    const revoked = await run(['cert', 'revoke', 'carol', '--yes'])
    assert.equal(revoked.code, 0)
    for (const name of ['dave', 'eve'])
      assert.ok(revoked.stdout.includes(`docker-mtls cert revoke ${name} --dir ${folder}`), revoked.stdout)
    const { sameKey } = await json(['cert', 'revoke', 'dave', '--yes'])
    assert.deepEqual(sameKey, [{ name: 'eve', command: `docker-mtls cert revoke eve --dir ${folder}` }])
    assert.deepEqual((await json(['cert', 'revoke', 'eve', '--yes'])).sameKey, [])
    assert.doesNotMatch((await run(['cert', 'revoke', 'bob', '--yes'])).stdout, /same key/)
  })

  test('the key of the CA may be encrypted', async (t) => {
    const folder = join(await temporaryFolder(t), 'keys')
    const pki = new PkiFolder(folder)
    await pki.ensureAuthority({ passphrase: 'correct horse' })
    await pki.ensureClient('alice', { passphrase: 'correct horse' })
    const words = ['cert', 'revoke', 'alice', '--yes', '--dir', folder]
    const before = await treeOf(folder)
    const refused = await fails(runCli(words), 'ERR_CA_PASSPHRASE')
    assert.match(refused, /cert revoke NAME --dry-run/)
    const env = { HOME: '/nonexistent', DOCKER_MTLS_CA_PASSPHRASE: 'wrong horse' }
    await fails(runCli(words, { env }), 'ERR_CA_PASSPHRASE')
    assert.deepEqual(await treeOf(folder), before)
    const asked = await runCli(words, { tty: true, typed: ['correct horse\n'] })
    assert.equal(asked.code, 0, asked.stderr)
    const again = await runCli(['cert', 'crl', '--dir', folder], { tty: true, typed: ['correct horse\n'] })
    assert.equal(again.code, 0, again.stderr)
  })

  test('then its client gets no certificate by accident', async (t) => {
    const { run, json } = await place(t)
    await run(['cert', 'revoke', 'alice', '--yes'])
    for (const line of [
      ['client', 'alice'],
      ['client', 'alice', '--renew'],
      ['renew', 'alice'],
    ]) {
      const said = await fails(run(['cert', ...line]), 'ERR_CLIENT_REVOKED')
      assert.match(said, /alice was revoked on 20.*\n.*docker-mtls cert client alice --dir \S+ --force$/m)
    }
    const all = await json<{ renewed: { name: string }[] }>(['cert', 'renew', '--all'])
    assert.deepEqual(
      all.renewed.map(({ name }) => name),
      ['build01', 'bob'],
    )
    const forced = await run(['cert', 'client', 'alice', '--force'])
    assert.equal(forced.code, 0)
    assert.match(forced.stderr, /The old certificate of alice is revoked: gateways with the new list refuse it\./)
    const states = await json<{ certificates: { name: string; state: string }[] }>(['cert', 'list'])
    assert.deepEqual(
      states.certificates.filter(({ name }) => name === 'alice').map(({ state }) => state),
      ['revoked', 'in use'],
    )
  })

  test('client rm says nothing about the access of a revoked client', async (t) => {
    const { run } = await place(t)
    await run(['cert', 'revoke', 'alice', '--yes'])
    const { code, stderr } = await run(['client', 'rm', 'alice', '--yes'])
    assert.deepEqual([code, stderr], [0, ''])
    assert.match((await run(['client', 'rm', 'bob', '--yes'])).stderr, /bob still has access: .* cert revoke bob --dir/)
  })
})

describe('cert revoke --dry-run', () => {
  test('shows the certificates and the ways, and changes nothing', async (t) => {
    const { folder, run, json } = await place(t)
    await run(['cert', 'client', 'alice', '--renew'])
    const before = await treeOf(folder)
    const { code, stdout } = await run(['cert', 'revoke', 'alice', '--dry-run'])
    assert.equal(code, 0)
    assert.match(stdout, /^Nothing was revoked: dockerd checks neither/)
    assert.match(
      stdout,
      /^Replace the CA now\. All clients lose access [^]*^Replace the CA in phases\. Nobody else is locked out\./m,
    )
    assert.match(
      stdout.replaceAll(/\s+/g, ' '),
      /gateway apply --from server instead\. .* daemon rollback and gateway rollback would bring the old CA back\./,
    )
    assert.equal(stdout.match(/a certificate until 20.* days left\), serial [0-9A-F]+/g)?.length, 2)
    assert.match(stdout, /build01 and every other daemon that trusts docker-mtls CA .* root access/)
    for (const line of ['client rm alice', 'cert ca --replace-ca', 'cert renew --server', 'cert rotate-ca'])
      assert.match(stdout, new RegExp(`^ {2}docker-mtls ${line} --dir `, 'm'))
    const data = await json(['cert', 'revoke', 'alice', '--dry-run'])
    assert.equal(data.revoked, false)
    assert.match(data.because ?? '', /neither revocation lists/)
    assert.deepEqual(
      data.certificates.map(({ state }) => state),
      ['replaced', 'in use'],
    )
    assert.deepEqual(await treeOf(folder), before)
  })

  test('its commands work, and then no certificate of the current CA is left', async (t) => {
    const { folder, run, json } = await place(t)
    for (const [host, client] of [
      ['b', 'bob'],
      ['c', 'alice'],
    ] as const) {
      await new PkiFolder(folder).ensureServer([host], { host })
      await writeSetupRecord(folder, host, { ssh: `ssh://root@${host}`, client, names: [], gateway: false })
    }
    const { ways } = await json(['cert', 'revoke', 'alice', '--dry-run'])
    const setups = ways[0]?.commands.filter((line) => line.includes(' setup ')) ?? []
    // She loses her access, and must not be named.
    assert.deepEqual(
      setups.map((line) => line.replace(/ --dir .*/, '')),
      ['docker-mtls setup ssh://root@b --client bob', 'docker-mtls setup ssh://root@c'],
    )
    const lines = ways[0]?.commands.filter((line) => !line.includes(' setup ')) ?? []
    assert.equal(lines.length, 3)
    for (const line of lines) {
      const words = line.split(' ').slice(1)
      const ran = await runCli(/ rm |replace-ca/.test(line) ? [...words, '--yes'] : words)
      assert.equal(ran.code, 0, ran.stderr)
    }
    const after = await run(['cert', 'revoke', 'alice', '--dry-run'])
    assert.match(
      after.stdout,
      /No certificate of alice is valid that .* can have issued\. Daemons that still trust an earlier CA/,
    )
    assert.ok(!(await readdir(join(folder, 'clients'))).includes('alice'))
  })

  test('of a server nothing is revoked; without the CA key, a rotation does not help', async (t) => {
    const { folder, run, json } = await place(t)
    const before = await treeOf(folder)
    const server = await json(['cert', 'revoke', '--host', 'build01'])
    assert.deepEqual(
      [server.revoked, server.certificates.length, server.acceptedBy.length, server.ways.length],
      [false, 1, 0, 1],
    )
    assert.equal(server.ways[0]?.speed, 'at once')
    assert.equal((await run(['cert', 'revoke', '--host', 'build01', '--yes'])).code, 1)
    assert.deepEqual(await treeOf(folder), before)
    await rm(join(folder, 'ca/ca-key.pem'))
    const client = await json(['cert', 'revoke', 'bob', '--dry-run'])
    assert.deepEqual(
      client.ways.map(({ speed }) => speed),
      ['at once'],
    )
    const said = await fails(run(['cert', 'revoke', 'bob', '--yes']), 'ERR_CA_INVALID')
    assert.match(said, /docker-mtls cert revoke NAME --dry-run/)
  })

  test('during a rotation, the rotation is the way', async (t) => {
    const { run, json } = await place(t)
    await run(['cert', 'rotate-ca'])
    const { ways, certificates } = await json(['cert', 'revoke', 'bob', '--dry-run'])
    assert.equal(certificates.length, 1)
    assert.deepEqual(
      ways.map(({ speed }) => speed),
      ['in phases'],
    )
    const server = await json(['cert', 'revoke', '--host', 'server'])
    assert.match(server.ways[0]?.commands[0] ?? '', /cert rotate-ca/)
    const { crl } = await json(['cert', 'revoke', 'bob', '--yes'])
    assert.equal(crl?.lists.length, 2)
  })

  test('misses no certificate if the ledger does not know the CA', async (t) => {
    const { folder, json } = await place(t)
    const path = join(folder, 'ca/ledger.jsonl')
    const [, ...others] = (await readFile(path, 'utf8')).split('\n')
    await writeFile(path, others.join('\n'))
    assert.equal((await json(['cert', 'revoke', 'alice', '--dry-run'])).certificates.length, 1)
    assert.equal((await json(['cert', 'revoke', 'alice', '--yes'])).certificates.length, 1)
  })

  test('refuses who was never here, a server without --host, and a call without a name', async (t) => {
    const { run } = await place(t)
    await fails(run(['cert', 'revoke', 'nobody', '--yes']), 'ERR_CLIENT_NOT_FOUND')
    assert.match(await fails(run(['cert', 'revoke', 'build01']), 'ERR_CLIENT_NOT_FOUND'), /cert revoke --host build01/)
    await fails(run(['cert', 'revoke', '--host', 'build02']), 'ERR_CLIENT_NOT_FOUND')
    for (const words of [
      [],
      ['alice', '--host', 'build01'],
      ['--host', 'build01', '--reason', 'superseded'],
      ['--host', 'build01', '--for', '3d'],
      ['alice', '--reason', 'whim'],
      ['alice', '--for', 'x'],
      ['alice', '--for', '12h', '--yes'],
    ])
      assert.equal((await run(['cert', 'revoke', ...words])).code, 2, words.join(' '))
  })
})

describe('cert crl', () => {
  test('writes an empty list, and another one, and says so', async (t) => {
    const { folder, run, json } = await place(t)
    const first = await run(['cert', 'crl'])
    assert.equal(first.code, 0, first.stderr)
    assert.match(
      first.stdout,
      /^created {3}\S+\/ca\/crl\.pem\n {10}of the CA .*: 0 revoked certificates, number \d+, until/,
    )
    const { written, crl, ...data } = await json<Crl & { crl?: unknown }>(['cert', 'crl', '--for', '7d'])
    assert.deepEqual(
      [written, data.path, daysOf(data), data.lists[0]?.serials],
      [true, join(folder, 'ca/crl.pem'), 7, []],
    )
    assert.equal(crl, undefined)
    const limited = await run(['cert', 'crl', '--for', '2w'])
    assert.match(
      limited.stdout,
      /\(14 days left\)\n {10}copy it to [^]*\nOnce a list has expired, gateways refuse every client of its CA\. Deliver the next one before:\n {2}docker-mtls cert crl --for 14d --dir \S+\n {2}scp \S+\/ca\/crl\.pem USER@GATEWAY:\/etc\/docker-mtls\/crl\.pem\nOr write a list that is valid as long as the CA:\n {2}docker-mtls cert crl --dir \S+\n$/,
    )
    assert.match(
      (await run(['cert', 'revoke', 'bob', '--yes'])).stdout,
      /14 days left[^]*Deliver the next one before:\n/,
    )
    assert.match(
      (await run(['cert', 'crl'])).stdout,
      /^replaced .*\n.*, as long as the CA\n {10}copy it to .*setup --gateway[^]*\n$/,
    )
    await fails(runCli(['cert', 'crl', '--dir', join(folder, 'none')]), 'ERR_CA_MISSING')
  })

  test('--check fails without a list, if it expires in time, and if it is wrong', async (t) => {
    const { folder, run, json } = await place(t)
    const check = async (time: string): Promise<Ran> => run(['cert', 'crl', '--check', time])
    const none = await check('7d')
    assert.deepEqual([none.code, none.stdout], [1, ''])
    assert.match(none.stderr, /There is no revocation list\. Write one: {2}docker-mtls cert crl --dir/)
    await run(['cert', 'crl', '--for', '10d'])
    const before = await treeOf(folder)
    const good = await check('9d')
    assert.deepEqual([good.code, good.stderr], [0, ''])
    const late = await check('11d')
    assert.equal(late.code, 1)
    assert.match(
      late.stderr,
      /The revocation list is valid until 20.* \(10 days left\)\. Write it again: {2}docker-mtls cert crl/,
    )
    assert.equal((await json<Crl>(['cert', 'crl', '--check', '9d'])).written, false)
    assert.deepEqual(await treeOf(folder), before)
    await run(['cert', 'rotate-ca'])
    await rm(join(folder, 'ca/crl.pem'))
    assert.equal((await check('1d')).code, 1)
    await run(['cert', 'crl'])
    assert.equal((await check('1d')).code, 0)
    for (const words of [
      ['--check', '7'],
      ['--check', '7d', '--for', '3d'],
      ['--for', '5000d'],
    ])
      assert.equal((await run(['cert', 'crl', ...words])).code, 2, words.join(' '))
    await fails(runCli(['cert', 'crl', '--check', '7d', '--dir', join(folder, 'none')]), 'ERR_CA_MISSING')
  })

  test('cert renew and cert list notice what is wrong with the list, and cert renew mends it', async (t) => {
    const { folder, run, json } = await place(t)
    await run(['cert', 'crl'])
    const empty = await readFile(join(folder, 'ca/crl.pem'))
    assert.equal((await run(['cert', 'renew', '--due'])).stdout, '')
    await run(['cert', 'revoke', 'alice', '--yes'])
    // Somebody has restored only the list.
    await writeFile(join(folder, 'ca/crl.pem'), empty)
    const listed = await run(['cert', 'list', '--expiring', '1d'])
    assert.equal(listed.code, 1)
    assert.match(
      listed.stderr,
      /the list of the CA .* lacks a revoked certificate of alice\. Write it again: {2}docker-mtls cert crl/,
    )
    assert.match((await run(['cert', 'renew', '--dry-run'])).stdout, /^would renew the revocation list /)
    const renewed = await run(['cert', 'renew', '--due'])
    assert.match(
      renewed.stdout,
      /^replaced .*crl\.pem\n.*: 1 revoked certificate, .*\n +copy it to each gateway on another machine/,
    )
    const { crl } = await json<{ crl: Crl }>(['cert', 'renew'])
    assert.deepEqual([crl.renewed, crl.faults], [false, []])
    assert.equal((await run(['cert', 'list', '--expiring', '1d'])).code, 0)
  })

  test('warns of a list that is too large for gateways, and still revokes', async (t) => {
    const { folder, run } = await place(t)
    const at = new Date()
    const revoked = Array.from({ length: 92_000 }, (_, index) => ({
      serialNumber: `4${`${index}`.padStart(31, '0')}`,
      at,
    }))
    const authority = await new PkiFolder(folder).openAuthority()
    const nextUpdate = new Date(Date.now() + 300 * DAYS)
    await writeFile(join(folder, 'ca/crl.pem'), createCrl(authority, { revoked, nextUpdate, number: 1 }).pem)
    for (const words of [
      ['cert', 'crl'],
      ['cert', 'revoke', 'bob', '--yes'],
    ]) {
      const { code, stderr } = await run(words)
      assert.equal(code, 0, stderr)
      assert.match(stderr, /crl\.pem: gateways refuse it, and so everybody, until it has at most 4194304 bytes: /)
    }
    assert.equal(readRevocationLists(await readFile(join(folder, 'ca/crl.pem'), 'utf8'))[0]?.serials.size, 92_001)
  })

  test('cert adopt says what the list knows and the lost ledger does not', async (t) => {
    const { folder, run, json } = await place(t)
    await run(['cert', 'revoke', 'alice', '--yes'])
    for (const name of ['ledger.jsonl', 'ledger-heads.jsonl']) await rm(join(folder, 'ca', name))
    const noted = /noted? {2}that client alice, serial [0-9A-F]+, was revoked, as ca\/crl\.pem says\n$/
    assert.match((await run(['cert', 'adopt', '--dry-run'])).stdout, noted)
    const { revoked } = await json<{ revoked: readonly { name: string }[] }>(['cert', 'adopt'])
    assert.deepEqual(
      revoked.map(({ name }) => name),
      ['alice'],
    )
    assert.equal((await run(['cert', 'adopt'])).stdout, 'The ledger is complete.\n')
    await fails(run(['cert', 'client', 'alice', '--renew']), 'ERR_CLIENT_REVOKED')
  })

  test('cert adopt and cert crl do not take a list that cannot be read for an empty one', async (t) => {
    const { folder, run, json } = await place(t)
    await run(['cert', 'revoke', 'alice', '--yes'])
    for (const name of ['ledger.jsonl', 'ledger-heads.jsonl']) await rm(join(folder, 'ca', name))
    await run(['cert', 'adopt'])
    await writeFile(join(folder, 'ca/crl.pem'), '-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n')
    const { code, stdout, stderr } = await run(['cert', 'adopt'])
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /crl\.pem can't be read: .*\. Copy it again from a gateway before .* cert crl --dir /)
    assert.equal(typeof (await json<{ listFault?: string }>(['cert', 'adopt'])).listFault, 'string')
    const written = await run(['cert', 'crl'])
    const aside = (await readdir(join(folder, 'ca'))).filter((file) => file.startsWith('crl.pem.'))
    assert.deepEqual([written.code, aside.length], [0, 1])
    assert.ok(
      written.stderr.includes(`could not be read, and is now ${join(folder, 'ca', aside[0] ?? '')}.`),
      written.stderr,
    )
    assert.equal((await run(['cert', 'adopt'])).stdout, 'The ledger is complete.\n')
    assert.equal((await json<{ keptAside?: string }>(['cert', 'crl'])).keptAside, undefined)
  })
})
