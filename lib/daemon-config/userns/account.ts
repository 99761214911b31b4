import { parseUserns, refuseUserns } from './parse-userns.ts'
import { command, sentence, type Sentence } from '../../base/sentence.ts'
import { quoted } from '../../base/text.ts'

/** The needed fields of a line in /etc/passwd or /etc/group. */
export interface Account {
  readonly name: string
  /** The uid, or the gid. */
  readonly id: number
  /** The login shell of a user. */
  readonly shell?: string
}

const ID = /^\d{1,10}$/

/**
 * Parses passwd(5) or group(5), or the output of `getent`. Lines without a number, such as NIS's `+::::::`, are skipped.
 */
export function parseAccounts(text: string): Account[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', , id = '', , , , shell] = line.trim().split(':')
    if (name === '' || !ID.test(id)) return []
    return [{ name, id: Number(id), ...(shell !== undefined && { shell }) }]
  })
}

/** Finds an account by name (a string) or ID (a number). Like dockerd, it returns the first match (executed: 26.1.5). */
export function findAccount(accounts: readonly Account[], nameOrId: string | number): Account | undefined {
  return accounts.find(({ name, id }) => (typeof nameOrId === 'string' ? name : id) === nameOrId)
}

/** The user that dockerd uses for `default`, and creates if it is missing (moby, defaultRemappedID). */
export const DOCKREMAP = 'dockremap'

/** The user and the group that a value of `--userns-remap` stands for. */
export interface UsernsAccount {
  readonly user: string
  /** Undefined for a user that dockerd creates. */
  readonly uid: number | undefined
  readonly group: string
  /** Undefined for a group that dockerd creates. */
  readonly gid: number | undefined
  /** The login shell, if /etc/passwd has one. */
  readonly shell: string | undefined
}

/** All accounts of a host. */
export interface Accounts {
  readonly users: readonly Account[]
  readonly groups: readonly Account[]
}

/** Parses /etc/passwd and /etc/group. */
export function readAccounts({ passwd, group }: { readonly passwd: string; readonly group: string }): Accounts {
  return { users: parseAccounts(passwd), groups: parseAccounts(group) }
}

/**
 * Finds the user and the group as dockerd does (moby, parseRemappedRoot in daemon/daemon_unix.go; executed on 26.1.5).
 *
 * @throws {@link DaemonError} `ERR_USERNS_INVALID`, with the command that creates the missing account
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
    refuseUserns(
      'default',
      `the user ${DOCKREMAP} exists, but no group of that name`,
      create('groupadd', '--system', DOCKREMAP),
    )
  }
  return { user: DOCKREMAP, uid: user?.id, group: DOCKREMAP, gid: group?.id, shell: user?.shell }
}

function findUser(value: string, word: string, { users }: Accounts): Account {
  const number = numberOf(word)
  const found = findAccount(users, number ?? word)
  if (found === undefined) {
    const got = number === undefined ? `there is no user ${quoted(word)}` : `no user has the uid ${word}`
    const who = number === undefined ? [word] : ['--uid', word, 'NAME']
    const flags = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin']
    return refuseUserns(value, got, create('useradd', ...flags, ...who))
  }
  if (found.name === 'root') {
    refuseUserns(value, 'this is root, and dockerd would start without user namespaces', 'Use the value default.')
  }
  return found
}

/** If no group is named, dockerd uses the group with the user's name or number, and not the user's primary group. */
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
    return refuseUserns(
      value,
      got,
      create('groupadd', '--system', ...(number === undefined ? [word] : ['--gid', word, 'NAME'])),
    )
  }
  const meant = `${got}, which dockerd uses if you name no group`
  return number === undefined
    ? refuseUserns(value, meant, create('groupadd', '--system', word))
    : refuseUserns(
        value,
        meant,
        sentence`Name a group as ${word}:GID. To print the GID:  ${command('id', '-g', user.name)}`,
      )
}

function numberOf(word: string): number | undefined {
  return /^\d+$/.test(word) ? Number(word) : undefined
}

function create(...words: readonly string[]): Sentence {
  return sentence`Create it:  ${command(...words)}`
}
