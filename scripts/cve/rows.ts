import { compare, parseVersion, type Version } from '../../lib/audit/cve/compare.ts'
import type { Component, Flaw, FlawGroup, Vulnerability } from '../../lib/audit/cve/vulnerability.ts'
import type { Advisory } from './osv.ts'
import type { Verdict } from './verdict.ts'

/** The modules whose versions are those of a component. Other modules are parts of the engine: their verdict names `fixed`. */
const MODULES: Readonly<Record<Component, readonly string[]>> = {
  engine: ['Docker Engine', 'github.com/docker/docker', 'github.com/moby/moby'],
  buildkit: [],
  containerd: ['github.com/containerd/containerd', 'github.com/containerd/containerd/v2'],
  runc: ['github.com/opencontainers/runc'],
  go: ['stdlib'],
  kernel: ['Linux'],
  desktop: ['Docker Desktop'],
}

/** The rows of the table. */
export interface Rows {
  readonly vulnerabilities: readonly Vulnerability[]
  readonly grouped: readonly FlawGroup[]
}

/** Joins advisories and verdicts. Throws unless each has its counterpart. */
export function rowsOf(advisories: readonly Advisory[], verdicts: readonly Verdict[]): Rows {
  const byId = new Map(advisories.flatMap((one) => [one.id, ...one.aliases].map((id) => [id, one] as const)))
  demandAll(advisories, verdicts, byId)
  const vulnerabilities = verdicts.flatMap((verdict) => (isChecked(verdict) ? vulnerabilityOf(verdict, byId) : []))
  return { vulnerabilities, grouped: verdicts.flatMap((verdict) => groupOf(verdict, byId)) }
}

function demandAll(advisories: readonly Advisory[], verdicts: readonly Verdict[], byId: ById): void {
  const judged = verdicts.flatMap(({ ids }) => ids)
  const twice = judged.filter((id, index) => judged.indexOf(id) < index)
  const unknown = judged.filter((id) => !byId.has(id))
  const without = advisories.filter(({ id, aliases }) => ![id, ...aliases].some((one) => judged.includes(one)))
  const names = without.map(({ id, aliases }) => [id, ...aliases].join(' '))
  if (names.length > 0) throw new Error(`without a verdict in scripts/cve/verdicts/: ${names.join(', ')}`)
  if (unknown.length > 0) throw new Error(`a verdict without an advisory: ${unknown.join(', ')}`)
  if (twice.length > 0) throw new Error(`more than one verdict: ${twice.join(', ')}`)
}

type ById = ReadonlyMap<string, Advisory>
type Checked = Verdict & Required<Pick<Verdict, 'component' | 'severity' | 'why'>>

function isChecked(verdict: Verdict): verdict is Checked {
  return verdict.why !== undefined && verdict.group === undefined
}

function vulnerabilityOf(verdict: Checked, byId: ById): Vulnerability {
  const sets = new Set(verdict.ids.map((id) => fixedOf(verdict, id, byId).join(', ')))
  if (sets.size > 1) throw new Error(`${verdict.ids[0]} and those beside it are fixed in ${[...sets].join(' and in ')}`)
  const { ids, component, severity, why } = verdict
  const fixed = fixedOf(verdict, ids[0], byId)
  return { ids, component, fixed, severity, why, ...conditions(verdict) }
}

function groupOf(verdict: Verdict, byId: ById): FlawGroup[] {
  const { component, ids } = verdict
  const group = verdict.group ?? (verdict.reached === 'no' && !isChecked(verdict) ? 'D-UNREACHED' : undefined)
  if (component === undefined || group === undefined) return []
  const fixes: Record<string, string> = {}
  for (const id of ids) {
    const fixed = fixedOf(verdict, id, byId).join(' ')
    fixes[fixed] = fixes[fixed] === undefined ? id : `${fixes[fixed]} ${id}`
  }
  return [{ group, component, fixes, ...conditions(verdict) }]
}

function conditions({
  since,
  reached,
  reason,
  unconfirmed,
  undecided,
}: Verdict): Omit<Partial<Flaw>, 'ids' | 'component' | 'fixed'> {
  return {
    ...(since !== undefined && { since }),
    ...(reached !== 'yes' && reached !== 'no' && { applies: reached }),
    ...(reached === 'no' && reason !== undefined && { unreached: reason }),
    ...(unconfirmed && { unconfirmed }),
    ...(undecided !== undefined && { undecided }),
  }
}

/** The first fixed version of each release line, the oldest first. */
export function fixedOf({ fixed, component }: Verdict, id: string, byId: ById): readonly string[] {
  if (fixed) return fixed
  const affected = byId.get(id)?.affected ?? {}
  const ranges = (component ? MODULES[component] : []).flatMap((module) => affected[module] ?? [])
  const versions = ranges.flatMap(([, end]) => end?.replace('+incompatible', '') ?? [])
  if (versions.length === 0)
    throw new Error(`${id}: the advisory has no fixed version of ${component}, so the verdict needs one`)
  const parsed = new Map(versions.map((text) => [text, versionOf(id, text)] as const))
  return [...parsed].toSorted(([, left], [, right]) => compare(left, right)).map(([text]) => text)
}

function versionOf(id: string, text: string): Version {
  const version = parseVersion(text)
  if (version?.suffix === '') return version
  throw new Error(`${id}: ${text} is no release, so the verdict needs the fixed version`)
}
