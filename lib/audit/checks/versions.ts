import { DAY_MS } from '../../base/expiry.ts'
import { configuredPlugins } from '../authorization.ts'
import { daemonCheck, type Check, type CheckFacts } from '../check.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { buildOf, type Versions } from '../cve/builds.ts'
import { compare, parseVersion, type Version } from '../cve/compare.ts'
import { judge, known, releaseLine } from '../cve/judge.ts'
import { RELEASE_LINES, type Released } from '../cve/release-lines.ts'
import { GROUPED, TABLE_DATE, VULNERABILITIES } from '../cve/table.ts'
import { trackerPage } from '../cve/tracker.ts'
import { flawsOf, type Component, type Flaw, type Vulnerability } from '../cve/vulnerability.ts'
import { enumerate } from '../../base/text.ts'
import { fail, notApplicable, pass, unknown, warn, type Verdict } from '../verdict.ts'
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
  references: [
    'https://github.com/moby/moby/blob/master/project/BRANCHES-AND-TAGS.md',
    'https://github.com/containerd/containerd/blob/main/RELEASES.md',
    'https://github.com/opencontainers/runc/blob/main/RELEASES.md',
  ],
  needs: ['version', 'info', 'at'],
  test: ({ at, ...versions }) =>
    worst((['engine', 'containerd', 'runc'] as const).map((name) => judgeLine(name, versions, at.slice(0, 10)))),
})

function judgeLine(component: Released, versions: Versions, today: string): Verdict {
  const build = buildOf(component, versions)
  const version = build && parseVersion(build.version)
  if (!build || !version) return unknown(`the daemon did not report a version of ${component} that can be compared`)
  const end = endOf(component, version)
  if (end === undefined || today <= end) return pass(`${build.name} ${build.version}`)
  const ended = end === '' ? 'has ended' : `ended on ${end}`
  const text = `${build.name} ${build.version}: release line ${releaseLine(component, version)} ${ended}`
  if (build.isOriginal) return fail(text)
  return unknown(
    `${text}, but the distribution may fix its own build: ${trackerPage(build.version, versions.info.OperatingSystem)}`,
  )
}

/** The last day with fixes for the release line of a version. Undefined: it isn't known yet; empty: long ago. */
function endOf(component: Released, version: Version): string | undefined {
  const lines = RELEASE_LINES[component].map(([line, until]) => ({ first: known(line), until }))
  const own = lines.find(({ first }) => releaseLine(component, first) === releaseLine(component, version))
  if (own) return own.until
  return lines.every(({ first }) => compare(version, first) > 0) ? undefined : ''
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
    const rows = GROUPED.filter(({ group }) => group === facts.id).flatMap(flawsOf)
    const named = rows.filter(({ component, unreached }) => component !== 'go' && unreached === undefined)
    const combine = facts.id === 'D-UNREACHED' ? listUnreached : worstOf
    return daemonCheck({
      ...facts,
      references: [...facts.references, ...named.flatMap(({ ids }) => ids.map(advisory))],
      needs: ['version', 'info'],
      test: (versions, snapshot) => combine(rows, withPlugins(versions, snapshot)),
    })
  })
}

function worstOf(rows: readonly Flaw[], versions: Versions): Verdict {
  return worst(rows.map((row) => judge(row, versions)))
}

/** Names those that these versions have, by the reason for which they don't matter. */
function listUnreached(rows: readonly Flaw[], versions: Versions): Verdict {
  const there = rows.filter((row) => judge(row, versions).status === 'not-applicable')
  if (there.length === 0) return pass()
  const reasons = new Set(there.map(({ unreached = '' }) => unreached))
  const lines = [...reasons].map((reason) => {
    const ids = there.flatMap((row) => (row.unreached === reason ? row.ids : []))
    return `${ids.join(', ')}: ${reason}`
  })
  return notApplicable(lines.join('; '))
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
  ...VULNERABILITIES.map(vulnerabilityCheck),
]
