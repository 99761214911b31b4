import { type Account, DOCKREMAP, type Accounts, type UsernsAccount } from './account.ts'
import { RANGE_SIZE, overlap, formatRange, type IdRange, type ParsedSubids, type SubidRange } from './parse-subids.ts'
import { enumerate, quoted } from '../../base/text.ts'
import type { Warning } from '../../base/warning.ts'

/** /etc/subuid or /etc/subgid, and the ranges that are mapped. */
export interface MappedIds {
  readonly kind: 'uid' | 'gid'
  readonly path: string
  readonly parsed: ParsedSubids
  readonly mapped: readonly IdRange[]
  readonly accounts: readonly Account[]
}

/** The limit of kernels before 4.15 (user_namespaces(7)). */
const OLD_MOST_RANGES = 5
/** The number of accounts that a warning names at most. */
const MOST_NAMED = 3

/** What a warning about user namespaces is about. */
export type UsernsWarningCode =
  | 'user-can-log-in'
  | 'group-without-user'
  | 'few-ids'
  | 'ranges-overlap'
  | 'accounts-in-range'
  | 'name-and-uid'
  | 'many-ranges'
  | 'invalid-line'

type UsernsWarning = Warning<UsernsWarningCode>

/** Warns of settings that work, but not as a user would expect. */
export function usernsWarnings(
  account: UsernsAccount,
  accounts: Accounts,
  files: readonly MappedIds[],
): UsernsWarning[] {
  return [
    ...loginShell(account),
    ...groupAlone(account),
    ...files.flatMap((file) => fileWarnings(file, account, accounts)),
  ]
}

function fileWarnings(file: MappedIds, account: UsernsAccount, accounts: Accounts): UsernsWarning[] {
  return [
    ...fewIds(file, account),
    ...overlaps(file, account, accounts),
    ...accountsInRange(file),
    ...nameAndUid(file, account),
    ...manyRanges(file, account),
    ...invalidLines(file),
  ]
}

/** With too few IDs, a pull or an import fails with `Container ID 65534 cannot be mapped to a host ID` (executed). */
function fewIds({ kind, path, mapped }: MappedIds, { user }: UsernsAccount): UsernsWarning[] {
  const count = mapped.reduce((sum, range) => sum + range.count, 0)
  if (count >= RANGE_SIZE) return []
  const text = `${quoted(user)} has ${count} ids in ${path}, but images may need ${RANGE_SIZE}. dockerd can't pull an image with a file of ${kind} ${count} or higher.`
  return [{ code: 'few-ids', text }]
}

function overlaps(
  { path, parsed, mapped }: MappedIds,
  { user, uid }: UsernsAccount,
  { users }: Accounts,
): UsernsWarning[] {
  const others = parsed.ranges.filter(({ owner }) => owner !== user && owner !== String(uid))
  return mapped.flatMap((range) =>
    others
      .filter((other) => overlap(range, other))
      .map((other) => {
        const shared = `${formatRange(range)} of ${quoted(user)} and ${formatRange(other)} of ${formatOwner(other, users)}`
        const text = `In ${path} the ranges ${shared} overlap, so each user can access the other's containers.`
        return { code: 'ranges-overlap', text }
      }),
  )
}

function formatOwner({ owner }: SubidRange, users: readonly Account[]): string {
  const named = /^\d+$/.test(owner) ? users.find(({ id }) => id === Number(owner))?.name : undefined
  return named === undefined ? quoted(owner) : `${quoted(named)} (uid ${owner})`
}

function accountsInRange({ kind, mapped, accounts }: MappedIds): UsernsWarning[] {
  return mapped.flatMap((range) => {
    const held = accounts.filter(({ id }) => overlap(range, { start: id, count: 1 }))
    if (held.length === 0) return []
    const names = held.slice(0, MOST_NAMED).map(({ name, id }) => `${quoted(name)} (${id})`)
    const all = enumerate(held.length > MOST_NAMED ? [...names, `${held.length - MOST_NAMED} more`] : names)
    const text = `The ${kind}s ${formatRange(range)} include those of ${all}. On the host, a process in a container may have the ${kind} of such an account.`
    return [{ code: 'accounts-in-range', text }]
  })
}

/**
 * If a user has lines by name and by uid, 26.1.5 uses only those by uid, and 28.5.2 uses both in the order of the file
 * (executed).
 */
function nameAndUid({ path, parsed }: MappedIds, { user, uid }: UsernsAccount): UsernsWarning[] {
  const has = (owner: string): boolean => parsed.ranges.some((range) => range.owner === owner)
  if (!has(user) || !has(String(uid))) return []
  const first = parsed.ranges.find(({ owner }) => owner === user || owner === String(uid))?.owner
  const moves = first === user ? ', and would use another data folder' : ''
  const text = `${path} has lines by the name ${quoted(user)} and by its uid ${uid}. Docker 26 uses only those by uid, as planned here; Docker 28 uses both${moves}.`
  return [{ code: 'name-and-uid', text }]
}

function manyRanges({ path, mapped }: MappedIds, { user }: UsernsAccount): UsernsWarning[] {
  if (mapped.length <= OLD_MOST_RANGES) return []
  const text = `${quoted(user)} has ${mapped.length} ranges in ${path}. Kernels before 4.15 accept at most ${OLD_MOST_RANGES}.`
  return [{ code: 'many-ranges', text }]
}

/** Lines that dockerd ignores. It doesn't parse the numbers of other users. Lines that stop dockerd were refused before. */
function invalidLines({ path, parsed }: MappedIds): UsernsWarning[] {
  return parsed.faults.map(({ line, got }) => ({
    code: 'invalid-line',
    text: `Line ${line} of ${path} is invalid, and dockerd ignores it: ${got}.`,
  }))
}

/** Warns if the owner of the ranges can log in, since newuidmap(1) lets it use all of their IDs. */
function loginShell({ user, shell }: UsernsAccount): UsernsWarning[] {
  if (shell === undefined || shell === '' || /\/(?:nologin|false)$/.test(shell)) return []
  const text = `${quoted(user)} can log in, with ${quoted(shell)}, and may then use all ids of the containers (newuidmap). The value default uses an account of its own, which can't log in.`
  return [{ code: 'user-can-log-in', text }]
}

/** Warns if the group exists without the user: useradd fails then, but Debian's adduser doesn't (executed). */
function groupAlone({ user, uid, gid }: UsernsAccount): UsernsWarning[] {
  if (user !== DOCKREMAP || uid !== undefined || gid === undefined) return []
  const text = `The group ${DOCKREMAP} exists without its user. On hosts without adduser, dockerd then can't create that user.`
  return [{ code: 'group-without-user', text }]
}
