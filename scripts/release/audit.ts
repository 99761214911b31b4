import { Refusal } from './refusal.ts'
import { attempt } from './run.ts'
import type { Bom } from './sbom.ts'

interface AuditReport {
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string }>>
}

/**
 * Asks the registry for known vulnerabilities of the packages in a document.
 *
 * @returns the result as text. Without an answer of the registry, it is unknown
 */
export async function checkAudit(clone: string, { components }: Pick<Bom, 'components'>): Promise<string> {
  const { stdout } = await attempt(['npm', 'audit', '--json', '--package-lock-only'], { cwd: clone })
  return judgeAudit(
    stdout,
    components.map(({ name }) => name),
  )
}

/** All packages are asked for, because bundled ones count as packages for development. */
export function judgeAudit(printed: string, names: readonly string[]): string {
  const { vulnerabilities } = parseReport(printed)
  if (vulnerabilities === undefined) return 'UNKNOWN: the registry gave no answer'
  const found = Object.entries(vulnerabilities).filter(([name]) => names.includes(name))
  if (found.length === 0) return `no known vulnerability in ${names.length} packages`
  throw new Refusal(
    `Known vulnerabilities: ${found.map(([name, { severity }]) => `${name} (${severity})`).join(', ')}.`,
    'Update these packages:  npm audit',
  )
}

function parseReport(printed: string): AuditReport {
  try {
    return JSON.parse(printed) as AuditReport
  } catch {
    return {}
  }
}
