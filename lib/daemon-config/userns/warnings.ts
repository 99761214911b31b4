import type { Account } from './accounts.ts'
import { WANTED_COUNT } from './free-range.ts'
import { overlap, rangeWords, type IdRange, type ParsedSubids, type SubidRange } from './subids.ts'
import { DOCKREMAP, type Accounts, type UsernsAccount } from './account.ts'
import { enumerate, quoted } from '../../base/text.ts'

/** One of the two files, and what of it is mapped. */
export interface MappedIds {
  readonly kind: 'uid' | 'gid'
  readonly path: string
  readonly parsed: ParsedSubids
  readonly mapped: readonly IdRange[]
  readonly accounts: readonly Account[]
}

/** Kernels before 4.15 (user_namespaces(7)). */
const OLD_MOST_RANGES = 5
/** Enough to know what is meant. */
const NAMED = 3

/** What works, and is not what one would want, in sentences. */
export function usernsWarnings(account: UsernsAccount, accounts: Accounts, files: readonly MappedIds[]): string[] {
  return [
    ...loginWarning(account),
    ...halfMade(account),
    ...files.flatMap((file) => fileWarnings(file, account, accounts)),
  ]
}

function fileWarnings(file: MappedIds, account: UsernsAccount, accounts: Accounts): string[] {
  return [
    ...tooFew(file, account),
    ...sharedWithOthers(file, account, accounts),
    ...holdsAccounts(file),
    ...twiceNamed(file, account),
    ...manyRanges(file, account),
    ...faults(file),
  ]
}

/** Executed: `Container ID 65534 cannot be mapped to a host ID`, from a pull or an import. */
function tooFew({ kind, path, mapped }: MappedIds, { user }: UsernsAccount): string[] {
  const count = mapped.reduce((sum, range) => sum + range.count, 0)
  if (count >= WANTED_COUNT) return []
  return [
    `${quoted(user)} has ${count} ids in ${path}, and images may need ${WANTED_COUNT}: one with a file of ${kind} ${count} or more can't be pulled.`,
  ]
}

function sharedWithOthers(
  { path, parsed, mapped }: MappedIds,
  { user, uid }: UsernsAccount,
  { users }: Accounts,
): string[] {
  const others = parsed.ranges.filter(({ owner }) => owner !== user && owner !== String(uid))
  return mapped.flatMap((range) =>
    others
      .filter((other) => overlap(range, other))
      .map((other) => {
        const shared = `${rangeWords(range)} of ${quoted(user)} and ${rangeWords(other)} of ${ownerWords(other, users)}`
        return `In ${path} ${shared} overlap: each of the two can get at the other's containers.`
      }),
  )
}

function ownerWords({ owner }: SubidRange, users: readonly Account[]): string {
  const named = /^\d+$/.test(owner) ? users.find(({ id }) => id === Number(owner))?.name : undefined
  return named === undefined ? quoted(owner) : `${quoted(named)} (uid ${owner})`
}

function holdsAccounts({ kind, mapped, accounts }: MappedIds): string[] {
  return mapped.flatMap((range) => {
    const held = accounts.filter(({ id }) => overlap(range, { start: id, count: 1 }))
    if (held.length === 0) return []
    const names = held.slice(0, NAMED).map(({ name, id }) => `${quoted(name)} (${id})`)
    const all = enumerate(held.length > NAMED ? [...names, `${held.length - NAMED} more`] : names)
    return [
      `The ${kind}s ${rangeWords(range)} hold those of ${all}: to the host, a process of a container may be one of theirs.`,
    ]
  })
}

/** 26.1.5 takes those by the uid alone (executed), 29 both (moby, daemon/internal/usergroup/lookup_unix.go). */
function twiceNamed({ path, parsed }: MappedIds, { user, uid }: UsernsAccount): string[] {
  const has = (owner: string): boolean => parsed.ranges.some((range) => range.owner === owner)
  if (!has(user) || !has(String(uid))) return []
  const first = parsed.ranges.find(({ owner }) => owner === user || owner === String(uid))?.owner
  const moves = first === user ? ', and would find its data in another folder then' : ''
  return [
    `${path} has lines by the name ${quoted(user)} and by its uid ${uid}: this is what Docker 26 makes of it, and Docker 29 takes both${moves}.`,
  ]
}

function manyRanges({ path, mapped }: MappedIds, { user }: UsernsAccount): string[] {
  if (mapped.length <= OLD_MOST_RANGES) return []
  return [`${quoted(user)} has ${mapped.length} ranges in ${path}; a kernel before 4.15 takes ${OLD_MOST_RANGES}.`]
}

/** Those that dockerd fails by are refused; it reads no numbers but the user's own. */
function faults({ path, parsed }: MappedIds): string[] {
  return parsed.faults.map(({ line, got }) => `Line ${line} of ${path} is of no use to anybody: ${got}.`)
}

/** newuidmap(1) lets its owner use a range. */
function loginWarning({ user, shell }: UsernsAccount): string[] {
  if (shell === undefined || shell === '' || /\/(?:nologin|false)$/.test(shell)) return []
  return [
    `${quoted(user)} logs in with ${quoted(shell)}, and may take on all ids of the containers (newuidmap): a user of nothing else, as default makes it, keeps them apart.`,
  ]
}

/** useradd refuses then, and adduser, which Debian has, does not (executed). */
function halfMade({ user, uid, gid }: UsernsAccount): string[] {
  if (user !== DOCKREMAP || uid !== undefined || gid === undefined) return []
  return [`The group ${DOCKREMAP} is there without its user: where there is no adduser, dockerd can't make that one.`]
}
