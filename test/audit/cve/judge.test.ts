import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import { judge, known } from '../../../lib/audit/cve/judge.ts'
import { GROUPED, TABLE_DATE, VULNERABILITIES } from '../../../lib/audit/cve/table.ts'
import { flawsOf, type Flaw } from '../../../lib/audit/cve/vulnerability.ts'
import type { Verdict } from '../../../lib/audit/verdict.ts'
import { changed, type Change } from '../support/daemon-snapshot.ts'

const ALL: readonly Flaw[] = [...VULNERABILITIES, ...GROUPED.flatMap(flawsOf)]

function rowOf(id: string): Flaw {
  const row = ALL.find(({ ids }) => ids.includes(id))
  assert.ok(row, id)
  return row
}

function verdictOf(id: string, change: Change): Verdict {
  const { version, info } = changed(change)
  assert.ok('value' in version && 'value' in info)
  return judge(rowOf(id), { version: version.value, info: info.value })
}

/** A daemon of docker-ce, but for what is said. */
const engine = (Version: string, more: Change['version'] = {}): Change => ({ version: { Version, ...more } })
/** A daemon that a distribution built. */
const distribution = (Version: string, OperatingSystem: string, more: Change['version'] = {}): Change => ({
  version: { Version, Platform: { Name: '' }, GitCommit: '', ...more },
  info: { OperatingSystem },
})
const component = (Name: string, Version: string, GitCommit: string): Change => ({
  version: { Components: [{ Name, Version, Details: { GitCommit } }] },
})
const COMMIT = 'a'.repeat(40)
const FIREWALLD = { FirewallBackend: { Driver: 'iptables+firewalld' } }
const AUTHZ_NONE = { Plugins: { Authorization: [] } }
const IN_CONTAINERD = { info: { DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']] } }
const MANAGER = { Swarm: { LocalNodeState: 'active', ControlAvailable: true, Nodes: 1, Managers: 1 } }

type Row = readonly [status: Verdict['status'], id: string, what: string, change: Change, detail?: RegExp]

const ROWS: readonly Row[] = [
  ['fail', 'CVE-2026-17106', 'docker-ce 28.5.2', engine('28.5.2'), /Engine 28\.5\.2, fixed in 29\.7\.0/],
  ['fail', 'CVE-2026-17106', 'docker-ce 29.6.2', engine('29.6.2')],
  ['pass', 'CVE-2026-17106', 'docker-ce 29.7.0', engine('29.7.0')],
  ['fail', 'CVE-2026-17106', 'a pre-release', engine('29.7.0-rc.1')],
  ['pass', 'CVE-2026-17106', 'a line of the future', engine('30.0.0')],
  ['unknown', 'CVE-2026-17106', 'no version', engine('dev'), /cannot be compared|not a version/],
  ['unknown', 'CVE-2026-17106', 'a version left out', { version: { Version: undefined } }, /did not report/],
  ['unknown', 'CVE-2026-17106', 'no name of the builder', engine('28.5.2', { Platform: undefined })],
  [
    'fail',
    'CVE-2026-17106',
    'Docker Desktop',
    engine('28.5.2', { Platform: { Name: 'Docker Desktop 4.50.0 (209931)' } }),
  ],
  // Distributions, as their daemons answer.
  [
    'unknown',
    'CVE-2026-17106',
    'Debian',
    distribution('26.1.5+dfsg1', 'Debian GNU/Linux 13 (trixie)', { GitCommit: '411e817debadd' }),
    /security-tracker\.debian\.org\/tracker\/CVE-2026-17106/,
  ],
  [
    'unknown',
    'CVE-2026-17106',
    'Ubuntu, which names only its commit',
    distribution('24.0.7', 'Ubuntu 24.04.1 LTS', { GitCommit: '24.0.7-0ubuntu2~22.04.1' }),
    /ubuntu\.com\/security\/CVE-2026-17106/,
  ],
  [
    'unknown',
    'CVE-2026-17106',
    'Debian in a container on another host',
    distribution('26.1.5+dfsg1', 'Alpine Linux v3.20 (containerized)'),
    /debian/,
  ],
  [
    'unknown',
    'CVE-2026-17106',
    'Fedora',
    distribution('27.3.1', 'Fedora Linux 41 (Server Edition)', { GitCommit: '1.fc41' }),
    /bodhi\.fedoraproject\.org/,
  ],
  [
    'unknown',
    'CVE-2026-17106',
    'Alpine',
    distribution('28.3.3', 'Alpine Linux v3.22', { GitCommit: 'f52814d' }),
    /security\.alpinelinux\.org\/vuln\/CVE-2026-17106/,
  ],
  ['unknown', 'CVE-2026-17106', 'RHEL', distribution('27.1.1-1.el9', 'Red Hat Enterprise Linux 9.4 (Plow)'), /redhat/],
  ['unknown', 'CVE-2026-17106', 'Amazon', distribution('25.0.6', 'Amazon Linux 2023.6.20241031'), /alas\.aws/],
  ['unknown', 'CVE-2026-17106', 'openSUSE', distribution('27.5.1_ce', 'openSUSE Tumbleweed'), /suse\.com/],
  ['unknown', 'CVE-2026-17106', 'another', distribution('27.5.1', 'NixOS 24.11'), /its security tracker/],
  ['pass', 'CVE-2026-17106', 'a new Alpine', distribution('29.9.3', 'Alpine Linux v3.24')],
  [
    'unknown',
    'GHSA-7236-3392-c5c6',
    'Debian, without a CVE',
    distribution('26.1.5+dfsg1', 'Debian'),
    /its security tracker/,
  ],
  // runc and containerd.
  ['fail', 'CVE-2025-31133', 'runc of containerd.io', component('runc', '1.2.5', 'v1.2.5-0-g59923ef')],
  ['pass', 'CVE-2025-31133', 'runc of containerd.io', component('runc', '1.3.3', 'v1.3.3-0-gd842d77')],
  ['unknown', 'CVE-2025-31133', 'runc of Debian', component('runc', '1.1.15+ds1', '1.1.15+ds1-2+b4'), /debian/],
  ['unknown', 'CVE-2025-31133', 'runc of Ubuntu', component('runc', '1.1.12-0ubuntu2~22.04.1', ''), /ubuntu/],
  ['unknown', 'CVE-2025-31133', 'runc without a commit', component('runc', '1.2.5', '')],
  ['unknown', 'CVE-2025-31133', 'no runc', { version: { Components: [] } }, /did not report the version of runc/],
  ['unknown', 'CVE-2025-31133', 'no components', { version: { Components: undefined } }],
  ['fail', 'CVE-2026-47262', 'containerd', component('containerd', 'v1.7.27', COMMIT)],
  ['fail', 'CVE-2026-47262', 'containerd on a line without a fix', component('containerd', '1.6.33', COMMIT)],
  ['pass', 'CVE-2026-47262', 'containerd', component('containerd', 'v2.2.5', COMMIT)],
  ['unknown', 'CVE-2026-47262', 'containerd of Debian', component('containerd', '1.7.24~ds1', '1.7.24~ds1-6+b4')],
  ['unknown', 'CVE-2026-47262', 'containerd of Ubuntu', component('containerd', '1.7.12', '')],
  // Unconfirmed rows only warn.
  ['warn', 'CVE-2026-116591', 'the engine', engine('29.9.2'), /unconfirmed/],
  ['pass', 'CVE-2026-116591', 'the engine', engine('29.9.3')],
  // Release lines that still get fixes.
  ['fail', 'CVE-2026-42306', 'engine 28', engine('28.5.2')],
  ['fail', 'CVE-2026-42306', 'engine 25.0', engine('25.0.16')],
  ['pass', 'CVE-2026-42306', 'engine 25.0, fixed', engine('25.0.17')],
  ['pass', 'CVE-2026-34040', 'engine 25.0, fixed', engine('25.0.16')],
  ['warn', 'CVE-2026-135844', 'moby/sys/user 0.4.0', engine('29.6.0'), /unconfirmed/],
  ['pass', 'CVE-2026-135844', 'moby/sys/user 0.4.1', engine('29.6.1')],
  ['fail', 'CVE-2026-61801', 'moby/sys/user 0.4.0', engine('29.6.0')],
  ['pass', 'CVE-2026-61801', 'moby/sys/user 0.4.1', engine('29.6.1')],
  // containerd, with images in it and without.
  ...['CVE-2026-95839', 'CVE-2026-53493'].flatMap((id): Row[] => [
    ['fail', id, 'images in containerd', { ...component('containerd', 'v2.3.5', COMMIT), ...IN_CONTAINERD }],
    ['fail', id, 'a line without a fix', { ...component('containerd', 'v2.1.9', COMMIT), ...IN_CONTAINERD }],
    ['pass', id, 'fixed', { ...component('containerd', 'v2.3.7', COMMIT), ...IN_CONTAINERD }],
    ['pass', id, 'a line of the future', { ...component('containerd', 'v2.5.0', COMMIT), ...IN_CONTAINERD }],
    ['not-applicable', id, 'a graph driver', component('containerd', 'v2.3.5', COMMIT)],
    [
      'unknown',
      id,
      'a distribution',
      { ...component('containerd', '2.1.9~ds1', '2.1.9~ds1-2'), ...IN_CONTAINERD },
      /track/,
    ],
  ]),
  // AuthZ, firewalld, CRI, Swarm, Windows, cgroup v1, Desktop: only where they are in use.
  ['fail', 'CVE-2024-41110', 'with a plugin', engine('26.1.4')],
  ['fail', 'CVE-2024-41110', 'with a plugin on a line without a fix', engine('24.0.9')],
  ['pass', 'CVE-2024-41110', 'with a plugin', engine('25.0.6')],
  ['not-applicable', 'CVE-2024-41110', 'without a plugin', { ...engine('26.1.4'), info: AUTHZ_NONE }],
  ['fail', 'CVE-2025-54388', 'firewalld', { ...engine('28.2.2'), info: FIREWALLD }],
  ['not-applicable', 'CVE-2025-54388', 'nftables', engine('28.2.2')],
  ['pass', 'CVE-2025-54388', 'firewalld, fixed', { ...engine('28.3.3'), info: FIREWALLD }],
  ['pass', 'CVE-2025-54388', 'firewalld, older than the flaw', { ...engine('28.1.1'), info: FIREWALLD }],
  ['pass', 'CVE-2025-54410', 'firewalld, fixed in 25.0', { ...engine('25.0.13'), info: FIREWALLD }],
  ['fail', 'CVE-2025-54410', 'firewalld', { ...engine('25.0.12'), info: FIREWALLD }],
  [
    'unknown',
    'CVE-2025-54410',
    'before API 1.49',
    { ...engine('27.5.1'), info: { FirewallBackend: undefined } },
    /does not report whether it uses firewalld/,
  ],
  ['pass', 'CVE-2025-54388', 'fixed, whatever it uses', { info: { FirewallBackend: undefined } }],
  ...['CVE-2026-53489', 'CVE-2026-53488', 'CVE-2026-50195', 'CVE-2026-53495'].flatMap((id): Row[] => [
    ['not-applicable', id, 'CRI', component('containerd', '2.1.8', COMMIT), /CRI plugin/],
    ['not-applicable', id, 'CRI in a distribution', component('containerd', '2.1.8~ds1', ''), /CRI plugin/],
    ['pass', id, 'CRI, fixed', component('containerd', '2.3.5', COMMIT)],
  ]),
  ['not-applicable', 'CVE-2026-33186', 'gRPC', engine('29.3.1'), /path of a gRPC call/],
  ['not-applicable', 'CVE-2023-28841', 'no swarm', engine('20.10.23')],
  ['fail', 'CVE-2023-28841', 'a swarm', { ...engine('20.10.23'), info: MANAGER }],
  ['pass', 'CVE-2023-28841', 'a swarm', { ...engine('23.0.3'), info: MANAGER }],
  ['not-applicable', 'CVE-2026-56857', 'Linux', engine('29.8.0', { GoVersion: 'go1.26.8' })],
  [
    'fail',
    'CVE-2026-56857',
    'Windows',
    { ...engine('29.8.0', { GoVersion: 'go1.26.8' }), info: { OSType: 'windows' } },
  ],
  ['not-applicable', 'CVE-2022-0492', 'cgroup v2', { version: { KernelVersion: '5.10.50' } }],
  ['warn', 'CVE-2022-0492', 'cgroup v1', { version: { KernelVersion: '5.10.96' }, info: { CgroupVersion: '1' } }],
  ['pass', 'CVE-2022-0492', 'cgroup v1', { version: { KernelVersion: '5.10.97' }, info: { CgroupVersion: '1' } }],
  [
    'unknown',
    'CVE-2022-0492',
    "a distribution's kernel",
    { version: { KernelVersion: '5.15.0-91-generic' }, info: { CgroupVersion: '1', OperatingSystem: 'Ubuntu 22.04' } },
    /ubuntu/,
  ],
  ['not-applicable', 'CVE-2025-9074', 'no Desktop', engine('28.3.0')],
  ['warn', 'CVE-2025-9074', 'Desktop', engine('28.3.0', { Platform: { Name: 'Docker Desktop 4.44.2 (202017)' } })],
  ['pass', 'CVE-2025-9074', 'Desktop', engine('28.3.0', { Platform: { Name: 'Docker Desktop 4.50.0 (209931)' } })],
  // BuildKit by the engine.
  ['pass', 'GHSA-7236-3392-c5c6', 'an engine that is known to be fixed', engine('29.6.2')],
  ['pass', 'GHSA-7236-3392-c5c6', 'the first with BuildKit 0.31.1', engine('29.6.1')],
  ['fail', 'GHSA-7236-3392-c5c6', 'an older one', engine('29.6.0')],
  ['fail', 'CVE-2026-15788', 'an engine with BuildKit 0.31.1', engine('29.6.1')],
  ['fail', 'CVE-2026-33747', 'an engine with BuildKit 0.28.0', engine('29.3.0')],
  ['pass', 'CVE-2026-33747', 'an engine with BuildKit 0.28.1', engine('29.3.1')],
  ['fail', 'CVE-2024-23652', 'an engine without the fix', engine('24.0.9')],
  ['pass', 'CVE-2024-23652', 'an engine with the fix', engine('25.0.2')],
  // Go, by its own version.
  ['fail', 'CVE-2026-97032', 'engine 29.9.0 with an older Go', engine('29.9.0', { GoVersion: 'go1.26.8' })],
  ['pass', 'CVE-2026-97032', 'engine 29.9.0 with the Go of Docker', engine('29.9.0', { GoVersion: 'go1.26.9' })],
  ['fail', 'CVE-2026-97032', 'Go 1.27', engine('29.9.0', { GoVersion: 'go1.27.1' })],
  ['pass', 'CVE-2026-97032', 'Go 1.27, fixed', engine('29.9.0', { GoVersion: 'go1.27.2' })],
  ['pass', 'CVE-2026-97032', 'a line of the future', engine('29.9.0', { GoVersion: 'go1.28.0' })],
  ['fail', 'CVE-2026-111943', 'Go 1.26', engine('29.9.3', { GoVersion: 'go1.26.9' })],
  ['pass', 'CVE-2026-111943', 'Go 1.26, fixed', engine('29.9.3', { GoVersion: 'go1.26.10' })],
  ['fail', 'CVE-2026-111943', 'Go 1.27', engine('29.9.3', { GoVersion: 'go1.27.2' })],
  ['pass', 'CVE-2026-111943', 'Go 1.27, fixed', engine('29.9.3', { GoVersion: 'go1.27.3' })],
  ['unknown', 'CVE-2026-111943', 'Debian', distribution('28.5.2+dfsg4', 'Debian', { GoVersion: 'go1.26.5' }), /debian/],
  ['unknown', 'CVE-2026-97032', 'a distribution', distribution('26.1.5+dfsg1', 'Debian', { GoVersion: 'go1.24.4' })],
  ['unknown', 'CVE-2026-97032', 'left out', { version: { GoVersion: undefined } }],
  // Since.
  ['pass', 'CVE-2024-32473', 'older than the flaw', engine('25.0.6'), /older than the flaw/],
  ['fail', 'CVE-2024-32473', 'with the flaw', engine('26.0.1')],
  // Copy Fail.
  ['pass', 'CVE-2026-31431', 'a profile that denies AF_ALG', engine('29.4.2')],
  ['unknown', 'CVE-2026-31431', 'an older profile', engine('29.4.1'), /AF_ALG/],
]

describe('judge', () => {
  for (const [status, id, what, change, detail] of ROWS) {
    test(`${status}: ${id}, ${what}`, () => {
      const verdict = verdictOf(id, change)
      assert.equal(verdict.status, status, verdict.detail)
      if (detail) assert.match(verdict.detail ?? '', detail)
    })
  }
})

describe('the table', () => {
  test('has a date, and ids and versions that are valid', () => {
    assert.match(TABLE_DATE, /^\d{4}-\d\d-\d\d$/)
    assert.ok(VULNERABILITIES.length >= 40, `${VULNERABILITIES.length}`)
    for (const { ids, fixed, since } of ALL) {
      for (const id of ids) assert.match(id, /^(?:CVE-\d{4}-\d{4,}|GHSA(?:-[a-z0-9]{4}){3})$/)
      for (const version of [...fixed, ...(since === undefined ? [] : [since])]) assert.equal(known(version).suffix, '')
    }
  })

  test('names each vulnerability once', () => {
    const ids = ALL.flatMap((row) => row.ids)
    assert.deepEqual(ids, [...new Set(ids)])
  })

  test('each distribution build below a fix is unknown, never a failure or a warning', () => {
    for (const { ids } of ALL) {
      const { status } = verdictOf(ids[0] ?? '', {
        ...distribution('19.03.13+dfsg1', 'Debian GNU/Linux 10 (buster)', {
          GoVersion: 'go1.11.6',
          KernelVersion: '4.19.0-5-amd64',
          Components: [
            { Name: 'containerd', Version: '1.2.5~ds1', Details: { GitCommit: '' } },
            { Name: 'runc', Version: '1.0.0~rc6+dfsg1', Details: { GitCommit: '1.0.0~rc6+dfsg1-3' } },
          ],
        }),
      })
      assert.ok(['unknown', 'not-applicable', 'pass'].includes(status), `${ids[0]}: ${status}`)
    }
  })
})
