import type { CisVersion, Family, Severity } from './check.ts'

/** From the worst. */
export const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low']

/** The families of checks, with their headings in reports. */
export const FAMILIES: Readonly<Record<Family, string>> = {
  tls: 'TLS',
  daemon: 'Daemon',
  versions: 'Versions',
  network: 'Networks',
  container: 'Containers',
  image: 'Images',
  swarm: 'Swarm',
  host: 'Host',
}

/** Which checks to run: those with an item in a version of the CIS Docker Benchmark, or all of them. */
export type Profile = `cis-${CisVersion}` | 'docker-mtls'

export const PROFILES: readonly Profile[] = ['docker-mtls', 'cis-1.8', 'cis-1.6']

/** The formats of a report. */
export type ReportFormat = 'text' | 'json' | 'sarif' | 'junit' | 'markdown' | 'html'

export const FORMATS: readonly ReportFormat[] = ['text', 'json', 'sarif', 'junit', 'markdown', 'html']

/** Unless an option says otherwise, an audit fails from this severity on. */
export const FAIL_ON: Severity = 'high'

/** Is one severity at least as bad as another? */
export function isAtLeast(severity: Severity, other: Severity): boolean {
  return SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(other)
}
