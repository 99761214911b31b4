import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { chown, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { endGrant } from '../../lib/grants/end.ts'
import { grant } from '../../lib/grants/grant.ts'
import { listGrants } from '../../lib/grants/list.ts'
import { grantOf } from '../../lib/grants/rules.ts'
import { PkiFolder } from '../../lib/keystore/folder.ts'
import { initialise } from '../../lib/keystore/init/init.ts'
import { appendToLedger } from '../../lib/keystore/ledger.ts'
import { ledgerEntry } from '../../lib/keystore/ledger-line.ts'
import { planRenewal } from '../../lib/keystore/renew/plan.ts'
import { listKnown } from '../../lib/keystore/renew/known.ts'
import { serialOf } from '../../lib/identity/serial.ts'
import { createRequest, issueClient } from '../../lib/pki.ts'
import { readCrl, revokeClient } from '../../lib/provision.ts'
import { judge } from '../../lib/authz-plugin/judge.ts'
import { createGateway, type GatewayTls } from '../../lib/gateway.ts'
import { Peer } from '../../lib/gateway/trust/peer.ts'
import { Trust } from '../../lib/gateway/trust/trust.ts'
import { connect } from '../../lib/index.ts'
import { identityOfCertificate, parsePolicy } from '../../lib/policy.ts'
import type { HostPath } from '../../lib/policy/file/types.ts'
import { matchRule } from '../../lib/policy/who/match.ts'
import { dial, endOf, fakeDaemon, front, readUntil, tickingDaemon } from '../gateway/support/fixture.ts'
import { runCli, runJson, runProcess, type Ran } from '../cli/support/run-cli.ts'
import { treeOf } from '../support/tree.ts'
import { allowedBy, place, POLICY } from './support/place.ts'

interface Revoked {
  readonly revoked: boolean
  readonly grants: readonly object[]
}

describe('a grant', { concurrency: true }, () => {
  test('issues a certificate and its rule, which end together, and touches nothing else', async (t) => {
    const { folder, policy, root } = await place(t)
    const before = await treeOf(join(folder, 'clients'))
    await mkdir(join(root, 'work'))
    await symlink('work', join(root, 'link'))
    const began = Math.floor(Date.now() / 1000) * 1000
    const words = ['grant', 'ann', '--for', '2h', '--level', 'restricted', '--owner', 'team', '--dir', folder]
    const binds = ['--bind', join(root, 'link'), '--bind', '/usr:ro']
    const data = await runJson<Record<string, string>>([...words, ...binds, '--policy', policy])
    const text = await readFile(policy, 'utf8')
    assert.ok(text.endsWith(POLICY.slice(POLICY.indexOf('  # Ann looks.'))))
    const [rule, ann] = parsePolicy(text, 'p').rules
    const cert = new X509Certificate(await readFile(join(folder, 'grants/ann/cert.pem')))
    const until = Date.parse(rule?.until ?? '')
    assert.ok(until >= began + 7_200_000 && until <= Date.now() + 7_200_000)
    assert.equal(new Date(cert.validTo).getTime(), until)
    assert.deepEqual(rule?.who, { fingerprint: [cert.fingerprint256] })
    assert.deepEqual([rule?.level.enforce, rule?.owner, ann?.name], ['restricted', 'team', 'ann'])
    assert.deepEqual(rule?.allow.hostPaths, [
      { path: join(root, 'work'), readOnly: false },
      { path: '/usr', readOnly: true },
    ])
    assert.match(cert.subject, /^CN=ann-grant-[0-9a-f]{8}$/)
    assert.deepEqual([data['rule'], Date.parse(data['until'] ?? ''), data['level']], [rule?.name, until, 'restricted'])
    assert.equal((await stat(join(folder, 'grants/ann/key.pem'))).mode & 0o777, 0o600)
    assert.deepEqual(await treeOf(join(folder, 'clients')), before)
  })

  test('with --bind . allows the folder in which the command runs', async (t) => {
    const { root, folder, policy } = await place(t)
    await mkdir(join(root, 'work/in'), { recursive: true })
    await mkdir(join(root, 'other'))
    await symlink('work', join(root, 'link'))
    const words = ['--for', '2h', '--level', 'restricted', '--dir', folder, '--policy', policy]
    const hostPathsOf = async (name: string): Promise<unknown> => {
      const { rules } = parsePolicy(await readFile(policy, 'utf8'), policy)
      return rules.find((one) => one.name.startsWith(`grant-${name}-`))?.allow.hostPaths
    }
    const [work, other] = [join(root, 'work'), join(root, 'other')]
    const rows: readonly (readonly [
      name: string,
      cwd: string,
      binds: readonly string[],
      paths: readonly HostPath[],
    ])[] = [
      ['ann', work, ['.'], [{ path: work, readOnly: false }]],
      ['ben', join(root, 'link'), ['.'], [{ path: work, readOnly: false }]],
      ['cid', join(work, 'in'), ['.:ro'], [{ path: join(work, 'in'), readOnly: true }]],
      [
        'dan',
        work,
        ['in', '../other:ro'],
        [
          { path: join(work, 'in'), readOnly: false },
          { path: other, readOnly: true },
        ],
      ],
    ]
    for (const [name, cwd, binds, paths] of rows) {
      const argv = ['grant', name, ...words, ...binds.flatMap((bind) => ['--bind', bind])]
      const { code, stderr } = await runProcess(argv, { cwd })
      assert.equal(code, 0, stderr)
      assert.deepEqual(await hostPathsOf(name), paths, name)
    }
  })

  test('stays when the client of that name is revoked, which names it and what ends it', async (t) => {
    const { folder, give, run } = await place(t)
    const { commonName, fingerprint256, until } = await give('ann')
    await give('ben')
    const revoke = ['cert', 'revoke', 'ann', '--dir', folder]
    const command = `docker-mtls grant end ann --dir ${folder}`
    const grants = [{ commonName, fingerprint256, until: until.toISOString(), command }]
    const found = await runJson<Revoked>([...revoke, '--dry-run'])
    assert.deepEqual([found.revoked, found.grants], [false, grants])
    const says = `\nann still has a grant, until [^:]+:[^:]+, with another certificate: ${commonName}\\. To end it:\n  ${command}\n`
    const { stdout } = await runCli([...revoke, '--yes'], { columns: 200 })
    assert.match(stdout, new RegExp(`^The client ann is revoked:[^]*${says}`))
    const again = await runJson<Revoked>([...revoke, '--yes'])
    assert.deepEqual([again.revoked, again.grants], [true, grants])
    assert.equal((await run('end', 'ann')).code, 0)
    assert.deepEqual((await runJson<Revoked>([...revoke, '--yes'])).grants, [])
    assert.doesNotMatch((await runCli([...revoke, '--yes'])).stdout, /grant/)
  })

  test('of somebody without a certificate of their own: cert revoke names what ends it', async (t) => {
    const { folder, give } = await place(t)
    await give('ben')
    for (const more of [['--yes'], ['--dry-run']]) {
      const { code, stderr } = await runCli(['cert', 'revoke', 'ben', '--dir', folder, ...more])
      assert.equal(code, 1)
      assert.match(stderr, /ben has only a grant, with the certificate ben-grant-[0-9a-f]{8}\.\n/)
      assert.ok(stderr.includes(`End the grant:  docker-mtls grant end ben --dir ${folder}\n`), stderr)
    }
  })

  test('is listed, is renewed by nothing, and never replaces another one', async (t) => {
    const { folder, policy, give, run } = await place(t)
    const { commonName } = await give('ann')
    assert.deepEqual(
      (await listGrants(folder, policy)).map(({ name, state, rule }) => [name, state, rule?.level.enforce]),
      [['ann', 'in force', 'baseline']],
    )
    const known = await listKnown(folder)
    assert.equal(known.find(({ name }) => name === commonName)?.state, 'grant')
    const { renew, elsewhere } = planRenewal(known, { what: 'all' }, Date.now())
    assert.equal(
      [...renew, ...elsewhere].some(({ certificate }) => certificate.name === commonName),
      false,
    )
    const before = await treeOf(folder)
    await assert.rejects(give('ann'), { code: 'ERR_GRANT_EXISTS' })
    assert.deepEqual(await treeOf(folder), before)
    const { stdout } = await run('list')
    assert.match(stdout, /^NAME +STATE +UNTIL +LEVEL/)
    assert.match(stdout, /^ann +in force +\d{4}-\d\d-\d\d \d\d:\d\d UTC +baseline$/m)
  })

  test('ends early: its certificate is revoked, its rule allows nothing, and its files are gone', async (t) => {
    const { folder, policy, give, run } = await place(t)
    await give('ben')
    await give('ann')
    const { code, stdout, stderr } = await run('end', 'ann')
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^ended {2}ann\n +Its certificate is revoked: .*crl\.pem, until /)
    assert.match(
      stdout,
      /scp .*crl\.pem USER@GATEWAY:\/etc\/docker-mtls\/crl\.pem\n {2}scp .*policy\.yaml USER@GATEWAY:\S+policy\.yaml\n/,
    )
    assert.deepEqual(await readdir(join(folder, 'grants')), ['ben'])
    const states = (await listKnown(folder)).map(({ name, state }) => [name.replace(/-grant-.*/, ' granted'), state])
    assert.ok(states.some(([name, state]) => name === 'ann granted' && state === 'revoked'))
    assert.ok(states.some(([name, state]) => name === 'ann' && state === 'in use'))
    await assert.rejects(endGrant({ folder, name: 'ann', policy }), { code: 'ERR_GRANT_NOT_FOUND' })
    // The name is free again, for a grant and for a client.
    assert.equal((await give('ann')).name, 'ann')
    assert.equal((await new PkiFolder(folder).ensureClient('ann')).action, 'kept')
  })

  test('keeps mode, owner and links of the file, and waits for another grant', async (t) => {
    const { root, folder, policy, rules } = await place(t)
    const ids = process.geteuid?.() === 0 ? [4321, 4322] : [process.geteuid?.() ?? 0, process.getegid?.() ?? 0]
    await chown(policy, ids[0] ?? 0, ids[1] ?? 0)
    await fs.chmod(policy, 0o640)
    const link = join(root, 'link.yaml')
    await symlink('policy.yaml', link)
    const words = ['--for', '1h', '--level', 'read-only', '--dir', folder, '--policy']
    const runs = ['a', 'b', 'c'].map((name, index) =>
      runProcess(['grant', name, ...words, index === 1 ? link : policy]),
    )
    for (const { code, stderr } of await Promise.all(runs)) assert.equal(code, 0, stderr)
    assert.deepEqual((await rules()).map((name) => name.slice(0, 7)).toSorted(), [
      'ann',
      'grant-a',
      'grant-b',
      'grant-c',
    ])
    const { mode, uid, gid } = await stat(policy)
    assert.deepEqual([mode & 0o777, uid, gid], [0o640, ...ids])
    assert.equal((await fs.lstat(link)).isSymbolicLink(), true)
    assert.deepEqual((await readdir(root)).toSorted(), ['keys', 'link.yaml', 'policy.yaml'])
  })

  test('ends early without its files, and without its rule, by the ledger', async (t) => {
    const { folder, policy, give, rules, run } = await place(t)
    const [first, second] = [await give('ann'), await give('ben')]
    await rm(join(folder, 'grants'), { recursive: true })
    const { code, stdout, stderr } = await run('end', 'ann')
    assert.equal(code, 0, stderr)
    assert.match(stdout, /Its certificate is revoked: .*crl\.pem, until /)
    assert.deepEqual(await rules(), [first.rule, second.rule, 'ann'])
    await writeFile(policy, POLICY)
    const { revoked, removed } = await endGrant({ folder, name: 'ben', policy })
    assert.deepEqual([revoked.map(({ name }) => name), removed], [[second.commonName], []])
    const serials = (await readCrl(folder))?.lists[0]?.serials ?? []
    const of = async (name: string) => (await listKnown(folder)).find((one) => one.name === name)
    for (const { commonName } of [first, second]) {
      const known = await of(commonName)
      assert.equal(known?.state, 'revoked')
      assert.ok(serials.map(serialOf).includes(serialOf(known.serial)))
    }
    assert.equal((await listKnown(folder)).find(({ name }) => name === 'ann')?.state, 'in use')
    await assert.rejects(endGrant({ folder, name: 'ben', policy }), { code: 'ERR_GRANT_NOT_FOUND' })
  })

  test('never has the name of a client: such a name is refused, and who has one keeps it when the grant ends', async (t) => {
    const { folder, policy, give } = await place(t)
    const pki = new PkiFolder(folder)
    const { commonName: granted } = await give('ann')
    const refused = { code: 'ERR_NAME_INVALID', message: /the certificates of grants have such names/ }
    for (const name of ['ann-grant-deadbeef', granted]) {
      const { request } = await createRequest({ name })
      await assert.rejects(pki.ensureClient(name), refused)
      await assert.rejects(pki.ensureClient(name, { force: true, renew: true }), refused)
      await assert.rejects(pki.signClient(request, { force: true }), refused)
      await assert.rejects(initialise({ folder, names: ['localhost'], clients: [name] }), refused)
    }
    for (const name of ['ann-grant', 'ann-grant-dead', 'grant-deadbeef', 'ann-grant-deadbeef-2'])
      assert.equal((await pki.ensureClient(name)).action, 'created')
    // As it was issued before such names were refused.
    const old = 'ann-grant-0badcafe'
    const { cert, key, ca, facts } = await issueClient(await pki.openAuthority(), { name: old })
    await appendToLedger(join(folder, 'ca/ledger.jsonl'), ledgerEntry('client', facts))
    await mkdir(join(folder, 'clients', old), { mode: 0o700 })
    for (const [file, text] of Object.entries({ 'cert.pem': cert, 'key.pem': key, 'ca.pem': ca }))
      await writeFile(join(folder, 'clients', old, file), text, { mode: 0o600 })
    assert.equal((await pki.ensureClient(old)).action, 'kept')
    assert.equal((await pki.ensureClient(old, { renew: true })).action, 'replaced')
    const { revoked } = await endGrant({ folder, name: 'ann', policy })
    assert.deepEqual(
      revoked.flatMap(({ revokedNow }) => revokedNow.map(({ name }) => name)),
      [granted],
    )
    const states = (await listKnown(folder)).flatMap(({ name, state }) => (name === old ? [state] : []))
    assert.deepEqual([states.length, states.includes('revoked')], [2, false])
  })

  test('of another folder with the same name in the same policy is left alone', async (t) => {
    const { root, folder, policy, give, rules } = await place(t)
    const theirs = await give('ann')
    const other = join(root, 'other')
    await new PkiFolder(other).ensureAuthority()
    const before = await treeOf(root)
    await assert.rejects(endGrant({ folder: other, name: 'ann', policy }), {
      code: 'ERR_GRANT_NOT_FOUND',
      message: /did not issue the certificate of its rule[^]*--dir DIR/,
    })
    assert.deepEqual(await treeOf(root), before)
    const own = await grant({
      folder: other,
      name: 'ann',
      policy,
      lifetime: 3_600_000,
      level: 'baseline',
      hostPaths: [],
    })
    const { kept } = await endGrant({ folder: other, name: 'ann', policy })
    assert.deepEqual([kept, await rules()], [[own.rule], [own.rule, theirs.rule, 'ann']])
    assert.equal((await listGrants(folder, policy))[0]?.state, 'in force')
  })

  test('ends without its policy file, too, which is said; the rule allows nothing once the file is named', async (t) => {
    const { root, folder, policy, give, rules } = await place(t)
    const { rule, commonName } = await give('ann')
    const end = (path: string): Promise<Ran> => runCli(['grant', 'end', 'ann', '--policy', path, '--dir', folder])
    const none = join(root, 'none.yaml')
    const { code, stdout, stderr } = await end(none)
    assert.equal(code, 1)
    assert.match(stdout, /^ended {2}ann\n +Its certificate is revoked: .*crl\.pem, until [^]*scp .*crl\.pem \S+\n$/)
    assert.ok(stderr.startsWith(`Warning: There is no policy ${none}, so nobody has looked for the rule`), stderr)
    assert.ok(stderr.endsWith(`docker-mtls grant end ann --policy FILE --dir ${folder}\n`), stderr)
    assert.equal((await listKnown(folder)).find(({ name }) => name === commonName)?.state, 'revoked')
    assert.deepEqual(await rules(), [rule, 'ann'])
    assert.match((await end(none)).stderr, /ERR_FILE_READ: .*none\.yaml.*there is no such file/)
    const again = await end(policy)
    assert.equal(again.code, 0, again.stderr)
    assert.deepEqual(await rules(), [rule, 'ann'])
    assert.deepEqual(await allowedBy(policy, rule), [])
  })

  test('that is the only rule in the file can be ended', async (t) => {
    const { policy, give, run, rules } = await place(t)
    const { rule } = await give('ann')
    const text = await readFile(policy, 'utf8')
    await writeFile(policy, text.slice(0, text.indexOf('  # Ann looks.')))
    const { code, stdout } = await run('end', 'ann')
    assert.equal(code, 0)
    assert.match(stdout, /Its rule \S+ stays in \S+policy\.yaml, and allows nothing\./)
    assert.deepEqual(await rules(), [rule])
    assert.deepEqual(await allowedBy(policy, rule), [])
  })
})

/** From now on, the clock is this much ahead. */
function setAhead(t: TestContext, milliseconds: number): void {
  const now = Date.now() + milliseconds
  t.mock.timers.reset()
  t.mock.timers.enable({ apis: ['Date'], now })
}

const HOUR = 3_600_000

test('a grant goes out of the file by the next one a day after its end, with its key; rules of people stay', async (t) => {
  const { folder, policy, give, rules } = await place(t)
  const own = `  - { name: grant-mine-0a1b2c3d, who: { commonName: x }, level: read-only, until: 2026-01-01T00:00:00Z }\n`
  await writeFile(policy, POLICY.replace('rules:\n', `rules:\n${own}`))
  const old = await give('eve', HOUR)
  const long = await give('ben', 48 * HOUR)
  assert.deepEqual(await rules(), [long.rule, old.rule, 'grant-mine-0a1b2c3d', 'ann'])
  setAhead(t, HOUR)
  assert.deepEqual(
    (await listGrants(folder, policy)).map(({ name, state }) => `${name} ${state}`),
    ['ben in force', 'eve ended'],
  )
  // A gateway whose clock is behind still accepts the certificate, and a later rule must not be for it.
  setAhead(t, 23 * HOUR)
  const early = await give('dan', 48 * HOUR)
  assert.deepEqual(early.removed, [])
  assert.deepEqual((await readdir(join(folder, 'grants'))).toSorted(), ['ben', 'dan', 'eve'])
  setAhead(t, HOUR)
  const { rule, removed } = await give('cid')
  assert.deepEqual(removed, [old.rule])
  assert.deepEqual((await readdir(join(folder, 'grants'))).toSorted(), ['ben', 'cid', 'dan'])
  assert.deepEqual(await rules(), [rule, early.rule, long.rule, 'grant-mine-0a1b2c3d', 'ann'])
})

test('a grant that was ended is listed as revoked, isn’t ended twice, and goes out of the file after its end', async (t) => {
  const { folder, policy, give, run, rules } = await place(t)
  const before = await readFile(policy, 'utf8')
  const [first, second] = [await give('eve'), await give('ben')]
  const ended = await endGrant({ folder, name: 'eve', policy })
  assert.deepEqual([ended.kept, ended.removed], [[first.rule], []])
  await endGrant({ folder, name: 'ben', policy })
  const states = async () => (await listGrants(folder, policy)).map(({ name, state }) => `${name} ${state}`)
  assert.deepEqual(await states(), ['ben revoked', 'eve revoked'])
  const again = await run('end', 'eve')
  assert.equal(again.code, 1)
  assert.match(
    again.stderr,
    /: it has been ended: its certificate is revoked, and its rule \S+ in \S+ allows nothing until /,
  )
  assert.doesNotMatch((await runCli(['policy', 'check', policy])).stderr, /ping/)
  setAhead(t, HOUR)
  assert.deepEqual(await states(), ['ben ended', 'eve ended'])
  // A gateway whose clock is behind still accepts the certificate.
  await assert.rejects(endGrant({ folder, name: 'eve', policy }), { code: 'ERR_GRANT_NOT_FOUND' })
  setAhead(t, 24 * HOUR)
  assert.deepEqual((await endGrant({ folder, name: 'eve', policy })).removed, [first.rule])
  const third = await give('cid')
  assert.deepEqual([third.removed, await rules()], [[second.rule], [third.rule, 'ann']])
  assert.ok((await readFile(policy, 'utf8')).endsWith(before.slice(before.indexOf('  # Ann looks.'))))
})

test('if the rule can’t be written, the key is deleted', async (t) => {
  const { folder, policy, give } = await place(t)
  const rename = fs.rename
  t.mock.method(fs, 'rename', async (from: string, to: string) => {
    if (to === policy) throw Object.assign(new Error('read-only'), { code: 'EROFS' })
    return rename(from, to)
  })
  await assert.rejects(give('ann'), { code: 'ERR_FILE_WRITE' })
  t.mock.reset()
  assert.deepEqual(await readdir(join(folder, 'grants')), [])
  assert.equal(await readFile(policy, 'utf8'), POLICY)
  assert.deepEqual(await listGrants(folder, policy), [])
})

test('if somebody edits the policy meanwhile, their text stays, and the key is deleted', async (t) => {
  const { folder, policy, give } = await place(t)
  const edited = POLICY.replace('read-only', 'restricted')
  // Between the first look at the policy and its replacement, the certificate is issued.
  t.mock.method(PkiFolder.prototype, 'openAuthority', async function (this: PkiFolder, ...given: []) {
    t.mock.reset()
    await writeFile(policy, edited)
    return this.openAuthority(...given)
  })
  await assert.rejects(give('ann'), { code: 'ERR_FILE_WRITE', message: /somebody else has changed it meanwhile/ })
  assert.equal(await readFile(policy, 'utf8'), edited)
  assert.deepEqual(await readdir(join(folder, 'grants')), [])
  const { rule } = await give('ann')
  assert.deepEqual(
    parsePolicy(await readFile(policy, 'utf8'), 'p').rules.map(({ name }) => name),
    [rule, 'ann'],
  )
})

test('what is refused leaves folder and policy as they were', async (t) => {
  const { root, folder, policy, run } = await place(t)
  const invalid = join(root, 'invalid.yaml')
  await writeFile(invalid, 'version: 2\n')
  await mkdir(join(root, 'in'))
  const before = await treeOf(root)
  const good = ['--for', '2h', '--level', 'restricted']
  const rows: readonly (readonly [words: readonly string[], exit: number, says: RegExp])[] = [
    [['ann'], 2, /nothing says when the grant ends/],
    [['ann', '--for', '2h'], 2, /nothing says what the grant allows/],
    [['ann', '--for', '2', '--level', 'restricted'], 2, /is not a length of time/],
    [['ann', '--for', '2w', '--level', 'restricted'], 2, /is not a length of time/],
    [['ann', '--for', '59s', '--level', 'restricted'], 2, /less than a minute/],
    [['ann', '--for', '169h', '--level', 'restricted'], 2, /more than 7 days[^]*cert client NAME --days 30/],
    [['ann', ...good, '--bind', join(root, 'none')], 2, /--bind .*none/],
    [['ann', ...good, '--bind', root, '--bind', join(root, 'in')], 1, /ERR_POLICY_INVALID: .*symbolic link/],
    [
      ['ann', '--for', '2h', '--level', 'privileged', '--bind', root],
      1,
      /ERR_POLICY_INVALID: .*privileged has no limits/,
    ],
    [['ann', ...good, '--owner', 'a b'], 1, /ERR_POLICY_INVALID: .*owner/],
    [['an n', ...good], 2, /ERR_NAME_INVALID/],
    [['a'.repeat(50), ...good], 2, /ERR_NAME_INVALID: .*at most 49/],
    [['ann', 'ben', ...good], 2, /"ben" is one argument too many/],
    [['list', '--for', '2h'], 2, /--for has no effect with list/],
    [['end', 'ann', '--level', 'baseline'], 2, /--level has no effect with end/],
    [['end'], 2, /the name of the grant is missing/],
    [['end', 'ann'], 1, /ERR_GRANT_NOT_FOUND/],
  ]
  for (const [words, exit, says] of rows) {
    const { code, stderr } = await run(...words)
    assert.match(stderr, says)
    assert.equal(code, exit, stderr)
  }
  for (const [path, says] of [
    [invalid, /ERR_POLICY_INVALID/],
    [join(root, 'none.yaml'), /ERR_FILE_READ: .*there is no such file\.\nName the policy file of the gateway/],
  ] as const) {
    const { code, stderr } = await runCli(['grant', 'ann', ...good, '--policy', path, '--dir', folder])
    assert.match(stderr, says)
    assert.equal(code, 1)
  }
  assert.deepEqual(await treeOf(root), before)
  await rm(policy)
})

test('only what a grant has written is taken for its rule', () => {
  const start = 'AB:CD:EF:01'
  const rule = { name: 'grant-ann-abcdef01', who: { fingerprint: [`${start}${':00'.repeat(28)}`] }, until: 'x' }
  const rows: readonly (readonly [change: object, name: string | undefined])[] = [
    [{}, 'ann'],
    [{ name: 'grant-a-b-abcdef01' }, 'a-b'],
    [{ name: 'grant-ann-abcdef02' }, undefined],
    [{ name: 'ann-abcdef01' }, undefined],
    [{ until: undefined }, undefined],
    [{ who: { ...rule.who, commonName: ['ann'] } }, undefined],
    [{ who: { fingerprint: [...rule.who.fingerprint, `${'00:'.repeat(31)}00`] } }, undefined],
    [{ who: { any: true } }, undefined],
  ]
  for (const [change, name] of rows)
    assert.equal(grantOf({ ...rule, ...change } as never), name, JSON.stringify(change))
})

/** The server's files, for a gateway. */
async function tlsIn(folder: string): Promise<GatewayTls> {
  const [ca = '', cert = '', key = ''] = await Promise.all(
    ['ca/ca.pem', 'server/server-cert.pem', 'server/server-key.pem'].map((path) =>
      readFile(join(folder, path), 'utf8'),
    ),
  )
  return { ca, cert, key }
}

test('a gateway lets the grant do what its rule says, and not after it was ended', async (t) => {
  const { folder, policy, give } = await place(t)
  const daemon = await fakeDaemon(t, {
    answer: (request, response) => {
      const isPing = request.url === '/_ping'
      response.writeHead(200, { 'Api-Version': '1.47', 'Content-Type': isPing ? 'text/plain' : 'application/json' })
      response.end(isPing ? 'OK' : '{"Name":"x"}')
    },
  })
  await give('ann')
  const policyNow = async () => parsePolicy(await readFile(policy, 'utf8'), policy)
  const gateway = await createGateway({
    listen: { host: '127.0.0.1', port: 0 },
    tls: await tlsIn(folder),
    daemon: { socketPath: daemon.socketPath },
    policy: await policyNow(),
  })
  t.after(() => gateway.close())
  const host = `tcp://localhost:${'port' in gateway.address ? gateway.address.port : 0}`
  const as = async (certPath: string) => {
    const docker = await connect({ host, certPath: join(folder, certPath) }, {})
    t.after(() => docker.close())
    return docker
  }
  const [granted, standing] = [await as('grants/ann'), await as('clients/ann')]
  assert.equal((await granted.volumes.create({ Name: 'x' })).Name, 'x')
  await assert.rejects(standing.volumes.create({ Name: 'x' }), /the rule ann \(read-only\) refuses this/)
  await endGrant({ folder, name: 'ann', policy })
  gateway.reload({ policy: await policyNow(), crl: await readFile(join(folder, 'ca/crl.pem'), 'utf8') })
  await assert.rejects(granted.volumes.create({ Name: 'x' }), /revoked/)
  await standing.ping()
})

test('a gateway that has only the policy of a grant that was ended lets no later rule apply', async (t) => {
  const { folder, policy, give } = await place(t)
  const tls = await tlsIn(folder)
  const issuer = new X509Certificate(tls.ca).fingerprint256
  await writeFile(policy, `${POLICY}  - { name: all, who: { issuer: '${issuer}' }, level: baseline }\n`)
  const { socketPath } = await fakeDaemon(t, { answer: (_request, response) => response.end('OK') })
  await give('ann', 3_600_000, 'read-only')
  const [ca = '', cert = '', key = ''] = await Promise.all(
    ['ca', 'cert', 'key'].map((name) => readFile(join(folder, 'grants/ann', `${name}.pem`), 'utf8')),
  )
  const policyNow = async () => parsePolicy(await readFile(policy, 'utf8'), policy)
  const { gateway, port } = await front(t, { socketPath }, { tls, authorize: undefined, policy: await policyNow() })
  const asked = async (method: string, path: string): Promise<string> =>
    ask(await dial(t, port, { client: { ca, cert, key } }), path, method)
  assert.match(await asked('POST', '/containers/prune'), /^403/)
  assert.match(await asked('GET', '/_ping'), /^200/)
  await endGrant({ folder, name: 'ann', policy })
  gateway.reload({ policy: await policyNow() })
  for (const line of ['POST /containers/prune', 'POST /networks/prune', 'GET /_ping', 'HEAD /_ping', 'GET /info']) {
    const [method = '', path = ''] = line.split(' ')
    assert.match(await asked(method, path), /^403/, line)
  }
})

test('no later rule is ever for the certificate of a grant, in a gateway or in the plugin of dockerd', async (t) => {
  const { folder, policy: path, give } = await place(t)
  const { rule, fingerprint256 } = await give('ann', 3_600_000, 'read-only')
  const tls = await tlsIn(folder)
  const certificate = new X509Certificate(await readFile(join(folder, 'grants/ann/cert.pem')))
  const authorities = [new X509Certificate(tls.ca)]
  const { rules } = parsePolicy(await readFile(path, 'utf8'), 'p')
  assert.equal(rules[0]?.who.fingerprint?.[0], fingerprint256)
  const later = `  - { name: all, who: { issuer: '${authorities[0]?.fingerprint256}' }, level: privileged }\n`
  const policy = parsePolicy((await readFile(path, 'utf8')) + later, 'p')
  const [trust, peer] = [new Trust(tls, undefined), new Peer(certificate)]
  const identity = identityOfCertificate(certificate, authorities)
  const question = { target: '/v1.47/networks/x', headers: {}, body: undefined, hasUser: true }
  const grounds = { policy, localName: undefined, authorities, inspect: async () => ({}) }
  const allows = async (method: string): Promise<string | undefined> =>
    (await judge({ ...question, method, certificates: [certificate.toString()] }, grounds)).refusal
  const seen = new Set<string>()
  for (const offset of [-1_000, -1, 0, 1, 999, 1_000, 5_000]) {
    const now = Date.parse(certificate.validTo) + offset
    const isRefused = trust.check(peer, now) !== undefined
    const matched = matchRule(policy, identity, new Date(now))?.name
    if (!isRefused) assert.equal(matched, rule, `${offset} ms after its end`)
    t.mock.timers.enable({ apis: ['Date'], now })
    const [reading, deleting] = await Promise.all(['GET', 'DELETE'].map(allows))
    t.mock.timers.reset()
    // Only the later rule lets anybody delete.
    assert.notEqual(deleting, undefined, `${offset} ms after its end`)
    assert.equal(reading === undefined, !isRefused, `${offset} ms after its end: ${reading}`)
    seen.add(`${isRefused ? 'refused' : 'accepted'}, ${matched === rule ? 'its rule' : matched}`)
  }
  assert.deepEqual([...seen], ['accepted, its rule', 'refused, all'])
})

/** The status of one request, and the reason of the gateway. */
async function ask(socket: TLSSocket, path: string, method = 'GET'): Promise<string> {
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
  const answer = await readUntil(socket, method === 'HEAD' ? /\r\n\r\n/ : /OK|tick|\}\n/)
  return [answer.slice(9, 12), ...(/(?<=x-docker-mtls-reason: )\S+/i.exec(answer) ?? [])].join(' ')
}

test('a grant ends by itself at a gateway: its stream is cut, and it is refused from then on', async (t) => {
  const { folder, policy, give } = await place(t)
  const filesOf = async (client: string) => {
    const [ca = '', cert = '', key = ''] = await Promise.all(
      ['ca', 'cert', 'key'].map((name) => readFile(join(folder, client, `${name}.pem`), 'utf8')),
    )
    return { ca, cert, key }
  }
  const { socketPath } = await tickingDaemon(t)
  const [tls, standing] = [await tlsIn(folder), await filesOf('clients/ann')]
  const { until, commonName } = await give('ann', 6_000)
  const granted = await filesOf('grants/ann')
  const { port, events } = await front(
    t,
    { socketPath },
    { tls, authorize: undefined, policy: parsePolicy(await readFile(policy, 'utf8'), policy) },
  )
  const [idle, stream, other] = [
    await dial(t, port, { client: granted }),
    await dial(t, port, { client: granted }),
    await dial(t, port, { client: standing }),
  ]
  const asked = [await ask(idle, '/_ping'), await ask(stream, '/events'), await ask(other, '/events')]
  assert.deepEqual(asked, ['200', '200', '200'])
  await Promise.race([endOf(stream), delay(10_000, undefined, { ref: false })])
  const late = Date.now() - until.getTime()
  assert.ok(late >= 0 && late <= 1_000, `the stream was cut ${late} ms after the end`)
  const cut = events.flatMap((event) => (event.event === 'cut' ? [event.identity, event.reason] : []))
  assert.deepEqual(cut, [`CN=${commonName}`, 'CERTIFICATE_EXPIRED'])
  assert.equal(await ask(idle, '/_ping'), '403 CERTIFICATE_EXPIRED')
  assert.equal(await ask(await dial(t, port, { client: granted }), '/_ping'), '')
  assert.equal((await listGrants(folder, policy))[0]?.state, 'ended')
  assert.match(await readUntil(other, 'tick'), /tick/)
})

test('a grant of a CA that was replaced is listed so, and one whose certificate was revoked without its files', async (t) => {
  const { folder, policy, give } = await place(t)
  const states = async () => (await listGrants(folder, policy)).map(({ name, state }) => `${name} ${state}`)
  await give('ann')
  const { commonName } = await give('cid')
  await revokeClient({ folder, name: commonName })
  await rm(join(folder, 'grants/cid'), { recursive: true })
  assert.deepEqual(await states(), ['ann in force', 'cid revoked'])
  await new PkiFolder(folder).replaceAuthority({ commonName: 'Next' })
  assert.deepEqual(await states(), ['ann of a replaced CA', 'cid revoked'])
  await give('ben')
  assert.deepEqual(await states(), ['ann of a replaced CA', 'ben in force', 'cid revoked'])
})
