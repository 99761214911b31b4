import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { flawsOf } from '../../lib/audit/cve/vulnerability.ts'
import { known } from '../../lib/audit/cve/judge.ts'
import { readInputs } from '../../scripts/cve/inputs.ts'
import type { Advisory } from '../../scripts/cve/osv.ts'
import { PAGE, renderPage } from '../../scripts/cve/page.ts'
import { rowsOf } from '../../scripts/cve/rows.ts'
import { renderTable, TABLE } from '../../scripts/cve/table.ts'
import type { Verdict } from '../../scripts/cve/verdict.ts'
import { VERDICTS } from '../../scripts/cve/verdicts.ts'

test('lib/audit/cve/table.ts is what npm run cve writes', async () => {
  const { advisories, date } = readInputs()
  const text = await renderTable(rowsOf(advisories, VERDICTS), date)
  assert.ok(readFileSync(TABLE, 'utf8') === text, 'run  npm run cve')
})

test('docs/vulnerabilities.md is what npm run cve writes', () => {
  assert.ok(readFileSync(PAGE, 'utf8') === renderPage(readInputs(), VERDICTS), 'run  npm run cve')
})

test('a first affected version is one that an advisory names', () => {
  const { advisories } = readInputs()
  for (const { ids, since, fixed } of VERDICTS) {
    if (since === undefined || fixed) continue
    const own = advisories.filter(({ id, aliases }) => [id, ...aliases].includes(ids[0]))
    const first = own.flatMap(({ affected }) => Object.values(affected).flatMap((ranges) => ranges.map(([one]) => one)))
    assert.ok(
      first.some((one) => one.replace('+incompatible', '') === since),
      `${ids[0]}: ${since}`,
    )
  }
})

const advisory = (id: string, ranges: Advisory['affected'] = {}, aliases: string[] = []): Advisory => ({
  id,
  aliases,
  affected: ranges,
})
const go = (id: string, fixed: string): Advisory => advisory(id, { stdlib: [['0', fixed]] })
const RUNC = 'github.com/opencontainers/runc'
const verdict: Verdict = {
  ids: ['CVE-2026-1'],
  component: 'runc',
  reached: 'yes',
  severity: 'low',
  source: 'runc',
  why: 'A container can read a file of the host.',
}
const one = advisory(
  'GO-2026-1',
  {
    [RUNC]: [
      ['0', '1.3.6'],
      ['1.4.0', '1.4.3'],
    ],
  },
  ['CVE-2026-1'],
)

describe('rows', () => {
  test('have the fixed version of each release line, from whichever id the advisory has', () => {
    const { vulnerabilities } = rowsOf([one], [verdict])
    assert.deepEqual(
      vulnerabilities.map(({ ids, fixed }) => [...ids, ...fixed]),
      [['CVE-2026-1', '1.3.6', '1.4.3']],
    )
  })

  test('of several modules have the versions of all, the oldest first', () => {
    const affected: Advisory['affected'] = {
      'github.com/containerd/containerd/v2': [
        ['2.0.0', '2.0.10'],
        ['2.2.0', '2.2.5'],
      ],
      'github.com/containerd/containerd': [['0', '1.7.33']],
    }
    const { vulnerabilities } = rowsOf([advisory('CVE-2026-1', affected)], [{ ...verdict, component: 'containerd' }])
    assert.deepEqual(vulnerabilities[0]?.fixed, ['1.7.33', '2.0.10', '2.2.5'])
  })

  test('of a group have the ids by their fixed versions', () => {
    const ids = ['CVE-2026-1', 'CVE-2026-2', 'CVE-2026-3'] as const
    const advisories = [go(ids[0], '1.26.9'), go(ids[1], '1.26.8'), go(ids[2], '1.26.9')]
    const { grouped } = rowsOf(advisories, [{ ids, component: 'go', reached: 'yes', group: 'D-GO' }])
    assert.deepEqual(grouped.flatMap(flawsOf), [
      { group: 'D-GO', component: 'go', ids: [ids[0], ids[2]], fixed: ['1.26.9'] },
      { group: 'D-GO', component: 'go', ids: [ids[1]], fixed: ['1.26.8'] },
    ])
  })

  test('that nobody reaches have the reason, and no check of their own', () => {
    const unreached: Verdict = {
      ids: ['CVE-2026-1'],
      component: 'runc',
      reached: 'no',
      reason: 'dockerd never asks runc for it',
    }
    const { vulnerabilities, grouped } = rowsOf([one], [unreached])
    assert.deepEqual(vulnerabilities, [])
    assert.deepEqual(grouped, [
      {
        group: 'D-UNREACHED',
        component: 'runc',
        fixes: { '1.3.6 1.4.3': 'CVE-2026-1' },
        unreached: 'dockerd never asks runc for it',
      },
    ])
  })
})

const REFUSED: ReadonlyArray<
  readonly [what: string, advisories: readonly Advisory[], verdicts: readonly Verdict[], RegExp]
> = [
  [
    'an advisory without a verdict',
    [one, advisory('GO-2026-2', {}, ['CVE-2026-2'])],
    [verdict],
    /without a verdict.*: GO-2026-2 CVE-2026-2$/,
  ],
  [
    'a verdict without an advisory',
    [one],
    [verdict, { ...verdict, ids: ['CVE-2026-3'] }],
    /a verdict without an advisory: CVE-2026-3/,
  ],
  ['two verdicts', [one], [verdict, verdict], /more than one verdict: CVE-2026-1/],
  [
    'no fixed version',
    [advisory('CVE-2026-1', { [RUNC]: [['0']] })],
    [verdict],
    /CVE-2026-1: the advisory has no fixed version of runc/,
  ],
  [
    'a commit as fixed version',
    [advisory('CVE-2026-1', { [RUNC]: [['0', '1.0.0-rc9.0.20200122160610-2fc03cc11c77']] })],
    [verdict],
    /is no release/,
  ],
  [
    'a check for two sets of fixed versions',
    [one, advisory('CVE-2026-2', { [RUNC]: [['0', '1.4.9']] })],
    [{ ...verdict, ids: ['CVE-2026-1', 'CVE-2026-2'] }],
    /fixed in 1\.3\.6, 1\.4\.3 and in 1\.4\.9/,
  ],
]
describe('npm run cve refuses', () => {
  for (const [what, advisories, verdicts, message] of REFUSED)
    test(what, () => assert.throws(() => rowsOf(advisories, verdicts), message))
})

describe('each verdict', () => {
  for (const { ids, reached, reason, why, severity, group, fixed = [] } of VERDICTS) {
    test(ids[0], () => {
      assert.equal(reason !== undefined, reached === 'no', 'a reason is for those that nobody reaches')
      assert.ok(
        reached === 'no' || group === 'D-GO' || (why !== undefined && severity !== undefined),
        'says why, and how bad',
      )
      for (const version of fixed) assert.equal(known(version).suffix, '')
    })
  }
})
