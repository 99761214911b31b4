import { certificatesOf } from '../../../lib/audit/certificates.ts'
import type { AuditResult, FailedAudit } from '../../../lib/audit/formats/model.ts'
import { auditSnapshot, type AuditReport, type EvaluateOptions } from '../../../lib/audit/report.ts'
import { parseBaseline } from '../../../lib/audit/baseline.ts'
import { renderJson } from '../../../lib/audit/formats/json.ts'
import type { Snapshot } from '../../../lib/audit/snapshot/snapshot.ts'
import { bindMount, snapshotWith, type Raw } from './containers.ts'
import { changed, type Change } from './daemon-snapshot.ts'
import { goodCa, goodCertificate, goodTls } from './tls-snapshots.ts'

/** A daemon with these containers, each with what is different from a good one. */
export function daemonWith(containers: Readonly<Record<string, Raw | null>>, change: Change = {}): Snapshot {
  const { web = {}, ...others } = containers
  const { info, ...rest } = change
  const { volumes, ...around } = snapshotWith(web, { others })
  return {
    ...changed({ tls: { value: goodTls() }, volumes, info: { CpuCfsQuota: true, ...info }, ...rest }),
    containers: around.containers,
  }
}

const GOOD_SNAPSHOT = daemonWith({ web: {}, db: {}, cache: {} })

/** Nothing fails. */
export const GOOD_REPORT: AuditReport = auditSnapshot(GOOD_SNAPSHOT)

const ESCAPING: Readonly<Record<string, Raw>> = {
  web: { Id: 'c'.repeat(64), Config: { User: '', Healthcheck: undefined } },
  'ci-runner': {
    HostConfig: { Privileged: true, NetworkMode: 'host', PidMode: 'host', CapDrop: null, SecurityOpt: null },
    Config: { User: 'root' },
  },
  watchtower: { Mounts: [bindMount('/var/run/docker.sock', '/var/run/docker.sock')], Config: { User: '0' } },
  backup: { Mounts: [bindMount('/', '/host')], HostConfig: { CapAdd: ['SYS_ADMIN'], CapDrop: null } },
  metrics: { HostConfig: { PidMode: 'host', Memory: 0, PidsLimit: null, ReadonlyRootfs: false } },
  gpu: {
    HostConfig: { Devices: [{ PathOnHost: '/dev/sda', PathInContainer: '/dev/sda', CgroupPermissions: 'rwm' }] },
  },
  legacy: {
    HostConfig: { SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'], UsernsMode: 'host', CapDrop: null },
  },
}

/** A daemon of Debian with many faults: its versions can't be judged, and its certificates end soon. */
export const BAD_SNAPSHOT: Snapshot = daemonWith(
  { ...ESCAPING, gone: null },
  {
    target: 'tcp://build01.example.com:2376',
    version: {
      Version: '26.1.5+dfsg1',
      Platform: { Name: '' },
      Components: [
        { Name: 'Engine', Version: '26.1.5+dfsg1', Details: { GitCommit: '411e817' } },
        { Name: 'containerd', Version: '1.7.24~ds1', Details: { GitCommit: '1.7.24~ds1-6+b4' } },
        { Name: 'runc', Version: '1.1.15+ds1', Details: { GitCommit: '1.1.15+ds1-2+b4' } },
      ],
    },
    info: { Debug: true, SecurityOptions: ['name=seccomp,profile=builtin'], LiveRestoreEnabled: false },
    volumes: { unknown: 'the daemon answered 500: volume plugin "nas" is not reachable' },
    tls: {
      value: goodTls({
        server: goodCertificate({
          commonName: 'build01.example.com',
          purposes: ['serverAuth', 'clientAuth'],
          validTo: '2026-12-01T00:00:00.000Z',
        }),
        client: goodCertificate({ validTo: '2026-12-20T00:00:00.000Z' }),
        cas: [goodCa(), goodCa({ commonName: 'Old CA', validTo: '2026-11-01T00:00:00.000Z' })],
      }),
    },
  },
)

const EXCEPTIONS: EvaluateOptions['exceptions'] = [
  {
    check: 'C-PRIV',
    subject: 'ci-runner',
    reason: 'Ann: builds images until the new builder is ready',
    until: '2027-03-31',
  },
  { check: 'D-DEBUG', reason: 'Bob: traces a leak', until: '2026-10-01' },
  { check: 'C-SSHD', subject: 'bastion', reason: 'Ann: being replaced', until: '2027-01-31' },
]

const BASELINE = parseBaseline(
  renderJson([
    auditSnapshot({
      ...BAD_SNAPSHOT,
      containers: snapshotWith(ESCAPING['metrics'], { others: { ...ESCAPING, metrics: ESCAPING['web'] ?? {} } })
        .containers,
    }),
  ]),
)

/** With exceptions, and compared with a time when something was better and something worse. */
export const BAD_REPORT: AuditReport = auditSnapshot(BAD_SNAPSHOT, {
  exceptions: EXCEPTIONS,
  skip: ['O-SPRAWL'],
  baseline: BASELINE,
})

/** Few checks, of which each part of a page has some. */
const SHORT =
  `tls D-DEBUG D-NNP D-LIVE D-ROOTLESS D-VER D-KERNEL D-CVE-2026-41579 D-CVE-2026-41567 D-CVE-2024-21626 S-ENC
  C-PRIV C-CAPS C-USER C-PID C-NET C-SOCK C-HOSTDIR C-NNP C-NETRAW C-DEV C-MEM C-HEALTH`.split(/\s+/)

/** The bad report, short enough to look at it many times. */
export const SHORT_REPORT: AuditReport = auditSnapshot(BAD_SNAPSHOT, {
  exceptions: EXCEPTIONS,
  baseline: BASELINE,
  only: SHORT,
})
export const SHORT_GOOD_REPORT: AuditReport = auditSnapshot(GOOD_SNAPSHOT, { only: SHORT })

export const FAILED: FailedAudit = {
  target: 'tcp://build99.example.com:2376',
  error: {
    code: 'ERR_CONNECTION_REFUSED',
    message: 'connecting to tcp://build99.example.com:2376: nothing listens there. Start dockerd, or correct the port.',
  },
}

/** Hosts of all kinds. */
export function manyResults(count: number): AuditResult[] {
  return Array.from({ length: count }, (_, index): AuditResult => {
    const target = `tcp://build${String(index + 1).padStart(2, '0')}.example.com:2376`
    if (index % 9 === 4) return { ...FAILED, target }
    if (index % 4 === 3) return { ...GOOD_REPORT, target }
    if (index % 5 === 1) return { ...BAD_REPORT, target, unread: [] }
    return { ...BAD_REPORT, target }
  })
}

/** A host with very many containers, of which a part is as it should be. */
export function largeReport(count: number): AuditReport {
  const kinds: readonly Raw[] = [{}, ...Object.values(ESCAPING), {}, {}]
  const containers = Array.from({ length: count }, (_, index) => {
    const user = index % 3 === 0 ? {} : { Config: { User: '' } }
    return [`app-${String(index).padStart(3, '0')}-worker`, { ...kinds[index % kinds.length], ...user }] as const
  })
  return auditSnapshot(daemonWith(Object.fromEntries(containers)))
}

/** A report in which everything foreign is this text. */
export function hostileReport(text: string): AuditReport {
  const report = auditSnapshot(
    daemonWith({
      [text]: { ...ESCAPING['ci-runner'], Config: { User: text } },
      [`a${text}`]: { Mounts: [bindMount(`/${text}`, `/${text}`)], HostConfig: { CapAdd: [text] } },
    }),
  )
  const server = goodCertificate({ commonName: text, validTo: text })
  const tls = { value: goodTls({ server, client: goodCertificate({ subject: text, commonName: '' }) }) }
  const use = { check: text, subject: text, reason: text, until: '2020-01-01', state: 'expired' } as const
  const exception = { reason: text, until: '2030-01-01' }
  const strange = report.findings.slice(0, 3).map((finding) => ({ ...finding, detail: text, exception }))
  return {
    ...report,
    target: text,
    at: text,
    engine: text,
    certificates: [
      ...certificatesOf({ ...BAD_SNAPSHOT, tls }),
      { owner: 'ca', name: text, validFrom: '2020-01-01', validTo: '2030-01-01', expiry: 'pass' },
    ],
    findings: [...report.findings, ...strange].map((finding) => ({ ...finding, change: 'new' as const })),
    unread: [{ part: text, reason: text }],
    exceptions: [use],
    skipped: [text],
    baseline: { version: text, hasTarget: false },
  }
}
