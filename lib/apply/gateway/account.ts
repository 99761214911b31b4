import { command, sentence, type Sentence } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'
import type { HostFacts } from '../../host/facts.ts'
import type { Conflict } from '../conflicts.ts'
import { GATEWAY_USER } from './files.ts'

/** Where the numbers of a user, and of their group, are in a line of passwd(5). */
const [UID, GID, SHELL] = [2, 3, 6]

/**
 * An account with the name of the gateway's user that others have a part in: they could read the server's key, or become the gateway. An
 * account that `gateway apply` has created has no login, no members and a number of its own.
 */
export function sharedAccount({ file, fact }: HostFacts): Conflict[] {
  const rowsOf = (path: string): string[][] => (file(path)?.text ?? '').split('\n').map((line) => line.split(':'))
  const [users, groups] = [rowsOf('/etc/passwd'), rowsOf('/etc/group')]
  const user = users.find(([name]) => name === GATEWAY_USER)
  const [, , gid, listed = ''] = groups.find(([name]) => name === GATEWAY_USER) ?? []
  const others = users.filter(([name]) => name !== undefined && name !== GATEWAY_USER)
  const namesOf = (at: number, value: string | undefined): string[] =>
    value === undefined ? [] : others.flatMap((one) => (one[at] === value ? (one[0] ?? []) : []))
  const members = [...new Set([...namesOf(GID, gid), ...listed.split(',')])].filter(
    (name) => name !== '' && name !== GATEWAY_USER,
  )
  const twins = namesOf(UID, user?.[UID])
  const shell = user?.[SHELL] ?? ''
  return [
    ...(user === undefined && file('/etc/passwd') && fact('gateway-user') !== ''
      ? [shared('a directory service has it', RENAME)]
      : []),
    ...(twins.length > 0 ? [shared(`it is the same user as ${enumerate(twins)}`, RENAME)] : []),
    ...(user !== undefined && user[GID] !== gid ? [shared(`its group isn't ${GATEWAY_USER}`, RENAME)] : []),
    ...(user === undefined || /\/(?:nologin|false)$/.test(shell)
      ? []
      : [shared(`it can log in, with ${shell === '' ? 'the default shell' : shell}`, RENAME)]),
    ...(members.length > 0
      ? [
          shared(
            `${enumerate(members)} ${members.length === 1 ? 'is' : 'are'} in its group, and could read the key of the gateway`,
            sentence`Take them out of it:  ${command('gpasswd', '--delete', members[0] ?? '', GATEWAY_USER)}`,
          ),
        ]
      : []),
  ]
}

const RENAME: Sentence = sentence`Give that account and its group other names:  ${command('usermod', '--login', 'NAME', GATEWAY_USER)}  and  ${command('groupmod', '--new-name', 'NAME', GATEWAY_USER)}`

function shared(got: string, todo: Sentence): Conflict {
  return { code: 'ERR_APPLY_CONFLICT', kind: 'shared-account', what: `the user ${GATEWAY_USER}`, got, todo }
}
