import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { planGatewayRollback } from '../../lib/apply/gateway/rollback.ts'
import { daemonBefore } from '../../lib/apply/rollback/before.ts'
import { requireLastApply } from '../../lib/apply/rollback/last-apply.ts'
import { planRollback, type RollbackPlan } from '../../lib/apply/rollback/plan.ts'
import { renderSentence } from '../../lib/base/sentence.ts'
import { parseFacts } from '../../lib/host/facts.ts'
import { createAuthority, type Authority } from '../../lib/pki.ts'
import { DEBIAN_UNIT } from '../daemon-config/support/units.ts'
import { factsOf, recordsOf } from './support/facts.ts'
import { fakeShell } from './support/fake-shell.ts'

const ID = '20261128T000000Z-000000'
const VENDOR = '/usr/lib/systemd/system/docker.service'
const DROP_IN = '/etc/systemd/system/docker.service.d/override.conf'
const GATEWAY = '/etc/systemd/system/docker-mtls-gateway.service'
const COPY = `/var/lib/docker-mtls/${ID}/1`
const [CA, CERT, KEY] = ['/tls/ca.pem', '/tls/cert.pem', '/tls/key.pem']
const FILES = `--tlscacert=${CA} --tlscert=${CERT} --tlskey=${KEY}`

const startWith = (flags: string): string =>
  `[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// -H tcp://0.0.0.0:2376 ${flags}\n`

interface Applied {
  readonly kind?: 'last' | 'pending'
  /** Did dockerd run before, and is it an apply of the gateway? */
  readonly about?: string
  readonly entries?: readonly string[]
  readonly files?: Readonly<Record<string, string>>
  readonly gone?: readonly string[]
}

/** The rollback of an apply that has changed the drop-in: dockerd listened with TLS before. */
async function planned({
  kind = 'last',
  about = 'yes',
  entries = [],
  files,
  gone = [],
}: Applied): Promise<RollbackPlan> {
  const printed = recordsOf({
    facts: Object.fromEntries(gone.map((path) => [`gone:${path}`, 'yes'])),
    files: { [VENDOR]: DEBIAN_UNIT, [COPY]: startWith(`--tlsverify ${FILES}`), ...files },
  })
  const last = [kind, ID, about, `1 ${DROP_IN}`, ...entries].join('\n')
  const shell = fakeShell((script) => (script.includes('apply that can be rolled back') ? last : printed), false)
  const facts = parseFacts(printed)
  return about.includes('gateway')
    ? planGatewayRollback(shell, facts)
    : planRollback(shell, facts, await requireLastApply(shell))
}

const refusedWith = async (applied: Applied): Promise<string[]> =>
  (await planned(applied)).conflicts.map(({ kind, what }) => `${kind} ${what}`)

const remedies = async (applied: Applied): Promise<string[]> =>
  (await planned(applied)).conflicts.map(({ todo }) => renderSentence(todo))

const warned = async (applied: Applied): Promise<string[]> =>
  (await planned(applied)).losses.flatMap(({ code, text }) =>
    /^c.*-re/.test(code) ? [`${code}: ${renderSentence(text)}`] : [],
  )

describe('a rollback whose dockerd would not find its TLS files', () => {
  for (const about of ['yes', 'yes gateway docker']) {
    const entries = about === 'yes' ? [] : [`- ${GATEWAY}`]
    test(`is refused: ${about}`, async () => {
      assert.deepEqual(await refusedWith({ about, entries }), [])
      for (const path of [CA, CERT, KEY])
        assert.deepEqual(await refusedWith({ about, entries, gone: [path] }), [`changed-since ${path}`])
      assert.deepEqual(await refusedWith({ about, entries: [...entries, `2 ${KEY}`], gone: [KEY] }), [])
      assert.deepEqual(await refusedWith({ about, entries: [...entries, `- ${KEY}`] }), [`changed-since ${KEY}`])
    })
  }

  test('says what helps: the file, or a removal if the rollback would remove that again', async () => {
    assert.deepEqual(await remedies({ gone: [KEY] }), ['Put it there again.'])
    const entries = [`- ${KEY}`]
    assert.deepEqual(await remedies({ entries }), ['Remove docker-mtls instead:  docker-mtls daemon remove'])
    const gateway = { about: 'yes gateway docker', entries: [...entries, `2 ${GATEWAY}`] }
    assert.deepEqual(await remedies(gateway), ['Remove docker-mtls instead:  docker-mtls gateway remove'])
  })

  test('is left to the host if the apply is unfinished, or if dockerd does not start', async () => {
    assert.deepEqual(await refusedWith({ kind: 'pending', gone: [KEY] }), [])
    assert.deepEqual(await refusedWith({ about: 'no', gone: [KEY] }), [])
    assert.deepEqual(await refusedWith({ about: 'yes gateway', gone: [KEY] }), [])
  })

  test('counts only files that dockerd reads', async () => {
    const then = (flags: string): Applied => ({ files: { [COPY]: startWith(`${flags} ${FILES}`) }, gone: [CA, KEY] })
    assert.deepEqual(await refusedWith(then('--tls')), [`changed-since ${KEY}`])
    assert.deepEqual(await refusedWith(then('')), [])
  })
})

const told = (flags: string): string[] =>
  daemonBefore(
    factsOf({ files: { [VENDOR]: DEBIAN_UNIT, [DROP_IN]: startWith(flags) } }),
    fakeShell(() => ''),
  ).split('\n')

test('what a rollback by hand has to know: the reasons against it first', () => {
  const [listens, open] = ['listens tcp://0.0.0.0:2376', 'open tcp://0.0.0.0:2376']
  assert.deepEqual(told(''), [listens, open])
  assert.deepEqual(told(`--tls ${FILES}`), [`needs ${CERT}`, `needs ${KEY}`, listens, open])
  assert.deepEqual(told(`--tlsverify ${FILES}`), [`needs ${CA}`, `needs ${CERT}`, `needs ${KEY}`, listens])
  assert.deepEqual(told('--tlscacert'), [''])
})

describe('a rollback of dockerd with other CAs', () => {
  let [older, newer]: Authority[] = []
  before(async () => {
    older = await createAuthority({ commonName: 'Old CA' })
    newer = await createAuthority({ commonName: 'New CA' })
  })

  const EXCHANGED = [
    'clients-refused: Clients of the CA CN=New CA can no longer connect.',
    'ca-returns: Clients of the CA CN=Old CA, which dockerd refuses now, can connect again.',
  ]

  test('says who gets in again, and who is refused', async () => {
    const [now, then] = [newer?.certificate ?? '', older?.certificate ?? '']
    const listens = { [DROP_IN]: startWith(`--tlsverify ${FILES}`) }
    const copy = `/var/lib/docker-mtls/${ID}/2`
    const entries = [`2 ${CA}`]
    assert.deepEqual(await warned({ entries, files: { ...listens, [CA]: now, [copy]: then } }), EXCHANGED)
    assert.deepEqual(await warned({ entries, files: { ...listens, [CA]: now, [copy]: now } }), [])
    // Nobody can connect now.
    assert.deepEqual(await warned({ entries, files: { [CA]: now, [copy]: then } }), [])
    const elsewhere = { [DROP_IN]: startWith(`--tlsverify ${FILES.replace(CA, '/other/ca.pem')}`) }
    assert.deepEqual(await warned({ files: { ...elsewhere, '/other/ca.pem': now, [CA]: then } }), EXCHANGED)
  })
})
