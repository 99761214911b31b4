import type { Severity } from '../../lib/audit/check.ts'
import type { Applies, Component, GroupId } from '../../lib/audit/cve/vulnerability.ts'

/** Who rates a vulnerability. `docker-mtls`: no rating of upstream was read. */
export type Source = 'GHSA' | 'CNA' | 'runc' | 'docker-mtls'

/** What we say about vulnerabilities that the same releases fix. */
export interface Verdict {
  /** `CVE-...`, or `GHSA-...` or `GO-...` for one without a CVE. The first names the check. */
  readonly ids: readonly [string, ...string[]]
  /** The program whose version shows it. Absent: none of the daemon's. */
  readonly component?: Component
  /** Whether an attacker reaches it through dockerd: always, only if the daemon uses something, or never. */
  readonly reached: 'yes' | Applies | 'no'
  /** Why dockerd doesn't reach it. */
  readonly reason?: string
  /** What an attacker can do, if it has a check of its own. */
  readonly why?: string
  /** Upstream's, the worst of several. */
  readonly severity?: Severity
  readonly source?: Source
  /**
   * The first fixed version of each release line, in place of those of the advisories: for BuildKit and other modules in
   * dockerd, the engine that has the fixed module.
   */
  readonly fixed?: readonly string[]
  /** The first version that has it, if older ones don't. */
  readonly since?: string
  /** The fixed versions were read in no source of the project or of its CNA. */
  readonly unconfirmed?: true
  /** Why an older version may have no flaw. */
  readonly undecided?: string
  /** The check that reports it with others. */
  readonly group?: GroupId
}
