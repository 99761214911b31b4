import { DaemonError } from '../../base/errors.ts'
import type { Account } from './accounts.ts'
import { checkOptions } from '../../base/options.ts'
import { checkString } from '../options.ts'
import { freeStart, limitsOf, WANTED_COUNT, type IdLimits } from './free-range.ts'
import { overlap, parseSubids, type IdRange, type ParsedSubids, type SubidRange } from './subids.ts'
import { findUsernsAccount, readAccounts, type UsernsAccount } from './account.ts'
import { usernsWarnings } from './warnings.ts'
import { quoted } from '../../base/text.ts'

/** The files of a host that say what a value of `--userns-remap` comes to, as texts. */
export interface UsernsFacts {
  /** /etc/passwd; for a user that isn't in it what `getent passwd USER` says goes behind it. */
  readonly passwd: string
  /** /etc/group; likewise. */
  readonly group: string
  /** /etc/subuid; undefined where there is none. */
  readonly subuid?: string | undefined
  /** /etc/subgid; undefined where there is none. */
  readonly subgid?: string | undefined
  /** /etc/login.defs, for the limits of new ranges. @defaultValue 100000 to 600100000 */
  readonly loginDefs?: string | undefined
}

/** What has to be made before the daemon is started. */
export interface UsernsMissing {
  /** A user that dockerd makes by itself as it starts, with its group: `dockremap`. The lines may be there before. */
  readonly user?: string
  /** A line for /etc/subuid, which is there or to be made (0644): `dockremap:100000:65536`. */
  readonly subuid?: string
  /** A line for /etc/subgid. */
  readonly subgid?: string
}

/** What a value of `--userns-remap` comes to on a host. */
export interface UsernsPlan {
  /** Whose ranges they are. */
  readonly user: string
  /** Undefined where dockerd makes the user. */
  readonly uid: number | undefined
  /** For the command line alone: the ranges in /etc/subgid are the user's, too. */
  readonly group: string
  /** The numeric id of `group`; undefined if dockerd creates it. */
  readonly gid: number | undefined
  /** What the containers' uids become, in the order of the mapping; what is missing is counted in. */
  readonly subuid: readonly IdRange[]
  /** What their gids become. */
  readonly subgid: readonly IdRange[]
  /** What the containers' root is on the host. */
  readonly rootUid: number
  /** The group on the host of a container's root group. */
  readonly rootGid: number
  /** The folder below data-root that the daemon then lives in: `100000.100000`. */
  readonly dataFolder: string
  /** What has to be made before; an empty object where all is there. */
  readonly missing: UsernsMissing
  /** What works, and should be known: sentences. */
  readonly warnings: readonly string[]
}

/** More of them in a map the kernel doesn't take, and no container starts (executed; user_namespaces(7)). */
const MOST_RANGES = 340

interface SubidFile {
  readonly path: string
  readonly parsed: ParsedSubids
  /** The user's, in the order of the mapping. */
  readonly own: readonly SubidRange[]
  readonly accounts: readonly Account[]
  readonly limits: IdLimits
}

/**
 * Works out what a value of `--userns-remap` means on a host, before anything is changed there: whose ranges, which
 * container root, which data folder, and what is missing.
 *
 * Missing ranges are to be made beforehand even for `default`: then what comes is known, and collides with nobody's.
 * dockerd's own choice fails where /etc/subuid isn't there or dockremap is, and may overlap (executed: 26.1.5).
 *
 * @param value - `default`, `user`, `user:group`, `uid` or `uid:gid`
 * @param facts - the host's files
 * @returns what comes of it
 * @throws {@link DaemonError} `ERR_USERNS_INVALID` for an account that isn't there, and for ranges with which the daemon or
 *   its containers would not start, or would have root's own uid
 * @throws {@link ArgumentError} `ERR_ARGUMENT_INVALID`, `ERR_OPTION_UNKNOWN`
 * @example
 * ```ts
 * const etc = (name: string): Promise<string> => readFile(`/etc/${name}`, 'utf8')
 * const [passwd, group] = [await etc('passwd'), await etc('group')]
 * const plan = planUserns('default', { passwd, group, subuid: await etc('subuid'), subgid: await etc('subgid') })
 * plan.dataFolder // '100000.100000'
 * plan.missing // { user: 'dockremap', subuid: 'dockremap:100000:65536', subgid: 'dockremap:100000:65536' }
 * ```
 */
export function planUserns(value: string, facts: UsernsFacts): UsernsPlan {
  checkFacts(value, facts)
  const accounts = readAccounts(facts)
  const account = findUsernsAccount(value, accounts)
  const uids = readFile('/etc/subuid', facts.subuid, account, accounts.users, limitsOf(facts.loginDefs, 'UID'))
  const gids = readFile('/etc/subgid', facts.subgid, account, accounts.groups, limitsOf(facts.loginDefs, 'GID'))
  for (const file of [uids, gids]) checkOwn(value, file, account)
  const made = chooseMissing(value, uids, gids)
  const [subuid, subgid] = [
    made.uids === undefined ? uids.own : [made.uids],
    made.gids === undefined ? gids.own : [made.gids],
  ]
  const [rootUid, rootGid] = [subuid[0]?.start ?? 0, subgid[0]?.start ?? 0]
  const line = (range: IdRange): string => `${account.user}:${range.start}:${range.count}`
  return {
    user: account.user,
    uid: account.uid,
    group: account.group,
    gid: account.gid,
    subuid: subuid.map(plainRange),
    subgid: subgid.map(plainRange),
    rootUid,
    rootGid,
    // As dockerd names it (moby, setupDaemonRoot in daemon/daemon_unix.go).
    dataFolder: `${rootUid}.${rootGid}`,
    missing: {
      ...(account.uid === undefined && { user: account.user }),
      ...(made.uids !== undefined && { subuid: line(made.uids) }),
      ...(made.gids !== undefined && { subgid: line(made.gids) }),
    },
    warnings: usernsWarnings(account, accounts, [
      { ...uids, kind: 'uid', mapped: subuid },
      { ...gids, kind: 'gid', mapped: subgid },
    ]),
  }
}

function checkFacts(value: string, facts: UsernsFacts): void {
  checkString(value, 'the value of userns-remap')
  checkOptions(facts, ['passwd', 'group', 'subuid', 'subgid', 'loginDefs'], 'planUserns()')
  for (const key of ['passwd', 'group'] as const) checkString(facts[key], `the text ${key}`)
  for (const key of ['subuid', 'subgid', 'loginDefs'] as const) {
    if (facts[key] !== undefined) checkString(facts[key], `the text ${key}`)
  }
}

function plainRange({ start, count }: IdRange): IdRange {
  return { start, count }
}

function readFile(
  path: string,
  text: string | undefined,
  { user, uid }: UsernsAccount,
  accounts: readonly Account[],
  limits: IdLimits,
): SubidFile {
  const parsed = parseSubids(text ?? '')
  const by = (owner: string): SubidRange[] => parsed.ranges.filter((range) => range.owner === owner)
  // By the uid alone where there are such; by the name else (executed: 26.1.5).
  const numbered = uid === undefined ? [] : by(String(uid))
  return { path, parsed, own: numbered.length > 0 ? numbered : by(user), accounts, limits }
}

function checkOwn(value: string, { path, parsed, own }: SubidFile, { user, uid }: UsernsAccount): void {
  const isOwn = (owner: string): boolean => owner === user || owner === String(uid)
  const refuse = (got: string, todo: string): never => {
    throw new DaemonError('ERR_USERNS_INVALID', { tried: `the value ${quoted(value)} of userns-remap`, got, todo })
  }
  const fault = parsed.faults.find(({ owner, stopsAll }) => stopsAll || isOwn(owner))
  if (fault !== undefined) refuse(`line ${fault.line} of ${path}: ${fault.got}`, 'Mend that line, or take it out.')
  const root = own.find(({ start }) => start === 0)
  if (root !== undefined) {
    const got = `line ${root.line} of ${path} gives ${quoted(root.owner)} the id 0: a container's root would be the host's`
    refuse(got, `Take that line out; a range is chosen where there is none.`)
  }
  const [one, other] =
    own
      .flatMap((range, index) => own.slice(0, index).map((before) => [before, range] as const))
      .find(([a, b]) => overlap(a, b)) ?? []
  if (one !== undefined && other !== undefined) {
    const got = `the ranges of ${quoted(one.owner)} in lines ${one.line} and ${other.line} of ${path} overlap, and no container would start`
    refuse(got, 'Take one of the two lines out.')
  }
  if (own.length > MOST_RANGES) {
    refuse(
      `${quoted(user)} has ${own.length} ranges in ${path}, and the kernel takes ${MOST_RANGES}`,
      'Make fewer and longer ones of them.',
    )
  }
}

/** The same start in both files where both lack one, so that the ids of a container's user and group are alike. */
function chooseMissing(value: string, uids: SubidFile, gids: SubidFile): { uids?: IdRange; gids?: IdRange } {
  const lacks = [uids, gids].filter(({ own }) => own.length === 0)
  if (lacks.length === 0) return {}
  const min = Math.max(...lacks.map(({ limits }) => limits.min))
  const max = Math.min(...lacks.map(({ limits }) => limits.max))
  const taken = lacks.flatMap(takenIn)
  const there = [...uids.own, ...gids.own][0]?.start
  const alike = there !== undefined && !taken.some((range) => overlap(range, { start: there, count: WANTED_COUNT }))
  const start = alike ? there : freeStart(taken, { min, max })
  if (start === undefined) {
    throw new DaemonError('ERR_USERNS_INVALID', {
      tried: `choosing a range for the value ${quoted(value)} of userns-remap`,
      got: `between ${min} and ${max} there are no ${WANTED_COUNT} ids in a row that nobody has in ${lacks.map(({ path }) => path).join(' and ')}`,
      todo: `Take out what is in no use there, or raise SUB_UID_MAX and SUB_GID_MAX in /etc/login.defs.`,
    })
  }
  const range = { start, count: WANTED_COUNT }
  return { ...(uids.own.length === 0 && { uids: range }), ...(gids.own.length === 0 && { gids: range }) }
}

/** Also the ids of accounts, which may lie up there where a directory service hands them out. */
function takenIn({ parsed, accounts }: SubidFile): IdRange[] {
  return [...parsed.ranges, ...accounts.map(({ id }) => ({ start: id, count: 1 }))]
}
