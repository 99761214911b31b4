import { mergeSettings, patchDaemonJson, type DaemonSettingsPatch } from '../../daemon-config/daemon-settings.ts'
import type { DaemonFix } from '../check.ts'
import { CHECKS } from '../checks.ts'
import type { AuditReport, ReportedFinding } from '../report.ts'

/** What mends findings about a daemon. Nothing is applied. */
export interface DaemonProposal {
  /** The findings that it mends. */
  readonly mends: readonly ReportedFinding[]
  /** The failures and warnings about the daemon that no setting alone mends. */
  readonly left: readonly ReportedFinding[]
  /** Changes to daemon.json for `docker-mtls daemon apply --settings`: a merge patch (RFC 7396). */
  readonly settings: DaemonSettingsPatch
  /** Has somebody to write them into daemon.json, since `docker-mtls daemon apply` refuses? */
  readonly isByHand: boolean
  /** Further options of `docker-mtls daemon apply`. */
  readonly options: readonly string[]
  /** All changes as keys of daemon.json, for those who don't use `docker-mtls daemon apply`. */
  readonly keys: DaemonSettingsPatch
  /** What else changes, by check. */
  readonly traps: readonly { readonly check: string; readonly text: string }[]
}

const FIXES: ReadonlyMap<string, DaemonFix> = new Map(
  CHECKS.flatMap(({ id, fix }) => (fix === undefined ? [] : [[id, fix] as const])),
)

/** The families whose findings are about the daemon. */
const OF_DAEMON: ReadonlySet<string> = new Set(['daemon', 'tls', 'network'])

/**
 * Proposes settings for the failures and warnings of a report. Accepted findings are left alone. Pure.
 *
 * @param isByHand - without `docker-mtls daemon apply`, which does more than to set keys
 */
export function proposeSettings({ findings, checks }: AuditReport, isByHand = false): DaemonProposal {
  const fixOf = (check: string): DaemonFix | undefined => {
    const fix = FIXES.get(check)
    return isByHand && fix !== undefined && Object.keys(fix.settings).length === 0 ? undefined : fix
  }
  const families = new Map(checks.map(({ id, family }) => [id, family]))
  const open = findings.filter(
    ({ status, exception, subject, check }) =>
      (status === 'fail' || status === 'warn') &&
      exception === undefined &&
      subject.kind === 'daemon' &&
      OF_DAEMON.has(families.get(check) ?? ''),
  )
  const mends = open.filter(({ check }) => fixOf(check) !== undefined)
  const fixes = mends.flatMap(({ check }) => {
    const fix = fixOf(check)
    return fix === undefined ? [] : [{ check, ...fix }]
  })
  return {
    mends,
    left: open.filter(({ check }) => fixOf(check) === undefined),
    settings: merged(isByHand ? fixes : fixes.filter(({ apply }) => apply === undefined)),
    isByHand,
    options: isByHand ? [] : [...new Set(fixes.flatMap(({ apply = [] }) => apply))],
    keys: merged(fixes),
    traps: fixes.flatMap(({ check, trap }) => (trap === undefined ? [] : [{ check, text: trap }])),
  }
}

/** Null, which removes a key, has to stay in the patch. */
function merged(fixes: readonly DaemonFix[]): DaemonSettingsPatch {
  return Object.assign({}, ...fixes.map(({ settings }) => settings)) as DaemonSettingsPatch
}

/** Whether there is anything to apply. */
export function isEmpty({ mends }: DaemonProposal): boolean {
  return mends.length === 0
}

/**
 * The daemon.json that a proposal leads to.
 *
 * @param text - the one that the host has; undefined if it is not known
 */
export function proposedDaemonJson(text: string | undefined, { keys }: DaemonProposal): string {
  return patchDaemonJson(text, keys) ?? `${JSON.stringify(mergeSettings({}, keys), undefined, 2)}\n`
}
