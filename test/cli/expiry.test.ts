import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { PkiFolder } from '../../lib/pki.ts'
import { type CommandResult } from '../support/command.ts'
import { runFaked } from '../support/faketime.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { CLI } from './support/run-cli.ts'

interface Place {
  readonly folder: string
  /** `docker-mtls cert ...` on that day, counted from now. */
  readonly cert: (day: number, ...words: readonly string[]) => Promise<CommandResult>
}

/** An authority for ten years, a server for 397 days, alice for 90 and bob for 30. */
async function place(t: TestContext): Promise<Place> {
  const folder = join(await temporaryFolder(t), 'keys')
  const pki = new PkiFolder(folder)
  await pki.ensureAuthority({ commonName: 'A' })
  await pki.ensureServer(['build01'])
  await pki.ensureClient('alice', { days: 90 })
  await pki.ensureClient('bob', { days: 30 })
  const cert: Place['cert'] = (day, ...words) => {
    const env = { FAKETIME_DONT_FAKE_MONOTONIC: '1' }
    return runFaked(`+${day}d`, [...CLI, 'cert', ...words, '--dir', folder], { env })
  }
  return { folder, cert }
}

async function must(running: Promise<CommandResult>): Promise<CommandResult> {
  const ran = await running
  assert.equal(ran.code, 0, ran.stderr)
  return ran
}

function daysFromNow(milliseconds: number): number {
  return Math.round((milliseconds - Date.now()) / 86_400_000)
}

/** The second column of a table, without its head. */
function namesIn({ stdout }: CommandResult): string[] {
  return stdout
    .split('\n')
    .slice(1, -1)
    .map((row) => row.split(/ +/)[1] ?? '')
}

describe('as the days go by', { skip: lacks('faketime') }, () => {
  test('cert list --expiring 30d fails in time, and says what to do', async (t) => {
    const { cert } = await place(t)
    const rows: [day: number, code: number, names: string[], said: RegExp][] = [
      // 30 days are left of bob's 30, less what this test took.
      [1, 1, ['bob'], /^Warning: The certificate of bob expires within 30d: {2}docker-mtls cert renew bob --dir /],
      [
        61,
        1,
        ['bob', 'alice'],
        /^Warning: The certificate of bob has expired: {2}.*\nWarning: The certificate of alice expires soon:/,
      ],
      [3600, 1, ['bob', 'alice', 'build01'], /has expired: .*cert renew --server/],
      [
        3625,
        1,
        ['bob', 'alice', 'build01', 'A'],
        /^Warning: The certificate of A expires soon: {2}docker-mtls cert rotate-ca --dir /m,
      ],
      [
        3651,
        1,
        ['bob', 'alice', 'build01', 'A'],
        /^Warning: The certificate of A has expired: {2}docker-mtls cert ca --replace-ca --dir /m,
      ],
    ]
    for (const [day, code, names, said] of rows) {
      const ran = await cert(day, 'list', '--expiring', '30d')
      assert.equal(ran.code, code, `${day}: ${ran.stderr}`)
      assert.deepEqual(namesIn(ran).toSorted(), names.toSorted(), String(day))
      assert.match(ran.stderr, said)
    }
  })

  test('cert renew keeps a folder in order for years, with nothing but a timer', async (t) => {
    const { folder, cert } = await place(t)
    const renewed: Record<string, number> = { build01: 0, alice: 0, bob: 0 }
    for (let day = 18; day <= 270; day += 18) {
      const { stdout } = await must(cert(day, 'renew', '--due', '--json'))
      for (const { name } of (JSON.parse(stdout) as { renewed: { name: string }[] }).renewed) {
        renewed[name] = (renewed[name] ?? 0) + 1
      }
      // Nothing has ended, or will before the timer comes again.
      const ending = await cert(day, 'list', '--expiring', '9d')
      assert.deepEqual([ending.code, ending.stdout], [0, ''], `${day}: ${ending.stderr}`)
    }
    // 397, 90 and 30 days: past two thirds at 265, 60 and 20.
    assert.deepEqual(renewed, { build01: 1, alice: 3, bob: 7 })
    const server = new X509Certificate(await readFile(join(folder, 'server/server-cert.pem')))
    assert.equal(daysFromNow(Date.parse(server.validTo)), 270 + 397)
  })

  test('the metrics have the dates as they are, and the hour of the clock', async (t) => {
    const { folder, cert } = await place(t)
    const path = join(folder, 'certificates.prom')
    await must(cert(100, 'list', '--prometheus', path))
    const text = await readFile(path, 'utf8')
    const value = (pattern: RegExp): number => Number(pattern.exec(text)?.[1])
    const of = (metric: string, name: string): number =>
      daysFromNow(
        1000 *
          value(
            new RegExp(`^docker_mtls_certificate_${metric}_seconds\\{kind="\\w+",name="${name}",.*\\} (\\d+)$`, 'm'),
          ),
      )
    assert.deepEqual(
      ['A', 'build01', 'alice', 'bob'].map((name) => of('not_after', name)),
      [3650, 397, 90, 30],
    )
    assert.deepEqual(
      ['build01', 'alice', 'bob'].map((name) => of('renew_after', name)),
      [265, 60, 20],
    )
    const written = value(/^docker_mtls_certificates_written_timestamp_seconds (\d+)$/m)
    assert.equal(daysFromNow(written * 1000), 100)
  })
})

describe('a rotation that lasts weeks', { skip: lacks('faketime') }, () => {
  test('the rotation does not wait for an expired client, which connects again only after a renewal', async (t) => {
    const { folder, cert } = await place(t)
    await must(cert(10, 'rotate-ca', '--name', 'B'))
    const later = await must(cert(40, 'rotate-ca', '--confirm', 'alice', '--confirm-server', 'server'))
    assert.match(later.stdout, /^ {2}now +2 server/m)
    assert.match(
      later.stderr,
      /^Warning: These clients will be left out, because their certificates have expired, .*: bob\./m,
    )
    await must(cert(45, 'rotate-ca', '--confirm-server', 'server'))
    const before = await readFile(join(folder, 'clients/bob/cert.pem'), 'utf8')
    // The new certificates hold as long as the old ones did, from the day on that they were made.
    const alice = new X509Certificate(await readFile(join(folder, 'clients/alice/cert.pem')))
    assert.equal(daysFromNow(Date.parse(alice.validTo)), 45 + 90)
    await must(cert(50, 'rotate-ca', '--confirm', 'alice', '--yes'))
    await must(cert(51, 'rotate-ca', '--confirm-server', 'server'))
    assert.equal(await readFile(join(folder, 'clients/bob/cert.pem'), 'utf8'), before)
    await must(cert(52, 'renew', 'bob'))
    assert.equal(new X509Certificate(await readFile(join(folder, 'clients/bob/cert.pem'))).issuer, 'CN=B')
  })

  test('one that was begun too late comes to its end all the same, and then all is renewed', async (t) => {
    const { folder, cert } = await place(t)
    await must(cert(3640, 'renew', '--all'))
    await must(cert(3641, 'rotate-ca', '--name', 'B'))
    const ended = await must(cert(3652, 'rotate-ca', '--status'))
    assert.match(
      ended.stderr,
      /^Warning: These clients will be left out, because their certificates have expired, .*: alice and bob\./m,
    )
    // What the old one would have to sign is refused, with its name.
    const refused = await cert(3652, 'renew', 'alice')
    assert.match(refused.stderr, /^ERR_CA_EXPIRED: .*CN=A expired on .*\n.*Continue it: {2}docker-mtls cert rotate-ca /)
    const watched = await cert(3652, 'list', '--expiring', '30d')
    assert.match(watched.stderr, /The certificate of A has expired: {2}docker-mtls cert rotate-ca /)
    assert.ok(!`${refused.stderr}${watched.stderr}`.includes('--replace-ca'))
    await must(cert(3652, 'rotate-ca', '--confirm-server', 'server'))
    await must(cert(3652, 'rotate-ca', '--confirm-server', 'server', '--yes'))
    await must(cert(3652, 'rotate-ca', '--confirm-server', 'server'))
    await must(cert(3652, 'renew', '--due'))
    const listed = await must(cert(3652, 'list', '--expiring', '20d'))
    assert.equal(listed.stderr, '')
    const alice = new X509Certificate(await readFile(join(folder, 'clients/alice/cert.pem')))
    assert.equal(alice.issuer, 'CN=B')
  })

  test('one can not be begun once the old one has ended', async (t) => {
    const { cert } = await place(t)
    const { code, stderr } = await cert(3652, 'rotate-ca')
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_CA_EXPIRED: .*CN=A expired on .*\n.*docker-mtls cert ca --replace-ca/)
  })
})
