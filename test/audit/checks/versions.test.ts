import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NEWEST_API_VERSION } from '../../../lib/base/api-version.ts'
import { VERSIONS } from '../../../lib/audit/checks/versions.ts'
import { known } from '../../../lib/audit/cve/judge.ts'
import { TABLE_DATE, VULNERABILITIES } from '../../../lib/audit/cve/table.ts'
import type { Component, Vulnerability } from '../../../lib/audit/cve/vulnerability.ts'
import { runCases, type Cases, type Row } from '../support/cases.ts'
import type { Status } from '../../../lib/audit/verdict.ts'
import { GOOD, type Change } from '../support/daemon-snapshot.ts'
import { auditSnapshot } from '../../../lib/audit/report.ts'
import { renderJson } from '../../../lib/audit/formats/json.ts'
import { renderText } from '../../../lib/audit/formats/text.ts'

const DAY_MS = 86_400_000
const daysAfter = (days: number): string => new Date(Date.parse(TABLE_DATE) + days * DAY_MS).toISOString()
const FIREWALLD = { FirewallBackend: { Driver: 'iptables+firewalld' } }
const MANAGER = { Swarm: { LocalNodeState: 'active', ControlAvailable: true, Nodes: 1, Managers: 1 } }
/** What makes a vulnerability apply. */
const IN_USE: Readonly<Record<string, NonNullable<Change['info']>>> = {
  'containerd-store': { DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']] },
  swarm: MANAGER,
  windows: { OSType: 'windows' },
}

/** A daemon with a version of a component, built by its project or by a distribution. */
function versionOf(component: Component, version: string, isOriginal = true): NonNullable<Change['version']> {
  const text = isOriginal ? version : `${version}+dfsg1`
  switch (component) {
    case 'engine':
    case 'buildkit':
      return { Version: text }
    case 'desktop':
      return { Platform: { Name: `Docker Desktop ${version} (1)` } }
    case 'go':
      return { GoVersion: `go${text}` }
    case 'kernel':
      return { KernelVersion: text }
    case 'containerd':
    case 'runc':
      return { Components: [{ Name: component, Version: text, Details: { GitCommit: 'a'.repeat(40) } }] }
  }
}

/** The newest version on the same line that is older. */
function before(version: string): string {
  const { numbers, pre } = known(version)
  const last = numbers.at(-1) ?? 0
  if (pre) return `${numbers.join('.')}-${pre[0]}.${pre[1] - 1}`
  return last === 0 || numbers.length < 3 ? `${version}-rc.1` : [...numbers.slice(0, -1), last - 1].join('.')
}

function rowsOf(row: Vulnerability): Row[] {
  const { component, fixed, since, applies } = row
  if (component === 'desktop') return []
  const info = IN_USE[applies ?? ''] ?? {}
  const affected = statusOf(row)
  const rows = fixed.flatMap((version): Row[] => [
    ['pass', version, { info, version: versionOf(component, version) }],
    [affected, before(version), { info, version: versionOf(component, before(version)) }],
  ])
  const build = versionOf(component, before(fixed[0] ?? ''), false)
  const unused: Row[] =
    applies === undefined
      ? []
      : [['not-applicable', 'not in use', { version: versionOf(component, before(fixed[0] ?? '')) }]]
  const older: Row[] =
    since === undefined ? [] : [['pass', 'older', { info, version: versionOf(component, before(since)) }]]
  return [
    ...rows,
    ...unused,
    ...older,
    [row.unreached === undefined ? 'unknown' : affected, "a distribution's build", { info, version: build }],
  ]
}

/** The status of a version without the fix. */
function statusOf({ undecided, unconfirmed, unreached }: Vulnerability): Status {
  if (unreached !== undefined) return 'not-applicable'
  if (undecided !== undefined) return 'unknown'
  return unconfirmed ? 'warn' : 'fail'
}

const generated = Object.fromEntries(VULNERABILITIES.map((row) => [`D-${row.ids[0]}`, rowsOf(row)]))

const components = (containerd: string, runc: string): NonNullable<Change['version']> => ({
  Components: [
    { Name: 'containerd', Version: containerd, Details: { GitCommit: 'a'.repeat(40) } },
    { Name: 'runc', Version: runc, Details: { GitCommit: 'v1.0.0-0-g59923ef' } },
  ],
})

const CASES: Cases = {
  ...generated,
  'D-TABLE-AGE': [
    ['pass', '30 days', { at: daysAfter(30.5) }],
    ['pass', 'a snapshot before the table', { at: daysAfter(-400) }],
    ['warn', '31 days', { at: daysAfter(31) }],
    ['unknown', 'no date', { at: 'yesterday' }],
  ],
  'D-API': [
    ['pass', 'as new as docker-mtls', { version: { ApiVersion: NEWEST_API_VERSION } }],
    ['pass', 'older', { version: { ApiVersion: '1.40' } }],
    ['warn', 'newer', { version: { ApiVersion: '1.99' } }],
    [
      'warn',
      'newer than its gateway',
      { version: { ApiVersion: '1.40' }, gateway: { value: { shows: 'all', unknownApi: '1.45' } } },
    ],
    ['unknown', 'no version', { version: { ApiVersion: undefined } }],
  ],
  'D-VER': [
    ['pass', 'current', {}],
    ['pass', 'an old version of a current line', { version: { Version: '29.0.0', ...components('2.3.0', '1.4.0') } }],
    ['pass', 'newer lines', { version: { Version: '30.0.0', ...components('2.5.0', '1.6.0') } }],
    ['pass', 'engine 25.0 while it gets fixes', { version: { Version: '25.0.17' } }],
    ['fail', 'engine 25.0 afterwards', { at: '2026-12-05T10:00:00Z', version: { Version: '25.0.17' } }],
    ['fail', 'engine 28', { version: { Version: '28.5.2' } }],
    ['fail', 'containerd 1.6', { version: components('1.6.33', '1.4.3') }],
    ['pass', 'containerd 2.2 on its last day', { at: '2026-11-06T10:00:00Z', version: components('2.2.9', '1.4.3') }],
    ['fail', 'containerd 2.2 after it', { at: '2026-11-07T10:00:00Z', version: components('2.2.9', '1.4.3') }],
    ['fail', 'runc 1.1', { version: components('2.3.2', '1.1.15') }],
    ['fail', 'runc 1.3', { version: components('2.3.2', '1.3.6') }],
    ['fail', 'runc 1.4 in May 2027', { at: '2027-05-01T10:00:00Z', version: components('2.3.2', '1.4.3') }],
    ['unknown', 'Debian', { version: { Version: '26.1.5+dfsg1', Platform: { Name: '' } } }],
    ['unknown', 'no runc', { version: { Components: [] } }],
  ],
  'D-AUTHZ-HOLLOW': [
    ['pass', 'fixed', {}],
    ['fail', 'a body without a length', { version: { Version: '26.1.4' } }],
    ['fail', 'a long body', { version: { Version: '29.3.0' } }],
    ['not-applicable', 'no plugin', { version: { Version: '26.1.4' }, info: { Plugins: { Authorization: [] } } }],
    ['unknown', 'no list of plugins', { version: { Version: '26.1.4' }, info: { Plugins: undefined } }],
    ['unknown', 'Debian', { version: { Version: '26.1.5+dfsg1', Platform: { Name: '' } } }],
  ],
  'D-FIREWALL': [
    ['pass', 'fixed', { info: FIREWALLD }],
    ['fail', 'firewalld', { version: { Version: '28.2.0' }, info: FIREWALLD }],
    ['not-applicable', 'another firewall', { version: { Version: '27.5.1' } }],
    ['unknown', 'no firewall reported', { version: { Version: '27.5.1' }, info: { FirewallBackend: undefined } }],
  ],
  'D-GO': [
    ['pass', 'fixed', {}],
    ['pass', 'Go 1.27', { version: { GoVersion: 'go1.27.3' } }],
    ['fail', 'an older Go 1.27', { version: { GoVersion: 'go1.27.2' } }],
    ['fail', 'engine 29.9.0 with Go 1.26.8', { version: { Version: '29.9.0', GoVersion: 'go1.26.8' } }],
    ['unknown', "a distribution's build", { version: { Platform: { Name: '' }, GoVersion: 'go1.24.4' } }],
    ['unknown', 'left out', { version: { GoVersion: undefined } }],
  ],
  'D-KERNEL': [
    ['pass', 'fixed', {}],
    ['warn', 'cgroup v1', { version: { KernelVersion: '5.15.19' }, info: { CgroupVersion: '1' } }],
    ['unknown', 'an older seccomp profile', { version: { Version: '29.4.1' } }],
    ['unknown', 'no version of cgroup', { info: { CgroupVersion: undefined } }],
  ],
  'D-CVE-2025-9074': [
    ['not-applicable', 'no Docker Desktop', {}],
    ['pass', 'fixed', { version: { Platform: { Name: 'Docker Desktop 4.44.3 (1)' } } }],
    ['warn', 'not fixed', { version: { Platform: { Name: 'Docker Desktop 4.44.2 (1)' } } }],
    ['unknown', 'not readable', { unreadable: 'version' }],
  ],
  'D-UNREACHED': [
    ['pass', 'fixed', {}],
    ['not-applicable', 'the CRI plugin', { version: components('2.3.4', '1.4.3') }],
    ['not-applicable', 'Go', { version: { GoVersion: 'go1.26.5' } }],
    ['unknown', 'not readable', { unreadable: 'version' }],
  ],
}

// Some need a setting, and some nobody reaches.
const limited = Object.fromEntries(
  VULNERABILITIES.flatMap((row): Array<[string, readonly Status[]]> => {
    return row.unreached === undefined && row.applies === undefined
      ? []
      : [[`D-${row.ids[0]}`, [...new Set(rowsOf(row).map(([status]) => status))]]]
  }),
)
runCases(VERSIONS, CASES, {
  ...limited,
  'D-UNREACHED': ['pass', 'not-applicable', 'unknown'],
  'D-CVE-2025-9074': ['pass', 'warn', 'not-applicable', 'unknown'],
})

test('a report says until when vulnerabilities are known, if it has looked at versions', () => {
  const report = auditSnapshot(GOOD)
  assert.match(renderText([report]), new RegExp(`\\d not applicable; vulnerabilities are known until ${TABLE_DATE}\\.`))
  assert.match(renderJson([report]), new RegExp(`"vulnerabilities": ?"${TABLE_DATE}"`))
  assert.doesNotMatch(renderText([auditSnapshot(GOOD, { skip: ['versions'] })]), /vulnerabilities are known/)
})
