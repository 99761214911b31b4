import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { planGatewayRollback, rollBackGateway } from '../../lib/apply/gateway/rollback.ts'
import { requireLastApply } from '../../lib/apply/rollback/last-apply.ts'
import type { RollbackPlan } from '../../lib/apply/rollback/plan.ts'
import { gatewayRollbackDone, rollbackPlanText } from '../../lib/cli/reports/rollback-plan.ts'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { renderSentence } from '../../lib/base/sentence.ts'
import { IN_FORCE_PATH, renderInForce } from '../../lib/daemon-config/gateway-in-force.ts'
import { parseFacts } from '../../lib/host/facts.ts'
import { createAuthority, createCrl, issueServer, type Authority } from '../../lib/pki.ts'
import { DEBIAN_UNIT } from '../daemon-config/support/units.ts'
import { recordsOf } from './support/facts.ts'
import { fakeShell, sha256 } from './support/fake-shell.ts'

const ID = '20261128T000000Z-000000'
const UNIT = '/etc/systemd/system/docker-mtls-gateway.service'
const CA = '/etc/docker-mtls/ca.pem'
const CRL = '/etc/docker-mtls/crl.pem'

const VALID = 'version: 1\nrules: [{ name: ci, who: { commonName: ci }, level: baseline }]\n'

interface Applied {
  readonly entries: readonly string[]
  readonly files: Readonly<Record<string, string>>
  readonly facts?: Readonly<Record<string, string>>
  readonly isPending?: true | 'asked' | 'asked restored'
  /** Did a gateway run before? */
  readonly served?: boolean | 'lost'
}

function planned({ entries, files, facts = {}, isPending, served = false }: Applied): Promise<RollbackPlan> {
  const printed = recordsOf({ facts, files: { '/usr/lib/systemd/system/docker.service': DEBIAN_UNIT, ...files } })
  const last = [
    isPending ? 'pending' : 'last',
    ID,
    `yes${typeof isPending === 'string' ? ` ${isPending}` : ''} gateway${served === false ? '' : served === 'lost' ? ' lost' : ' served'}`,
    ...entries,
  ].join('\n')
  const shell = fakeShell((script) => (script.includes('apply that can be rolled back') ? last : printed))
  return planGatewayRollback(shell, parseFacts(printed))
}

const codesOf = async (applied: Applied): Promise<string[]> => (await planned(applied)).losses.map(({ code }) => code)

/** The conflicts of a rollback that removes the gateway. */
const refusedWith = async (files: Applied['files'], more: Partial<Applied> = {}): Promise<string[]> =>
  (await planned({ entries: [`- ${UNIT}`], files, ...more })).conflicts.map(({ kind }) => kind)

const listOf = (by: Authority): string =>
  createCrl(by, { revoked: [], nextUpdate: new Date(Date.now() + 86_400_000), number: 1 }).pem

const runs = (flags: string): string => `[Service]\nExecStart=/usr/bin/node /x/docker-mtls gateway run ${flags}\n`

/** A drop-in with which dockerd listens on the port that is usually without TLS. */
const listening = (more: string): string =>
  `[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// -H tcp://127.0.0.1:2375 ${more}\n`

/** The result of a rollback that leaves the gateway in this state. */
const endsWith = async (active: string, served: boolean): Promise<string> => {
  const plan = await planned({ entries: [`2 ${UNIT}`], files: {}, served })
  const printed = recordsOf({ files: { '/usr/lib/systemd/system/docker.service': DEBIAN_UNIT } })
  const shell = fakeShell((script) => (script.includes('b64() {') ? printed : `ActiveState=${active}\n`), false)
  const ended = rollBackGateway(plan, { shell })
  return ended.then(
    () => 'done',
    (error: unknown) => (isDockerMtlsError(error) ? `${error.code}: ${error.got}` : String(error)),
  )
}

test('a gateway that ran without its unit file does not come back, which the plan and the result say', async () => {
  const plan = await planned({ entries: [`- ${UNIT}`], files: {}, served: 'lost' })
  assert.ok(plan.losses.some(({ code }) => code === 'gateway-lost'))
  const now = { listeners: [], hasGateway: false }
  const done = renderSentence(gatewayRollbackDone(plan, now))
  assert.match(done, /^All files are as they were before, .*No gateway runs: the one before ran without its unit file/s)
  const other = await planned({ entries: [`- ${UNIT}`], files: {} })
  assert.ok(!other.losses.some(({ code }) => code === 'gateway-lost'))
  assert.match(renderSentence(gatewayRollbackDone(other, now)), /^Everything is as it was before/)
})

describe('the rollback of a gateway', () => {
  let old: Authority
  let files: Readonly<Record<string, string>>
  before(async () => {
    old = await createAuthority({ commonName: 'Old CA' })
    files = { [CA]: old.certificate, [CRL]: listOf(old) }
  })

  for (const [name, entry] of [
    ['the first revocation list', '-'],
    ['a revocation list that was there', '3'],
  ] as const)
    test(`${name} stays`, async () => {
      const { kept, last, losses } = await planned({ entries: [`${entry} ${CRL}`, `2 ${UNIT}`], files })
      assert.deepEqual([kept, last.restored, last.removed, losses], [[CRL], [UNIT], [], []])
    })

  test('a list on disk that the running gateway does not use is refused: the restart would put it in force', async () => {
    const facts = { gateway: 'ActiveState=active\nMainPID=900' }
    const on = async (there: Applied['files'], entries = [`2 ${UNIT}`], isPending?: true): Promise<string[]> => {
      const used = { [IN_FORCE_PATH]: renderInForce({ pid: 900, sums: new Map([[CRL, sha256('newer')]]) }) }
      const applied = { entries, files: { ...there, ...used }, facts, ...(isPending && { isPending }) }
      return (await planned(applied)).conflicts.map(({ kind, what }) => `${kind} ${what}`)
    }
    const refused = [`older-list ${CRL}`]
    const older = { [CRL]: 'older' }
    assert.deepEqual(await on({ [CRL]: 'newer' }), [])
    const rows: Promise<string[]>[] = [
      on(older),
      on(older, [`5 ${CRL}`, `2 ${UNIT}`]),
      // A gateway without a list would start.
      on({}),
      on({}, [`- ${CRL}`, `2 ${UNIT}`]),
    ]
    assert.deepEqual(await Promise.all(rows), [refused, refused, refused, refused])
    // One that doesn't say what it uses.
    const silent = { files: older, facts }
    assert.deepEqual(await codesOf({ ...silent, entries: [`2 ${UNIT}`] }), ['list-unknown'])
    assert.deepEqual(await codesOf({ ...silent, entries: [`- ${UNIT}`] }), [])
    // A copy returns, the gateway goes, or an unfinished apply is undone as a whole.
    assert.deepEqual(await Promise.all([on({}, [`5 ${CRL}`, `2 ${UNIT}`]), on(older, [`- ${UNIT}`])]), [[], []])
    assert.deepEqual(await on(older, [`2 ${UNIT}`], true), [])
  })

  test('its list stays also if the gateway goes, and that of an unfinished apply goes', async () => {
    const { kept, last, losses } = await planned({ entries: [`- ${CRL}`, `1 ${CA}`, `- ${UNIT}`], files })
    assert.deepEqual([kept, last.removed, losses], [[CRL], [UNIT], []])
    const pending = await planned({ entries: [`- ${CRL}`, `2 ${UNIT}`], files, isPending: true })
    assert.deepEqual([pending.kept, pending.last.removed], [undefined, [CRL]])
  })

  test('an interrupted rollback leaves the same files, and says the same', async () => {
    const daemon = DEBIAN_UNIT.replace('-H fd://', '-H fd:// -H tcp://0.0.0.0:2376 --tlsverify --tlscacert=/ca')
    const all = { ...files, '/usr/lib/systemd/system/docker.service': daemon }
    const entries = [`3 ${CRL}`, `- ${UNIT}`]
    const said = async (isPending?: 'asked') => {
      const plan = await planned({ entries, files: all, ...(isPending && { isPending }) })
      const head = rollbackPlanText(plan, { typed: renderSentence }).split('\n')[0]
      return [plan.kept, plan.last.restored, plan.losses.map(({ code }) => code), head?.replace(/, of \d.*$/, '')]
    }
    const about = [[CRL], [], ['daemon-exposed']]
    assert.deepEqual(await said(), [...about, 'The last apply'])
    assert.deepEqual(await said('asked'), [...about, 'An unfinished rollback of the last apply'])
  })

  test('one that goes on after it has restored the files says that they stay as they are now', async () => {
    const json = '/etc/docker/daemon.json'
    const copy = { [`/var/lib/docker-mtls/${ID}/3`]: '{"tlsverify": false}' }
    const entries = [`3 ${json}`, `2 ${UNIT}`, `- ${CA}`, `written ${sha256('x')} ${json}`]
    const said = async (isPending: 'asked' | 'asked restored') => {
      const plan = await planned({ entries, files: { ...copy, [json]: '{}' }, isPending })
      return rollbackPlanText(plan, { typed: renderSentence }).split('\n').slice(1)
    }
    const [restored, removed] = ['is restored', 'did not exist before, and is removed']
    assert.deepEqual(await said('asked'), [
      ...[json, UNIT].map((path) => `  ${path}  ${restored}`),
      `  ${CA}  ${removed}`,
      `${json} was changed since the apply. The changed file is kept as ${json}.before-rollback.${ID}.`,
    ])
    assert.deepEqual(await said('asked restored'), [
      ...[json, UNIT].map((path) => `  ${path}  ${restored} already`),
      `  ${CA}  ${removed} already`,
      'The files were restored before the interruption, and stay as they are now.',
    ])
  })

  test('a policy stays if it was changed since the apply, and else goes', async () => {
    const policy = '/etc/docker-mtls/policy.yaml'
    const sum = sha256('as written')
    const entries = [`- ${policy}`, `- ${UNIT}`, `written ${sum} ${policy}`]
    const edited = await planned({ entries, files: { [policy]: 'changed' } })
    assert.deepEqual([edited.kept, edited.last.removed], [[policy], [UNIT]])
    const same = await planned({ entries, files: { [policy]: 'as written' } })
    assert.deepEqual([same.kept, same.last.removed], [undefined, [policy, UNIT]])
  })

  test('a policy that an interrupted rollback has restored is no changed one, and one that it has kept is', async () => {
    const policy = '/etc/docker-mtls/policy.yaml'
    const entries = [`4 ${policy}`, `2 ${UNIT}`, `written ${sha256('as written')} ${policy}`]
    const copy = { [`/var/lib/docker-mtls/${ID}/4`]: VALID }
    for (const [now, kept] of [
      [VALID, undefined],
      [`${VALID}# mine\n`, [policy]],
    ] as const) {
      const plan = await planned({ entries, files: { ...copy, [policy]: now }, isPending: 'asked restored' })
      assert.deepEqual([plan.kept, plan.last.restored], [kept, kept ? [UNIT] : [policy, UNIT]])
    }
  })

  test('fails if a gateway that ran before does not run again', async () => {
    assert.equal(await endsWith('failed', true), 'ERR_APPLY_ROLLBACK_FAILED: systemd says that it is failed')
    assert.equal(await endsWith('active', true), 'done')
    assert.equal(await endsWith('failed', false), 'done')
  })

  test('is refused if the policy that returns has a mistake: the gateway of then used an older one', async () => {
    const policy = '/etc/docker-mtls/policy.yaml'
    const copy = `/var/lib/docker-mtls/${ID}/4`
    const refused = async (earlier: string): Promise<string[]> => {
      const entries = [`4 ${policy}`, `2 ${UNIT}`, `written ${sha256(VALID)} ${policy}`]
      const plan = await planned({ entries, files: { [policy]: VALID, [copy]: earlier } })
      return plan.conflicts.map(({ what, todo }) => `${what}: ${renderSentence(todo)}`)
    }
    assert.deepEqual(await refused('version: 1\nrules: [{ nmae: ci }]\n'), [`${policy}: Correct ${copy}.`])
    assert.deepEqual(await refused(VALID), [])
  })

  test('a unit that somebody has edited since names another list, which the gateway would forget', async () => {
    const sums = new Map([
      ['/srv/crl.pem', sha256('newer')],
      ['/srv/policy.yaml', sha256(VALID)],
    ])
    const refused = async (list: string): Promise<string[]> => {
      const there = {
        [UNIT]: runs('--policy /srv/policy.yaml --crl /srv/crl.pem'),
        [`/var/lib/docker-mtls/${ID}/2`]: runs('--policy /etc/docker-mtls/policy.yaml --crl /etc/docker-mtls/crl.pem'),
        '/etc/docker-mtls/policy.yaml': VALID,
        '/srv/crl.pem': 'newer',
        [CRL]: list,
        [IN_FORCE_PATH]: renderInForce({ pid: 900, sums }),
      }
      const facts = { gateway: 'ActiveState=active\nMainPID=900' }
      const plan = await planned({ entries: [`2 ${UNIT}`], files: there, facts })
      return plan.conflicts.map(({ kind, what }) => `${kind} ${what}`)
    }
    assert.deepEqual(await refused('older'), ['older-list /srv/crl.pem'])
    // Nor is a policy that it doesn't use a reason.
    assert.deepEqual(await refused('newer'), [])
  })

  test('a list that only the edited unit names: the unit that returns has to name it, too', async () => {
    const copy = `/var/lib/docker-mtls/${ID}/2`
    const [a, b] = ['/srv/a.pem', '/srv/b.pem']
    const refused = async (earlier: string): Promise<string[]> => {
      const sums = new Map([a, b].map((path) => [path, sha256(path)]))
      const lists = { [a]: a, [b]: b, [IN_FORCE_PATH]: renderInForce({ pid: 900, sums }) }
      const units = { [UNIT]: runs(`--crl ${a} --crl ${b}`), [copy]: runs(earlier) }
      const facts = { gateway: 'ActiveState=active\nMainPID=900' }
      const plan = await planned({ entries: [`2 ${UNIT}`], files: { ...lists, ...units }, facts })
      return plan.conflicts.map(({ what, todo }) => `${what}: ${renderSentence(todo)}`)
    }
    assert.deepEqual(await refused(`--crl ${a}`), [`${b}: Add --crl ${b} to the command in ${copy}.`])
    assert.deepEqual(await refused(`--crl ${a} --crl ${b}`), [])
  })

  test('a unit that somebody has edited is kept aside, which is said', async () => {
    const sum = sha256('as written')
    const entries = [`1 ${UNIT}`, `written ${sum} ${UNIT}`]
    const start = '[Service]\nExecStart=/usr/bin/node /x/docker-mtls gateway run\n'
    const copy = { [`/var/lib/docker-mtls/${ID}/1`]: start }
    const warned = async (unit: string): Promise<string[]> =>
      (await planned({ entries, files: { ...copy, [UNIT]: unit } })).losses.map(({ text }) => renderSentence(text))
    assert.deepEqual(await warned(`${start}# mine\n`), [
      `${UNIT} was changed since the apply. The changed file is kept as ${UNIT}.before-rollback.${ID}.`,
    ])
    assert.deepEqual(await warned('as written'), [])
    assert.deepEqual(await warned(start), [])
  })

  test('an issuer that goes, or gets another key: clients whose certificates it has renewed will be refused', async () => {
    const issuer = '/etc/docker-mtls/issuer-cert.pem'
    const copy = `/var/lib/docker-mtls/${ID}/4`
    const { certificate: other } = await createAuthority({ commonName: 'Other' })
    const now = { [issuer]: old.certificate }
    const dropped = async (entries: readonly string[], more: object = {}): Promise<boolean> =>
      (await codesOf({ entries, files: { ...now, ...more } })).includes('issuer-dropped')
    assert.equal(await dropped([`- ${issuer}`, `2 ${UNIT}`]), true)
    assert.equal(await dropped([`4 ${issuer}`, `2 ${UNIT}`], { [copy]: other }), true)
    assert.equal(await dropped([`4 ${issuer}`, `2 ${UNIT}`], { [copy]: old.certificate }), false)
    assert.equal(await dropped([`2 ${UNIT}`]), false)
    const pending = { entries: [`- ${issuer}`, `2 ${UNIT}`], files: now, isPending: true } as const
    assert.deepEqual(await codesOf(pending), [])
  })

  test('dockerd on the network without a gateway: everybody with a certificate will be root', async () => {
    const options = '--tlsverify --tlscacert=/ca --tlscert=/cert --tlskey=/key'
    const entries = [`- ${UNIT}`]
    const unit = '/usr/lib/systemd/system/docker.service'
    const on = (more: string): Promise<string[]> =>
      codesOf({ entries, files: { [unit]: DEBIAN_UNIT.replace('-H fd://', `-H fd:// ${more}`) } })
    for (const port of [2375, 2376])
      assert.ok((await on(`-H tcp://0.0.0.0:${port} ${options}`)).includes('daemon-exposed'), `${port}`)
    assert.deepEqual(await on(''), [])
  })

  test('a listener of dockerd beside the gateway, which the apply has closed', async () => {
    const dropIn = '/etc/systemd/system/docker.service.d/override.conf'
    const tls = '--tlsverify --tlscacert=/ca --tlscert=/cert --tlskey=/key'
    const now = `[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// -H tcp://0.0.0.0:2377 ${tls}\n`
    const entries = [`3 ${dropIn}`, `2 ${UNIT}`]
    const copy = { [`/var/lib/docker-mtls/${ID}/3`]: now }
    assert.ok((await codesOf({ entries, files: copy })).includes('daemon-exposed'))
    assert.deepEqual(await codesOf({ entries, files: { ...copy, [dropIn]: now } }), [])
  })

  test('a port where dockerd let everybody in is not opened again, whatever its number', async () => {
    const unit = '/usr/lib/systemd/system/docker.service'
    const kindsOf = async (more: string): Promise<string[]> => {
      const there = { [unit]: DEBIAN_UNIT.replace('-H fd://', `-H fd:// ${more}`) }
      return (await planned({ entries: [`- ${UNIT}`], files: there })).conflicts.map(({ kind }) => kind)
    }
    const tls = '--tlscacert=/ca --tlscert=/cert --tlskey=/key'
    for (const more of [
      '-H tcp://0.0.0.0:2375',
      '-H tcp://0.0.0.0:2376',
      `-H tcp://0.0.0.0:2376 --tls ${tls}`,
      `-H tcp://0.0.0.0:2376 --tlsverify=false ${tls}`,
    ])
      assert.deepEqual(await kindsOf(more), ['plaintext-before'], more)
    for (const more of ['', `-H tcp://0.0.0.0:2376 --tlsverify ${tls}`, `-H tcp://0.0.0.0:2375 --tlsverify ${tls}`])
      assert.deepEqual(await kindsOf(more), [], more)
  })

  test('a port where dockerd lets everybody in now, too, is no reason to keep a policy', async () => {
    const dropIn = '/etc/systemd/system/docker.service.d/override.conf'
    const kindsOf = async (now: string, entries: readonly string[]): Promise<string[]> => {
      const there = { [dropIn]: listening(now), [`/var/lib/docker-mtls/${ID}/3`]: listening('') }
      return (await planned({ entries, files: there })).conflicts.map(({ kind }) => kind)
    }
    const policy = '4 /etc/docker-mtls/policy.yaml'
    assert.deepEqual(await kindsOf('', [policy]), [])
    assert.deepEqual(await kindsOf('', [policy, `3 ${dropIn}`]), [])
    const verified = '--tlsverify --tlscacert=/ca --tlscert=/cert --tlskey=/key'
    assert.deepEqual(await kindsOf(verified, [policy, `3 ${dropIn}`]), ['plaintext-before'])
  })

  test('is refused if dockerd would listen beside a gateway of another name', async () => {
    const unit = '/usr/lib/systemd/system/docker.service'
    const tls = '--tlsverify --tlscacert=/ca --tlscert=/cert --tlskey=/key'
    const openOn = (port: number) => ({
      [unit]: DEBIAN_UNIT.replace('-H fd://', `-H fd:// -H tcp://0.0.0.0:${port} ${tls}`),
    })
    const open = openOn(2376)
    const start = '[Service]\nExecStart=/x/docker-mtls gateway run'
    const other = { '/etc/systemd/system/proxy.service': `${start}\n` }
    const facts = { hostname: 'one' }
    for (const [host, kinds] of [['one', ['other-gateway']] as const, ['two', []] as const]) {
      const named = { '/etc/systemd/system/proxy.service': `${start} --host tcp://${host}:2376\n` }
      assert.deepEqual(await refusedWith({ ...open, ...named }, { facts }), kinds)
    }
    assert.deepEqual(await refusedWith({ ...open, ...other }), ['other-gateway'])
    assert.deepEqual(await refusedWith({ ...openOn(2375), ...other }), ['other-gateway'])
    assert.deepEqual(await refusedWith(open), [])
    assert.deepEqual(await refusedWith(other), [])
    assert.deepEqual(await refusedWith({ ...open, ...other }, { isPending: true }), [])
  })

  test('files of dockerd that nobody can read are no reason against it', async () => {
    const broken = { '/etc/docker/daemon.json': '{' }
    const entries = [`- /etc/docker/daemon.json`, `2 ${UNIT}`]
    assert.deepEqual((await planned({ entries, files: broken })).conflicts, [])
    assert.deepEqual((await planned({ entries: [`2 ${UNIT}`], files: broken, isPending: true })).conflicts, [])
  })

  test('another CA that comes back: whose clients are refused, and who gets in again', async () => {
    const other = await createAuthority({ commonName: 'New CA' })
    const entries = [`1 ${CA}`, `2 ${UNIT}`]
    const copy = `/var/lib/docker-mtls/${ID}/1`
    const warned = async (now: string, then: string, more: readonly string[] = []): Promise<string[]> => {
      const plan = await planned({ entries: [...entries, ...more], files: { [CA]: now, [copy]: then } })
      return plan.losses.map(({ text }) => renderSentence(text))
    }
    const refused = 'Clients of the CA CN=New CA can no longer connect.'
    const returns = 'Clients of the CA CN=Old CA, which the gateway refuses now, can connect again.'
    assert.deepEqual(await warned(other.certificate, old.certificate), [refused, returns])
    assert.deepEqual(await warned(old.certificate + other.certificate, old.certificate), [refused])
    assert.deepEqual(await warned(old.certificate, old.certificate), [])
  })

  test('dockerd with another CA in the place of the gateway: whose clients are refused, and who gets in again', async () => {
    const other = await createAuthority({ commonName: 'New CA' })
    const unit = '/usr/lib/systemd/system/docker.service'
    const tls = '--tlsverify --tlscacert=/t/ca.pem --tlscert=/t/server-cert.pem --tlskey=/t/server-key.pem'
    const dockerd = { [unit]: DEBIAN_UNIT.replace('-H fd://', `-H fd:// -H tcp://0.0.0.0:2376 ${tls}`) }
    const warned = async (daemonCa: Applied['files'], entries: readonly string[]): Promise<string[]> => {
      const all = { ...dockerd, [CA]: other.certificate, ...daemonCa }
      return (await planned({ entries: [...entries, `- ${UNIT}`], files: all })).losses
        .filter(({ code }) => code !== 'daemon-exposed')
        .map(({ text }) => renderSentence(text))
    }
    const both = [
      'Clients of the CA CN=New CA can no longer connect.',
      'Clients of the CA CN=Old CA, which the gateway refuses now, can connect again.',
    ]
    assert.deepEqual(await warned({ '/t/ca.pem': old.certificate }, [`- ${CA}`]), both)
    const copy = `/var/lib/docker-mtls/${ID}/1`
    assert.deepEqual(await warned({ '/t/ca.pem': other.certificate, [copy]: old.certificate }, ['1 /t/ca.pem']), both)
    assert.deepEqual(await warned({ '/t/ca.pem': other.certificate }, [`- ${CA}`]), [])
    // What can't be read can't be compared.
    assert.deepEqual(await warned({}, [`- ${CA}`]), [])
  })

  test('a list that was removed with its gateway comes back as it was then', async () => {
    const entries = [`1 ${CA}`, `5 ${CRL}`, `2 ${UNIT}`]
    const [ca, crl] = [`/var/lib/docker-mtls/${ID}/1`, `/var/lib/docker-mtls/${ID}/5`]
    const warned = (list: string): Promise<string[]> =>
      codesOf({ entries, files: { [ca]: old.certificate, [crl]: list } })
    assert.deepEqual(await warned(listOf(old)), ['older-list'])
    const other = await createAuthority({ commonName: 'New CA' })
    assert.deepEqual(await warned(listOf(other)), ['older-list', 'ca-without-list'])
  })

  test('a policy that stays has to be one: the gateway restarts with it', async () => {
    const policy = '/etc/docker-mtls/policy.yaml'
    const entries = [`4 ${policy}`, `2 ${UNIT}`, `written 00 ${policy}`]
    const found = async (text: string): Promise<string[]> =>
      (await planned({ entries, files: { [policy]: text } })).conflicts.map(({ kind, what }) => `${kind} ${what}`)
    assert.deepEqual(await found(VALID), [])
    assert.deepEqual(await found('version: 1\nrules: [\n'), [`changed-since ${policy}`])
  })

  test('so do files that the apply has not written', async () => {
    const [policy, key] = ['/etc/docker-mtls/policy.yaml', '/etc/docker-mtls/server-key.pem']
    const [good, broken] = [VALID, 'version: 1\nrules: [\n']
    const running = { gateway: 'ActiveState=active\nMainPID=900' }
    const sums = new Map([[policy, sha256(good)], ...[key, CA].map((path) => [path, sha256('as it was')] as const)])
    const inForce = { [IN_FORCE_PATH]: renderInForce({ pid: 900, sums }) }
    const found = async (there: Applied['files'], facts = {}, entries = [`2 ${UNIT}`]): Promise<string[]> =>
      (await planned({ entries, files: { ...there, ...inForce }, facts })).conflicts.map(({ what, todo }) =>
        `${what} ${renderSentence(todo)}`.replace(/Read its log.*/, 'log'),
      )
    const all = { [policy]: good, [key]: 'as it was', [CA]: 'as it was' }
    assert.deepEqual(await found(all, running), [])
    for (const facts of [{}, running])
      assert.deepEqual(await found({ ...all, [policy]: broken }, facts), [`${policy} Correct it.`])
    const { [policy]: _, ...without } = all
    assert.deepEqual(await found(without, running), [`${policy} log`])
    // The key belongs to another certificate.
    assert.deepEqual(await found({ ...all, [key]: 'another' }, running), [`${key} log`])
    assert.deepEqual(await found({ ...all, [key]: 'another' }, running, [`4 ${key}`, `2 ${UNIT}`]), [])
    assert.deepEqual(await found({ ...all, [policy]: broken }, running, [`4 ${policy}`, `2 ${UNIT}`]), [])
    assert.deepEqual(await found({ ...all, [policy]: broken }, running, [`- ${UNIT}`]), [])
  })

  test('the policy is the one that its unit names', async () => {
    const [policy, named] = ['/etc/docker-mtls/policy.yaml', '/srv/policy.yaml']
    const there = {
      [UNIT]: `[Service]\nExecStart=/x/docker-mtls gateway run --policy ${named}\n`,
      [IN_FORCE_PATH]: renderInForce({ pid: 900, sums: new Map([[named, sha256(VALID)]]) }),
      [policy]: 'no policy',
    }
    const facts = { gateway: 'ActiveState=active\nMainPID=900' }
    const found = async (text: string): Promise<string[]> =>
      (await planned({ entries: [`4 ${CA}`], files: { ...there, [named]: text }, facts })).conflicts.map(
        ({ what }) => what,
      )
    assert.deepEqual(await found(VALID), [])
    assert.deepEqual(await found('no policy'), [named])
  })

  test('a server certificate that comes back, and has expired', async (t) => {
    const cert = '/etc/docker-mtls/server-cert.pem'
    const { cert: text } = await issueServer(old, { names: ['b'], days: 30 })
    const entries = [`5 ${cert}`, `2 ${UNIT}`]
    const warned = async (): Promise<string> =>
      (await planned({ entries, files: { [`/var/lib/docker-mtls/${ID}/5`]: text } })).losses
        .map((one) => renderSentence(one.text))
        .join()
    assert.equal(await warned(), '')
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 31 * 86_400_000 })
    assert.match(await warned(), /After the rollback: The server's certificate has expired/)
  })

  test('a list of other CAs than those that come back: whose clients will be refused', async () => {
    const other = await createAuthority({ commonName: 'New CA' })
    const entries = [`- ${CRL}`, `1 ${CA}`, `2 ${UNIT}`]
    const copy = { [`/var/lib/docker-mtls/${ID}/1`]: old.certificate, [CA]: other.certificate }
    const warned = async (list: string): Promise<string> =>
      (await planned({ entries, files: { ...copy, [CRL]: list } })).losses
        .filter(({ code }) => code === 'ca-without-list')
        .map(({ text }) => renderSentence(text))
        .join()
    assert.match(
      await warned(listOf(other)),
      /no current list of the CA Old CA, so the gateway will refuse its clients/,
    )
    assert.equal(await warned(listOf(other) + listOf(old)), '')
  })
})

test('daemon rollback leaves a finished apply of the gateway to gateway rollback', async () => {
  const require = (kind: string, about: string) =>
    requireLastApply(fakeShell(() => [kind, ID, about, `2 ${UNIT}`].join('\n')))
  await assert.rejects(require('last', 'yes gateway docker'), {
    code: 'ERR_APPLY_NOTHING_TO_ROLL_BACK',
    message: /last apply there was one of the gateway[^]*docker-mtls gateway rollback/,
  })
  assert.equal((await require('pending', 'yes gateway')).isPending, true)
  assert.equal((await require('last', 'yes')).id, ID)
})
