import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { planGatewayRollback } from '../../lib/apply/gateway/rollback.ts'
import type { RollbackPlan } from '../../lib/apply/rollback/plan.ts'
import { renderSentence } from '../../lib/base/sentence.ts'
import { parseFacts } from '../../lib/host/facts.ts'
import { createAuthority, createCrl, type Authority } from '../../lib/pki.ts'
import { DEBIAN_UNIT } from '../daemon-config/support/units.ts'
import { recordsOf } from './support/facts.ts'
import { fakeShell } from './support/fake-shell.ts'

const ID = '20261128T000000Z-000000'
const UNIT = '/etc/systemd/system/docker-mtls-gateway.service'
const CA = '/etc/docker-mtls/ca.pem'
const CRL = '/etc/docker-mtls/crl.pem'

interface Applied {
  readonly entries: readonly string[]
  readonly files: Readonly<Record<string, string>>
  readonly isPending?: true
}

function planned({ entries, files, isPending }: Applied): Promise<RollbackPlan> {
  const printed = recordsOf({ files: { '/usr/lib/systemd/system/docker.service': DEBIAN_UNIT, ...files } })
  const last = [isPending ? 'pending' : 'last', ID, 'yes gateway', ...entries].join('\n')
  const shell = fakeShell((script) => (script.includes('apply that can be rolled back') ? last : printed))
  return planGatewayRollback(shell, parseFacts(printed))
}

const listOf = (by: Authority): string =>
  createCrl(by, { revoked: [], nextUpdate: new Date(Date.now() + 86_400_000), number: 1 }).pem

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

  test('with the gateway, its list goes, and so does that of an unfinished apply', async () => {
    for (const applied of [
      { entries: [`- ${CRL}`, `- ${UNIT}`], files },
      { entries: [`- ${CRL}`, `2 ${UNIT}`], files, isPending: true },
    ] as const) {
      const { kept, last } = await planned(applied)
      assert.equal(kept, undefined)
      assert.ok(last.removed.includes(CRL))
    }
  })

  test('a list of other CAs than those that come back: whose clients will be refused', async () => {
    const other = await createAuthority({ commonName: 'New CA' })
    const entries = [`- ${CRL}`, `1 ${CA}`, `2 ${UNIT}`]
    const copy = { [`/var/lib/docker-mtls/${ID}/1`]: old.certificate, [CA]: other.certificate }
    const warned = async (list: string): Promise<string> =>
      (await planned({ entries, files: { ...copy, [CRL]: list } })).losses
        .map(({ text }) => renderSentence(text))
        .join()
    assert.match(
      await warned(listOf(other)),
      /no current list of the CA Old CA, so the gateway will refuse its clients/,
    )
    assert.equal(await warned(listOf(other) + listOf(old)), '')
  })
})
