import { ProvisionError } from '../../base/errors.ts'
import { ours, sentence } from '../../base/sentence.ts'
import { shellFile } from '../../base/shell-file.ts'
import { lines } from '../../host/facts.ts'
import { STATE_FOLDER } from '../../host/facts-script.ts'
import { shellProgram } from '../../host/script.ts'
import { stderrSummary, type HostShell } from '../../host/shell.ts'
import { STATE_SH } from './state.ts'

const LAST_APPLY_SH: string = shellFile(new URL('./last-apply.sh', import.meta.url))

/** The unfinished apply of a host, else its last finished one, as recorded on the host. */
export interface LastApply {
  readonly id: string
  readonly at: Date
  /** Is it unfinished? */
  readonly isPending: boolean
  /** Was it finished, and is a requested rollback of it unfinished? */
  readonly isAsked?: true
  /** Has an unfinished rollback restored the files? When it goes on, it leaves them as they are. */
  readonly isRestored?: true
  /** Did dockerd run before it? If not, a rollback stops dockerd. */
  readonly wasActive: boolean
  /** The files that a rollback restores, and the copy of each. */
  readonly copies: ReadonlyMap<string, string>
  /** The files that a rollback restores. */
  readonly restored: readonly string[]
  /** The files that a rollback removes. */
  readonly removed: readonly string[]
  /** The SHA-256 of each file as the apply has written it. Earlier releases recorded none. */
  readonly written: ReadonlyMap<string, string>
  /** For an apply of the gateway: did it restart dockerd, too, and did a gateway run before? One without its unit file is lost. */
  readonly gateway?: { readonly restarted: boolean; readonly served: boolean; readonly isLost?: true }
}

/**
 * Finds the apply that a rollback would undo. Only root sees any.
 *
 * @throws {@link ProvisionError} ERR_HOST_UNREADABLE
 */
export async function findLastApply(shell: HostShell): Promise<LastApply | undefined> {
  const ran = await shell.run(shellProgram(STATE_SH, LAST_APPLY_SH))
  if (ran.code !== 0) throw unreadable(shell, stderrSummary(ran))
  const [kind, id = '', about = '', ...entries] = lines(ran.stdout)
  if (kind === undefined) return undefined
  const [active, ...others] = about.split(' ')
  const written = entries.flatMap((line) => [/^written (\S+) (.*)$/.exec(line) ?? []].filter(([found]) => found))
  const split = entries.filter((line) => !line.startsWith('written ')).map((line) => /^(\S+) (.*)$/.exec(line) ?? [])
  const files = split.flatMap(([, number = '', path = '']) => (isFolder(number) ? [] : [{ number, path }]))
  const copies = files.filter(({ number }) => number !== '-')
  return {
    id,
    at: dateOf(id),
    isPending: kind === 'pending',
    ...(others.includes('asked') && { isAsked: true }),
    ...(others.includes('restored') && { isRestored: true }),
    wasActive: active === 'yes',
    copies: new Map(copies.map(({ number, path }) => [path, `${STATE_FOLDER}/${id}/${number}`])),
    restored: copies.map(({ path }) => path),
    written: new Map(written.map(([, sum = '', path = '']) => [path, sum])),
    removed: files.flatMap(({ number, path }) => (number === '-' ? [path] : [])),
    ...(others.includes('gateway') && {
      gateway: {
        restarted: others.includes('docker'),
        served: others.includes('served'),
        ...(others.includes('lost') && { isLost: true }),
      },
    }),
  }
}

function unreadable({ name }: HostShell, got: string): ProvisionError {
  return new ProvisionError('ERR_HOST_UNREADABLE', {
    tried: `looking for the last apply on ${name}`,
    got,
    todo: sentence`Log in there and check its disks and ${STATE_FOLDER}.`,
  })
}

/** Is it an entry of a folder? They are created, or shared with the gateway: see `rollback.sh`. */
export function isFolder(entry: string): boolean {
  return entry === 'd' || entry.startsWith('=')
}

/**
 * The same, for `daemon rollback`. An apply of the gateway that was finished has a rollback of its own, which opens no listener without
 * TLS and says what stays.
 *
 * @throws {@link ProvisionError} ERR_APPLY_NOTHING_TO_ROLL_BACK
 */
export async function requireLastApply(shell: HostShell): Promise<LastApply> {
  const last = await findLastApply(shell)
  if (last !== undefined && !isOfGateway(last)) return last
  const [got, todo] =
    last === undefined
      ? [
          'nothing was applied there, or it was rolled back already',
          sentence`Show the current configuration:  ${ours('daemon', 'status')}`,
        ]
      : ['the last apply there was one of the gateway', sentence`To undo that one:  ${ours('gateway', 'rollback')}`]
  throw new ProvisionError('ERR_APPLY_NOTHING_TO_ROLL_BACK', { tried: `rolling back ${shell.name}`, got, todo })
}

/** Is it a finished apply or removal of the gateway? The host itself undoes an unfinished one, as a whole. */
export function isOfGateway({ gateway, isPending }: LastApply): boolean {
  return gateway !== undefined && !isPending
}

/** Is everything undone? A requested rollback, even if it goes on after an interruption, leaves files and keeps changed ones aside. */
export function isUndoneWhole({ isPending, isAsked }: LastApply): boolean {
  return isPending && isAsked !== true
}

/** `20261125T135613Z-08a151` */
function dateOf(id: string): Date {
  return new Date(id.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z.*$/, '$1-$2-$3T$4:$5:$6Z'))
}
