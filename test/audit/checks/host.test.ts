import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CHECKS } from '../../../lib/audit/checks.ts'
import { HOST_AUDITD } from '../../../lib/audit/checks/host-auditd.ts'
import { HOST_FILES } from '../../../lib/audit/checks/host-files.ts'
import { HOST_KEYS } from '../../../lib/audit/checks/host-keys.ts'
import { HOST_SETTINGS } from '../../../lib/audit/checks/host-settings.ts'
import { needsHost } from '../../../lib/audit/select.ts'
import { auditSnapshot, type AuditReport } from '../../../lib/audit/report.ts'
import { FORMATS } from '../../../lib/audit/names.ts'
import { renderReport } from '../../../lib/audit.ts'
import { runCases, type Cases, type Row } from '../support/cases.ts'
import { changed, findingsOf, GOOD, type Change } from '../support/daemon-snapshot.ts'
import { CONTROLS, HOSTILE } from '../support/hostile.ts'
import {
  file,
  filesWith,
  GOOD_HOST,
  hostWith,
  no,
  ROOTLESS_HOST,
  settingsWith,
  startWith,
  stateOf,
} from '../support/host-snapshots.ts'

const GOOD_ONE: Change = hostWith({})
const ROOTLESS: Change = { host: { value: ROOTLESS_HOST } }
const NOT_READ: readonly Row[] = [
  ['unknown', 'the files were not read', { host: null }],
  ['unknown', 'they could not be read', { host: { unknown: 'the login runs no commands' } }],
]
const OTHER = { uid: 1001, owner: 'bob' }
const UNKNOWN = { unknown: 'daemon.json is not a valid JSON object' }

/** What is wrong with the owner or mode of a file that others may read, but not write. */
function ownership(path: string): Row[] {
  return [
    ['pass', 'of root', GOOD_ONE],
    ['pass', 'a link to a file of root', stateOf(path, { isLink: true })],
    ['fail', 'of a user', stateOf(path, OTHER)],
    ['fail', 'its group can write', stateOf(path, { mode: 0o664, gid: 50, group: 'staff' })],
    ['fail', 'everyone can write', stateOf(path, { mode: 0o666 })],
    ['pass', 'a group that can read as everybody can', stateOf(path, { gid: 50, group: 'staff' })],
    ['unknown', 'hidden', stateOf(path, 'hidden')],
    ...NOT_READ,
  ]
}

const KEY = '/etc/docker/tls/server-key.pem'
const SOCKET = '/run/docker.sock'
const CONTAINERD = '/run/containerd/containerd.sock'

const FILES: Cases = {
  'F-KEYMODE': [
    ['pass', '0600', GOOD_ONE],
    ['pass', '0400', stateOf(KEY, { mode: 0o400 })],
    ['fail', 'its group can read', stateOf(KEY, { mode: 0o640, gid: 990, group: 'docker' })],
    ['fail', 'everyone can read', stateOf(KEY, { mode: 0o644 })],
    ['fail', 'of a user', stateOf(KEY, OTHER)],
    ['unknown', 'hidden', stateOf(KEY, 'hidden')],
    ['unknown', 'gone', stateOf(KEY, 'missing')],
    ['unknown', 'another path than those that were looked at', settingsWith({ tlskey: '/srv/a,b/key.pem' })],
    ['unknown', 'by its usual path', settingsWith({ tlskey: null })],
    ['unknown', 'no settings', hostWith({ settings: UNKNOWN })],
    ['unknown', 'a setting of another form', settingsWith({ tlskey: undefined })],
    ['not-applicable', 'no TLS', settingsWith({ tlsverify: null, tls: false })],
    ...NOT_READ,
  ],
  'F-CAMODE': [
    ...ownership('/etc/docker/tls/ca.pem'),
    ['fail', 'the certificate, too', stateOf('/etc/docker/tls/server-cert.pem', { mode: 0o646 })],
    ['warn', 'executable', stateOf('/etc/docker/tls/ca.pem', { mode: 0o755 })],
    ['not-applicable', 'rootless, without TLS', ROOTLESS],
  ],
  'F-DIR': [
    ...ownership('/etc/docker'),
    ['pass', 'closed', stateOf('/etc/docker', { mode: 0o700 })],
    ['not-applicable', 'none', stateOf('/etc/docker', 'missing')],
    ['pass', 'rootless', ROOTLESS],
  ],
  'F-DAEMONJSON': [
    ...ownership('/etc/docker/daemon.json'),
    ['not-applicable', 'none', stateOf('/etc/docker/daemon.json', 'missing')],
    ['pass', 'rootless', ROOTLESS],
  ],
  'F-UNIT': [
    ...ownership('/usr/lib/systemd/system/docker.service'),
    ['fail', 'a drop-in', stateOf('/etc/systemd/system/docker.service.d/override.conf', { mode: 0o666 })],
    ['not-applicable', 'no unit', hostWith({ files: [] })],
    ['pass', 'rootless', ROOTLESS],
    ['pass', 'a snap', hostWith({ files: [file('unit', '/etc/systemd/system/snap.docker.dockerd.service')] })],
  ],
  'F-DEFAULT': [
    ...ownership('/etc/default/docker'),
    ['fail', 'that of Fedora', filesWith(file('sysconfig', '/etc/sysconfig/docker', OTHER))],
    ['not-applicable', 'none', stateOf('/etc/default/docker', 'missing')],
    ['not-applicable', 'rootless', ROOTLESS],
  ],
  'F-SOCK': [
    ['pass', 'root:docker', GOOD_ONE],
    ['pass', 'root:root', stateOf(SOCKET, { gid: 0, group: 'root' })],
    ['pass', 'root alone', stateOf(SOCKET, { mode: 0o600 })],
    ['fail', 'everybody', stateOf(SOCKET, { mode: 0o666 })],
    ['fail', 'of a user', stateOf(SOCKET, OTHER)],
    ['warn', 'another group', stateOf(SOCKET, { gid: 100, group: 'users' })],
    [
      'pass',
      'the group of a setting',
      {
        host: {
          value: {
            ...GOOD_HOST,
            settings: { value: { ...valueOf(GOOD_HOST.settings), group: 'engine' } },
            files: [file('api-socket', SOCKET, { kind: 'socket', mode: 0o660, gid: 991, group: 'engine' })],
          },
        },
      },
    ],
    ['unknown', 'hidden', stateOf(SOCKET, 'hidden')],
    ['not-applicable', 'none', stateOf(SOCKET, 'missing')],
    ['pass', 'rootless', ROOTLESS],
    ...NOT_READ,
  ],
  'F-CONTAINERD': [
    ['pass', 'root alone', GOOD_ONE],
    ['fail', 'everybody', stateOf(CONTAINERD, { mode: 0o666 })],
    ['fail', 'of a user', stateOf(CONTAINERD, OTHER)],
    ['warn', 'a group', stateOf(CONTAINERD, { gid: 990, group: 'docker' })],
    [
      'pass',
      'another is hidden',
      filesWith(no('containerd-socket', '/run/docker/containerd/containerd.sock', 'hidden')),
    ],
    ['unknown', 'hidden', stateOf(CONTAINERD, 'hidden')],
    ['not-applicable', 'none', stateOf(CONTAINERD, 'missing')],
    ['pass', 'rootless', ROOTLESS],
    ...NOT_READ,
  ],
  'F-CERTSD': [
    ...ownership('/etc/docker/certs.d/hub:5000/ca.crt'),
    ['fail', 'a folder', stateOf('/etc/docker/certs.d/hub:5000', { mode: 0o777 })],
    ['fail', 'a key', stateOf('/etc/docker/certs.d/hub:5000/client.key', { mode: 0o444 })],
    ['unknown', 'too many files', hostWith({ registriesUnread: ['/etc/docker/certs.d'] })],
    ['not-applicable', 'none', hostWith({ files: [no('registry-folder', '/etc/docker/certs.d')] })],
    ['not-applicable', 'rootless', ROOTLESS],
  ],
}

function valueOf<Type>(part: { readonly value: Type } | { readonly unknown: string }): Type {
  assert.ok('value' in part)
  return part.value
}

const keys = (found: Partial<(typeof GOOD_HOST)['keys']>, more: Partial<typeof GOOD_HOST> = {}): Change =>
  hostWith({ keys: { ...GOOD_HOST.keys, ...found }, ...more })
const parents = (mode: number, uid = 0): Change =>
  hostWith({ parents: { value: [...valueOf(GOOD_HOST.parents), { path: '/srv', mode, uid }] } })

const KEYS: Cases = {
  'F-CAKEY': [
    ['pass', 'none', GOOD_ONE],
    ['fail', 'beside the certificates', keys({ ofCas: ['/etc/docker/tls/ca-key.pem'] })],
    ['fail', 'for a user, too', keys({ ofCas: ['/home/ann/.docker/ca-key.pem'] }, { uid: 1000 })],
    ['warn', 'encrypted', keys({ notCompared: ['/home/ann/.docker/ca-key.pem'] })],
    ['unknown', 'a key of another name that is encrypted', keys({ notCompared: ['/root/.docker/key.pem'] })],
    ['unknown', 'a file that could not be read', keys({ unread: ['/root/.docker'] })],
    ['unknown', 'not as root', keys({}, { uid: 1000 })],
    ['pass', 'rootless', ROOTLESS],
    ...NOT_READ,
  ],
  'F-EXPOSED': [
    ['pass', 'all of them', GOOD_ONE],
    ['fail', 'of a user', parents(0o755, 1000)],
    ['fail', 'its group can write', parents(0o775)],
    ['fail', 'everyone can write', parents(0o777)],
    ['pass', 'the sticky bit', parents(0o1777)],
    ['unknown', 'hidden', hostWith({ parents: { unknown: 'only root can look at them' } })],
    ['pass', 'rootless', ROOTLESS],
    ...NOT_READ,
  ],
}

const unit = (state: object): Change =>
  startWith({ unit: { value: { loadState: 'loaded', needsReload: false, complaints: [], ...state } } })

const SETTINGS: Cases = {
  'F-GROUP': [
    ['pass', 'no members', GOOD_ONE],
    ['pass', 'no group', hostWith({ group: null })],
    ['warn', 'members', hostWith({ group: { name: 'docker', members: ['ann'] } })],
    ['not-applicable', 'rootless', ROOTLESS],
    ...NOT_READ,
  ],
  'F-PART': [
    ['pass', 'with user namespaces', GOOD_ONE],
    ['pass', 'without', hostWith({ data: { value: { path: '/srv/docker', mount: '/srv/docker' } } })],
    ['warn', 'the disk of /var', hostWith({ data: { value: { path: '/var/lib/docker', mount: '/var' } } })],
    ['fail', 'the disk of the system', hostWith({ data: { value: { path: '/var/lib/docker/1.1', mount: '/' } } })],
    ['unknown', 'hidden', hostWith({ data: { unknown: 'could not be looked at' } })],
    ['not-applicable', 'rootless', ROOTLESS],
    ...NOT_READ,
  ],
  'F-OVERRIDE': [
    ['pass', 'loaded', GOOD_ONE],
    ['pass', 'no systemd', startWith({ unit: null })],
    ['fail', 'daemon.json is invalid', startWith({ fault: 'daemon.json is not a valid JSON object' })],
    ['fail', 'hosts in both', startWith({ conflicts: ['host'] })],
    ['fail', 'two ExecStart=', unit({ loadState: 'bad-setting' })],
    ['warn', 'changed since', unit({ needsReload: true })],
    ['warn', 'a complaint of systemd', unit({ complaints: ['docker.service: Unknown key'] })],
    ['warn', 'a later drop-in', startWith({ later: ['/etc/systemd/system/docker.service.d/zz.conf'] })],
    ['not-applicable', 'not started by systemd', unit({ loadState: 'not-found' })],
    ['unknown', 'systemd does not answer', startWith({ unit: { unknown: 'no answer' } })],
    ['unknown', 'no settings', hostWith({ settings: UNKNOWN })],
    ...NOT_READ,
  ],
  'F-DIRECT': [
    ['pass', 'none', GOOD_ONE],
    ['fail', 'no rules for IPv6', settingsWith({ ip6tables: false })],
    ['fail', 'no raw rules', hostWith({ insecureRaw: { value: true } })],
    ['warn', 'direct routing', settingsWith({ 'allow-direct-routing': true })],
    ['warn', 'a mark', settingsWith({ 'bridge-accept-fwmark': '0x1' })],
    ['unknown', 'not as root', hostWith({ insecureRaw: { unknown: 'only root' } })],
    ['unknown', 'no settings', hostWith({ settings: UNKNOWN })],
    ...NOT_READ,
  ],
  'D-IPTABLES': [
    ['pass', 'by default', GOOD_ONE],
    ['pass', 'on', settingsWith({ iptables: true })],
    ['fail', 'off', settingsWith({ iptables: false })],
    ['unknown', 'another form', settingsWith({ iptables: undefined })],
    ...NOT_READ,
  ],
  'D-PROXY': [
    ['pass', 'off', GOOD_ONE],
    ['warn', 'by default', settingsWith({ 'userland-proxy': null })],
    ['warn', 'on', settingsWith({ 'userland-proxy': true })],
    ['unknown', 'no settings', hostWith({ settings: UNKNOWN })],
    ...NOT_READ,
  ],
  'D-LOGLEVEL': [
    ['pass', 'info', GOOD_ONE],
    ['pass', 'by default', settingsWith({ 'log-level': null })],
    ['fail', 'debug', settingsWith({ 'log-level': 'debug' })],
    ['fail', 'error', settingsWith({ 'log-level': 'error' })],
    ['unknown', 'no settings', hostWith({ settings: UNKNOWN })],
    ...NOT_READ,
  ],
}

const watched = (...paths: string[]): Change =>
  hostWith({ auditRules: { value: { isInstalled: true, from: 'kernel', watched: paths } } })

const AUDITD: Cases = {
  'F-AUDIT': [
    ['pass', 'all paths', GOOD_ONE],
    ['fail', 'one path', watched('/usr/bin/dockerd')],
    ['fail', 'none', watched()],
    ['fail', 'not installed', hostWith({ auditRules: { value: { isInstalled: false, from: 'files', watched: [] } } })],
    ['unknown', 'only root can read the rules', hostWith({ auditRules: { unknown: 'only root' } })],
    ['not-applicable', 'rootless', ROOTLESS],
    ...NOT_READ,
  ],
}

const HOST_CHECKS = [...HOST_FILES, ...HOST_KEYS, ...HOST_SETTINGS, ...HOST_AUDITD]
runCases(HOST_CHECKS, { ...FILES, ...KEYS, ...SETTINGS, ...AUDITD })

function withStatus({ findings }: AuditReport, ...statuses: string[]): string[] {
  return findings.filter(({ status }) => statuses.includes(status)).map(({ check }) => check)
}

describe('no false alarm on', () => {
  test('a good host', () => {
    const report = auditSnapshot(changed(GOOD_ONE))
    assert.deepEqual(withStatus(report, 'fail', 'warn', 'unknown'), ['D-ROOTLESS'])
    assert.ok(HOST_CHECKS.every(({ id }) => report.findings.some(({ check }) => check === id)))
  })

  test('a host with a rootless daemon', () => {
    const info = { SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless', 'name=no-new-privileges'] }
    assert.deepEqual(withStatus(auditSnapshot(changed({ ...ROOTLESS, info })), 'fail', 'warn', 'unknown'), [])
  })
})

test('each item of sections 1 and 3 has a check', () => {
  const items = [
    ...Array.from({ length: 18 }, (_, index) => `1.1.${index + 1}`),
    ...Array.from({ length: 24 }, (_, index) => `3.${index + 1}`),
  ]
  for (const version of ['1.6', '1.8'] as const) {
    const answered = new Set(HOST_CHECKS.flatMap(({ cis }) => cis[version] ?? []))
    assert.deepEqual(
      items.filter((item) => !answered.has(item)),
      [],
    )
  }
})

test('F-AUDIT names the item of each path', () => {
  const found = findingsOf('F-AUDIT', changed(watched('/usr/bin/runc', '/var/run/containerd')))
  const lines = found.map(
    ({ subject, status, detail }) => `${'name' in subject ? subject.name : ''} ${status} ${detail}`,
  )
  assert.ok(lines.includes('/usr/bin/runc pass 1.1.18: watched by the rule for /usr/bin/runc'), lines.join('\n'))
  assert.ok(lines.includes(`${CONTAINERD} pass 1.1.8: watched by the rule for /var/run/containerd`))
  assert.ok(lines.includes('/usr/bin/dockerd fail 1.1.3: no rule watches it'))
  assert.ok(lines.includes('/var/lib/docker fail 1.1.5: no rule watches it'))
})

describe('without the files of the host', () => {
  const ids = CHECKS.filter(needsHost).map(({ id }) => id)

  test('their checks are left out, and every format says so once', () => {
    const report = auditSnapshot(GOOD)
    assert.deepEqual(report.withoutHost, ids)
    assert.ok(!report.findings.some(({ check }) => ids.includes(check)))
    for (const format of FORMATS.filter((one) => one !== 'json')) {
      const text = renderReport(report, format)
      assert.equal(text.split('files of the host were not read').length, 2, format)
    }
    assert.deepEqual(JSON.parse(renderReport(report, 'json')).hosts[0].withoutHost, ids)
  })

  test('a profile of the benchmark demands them, and so does a choice', () => {
    for (const options of [{ profile: 'cis-1.8' }, { profile: 'cis-1.6' }, { only: ['host'] }] as const) {
      const report = auditSnapshot(GOOD, options)
      assert.deepEqual(report.withoutHost, [])
      const unknown = new Set(withStatus(report, 'unknown'))
      for (const { id, cis } of HOST_CHECKS)
        assert.ok(unknown.has(id) || ('profile' in options && cis['1.8'] === undefined), id)
    }
  })

  test('a choice of other checks says nothing about them', () => {
    for (const options of [{ only: ['D-DEBUG'] }, { skip: ['host'] }])
      assert.deepEqual(auditSnapshot(GOOD, options).withoutHost, [])
  })

  test('that could not be read, the audit is incomplete', () => {
    const { unread } = auditSnapshot(changed({ host: { unknown: 'the login runs no commands' } }))
    assert.deepEqual(unread, [{ part: 'files of the host', reason: 'the login runs no commands' }])
  })
})

test('no name of a file, user, group or setting controls a report', () => {
  for (const text of HOSTILE) {
    const path = `/etc/docker/${text}`
    const report = auditSnapshot(
      changed(
        hostWith({
          files: [file('unit', path, { ...OTHER, owner: text, group: text }), no('api-socket', path, 'hidden')],
          group: { name: text, members: [text] },
          keys: { ofCas: [path], notCompared: [path], unread: [path] },
          start: { fault: null, conflicts: [text], unit: { unknown: text }, later: [path] },
          parents: { value: [{ path, mode: 0o777, uid: 1 }] },
          data: { value: { path, mount: '/' } },
          settings: { value: { ...valueOf(GOOD_HOST.settings), 'log-level': text, 'bridge-accept-fwmark': text } },
          registriesUnread: [path],
          auditRules: { value: { isInstalled: true, from: 'files', watched: [text] } },
        }),
      ),
    )
    for (const format of FORMATS) {
      const rendered = renderReport(report, format, { all: true, width: 80 })
      assert.ok(!CONTROLS.test(rendered), `${format} ${JSON.stringify(text)}: ${CONTROLS.exec(rendered)?.[0]}`)
    }
  }
})
