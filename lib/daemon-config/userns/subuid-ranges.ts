import { DaemonError } from '../../base/errors.ts'
import { type Account, findUsernsAccount, readAccounts, type UsernsAccount } from './account.ts'
import { checkOptions } from '../../base/options.ts'
import { checkString } from '../options.ts'
import {
  freeStart,
  limitsOf,
  RANGE_SIZE,
  type IdLimits,
  overlap,
  parseSubids,
  type IdRange,
  type ParsedSubids,
  type SubidRange,
} from './parse-subids.ts'
import { refuseUserns } from './parse-userns.ts'
import { usernsWarnings } from './warnings.ts'
import { quoted } from '../../base/text.ts'
import { warningTexts } from '../../base/warning.ts'

/** The texts of the host's files that determine what a value of `--userns-remap` means. */
export interface UsernsFacts {
  /** /etc/passwd. If the user is in another source, append the output of `getent passwd USER`. */
  readonly passwd: string
  /** /etc/group. If the group is in another source, append the output of `getent group GROUP`. */
  readonly group: string
  /** /etc/subuid; undefined if there is none. */
  readonly subuid?: string | undefined
  /** /etc/subgid; undefined if there is none. */
  readonly subgid?: string | undefined
  /** /etc/login.defs, for the limits of new ranges. @defaultValue 100000 to 600100000 */
  readonly loginDefs?: string | undefined
}

/** What has to be created before the daemon starts. */
export interface UsernsMissing {
  /** The user that dockerd creates with its group when it starts: `dockremap`. You can add its lines before that. */
  readonly user?: string
  /** A line for /etc/subuid: `dockremap:100000:65536`. If the file is missing, create it with mode 0644. */
  readonly subuid?: string
  /** A line for /etc/subgid. */
  readonly subgid?: string
}

/** What a value of `--userns-remap` means on a host. */
export interface UsernsPlan {
  /** The user whose ranges are used. */
  readonly user: string
  /** The uid of that user. Undefined if dockerd creates the user. */
  readonly uid: number | undefined
  /** The group for `--userns-remap`. It doesn't determine the ranges: those in /etc/subgid also belong to the user. */
  readonly group: string
  /** The numeric id of `group`; undefined if dockerd creates it. */
  readonly gid: number | undefined
  /** The ranges of host uids for containers, in the order of the mapping. They include missing ranges. */
  readonly subuid: readonly IdRange[]
  /** The ranges of host gids for containers. */
  readonly subgid: readonly IdRange[]
  /** The host uid of root in containers. */
  readonly rootUid: number
  /** The host gid of the root group in containers. */
  readonly rootGid: number
  /** The folder below data-root that the daemon uses: `100000.100000`. */
  readonly dataFolder: string
  /** What has to be created first. An empty object if nothing is missing. */
  readonly missing: UsernsMissing
  /** Sentences about settings that work, but that you should know about. */
  readonly warnings: readonly string[]
}

/** With more ranges the kernel refuses the map, and no container starts (executed; user_namespaces(7)). */
const MOST_RANGES = 340

interface SubidFile {
  readonly path: string
  readonly parsed: ParsedSubids
  /** The ranges of the user, in the order of the mapping. */
  readonly own: readonly SubidRange[]
  readonly accounts: readonly Account[]
  readonly limits: IdLimits
}

/**
 * Determines what a value of `--userns-remap` means on a host before anything is changed there: the ranges, the root user of
 * containers, the data folder, and missing lines.
 *
 * Create missing ranges yourself before dockerd starts, even for `default`, so that they are known and don't overlap with
 * others. If dockerd chooses the ranges, it fails if /etc/subuid is missing or dockremap exists, and its choice may overlap
 * with other ranges (executed: 26.1.5).
 *
 * @param value - `default`, `user`, `user:group`, `uid` or `uid:gid`
 * @param facts - the host's files
 * @returns the ids, the data folder, missing lines and warnings
 * @throws {@link DaemonError} `ERR_USERNS_INVALID` if the account doesn't exist, or if with these ranges the daemon or its
 *   containers would not start, or root in a container would be root on the host
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
  for (const file of [uids, gids]) checkOwnRanges(value, file, account)
  const chosen = chooseMissing(value, uids, gids)
  const [subuid, subgid] = [
    chosen.uids === undefined ? uids.own : [chosen.uids],
    chosen.gids === undefined ? gids.own : [chosen.gids],
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
      ...(chosen.uids !== undefined && { subuid: line(chosen.uids) }),
      ...(chosen.gids !== undefined && { subgid: line(chosen.gids) }),
    },
    warnings: warningTexts(
      usernsWarnings(account, accounts, [
        { ...uids, kind: 'uid', mapped: subuid },
        { ...gids, kind: 'gid', mapped: subgid },
      ]),
    ),
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
  // If there are lines by the uid, dockerd uses only those; else it uses the lines by the name (executed: 26.1.5).
  const numbered = uid === undefined ? [] : by(String(uid))
  return { path, parsed, own: numbered.length > 0 ? numbered : by(user), accounts, limits }
}

function checkOwnRanges(value: string, { path, parsed, own }: SubidFile, { user, uid }: UsernsAccount): void {
  const isOwn = (owner: string): boolean => owner === user || owner === String(uid)
  const fault = parsed.faults.find(({ owner, stopsAll }) => stopsAll || isOwn(owner))
  if (fault !== undefined)
    refuseUserns(value, `line ${fault.line} of ${path}: ${fault.got}`, 'Correct or remove that line.')
  const root = own.find(({ start }) => start === 0)
  if (root !== undefined) {
    const got = `line ${root.line} of ${path} gives ${quoted(root.owner)} the id 0, so root in a container would be root on the host`
    refuseUserns(value, got, 'Remove that line. docker-mtls then chooses a range.')
  }
  if (own.length > MOST_RANGES) {
    refuseUserns(
      value,
      `${quoted(user)} has ${own.length} ranges in ${path}, and the kernel accepts ${MOST_RANGES}`,
      'Replace them with fewer, longer ranges.',
    )
  }
  const [one, other] =
    own
      .flatMap((range, index) => own.slice(0, index).map((before) => [before, range] as const))
      .find(([a, b]) => overlap(a, b)) ?? []
  if (one !== undefined && other !== undefined) {
    const got = `the ranges of ${quoted(one.owner)} in lines ${one.line} and ${other.line} of ${path} overlap, and no container would start`
    refuseUserns(value, got, 'Remove one of the two lines.')
  }
}

/**
 * Chooses missing ranges. Both files get the same start if possible, so that a container's uids and gids have the same
 * offset.
 */
function chooseMissing(value: string, uids: SubidFile, gids: SubidFile): { uids?: IdRange; gids?: IdRange } {
  const lacks = [uids, gids].filter(({ own }) => own.length === 0)
  if (lacks.length === 0) return {}
  const min = Math.max(...lacks.map(({ limits }) => limits.min))
  const max = Math.min(...lacks.map(({ limits }) => limits.max))
  const taken = lacks.flatMap(takenIn)
  const existing = [...uids.own, ...gids.own][0]?.start
  const isFree =
    existing !== undefined && !taken.some((range) => overlap(range, { start: existing, count: RANGE_SIZE }))
  const start = isFree ? existing : freeStart(taken, { min, max })
  if (start === undefined) {
    throw new DaemonError('ERR_USERNS_INVALID', {
      tried: `choosing a range for the value ${quoted(value)} of userns-remap`,
      got: `${lacks.map(({ path }) => path).join(' and ')} leave no ${RANGE_SIZE} consecutive ids free between ${min} and ${max}`,
      todo: 'Remove unused ranges there, or raise SUB_UID_MAX and SUB_GID_MAX in /etc/login.defs.',
    })
  }
  const range = { start, count: RANGE_SIZE }
  return { ...(uids.own.length === 0 && { uids: range }), ...(gids.own.length === 0 && { gids: range }) }
}

/** The taken IDs. They include the IDs of accounts, since a directory service may assign high ones. */
function takenIn({ parsed, accounts }: SubidFile): IdRange[] {
  return [...parsed.ranges, ...accounts.map(({ id }) => ({ start: id, count: 1 }))]
}
