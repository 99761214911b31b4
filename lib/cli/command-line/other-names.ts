import { command, ours, SELF, sentence, type Sentence } from '../../base/sentence.ts'
import { COMMANDS, type Entry } from '../commands.ts'

/** Words for the same thing, one of which is the name of our command. */
const SYNONYMS: readonly (readonly string[])[] = [
  ['rm', 'remove', 'delete', 'uninstall'],
  ['ls', 'list'],
  ['rollback', 'undo', 'revert', 'restore'],
  ['show', 'inspect', 'view'],
  ['create', 'add', 'new'],
  ['apply', 'secure', 'enable'],
]

/** Where people look for a command that has another group: a certificate belongs to a client. */
const OTHER_GROUPS: Readonly<Record<string, readonly string[]>> = { cert: ['client'], client: ['cert'] }

/** More than that are no hint. */
const MOST = 3

/** `name` is the word that was typed behind it. */
const newClient = (name: string): Sentence =>
  sentence`To issue a certificate for a client:  ${ours('cert', 'client', name)}`
const SHOW = sentence`To show a certificate:  ${SELF} cert show  To list all certificates:  ${SELF} cert list`
const NEW_CERTIFICATE = sentence`Name what to issue:  ${SELF} cert client  or  ${SELF} cert server`
const NOT_A_CERTIFICATE = sentence`To revoke the certificates of a client:  ${SELF} cert revoke  To remove a client's files:  ${SELF} client rm`
const DOCKERS_OWN = ['use', 'show', 'inspect', 'update']

/**
 * Words that name no command of ours, and what to do. Only a word that asks for something new leads to a command that issues
 * something new; a slip never does.
 */
const EXPLAINED: ReadonlyMap<string, Sentence | ((name: string) => Sentence)> = new Map<
  string,
  Sentence | ((name: string) => Sentence)
>([
  ['version', sentence`Did you mean  ${SELF} --version ?`],
  [
    'undo',
    sentence`To undo a setup:  ${SELF} setup --undo  To undo the last apply on this server:  ${SELF} daemon rollback`,
  ],
  [
    'cert rotate',
    sentence`To renew certificates:  ${SELF} cert renew  To replace the CA in phases:  ${SELF} cert rotate-ca`,
  ],
  ['cert info', SHOW],
  ['client info', SHOW],
  ...['rm', 'remove', 'delete'].map((word) => [`cert ${word}`, NOT_A_CERTIFICATE] as const),
  ...['add', 'create', 'new', 'issue'].flatMap((word) => [
    [`cert ${word}`, NEW_CERTIFICATE] as const,
    [`client ${word}`, newClient] as const,
  ]),
  ...DOCKERS_OWN.map(
    (word) => [`context ${word}`, sentence`Use the docker command:  ${command('docker', 'context', word)}`] as const,
  ),
])

/** What to do about a word that has an explanation. `group` are the words before it, `next` is the one behind it. */
export function explainedWord(group: readonly string[], word: string, next = ''): Sentence | undefined {
  const explained = EXPLAINED.get([...group, word].join(' '))
  return typeof explained === 'function' ? explained(PLAIN_NAME.test(next) ? next : 'NAME') : explained
}

/** A name of a client or server that a message can repeat: no option, path, file or host. */
const PLAIN_NAME: RegExp = /^[A-Za-z0-9][A-Za-z0-9_-]*$/

/** The commands that have a synonym of the word in their group, else those that have it in another group. */
export function otherNames(group: readonly string[], word: string): string[] {
  const [name] = group
  const own = named(word, ([first, second]) => (second === undefined ? name === undefined : first === name))
  if (own.length > 0) return own
  const others = named(word, ([first]) => name === undefined || (OTHER_GROUPS[name] ?? []).includes(first))
  return others.length > MOST ? [] : others
}

function named(word: string, isIn: (words: Entry['words']) => boolean): string[] {
  const names = SYNONYMS.find((synonyms) => synonyms.includes(word)) ?? [word]
  return COMMANDS.filter(({ words }) => isIn(words) && names.includes(words.at(-1) ?? '')).map(({ words }) =>
    words.join(' '),
  )
}
