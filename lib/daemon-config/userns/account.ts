import { DaemonError } from '../../base/errors.ts'
import { findAccount, parseAccounts, type Account } from './accounts.ts'
import { parseUserns } from './parse-userns.ts'
import { quoted } from '../../base/text.ts'

/** Whom dockerd uses for `default`, and makes where it isn't there (moby, defaultRemappedID). */
export const DOCKREMAP = 'dockremap'

/** Who and which group a value of `--userns-remap` means. */
export interface UsernsAccount {
  readonly user: string
  /** Undefined for a user that dockerd makes. */
  readonly uid: number | undefined
  readonly group: string
  /** Undefined for a group that dockerd makes. */
  readonly gid: number | undefined
  /** What the user logs in with, if /etc/passwd says. */
  readonly shell: string | undefined
}

/** All accounts of a host. */
export interface Accounts {
  readonly users: readonly Account[]
  readonly groups: readonly Account[]
}

/** Reads the texts of /etc/passwd and /etc/group. */
export function readAccounts({ passwd, group }: { readonly passwd: string; readonly group: string }): Accounts {
  return { users: parseAccounts(passwd), groups: parseAccounts(group) }
}

/**
 * Finds the user and the group as dockerd does (moby, parseRemappedRoot in daemon/daemon_unix.go; executed on 26.1.5).
 *
 * @throws {@link DaemonError} `ERR_USERNS_INVALID`, with the command that makes what is missing
 */
export function findUsernsAccount(value: string, accounts: Accounts): UsernsAccount {
  const [userWord = '', groupWord] = parseUserns(value).split(':')
  if (userWord === 'default') return dockremap(accounts)
  const user = findUser(value, userWord, accounts)
  const group = findGroup(value, user, userWord, groupWord, accounts)
  return { user: user.name, uid: user.id, group: group.name, gid: group.id, shell: user.shell }
}

function dockremap({ users, groups }: Accounts): UsernsAccount {
  const user = findAccount(users, DOCKREMAP)
  const group = findAccount(groups, DOCKREMAP)
  if (user !== undefined && group === undefined) {
    refuse(
      'default',
      `the user ${DOCKREMAP} is there, and no group of that name`,
      `Make it:  groupadd --system ${DOCKREMAP}`,
    )
  }
  return { user: DOCKREMAP, uid: user?.id, group: DOCKREMAP, gid: group?.id, shell: user?.shell }
}

function findUser(value: string, word: string, { users }: Accounts): Account {
  const number = numberOf(word)
  const found = findAccount(users, number ?? word)
  if (found === undefined) {
    const got = number === undefined ? `there is no user ${quoted(word)}` : `no user has the uid ${word}`
    const who = number === undefined ? word : `--uid ${word} NAME`
    const command = `useradd --system --user-group --no-create-home --shell /usr/sbin/nologin ${who}`
    return refuse(value, got, `Make it:  ${command}`)
  }
  if (found.name === 'root') {
    refuse(value, 'that is root, and dockerd would start without user namespaces', 'Write default.')
  }
  return found
}

/** Without a group it is the one of the user's name, or of its number where a number was given: not its primary one. */
function findGroup(
  value: string,
  user: Account,
  userWord: string,
  groupWord: string | undefined,
  { groups }: Accounts,
): Account {
  const word = groupWord ?? userWord
  const number = numberOf(word)
  const found = findAccount(groups, number ?? word)
  if (found !== undefined) return found
  const got = number === undefined ? `there is no group ${quoted(word)}` : `no group has the gid ${word}`
  if (groupWord !== undefined) {
    return refuse(value, got, `Make it:  groupadd --system ${number === undefined ? word : `--gid ${word} NAME`}`)
  }
  const meant = `${got}, which is meant where none is named`
  return number === undefined
    ? refuse(value, meant, `Make it:  groupadd --system ${word}`)
    : refuse(value, meant, `Name a group, too: ${word}:GID, with what this prints:  id -g ${user.name}`)
}

function numberOf(word: string): number | undefined {
  return /^\d+$/.test(word) ? Number(word) : undefined
}

function refuse(value: string, got: string, todo: string): never {
  throw new DaemonError('ERR_USERNS_INVALID', { tried: `the value ${quoted(value)} of userns-remap`, got, todo })
}
