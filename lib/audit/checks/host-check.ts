import { find, type Check, type CheckFacts, type Subject } from '../check.ts'
import type { FileRole, HostFacts, HostFile } from '../snapshot/host/schema.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { notApplicable, reported, Unseen, unknown, type Verdict } from '../verdict.ts'

const DAEMON: Subject = { kind: 'daemon' }
const NOT_READ = 'the files of the host were not read: use --local on the host, or an ssh:// endpoint'

type HostCheckFacts = Omit<CheckFacts, 'family'>
/** A verdict about one path. */
export type PathVerdict = readonly [path: string, verdict: Verdict]

/** The host of a snapshot, or why it is unknown. */
function hostOf({ host }: Snapshot): HostFacts {
  if (host === null) throw new Unseen(NOT_READ)
  if ('unknown' in host) throw new Unseen(host.unknown)
  return host.value
}

/** Describes a check of the host with one result for the daemon. */
export function hostCheck(
  facts: HostCheckFacts & { readonly test: (host: HostFacts, snapshot: Snapshot) => Verdict },
): Check {
  const { test, ...given } = facts
  const rest = { ...given, family: 'host' } as const
  return { ...rest, run: (snapshot) => [find(rest, DAEMON, () => test(hostOf(snapshot), snapshot))] }
}

/** Describes a check of the host with one result for each path, or one for the daemon if there are none. */
export function pathsCheck(
  facts: HostCheckFacts & {
    /** @throws {@link Unseen} if nothing can be said */
    readonly test: (host: HostFacts, snapshot: Snapshot) => readonly PathVerdict[]
    /** Why it isn't applicable without paths. */
    readonly none: string
  },
): Check {
  const { test, none, ...given } = facts
  const rest = { ...given, family: 'host' } as const
  const run: Check['run'] = (snapshot) => {
    let verdicts: readonly PathVerdict[] = []
    const whole = find(rest, DAEMON, () => {
      verdicts = test(hostOf(snapshot), snapshot)
      return notApplicable(none)
    })
    if (verdicts.length === 0) return [whole]
    return verdicts.map(([path, verdict]) => find(rest, { kind: 'file', id: path, name: path }, () => verdict))
  }
  return { ...rest, run }
}

/** The files with these roles that exist, or that permissions hide. */
export function filesOf({ files }: HostFacts, ...roles: readonly FileRole[]): HostFile[] {
  return files.filter(({ role, state }) => roles.includes(role) && state.kind !== 'missing')
}

/** Does dockerd run as a user? Then its files are that user's. */
export function isRootless({ daemonUid }: HostFacts): boolean {
  return 'value' in daemonUid && daemonUid.value !== 0
}

/** The value of a setting; null if none is set. */
export function settingOf<Name extends keyof Settings>(
  { settings }: HostFacts,
  name: Name,
): Exclude<Settings[Name], undefined> {
  if ('unknown' in settings) throw new Unseen(settings.unknown)
  return reported<Settings[Name]>(settings.value[name], `the setting ${name}`) as Exclude<Settings[Name], undefined>
}

type Settings = Extract<HostFacts['settings'], { readonly value: unknown }>['value']

/** Who may change a file: root, and the user of a rootless daemon. */
export function mayOwn(host: HostFacts, uid: number): boolean {
  return uid === 0 || ('value' in host.daemonUid && host.daemonUid.value === uid)
}

export function hidden(path: string): Verdict {
  return unknown(`only root can look at ${path}`)
}
