import { DAY_MS } from '../../base/expiry.ts'
import { configuredPlugins } from '../authorization.ts'
import { daemonCheck, type Check, type CheckFacts } from '../check.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { buildOf, type Versions } from '../cve/builds.ts'
import { compare, parseVersion, type Version } from '../cve/compare.ts'
import { judge, known, releaseLine } from '../cve/judge.ts'
import { TABLE_DATE, VULNERABILITIES } from '../cve/table.ts'
import { trackerPage } from '../cve/tracker.ts'
import type { Component, Vulnerability } from '../cve/vulnerability.ts'
import { enumerate } from '../../base/text.ts'
import { fail, pass, unknown, warn, type Verdict } from '../verdict.ts'
import { newerApi, UPGRADE } from '../newer-api.ts'
import { worst } from '../worst.ts'
import { VERSION_GROUPS } from './version-groups.ts'

/** After that, the table may lack vulnerabilities that are known to everybody. */
const TABLE_DAYS = 30

const tableAge = daemonCheck({
  id: 'D-TABLE-AGE',
  title: 'The table of vulnerabilities is at most 30 days old',
  family: 'versions',
  severity: 'low',
  cis: {},
  why: 'The version checks do not know vulnerabilities that were published after the date of the table. A daemon that passes them may have one that attackers already use.',
  remedy: 'Upgrade docker-mtls: npm install docker-mtls@latest',
  references: ['https://docs.docker.com/engine/release-notes/'],
  needs: ['at'],
  test: ({ at }) => {
    const days = Math.floor((Date.parse(at) - Date.parse(TABLE_DATE)) / DAY_MS)
    if (Number.isNaN(days)) return unknown('the snapshot does not say when it was collected')
    return days > TABLE_DAYS ? warn(`${TABLE_DATE}, ${days} days before the snapshot`) : pass(TABLE_DATE)
  },
})

const knownApi = daemonCheck({
  id: 'D-API',
  title: 'The API of the engine is one that docker-mtls knows',
  family: 'versions',
  severity: 'low',
  cis: {},
  why: 'A gateway serves such an engine with the newest API version that it knows, and the authorization plugin refuses operations, parameters and fields that are newer. This audit does not check settings that are newer.',
  remedy: UPGRADE,
  references: ['https://docs.docker.com/reference/api/engine/version-history/'],
  needs: ['version'],
  test: ({ version }, { gateway }) => {
    if (version.ApiVersion === undefined) return unknown('the daemon did not report the version of its API')
    const newer = newerApi(version, 'value' in gateway ? gateway.value?.unknownApi : undefined)
    return newer === undefined ? pass(`API ${version.ApiVersion}`) : warn(newer)
  },
})

const supported = daemonCheck({
  id: 'D-VER',
  title: 'The release lines of Docker Engine, containerd and runc still get fixes',
  family: 'versions',
  severity: 'high',
  cis: { '1.6': ['1.2.2'], '1.8': ['1.2.2'] },
  why: 'A release line without fixes keeps every vulnerability that is found in it, and attackers can read how to use them.',
  remedy:
    'Upgrade the packages docker-ce and containerd.io to a current release line: apt-get install docker-ce containerd.io',
  references: ['https://docs.docker.com/engine/release-notes/', 'https://github.com/opencontainers/runc/releases'],
  needs: ['version', 'info'],
  test: (versions) => worst((['engine', 'containerd', 'runc'] as const).map((name) => judgeLine(name, versions))),
})

/** The lines that the newest fix of a component was released for. Older ones get no fixes. */
function judgeLine(component: Component, versions: Versions): Verdict {
  const build = buildOf(component, versions)
  const version = build && parseVersion(build.version)
  if (!build || !version) return unknown(`the daemon did not report a version of ${component} that can be compared`)
  const lines = newestFix(component)
  const oldest = lines.toSorted(compare)[0]
  const shown = `${build.name} ${build.version}`
  const line = releaseLine(component, version)
  if (!oldest || compare(version, oldest) >= 0 || lines.some((fixed) => releaseLine(component, fixed) === line))
    return pass(shown)
  const text = `${shown}: the newest fixes are for ${lines.map((fixed) => releaseLine(component, fixed)).join(', ')}`
  if (build.isOriginal) return fail(text)
  return unknown(
    `${text}, but the distribution may have fixed its own build: ${trackerPage(build.version, versions.info.OperatingSystem)}`,
  )
}

/** Of the rows of a component, the fixed versions of the one whose newest version is the newest. */
function newestFix(component: Component): readonly Version[] {
  const rows = VULNERABILITIES.filter((row) => row.component === component && row.applies !== 'cri')
  const fixes = rows.map(({ fixed }) => fixed.map(known).toSorted(compare))
  return fixes.toSorted((left, right) => compareLast(left, right)).at(-1) ?? []
}

function compareLast(left: readonly Version[], right: readonly Version[]): number {
  const [newest, other] = [left.at(-1), right.at(-1)]
  return newest && other ? compare(newest, other) : 0
}

const PACKAGES: Readonly<Record<Component, string>> = {
  engine: 'Docker Engine',
  buildkit: 'Docker Engine, which contains BuildKit,',
  containerd: 'containerd (package containerd.io)',
  runc: 'runc (package containerd.io)',
  go: 'Docker Engine',
  kernel: 'the kernel',
  desktop: 'Docker Desktop',
}
const NAMES: Readonly<Record<Component, string>> = {
  engine: 'Docker Engine',
  buildkit: 'BuildKit',
  containerd: 'containerd',
  runc: 'runc',
  go: 'The Go runtime',
  kernel: 'The kernel',
  desktop: 'Docker Desktop',
}

/** A check for each row: exceptions, baselines and SARIF rules name CVEs, and each row has its own severity and remedy. */
function vulnerabilityCheck(row: Vulnerability): Check {
  const { ids, component, fixed, severity, why } = row
  const facts: CheckFacts = {
    id: `D-${ids[0]}`,
    title: `${NAMES[component]} has the fix for ${ids.join(', ')}`,
    family: 'versions',
    severity,
    cis: {},
    why,
    remedy: `Upgrade ${PACKAGES[component]} to ${firstFixed(fixed)} or newer, and restart the daemon and the containers.`,
    references: ids.map(advisory),
  }
  return daemonCheck({
    ...facts,
    needs: ['version', 'info'],
    test: (versions, snapshot) => judge(row, withPlugins(versions, snapshot)),
  })
}

function withPlugins(versions: Versions, snapshot: Snapshot): Versions {
  return { ...versions, configuredPlugins: configuredPlugins(snapshot) }
}

function firstFixed(fixed: readonly string[]): string {
  return fixed.length === 1
    ? fixed.join('')
    : `${enumerate(fixed, 'or')} (the first fixed version of each release line)`
}

/** Rows with the same remedy, in one check. */
function groupChecks(): readonly Check[] {
  return VERSION_GROUPS.map((facts) => {
    const rows = VULNERABILITIES.filter(({ group }) => group === facts.id)
    const references = [...facts.references, ...rows.flatMap(({ ids }) => ids.map(advisory))]
    const test = (versions: Versions, snapshot: Snapshot): Verdict =>
      worst(rows.map((row) => judge(row, withPlugins(versions, snapshot))))
    return daemonCheck({ ...facts, references, needs: ['version', 'info'], test })
  })
}

function advisory(id: string): string {
  return id.startsWith('CVE-') ? `https://www.cve.org/CVERecord?id=${id}` : `https://github.com/advisories/${id}`
}

/** Versions of the daemon and its parts. */
export const VERSIONS: readonly Check[] = [
  tableAge,
  knownApi,
  supported,
  ...groupChecks(),
  ...VULNERABILITIES.filter(({ group }) => group === undefined).map(vulnerabilityCheck),
]
