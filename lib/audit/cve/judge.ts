import { fail, notApplicable, pass, reported, unknown, warn, type Verdict } from '../verdict.ts'
import { buildOf, desktopVersion, type Build, type Versions } from './builds.ts'
import { compare, isFixed, lineOf, parseVersion, type Version } from './compare.ts'
import { usesContainerdStore } from '../image-store.ts'
import { trackerOf } from './tracker.ts'
import type { Applies, Component, Flaw } from './vulnerability.ts'

/** How many numbers name a release line of a component. Docker fixes the newest minor version of a major one. */
const LINE_DEPTH: Readonly<Record<Component, number>> = {
  engine: 1,
  buildkit: 1,
  containerd: 2,
  runc: 2,
  go: 2,
  kernel: 2,
  desktop: 1,
}

/** Says whether a daemon has a vulnerability. */
export function judge(flaw: Flaw, versions: Versions): Verdict {
  const { applies, component, unreached } = flaw
  if (component === 'desktop' && desktopVersion(versions.version) === undefined)
    return notApplicable('the daemon is not in Docker Desktop')
  const use = applies && USES[applies](versions)
  if (use?.status === 'not-applicable') return use
  const verdict = judgeVersion(flaw, versions)
  if (verdict.status === 'pass') return verdict
  return unreached === undefined ? (use ?? verdict) : notApplicable(unreached)
}

/** The same for versions in the table, which are valid. */
export function known(version: string): Version {
  const parsed = parseVersion(version)
  if (!parsed) throw new TypeError(`the table contains ${version}, which is not a version`)
  return parsed
}

/** The line of a component's version: `28` of the engine, `1.7` of containerd. */
export function releaseLine(component: Component, version: Version): string {
  return lineOf(version, LINE_DEPTH[component])
}

function judgeVersion({ component, fixed, since, unconfirmed, undecided, ids }: Flaw, versions: Versions): Verdict {
  const build = buildOf(component, versions)
  if (!build) return unknown(`the daemon did not report the version of ${component}`)
  const version = parseVersion(build.version)
  const shown = `${build.name} ${build.version}`
  if (!version) return unknown(`${shown} is not a version that can be compared`)
  if (since !== undefined && compare(version, known(since)) < 0) return pass(`${shown} is older than the flaw`)
  if (isFixed(version, fixed.map(known), LINE_DEPTH[component])) return pass(shown)
  const text = `${shown}, fixed in ${fixed.join(', ')}`
  if (!build.isOriginal) return unknown(distribution(ids, text, build, versions))
  if (undecided !== undefined) return unknown(`${text}: ${undecided}`)
  return unconfirmed
    ? warn(`${ids.join(', ')}: ${text}, according to an unconfirmed source`)
    : fail(`${ids.join(', ')}: ${text}`)
}

function distribution(
  [id = '']: readonly string[],
  text: string,
  { version }: Build,
  { info, version: { GitCommit } }: Versions,
): string {
  const tracker = trackerOf(id, `${version} ${GitCommit ?? ''}`, info.OperatingSystem)
  return `${text}, but the distribution may have fixed its own build: ${tracker}`
}

type Use = (versions: Versions) => Verdict | undefined

/** Undefined if the daemon uses it. */
const USES: Readonly<Record<Applies, Use>> = {
  // A plugin that a reload has put in isn't among those that the daemon reports.
  authz: ({ info, configuredPlugins = [] }) =>
    reported(info.Plugins?.Authorization, 'info.Plugins.Authorization').length + configuredPlugins.length > 0
      ? undefined
      : notApplicable('the daemon has started without an authorization plugin'),
  'containerd-store': ({ info }) =>
    usesContainerdStore(info) ? undefined : notApplicable('the images of the daemon are not in containerd'),
  firewalld: ({ info }) => {
    const driver = info.FirewallBackend?.Driver
    if (driver === undefined)
      return unknown(
        'the daemon does not report whether it uses firewalld: run systemctl is-active firewalld on the host',
      )
    return driver.includes('firewalld') ? undefined : notApplicable(`the firewall backend is ${driver}`)
  },
  swarm: ({ info }) => {
    const state = reported(info.Swarm?.LocalNodeState, 'info.Swarm.LocalNodeState')
    return state === '' || state === 'inactive' ? notApplicable('the node is not in a swarm') : undefined
  },
  windows: ({ info }) =>
    reported(info.OSType, 'info.OSType') === 'windows' ? undefined : notApplicable('the host does not run Windows'),
  cgroup1: ({ info }) =>
    reported(info.CgroupVersion, 'info.CgroupVersion') === '1' ? undefined : notApplicable('the host uses cgroup v2'),
}
