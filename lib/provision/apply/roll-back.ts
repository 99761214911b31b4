import { ProvisionError } from '../../errors.ts'
import { lines } from '../host/facts.ts'
import { STATE_FOLDER } from '../host/facts-script.ts'
import { asScript } from '../host/sh.ts'
import { lastWords, type HostShell } from '../host/shell.ts'
import { runStep, type OnStep } from '../progress.ts'
import { silenceOf } from './answers.ts'
import { rollbackFailed, settlePending } from './pending.ts'

/** The last apply that was finished, as the host remembers it. */
export interface LastApply {
  readonly id: string
  readonly at: Date
  /** Did it begin, and not end? */
  readonly isPending: boolean
  /** What goes back to what it was. */
  readonly restored: readonly string[]
  /** What was not there before. */
  readonly removed: readonly string[]
}

const LOOK = asScript([
  `s=${STATE_FOLDER}`,
  'for f in pending last; do id=$(cat "$s/$f" 2>/dev/null) && test -e "$s/$id/rollback.sh" && { printf "%s\\n" "$f" "$id"; cat "$s/$id/entries"; exit 0; }; done',
  'true',
])

/**
 * Looks for the way back: the last apply, and what going back means.
 *
 * @throws {@link ProvisionError} ERR_APPLY_NOTHING_TO_ROLL_BACK
 */
export async function findLastApply(shell: HostShell): Promise<LastApply> {
  const [kind, id = '', ...entries] = lines((await shell.run(LOOK)).stdout)
  if (kind === undefined) {
    throw new ProvisionError('ERR_APPLY_NOTHING_TO_ROLL_BACK', {
      tried: `going back on ${shell.name}`,
      got: 'nothing was applied there, or it was put back already',
      todo: 'What is in force:  docker-mtls daemon status',
    })
  }
  const split = entries.map((line) => /^(\S+) (.*)$/.exec(line) ?? [])
  const pathsOf = (test: (number: string) => boolean): string[] =>
    split.flatMap(([, number = '', path = '']) => (number !== 'd' && test(number) ? [path] : []))
  return {
    id,
    at: dateOf(id),
    isPending: kind === 'pending',
    restored: pathsOf((number) => number !== '-'),
    removed: pathsOf((number) => number === '-'),
  }
}

/** `20261125T135613Z-08a151` */
function dateOf(id: string): Date {
  return new Date(id.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z.*$/, '$1-$2-$3T$4:$5:$6Z'))
}

/**
 * Puts back what the last apply has changed, restarts dockerd, and sees that it answers.
 *
 * @throws {@link ProvisionError} ERR_APPLY_PENDING, ERR_APPLY_ROLLBACK_FAILED
 */
export async function rollBack(
  { id, isPending }: LastApply,
  { shell, onStep, signal }: { shell: HostShell; onStep?: OnStep | undefined; signal?: AbortSignal | undefined },
): Promise<void> {
  if (isPending) await settlePending(shell, onStep, signal)
  else {
    signal?.throwIfAborted()
    await runStep(onStep, { step: 'roll-back', title: 'put everything back, and restart docker' }, async () => {
      const ran = await shell.run(`/bin/sh ${STATE_FOLDER}/${id}/rollback.sh asked\n`)
      if (ran.code !== 0) throw rollbackFailed(shell.name, lastWords(ran))
    })
  }
  await runStep(onStep, { step: 'old-daemon', title: 'see that the daemon answers' }, async () => {
    const silence = await silenceOf(shell)
    if (silence !== undefined) throw rollbackFailed(shell.name, `the daemon does not answer: ${silence}`)
  })
}
