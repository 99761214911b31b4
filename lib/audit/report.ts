import { isAboutDocker } from './about-docker.ts'
import { baselineOf, changeOf, type Baseline, type Change } from './baseline.ts'
import { certificatesOf, type ReportedCertificate } from './certificates.ts'
import type { Check, CheckFacts, Finding, Severity } from './check.ts'
import { CHECKS } from './checks.ts'
import { checkExceptions, covers, hasExpired, type AuditException, type ExceptionUse } from './exceptions.ts'
import { engineName } from '../engine/version.ts'
import { factsOf } from './facts.ts'
import { isAtLeast, type Profile } from './names.ts'
import { needsHost, selectChecks, selectFor, type Selection } from './select.ts'
import { unreadOf, type Unread } from './snapshot/unread.ts'
import { isBehindGateway, type Snapshot } from './snapshot/snapshot.ts'
import { notApplicable, type Status } from './verdict.ts'

/** A finding in a report. */
export interface ReportedFinding extends Finding {
  /** The severity of its check. */
  readonly severity: Severity
  /** Why a failure, warning or unknown result is accepted, and until which day. */
  readonly exception?: Pick<AuditException, 'reason' | 'until'>
  /** Compared with the baseline, if there is one. */
  readonly change?: Change
}

/** The result of an audit of one daemon. */
export interface AuditReport {
  /** The endpoint as users write it. */
  readonly target: string
  /** When the snapshot was collected, in ISO 8601. */
  readonly at: string
  /** The version of the engine, if it is known. Foreign text: escape it to show it. */
  readonly engine?: string
  /** Present if the engine is Podman. */
  readonly podman?: true
  /** The group of the connection's key exchange, such as `X25519MLKEM768`, if the connection has TLS and the runtime tells. */
  readonly keyExchange?: string
  /**
   * Set if a gateway of docker-mtls is between us and the daemon: the certificates, and the results of the family `tls`, are
   * those of the gateway.
   */
  readonly gateway?: true
  /** The profile that chose the checks. */
  readonly profile: Profile
  /** The checks that were run, in order. */
  readonly checks: readonly CheckFacts[]
  /** The ids of the checks that were left out, by options or because the files of the host were not read. */
  readonly skipped: readonly string[]
  /** Those of them that need the files of the host. Empty if the files were read. See {@link CollectOptions.hostFiles}. */
  readonly withoutHost: readonly string[]
  /** One finding for each check and subject. */
  readonly findings: readonly ReportedFinding[]
  /** How many findings have each status. Findings with an exception don't count. */
  readonly counts: Readonly<Record<Status, number>>
  /** How many findings have an exception. */
  readonly accepted: number
  /** Parts of the daemon that couldn't be read. If there are any, the audit is incomplete, and has not passed. */
  readonly unread: readonly Unread[]
  /** The certificates of the connection and when they expire. Empty without TLS, and if they couldn't be read. */
  readonly certificates: readonly ReportedCertificate[]
  /** The exceptions of the options, and whether the audit used them. */
  readonly exceptions: readonly ExceptionUse[]
  /** Facts about the baseline, if there is one. */
  readonly baseline?: {
    /** The version of docker-mtls that wrote it. */
    readonly version: string
    /** Whether it contains this daemon. Otherwise, every finding is new. */
    readonly hasTarget: boolean
  }
}

/** How to evaluate a snapshot. */
export interface EvaluateOptions extends Selection {
  /** Findings that are accepted: see {@link parseExceptions}. */
  readonly exceptions?: readonly AuditException[] | undefined
  /** An earlier report: see {@link parseBaseline}. Only findings that got worse since then fail. */
  readonly baseline?: Baseline | undefined
  /** Exceptions that end before this time have expired. @defaultValue the time of the snapshot */
  readonly now?: Date | undefined
}

/** Runs all checks, or those that the options choose. */
export function auditSnapshot(snapshot: Snapshot, options: EvaluateOptions = {}): AuditReport {
  return evaluate(snapshot, CHECKS, options)
}

/** Runs some checks on a snapshot. */
export function evaluate(snapshot: Snapshot, checks: readonly Check[], options: EvaluateOptions = {}): AuditReport {
  const { profile = 'docker-mtls', baseline, now = new Date(snapshot.at) } = options
  const { target, at, version } = snapshot
  const selected = selectFor(snapshot, checks, options)
  const isPodman = 'value' in version && engineName(version.value) === 'Podman'
  const results = selected.map((check) =>
    runCheck(isPodman && isAboutDocker(check) ? notAboutPodman(check) : check, snapshot),
  )
  const judge = new Judge(checkExceptions(options.exceptions ?? []), { target, now, selected })
  const before = baseline && baselineOf(baseline, target)
  const findings = results
    .flatMap(({ found }) => found)
    .map((finding) => ({
      ...judge.accept(finding),
      ...(baseline && { change: changeOf(finding, before) }),
    }))
  const engine = 'value' in version ? version.value.Version : undefined
  const keyExchange = 'value' in snapshot.tls ? snapshot.tls.value?.keyExchange : undefined
  const ids = new Set(selected.map(({ id }) => id))
  return {
    target,
    at,
    ...(engine !== undefined && { engine }),
    ...(isPodman && { podman: true }),
    ...(keyExchange !== undefined && { keyExchange }),
    ...(isBehindGateway(snapshot) && { gateway: true }),
    profile,
    checks: selected.map(factsOf),
    skipped: checks.map(({ id }) => id).filter((id) => !ids.has(id)),
    withoutHost: selectChecks(checks, options).flatMap(({ id }) => (ids.has(id) ? [] : id)),
    findings,
    ...count(findings),
    unread: [...unreadOf(snapshot, selected.some(needsHost)), ...results.flatMap(({ fault }) => fault ?? [])],
    certificates: certificatesOf(snapshot),
    exceptions: judge.uses(),
    ...(baseline && { baseline: { version: baseline.tool.version, hasTarget: before !== undefined } }),
  }
}

const notAboutPodman = (check: Check): Check => ({
  ...check,
  run: () => [
    {
      check: check.id,
      subject: { kind: 'daemon' },
      ...notApplicable('the check is about Docker Engine, and this is Podman'),
    },
  ],
})

/** A check that stumbles over a strange answer must not stop the others, nor pass. */
function runCheck(check: Check, snapshot: Snapshot): { found: ReportedFinding[]; fault?: Unread } {
  const { id, severity } = check
  try {
    return { found: check.run(snapshot).map((finding) => ({ ...finding, severity })) }
  } catch (error) {
    const reason = `the check failed: ${String(error)}`
    const found = [{ check: id, severity, subject: { kind: 'daemon' }, status: 'unknown', detail: reason }] as const
    return { found: [...found], fault: { part: `results of ${id}`, reason } }
  }
}

/** Applies exceptions, and remembers which ones were needed. */
class Judge {
  readonly #exceptions: readonly AuditException[]
  readonly #on: { readonly target: string; readonly now: Date; readonly selected: readonly Check[] }
  readonly #used = new Set<AuditException>()

  constructor(exceptions: readonly AuditException[], on: { target: string; now: Date; selected: readonly Check[] }) {
    this.#exceptions = exceptions
    this.#on = on
  }

  accept(finding: ReportedFinding): ReportedFinding {
    if (finding.status === 'pass' || finding.status === 'not-applicable') return finding
    const valid = this.#exceptions.filter((one) => this.#concerns(one) && !hasExpired(one, this.#on.now))
    const matching = valid.filter((one) => covers(one, finding))
    for (const one of matching) this.#used.add(one)
    const [first] = matching
    return first === undefined ? finding : { ...finding, exception: { reason: first.reason, until: first.until } }
  }

  #concerns({ target }: AuditException): boolean {
    return target === undefined || target === this.#on.target
  }

  uses(): ExceptionUse[] {
    return this.#exceptions.map((one) => ({ ...one, state: this.#stateOf(one) }))
  }

  #stateOf(exception: AuditException): ExceptionUse['state'] {
    if (!this.#concerns(exception)) return 'not-checked'
    if (hasExpired(exception, this.#on.now)) return 'expired'
    if (this.#used.has(exception)) return 'used'
    return this.#on.selected.some(({ id }) => id === exception.check) ? 'unused' : 'not-checked'
  }
}

function count(findings: readonly ReportedFinding[]): Pick<AuditReport, 'counts' | 'accepted'> {
  const counts = { pass: 0, fail: 0, warn: 0, 'not-applicable': 0, unknown: 0 }
  const open = findings.filter(({ exception }) => exception === undefined)
  for (const { status } of open) counts[status]++
  return { counts, accepted: findings.length - open.length }
}

/**
 * The findings that make an audit fail: failures of at least this severity without an exception. With a baseline, only new or
 * worse ones, and checks that passed before and are unknown now.
 * @example
 * ```ts
 * const report = auditSnapshot(await collectSnapshot(docker))
 * if (failuresOf(report, 'high').length > 0) process.exitCode = 1
 * ```
 */
export function failuresOf(report: Pick<AuditReport, 'findings'>, failOn: Severity): ReportedFinding[] {
  return report.findings.filter((finding) => isFailing(finding, failOn))
}

/** See {@link failuresOf}. */
export function isFailing({ status, severity, exception, change }: ReportedFinding, failOn: Severity): boolean {
  if (exception !== undefined || !isAtLeast(severity, failOn)) return false
  if (change === undefined) return status === 'fail'
  if (status === 'fail') return change === 'new' || change === 'worse'
  return status === 'unknown' && change === 'worse'
}
