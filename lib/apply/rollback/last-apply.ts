import { ProvisionError } from '../../base/errors.ts'
import { lines } from '../../host/facts.ts'
import { STATE_FOLDER } from '../../host/facts-script.ts'
import { asScript } from '../../host/script.ts'
import type { HostShell } from '../../host/shell.ts'

/** The last apply that was finished, or one that was not, as the host remembers it. */
export interface LastApply {
  readonly id: string
  readonly at: Date
  /** Did it begin, and not end? */
  readonly isPending: boolean
  /** Did docker run before it? If not, going back stops it. */
  readonly wasActive: boolean
  /** What goes back to what it was, and the copy of it. */
  readonly copies: ReadonlyMap<string, string>
  /** What goes back to what it was. */
  readonly restored: readonly string[]
  /** What was not there before. */
  readonly removed: readonly string[]
}

const LOOK = asScript([
  `s=${STATE_FOLDER}`,
  'active() { if test -e "$1/was-active"; then echo yes; else echo no; fi; }',
  'for f in pending last; do id=$(cat "$s/$f" 2>/dev/null) && test -s "$s/$id/rollback.sh" && { printf "%s\\n" "$f" "$id"; active "$s/$id"; cat "$s/$id/entries"; exit 0; }; done',
  'true',
])

/** Looks for the way back. What names a folder that is gone is none. Only root sees any. */
export async function findLastApply(shell: HostShell): Promise<LastApply | undefined> {
  const [kind, id = '', active, ...entries] = lines((await shell.run(LOOK)).stdout)
  if (kind === undefined) return undefined
  const split = entries.map((line) => /^(\S+) (.*)$/.exec(line) ?? [])
  const files = split.flatMap(([, number = '', path = '']) => (number === 'd' ? [] : [{ number, path }]))
  const copies = files.filter(({ number }) => number !== '-')
  return {
    id,
    at: dateOf(id),
    isPending: kind === 'pending',
    wasActive: active === 'yes',
    copies: new Map(copies.map(({ number, path }) => [path, `${STATE_FOLDER}/${id}/${number}`])),
    restored: copies.map(({ path }) => path),
    removed: files.flatMap(({ number, path }) => (number === '-' ? [path] : [])),
  }
}

/**
 * Looks for the way back: the last apply, and what going back means.
 *
 * @throws {@link ProvisionError} ERR_APPLY_NOTHING_TO_ROLL_BACK
 */
export async function requireLastApply(shell: HostShell): Promise<LastApply> {
  const last = await findLastApply(shell)
  if (last !== undefined) return last
  throw new ProvisionError('ERR_APPLY_NOTHING_TO_ROLL_BACK', {
    tried: `going back on ${shell.name}`,
    got: 'nothing was applied there, or it was put back already',
    todo: 'What is in force:  docker-mtls daemon status',
  })
}

/** `20261125T135613Z-08a151` */
function dateOf(id: string): Date {
  return new Date(id.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z.*$/, '$1-$2-$3T$4:$5:$6Z'))
}
