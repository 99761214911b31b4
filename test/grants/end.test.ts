import assert from 'node:assert/strict'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { endGrant } from '../../lib/grants/end.ts'
import { listGrants } from '../../lib/grants/list.ts'
import { listKnown } from '../../lib/keystore/renew/known.ts'
import { identityOfCertificate, parsePolicy } from '../../lib/policy.ts'
import { matchRule } from '../../lib/policy/who/match.ts'
import { runCli, type Ran } from '../cli/support/run-cli.ts'
import { allowedBy, place, POLICY, type Place } from './support/place.ts'

async function statesIn({ folder, policy }: Place): Promise<string[]> {
  return (await listGrants(folder, policy)).map(({ name, state }) => `${name} ${state}`)
}

const stateOf = async ({ folder }: Place, commonName: string): Promise<string | undefined> =>
  (await listKnown(folder)).find(({ name }) => name === commonName)?.state

/** What decides about the certificate with this PEM. */
async function decides({ policy }: Place, cert: string): Promise<string | undefined> {
  const rules = parsePolicy(await readFile(policy, 'utf8'), policy)
  return matchRule(rules, identityOfCertificate(cert), new Date())?.name
}

const certIn = ({ folder }: Place): Promise<string> => readFile(join(folder, 'grants/ann/cert.pem'), 'utf8')

async function edit({ policy }: Place, change: (text: string) => string): Promise<void> {
  await writeFile(policy, change(await readFile(policy, 'utf8')))
}

const END = '2099-01-01T00:00:00Z'

describe('the end of a grant', { concurrency: true }, () => {
  test('says that the policy has no rule for it, and exits with 1; the rule ends once its file is named', async (t) => {
    const where = await place(t)
    const { folder, root, policy, give, run } = where
    const { rule, commonName } = await give('ann', 3_600_000, 'privileged')
    const other = join(root, 'other.yaml')
    await writeFile(other, POLICY)
    const end = (...more: string[]): Promise<Ran> =>
      runCli(['grant', 'end', 'ann', '--policy', other, '--dir', folder, ...more])
    const { code, stdout, stderr } = await end()
    assert.equal(code, 1)
    assert.match(stdout, /^ended {2}ann\n +Its certificate is revoked: .*crl\.pem, until /)
    assert.ok(stderr.startsWith(`Warning: The policy ${other} has no rule for the certificate of the grant`), stderr)
    assert.ok(stderr.endsWith(`docker-mtls grant end ann --policy FILE --dir ${folder}\n`), stderr)
    assert.equal(await readFile(other, 'utf8'), POLICY)
    assert.equal(await stateOf(where, commonName), 'revoked')
    // The rule still allows everything.
    assert.deepEqual(await statesIn(where), ['ann revoked'])
    assert.equal((await run('end', 'ann')).code, 0)
    assert.deepEqual(await allowedBy(policy, rule), [])
    assert.match((await end()).stderr, /ERR_GRANT_NOT_FOUND/)
  })

  test('shows with --json whether there was a rule', async (t) => {
    const { root, folder, give, run } = await place(t)
    const other = join(root, 'other.yaml')
    await writeFile(other, POLICY)
    await give('ann')
    await give('ben')
    const { stdout, code } = await run('end', 'ben', '--json')
    const { stdout: without, code: failed } = await runCli(
      ['grant', 'end', 'ann', '--json', '--dir', folder].concat('--policy', other),
    )
    const [found, missing] = [stdout, without].map(
      (text) => JSON.parse(text) as { hasPolicy: boolean; hasRule: boolean },
    )
    assert.deepEqual([code, found?.hasPolicy, found?.hasRule], [0, true, true])
    assert.deepEqual([failed, missing?.hasPolicy, missing?.hasRule], [1, true, false])
  })

  test('replaces its rule also if a person has renamed it, or taken its end out', async (t) => {
    for (const change of [
      (text: string) => text.replace(/grant-ann-[0-9a-f]{8}/, 'ann-for-today'),
      (text: string) => text.replace(/ {4}until: .*\n/, ''),
    ]) {
      const where = await place(t)
      const { rule } = await where.give('ann', 3_600_000, 'privileged')
      const cert = await certIn(where)
      await edit(where, change)
      assert.deepEqual(await statesIn(where), ['ann in force'])
      const { code, stderr } = await where.run('end', 'ann')
      assert.equal(code, 0, stderr)
      assert.deepEqual(await where.rules(), [rule, 'ann'])
      assert.deepEqual([await decides(where, cert), await allowedBy(where.policy, rule)], [rule, []])
    }
  })

  test('puts its rule before one of a person for several certificates, and before a copy of the ended one', async (t) => {
    const where = await place(t)
    const { rule, fingerprint256 } = await where.give('ann', 3_600_000, 'privileged')
    const cert = await certIn(where)
    const shared = `  - { name: both, who: { fingerprint: ['${fingerprint256}', '${'00:'.repeat(31)}00'] }, level: baseline, until: ${END} }\n`
    await edit(where, (text) => text.replace('rules:\n', `rules:\n${shared}`))
    assert.equal(await decides(where, cert), 'both')
    assert.equal((await where.run('end', 'ann')).code, 0)
    assert.deepEqual(await where.rules(), [rule, 'both', 'ann'])
    assert.deepEqual([await decides(where, cert), await allowedBy(where.policy, rule)], [rule, []])
    const copy = `  - { name: copy, who: { fingerprint: '${fingerprint256}' }, level: baseline, until: ${END} }\n`
    await edit(where, (text) => text.replace('rules:\n', `rules:\n${copy}`))
    assert.equal((await where.run('end', 'ann')).code, 0)
    assert.deepEqual(await where.rules(), [rule, 'both', 'ann'])
  })

  test('puts its rule before its former one that a person lets be for other certificates, too', async (t) => {
    const where = await place(t)
    const { rule, fingerprint256 } = await where.give('ann', 3_600_000, 'privileged')
    const cert = await certIn(where)
    await edit(where, (text) => text.replace(`"${fingerprint256}"`, `["${fingerprint256}", "${'00:'.repeat(31)}00"]`))
    const { code, stdout, stderr } = await where.run('end', 'ann')
    assert.equal(code, 0, stderr)
    const ended = rule.replace('grant-', 'ended-')
    assert.ok(stdout.includes(`Its rule ${ended} stays in`), stdout)
    assert.deepEqual(await where.rules(), [ended, rule, 'ann'])
    assert.deepEqual([await decides(where, cert), await allowedBy(where.policy, ended)], [ended, []])
    assert.match((await where.run('end', 'ann')).stderr, /ERR_GRANT_NOT_FOUND/)
    assert.deepEqual(await statesIn(where), ['ann revoked'])
  })

  test('needs no CA key for the rule, says that the certificate is not revoked, and goes on with the key', async (t) => {
    const where = await place(t)
    const { folder, policy, root, give, run } = where
    const { rule, commonName } = await give('ann')
    const [key, offline] = [join(folder, 'ca/ca-key.pem'), join(root, 'offline.pem')]
    await rename(key, offline)
    for (const round of ['first', 'second']) {
      const { code, stderr } = await run('end', 'ann')
      assert.equal(code, 1, round)
      assert.match(stderr, /ERR_CA_INVALID/)
      assert.ok(stderr.includes(`The rule ${rule} in ${policy} allows nothing any more`), stderr)
      assert.ok(stderr.includes('but the certificate is not revoked.'), stderr)
      assert.ok(stderr.includes(`docker-mtls grant end ann --policy ${policy} --dir ${folder}`), stderr)
      assert.deepEqual(await allowedBy(policy, rule), [])
      assert.deepEqual(await statesIn(where), ['ann not revoked'])
    }
    await rename(offline, key)
    const { code, stdout } = await run('end', 'ann')
    assert.equal(code, 0)
    assert.match(stdout, /Its certificate is revoked: [^]*Its rule \S+ stays in \S+, and allows nothing\./)
    assert.deepEqual([await stateOf(where, commonName), await readdir(join(folder, 'grants'))], ['revoked', []])
  })

  test('revokes the certificate also if the policy is written in a way that cannot be changed', async (t) => {
    const where = await place(t)
    const { commonName } = await where.give('ann')
    // The dash in the comment is taken for that of the rule.
    await edit(where, (text) => text.replace('- name: grant', '-\n    # a - b\n    name: grant'))
    const { folder, policy } = where
    await assert.rejects(endGrant({ folder, name: 'ann', policy }), { code: 'ERR_POLICY_INVALID' })
    assert.equal(await stateOf(where, commonName), 'revoked')
  })
})
