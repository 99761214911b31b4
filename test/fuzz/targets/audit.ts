import { changeOf, baselineOf, parseBaseline } from '../../../lib/audit/baseline.ts'
import { CHECKS } from '../../../lib/audit/checks.ts'
import { hasExpired, parseExceptions } from '../../../lib/audit/exceptions.ts'
import { renderReport } from '../../../lib/audit/formats/render.ts'
import { FORMATS } from '../../../lib/audit/names.ts'
import { auditSnapshot } from '../../../lib/audit/report.ts'
import { parseSnapshot } from '../../../lib/audit/snapshot/parse.ts'
import { CONTROLS } from '../../audit/support/hostile.ts'
import { makeSnapshot, PRIVILEGED, rawSnapshot, UNPRIVILEGED } from '../../audit/support/snapshots.ts'
import { demand, type Target } from '../target.ts'

const CONTAINERS = [
  { name: 'web', inspect: PRIVILEGED },
  { name: 'db', inspect: UNPRIVILEGED },
]

/** Whatever a snapshot holds, every check ends, and no report is controlled by it. */
function readSnapshot(bytes: Buffer): void {
  const report = auditSnapshot(parseSnapshot(bytes.toString('utf8')))
  const found = new Set(report.findings.map(({ check }) => check))
  demand(found.size <= CHECKS.length, 'there are findings of no check')
  demand(
    report.unread.every(({ part }) => !part.startsWith('results of ')),
    'a check has failed',
  )
  for (const format of FORMATS)
    demand(!CONTROLS.test(renderReport(report, format)), `${format} has a control character`)
}

function readExceptions(bytes: Buffer): void {
  for (const exception of parseExceptions(bytes.toString('utf8'))) {
    demand(exception.reason.trim() !== '', 'an exception has no reason')
    demand(hasExpired(exception, new Date('9999-12-31T23:59:59.999Z')) || exception.until === '9999-12-31', 'no date')
  }
}

const REPORT = auditSnapshot(makeSnapshot(CONTAINERS))

function readBaseline(bytes: Buffer): void {
  const baseline = parseBaseline(bytes.toString('utf8'))
  const before = baselineOf(baseline, REPORT.target)
  const changes = REPORT.findings.map((finding) => changeOf(finding, before))
  demand(before !== undefined || changes.every((change) => change === 'new'), 'nothing is known, but compared')
}

const EXCEPTION = { check: CHECKS[0]?.id, subject: 'web', target: REPORT.target, reason: 'why', until: '2030-01-31' }

export const targets: readonly Target[] = [
  {
    name: 'audit-snapshot',
    read: readSnapshot,
    format: 'json',
    seeds: () => [JSON.stringify(rawSnapshot(CONTAINERS)), JSON.stringify(makeSnapshot(CONTAINERS))],
    pace: 16,
    longest: 128 * 1024,
  },
  {
    name: 'audit-exceptions',
    read: readExceptions,
    format: 'json',
    seeds: () => [JSON.stringify({ exceptions: [EXCEPTION] })],
  },
  {
    name: 'audit-baseline',
    read: readBaseline,
    format: 'json',
    // Without the texts of the checks, which nobody reads: of a report with them, mutated again and again, the heap is full.
    seeds: () => [JSON.stringify({ ...(JSON.parse(renderReport(REPORT, 'json')) as object), checks: [] })],
    pace: 4,
    longest: 128 * 1024,
  },
]
