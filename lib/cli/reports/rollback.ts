import { command, sentence, type Sentence } from '../../base/sentence.ts'
import type { Probe } from '../../apply/source.ts'
import type { HostShell } from '../../host/shell.ts'
import type { OnStep, StepEvent } from '../../base/progress.ts'
import type { Context } from '../command.ts'
import { errorText } from '../errors.ts'
import { Interrupted } from '../terminal/io.ts'
import { withProgress, type ProgressFlags } from '../terminal/progress.ts'

/** How the host rolls back without us. */
export interface HostRollback {
  /** When the host does so by itself, in seconds after the first change. */
  readonly after: number
  /** The command that rolls the host back at once. */
  readonly atOnce: (subject: string) => Sentence
}

/** A change of this host that can be rolled back. */
export interface GuardedChange {
  /** As in {@link HostRollback}. @defaultValue the default of an apply */
  readonly after: number | undefined
  /** The command that rolls this host back at once. */
  readonly atOnce: () => Sentence
  readonly flags: ProgressFlags
  /** The client certificate of the test, which is needed again if the change fails. */
  readonly probe: Probe | undefined
}

/** How to inspect this host. */
export interface Inspection<Plan> {
  readonly shell: HostShell
  readonly inspect: () => Promise<Plan>
  readonly flags: ProgressFlags
}

/**
 * Rolls back an unfinished apply of this host, if there is one.
 *
 * @param first - the plan for the host as it is
 * @returns the plan for the host as it is then
 */
export async function settled<Plan extends { readonly isPending: boolean }>(
  first: Plan,
  { shell, inspect, flags }: Inspection<Plan>,
  context: Context,
): Promise<Plan> {
  if (!first.isPending) return first
  const { settlePending } = await import('../../apply/rollback/pending.ts')
  await withProgress(context, flags, (onStep) => settlePending(shell, onStep, context.io.signal))
  return inspect()
}

/** Changes this host, shows the steps, and reports after Ctrl-C whether the changes were rolled back. */
export async function withRollbackReport<Report>(
  context: Context,
  { after, atOnce, flags, probe }: GuardedChange,
  work: (onStep: OnStep) => Promise<Report>,
): Promise<Report> {
  const { ROLLBACK_AFTER_S } = await import('../../apply/options.ts')
  const reporter = rollbackReporter(context, { after: after ?? ROLLBACK_AFTER_S, atOnce })
  try {
    const report = await withProgress(context, flags, (onStep) => work(reporter.watch(onStep)))
    reporter.end()
    return report
  } catch (error) {
    reporter.end(error)
    if (probe !== undefined) await (await import('../inputs/probe.ts')).keepProbe(probe.folder, context)
    throw error
  }
}

/** The state of one host, from its steps. */
interface Host {
  /** When its timer started. */
  readonly armed?: number
  /** Whether the changes are complete, and stay. */
  readonly kept?: boolean
  /** The step that rolls back. */
  readonly rollback?: StepEvent['state']
  /** The step that waits for the daemon after the rollback. */
  readonly oldDaemon?: StepEvent['state']
}

/** Reports on the rollback after Ctrl-C: at once, because a second Ctrl-C kills us, and at the end. */
export interface RollbackReporter {
  /** Passes the steps on, and watches them. */
  readonly watch: (onStep: OnStep) => OnStep
  /** @param error - of the work, if nobody else reports it */
  readonly end: (error?: unknown) => void
}

/**
 * Watches the steps of applies, to report on the rollback when a signal comes.
 *
 * @param subjects - the names of the hosts; `['']` for this one
 */
export function rollbackReporter(
  { io, say, typed }: Context,
  { after, atOnce }: HostRollback,
  subjects: readonly string[] = [''],
): RollbackReporter {
  const hosts = new Map<string, Host>(subjects.map((subject) => [subject, {}]))
  const deadline = ({ armed = Date.now() }: Host): string => clock(armed + after * 1000)
  const onAbort = (): void => {
    const open = [...hosts.values()].filter(
      ({ armed, kept, rollback }) => armed !== undefined && !kept && rollback !== 'done',
    )
    const last = open.toSorted((left, right) => (right.armed ?? 0) - (left.armed ?? 0))[0]
    if (last === undefined) return
    say(
      `Stopping: rolling back the changes. If this command is cut off, the host does so by itself at ${deadline(last)}.`,
    )
  }
  io.signal.addEventListener('abort', onAbort, { once: true })
  return {
    watch: (onStep) => (event) => {
      const subject = event.subject ?? ''
      hosts.set(subject, afterEvent(hosts.get(subject) ?? {}, event))
      onStep(event)
    },
    end: (error) => {
      io.signal.removeEventListener('abort', onAbort)
      if (!(io.signal.reason instanceof Interrupted)) return
      if (error !== undefined && !(error instanceof Interrupted)) {
        const { code, text } = errorText(error, io.env)
        say(`${code}: ${text}`)
      }
      for (const [subject, host] of hosts) {
        const result = typed(
          outcome(host) ??
            sentence`Not rolled back yet: the host does so by itself at ${deadline(host)}. To do it now:  ${atOnce(subject)}`,
        )
        say(subject === '' ? result : `${subject}: ${result}`)
      }
    },
  }
}

function afterEvent(host: Host, { step, state }: StepEvent): Host {
  switch (step) {
    case 'arm':
    case 'write':
      // The timer is started between the two.
      return state === 'running' ? { ...host, armed: Date.now() } : host
    case 'commit':
      return state === 'done' ? { ...host, kept: true } : host
    case 'roll-back':
      return { ...host, rollback: state }
    case 'old-daemon':
      return { ...host, oldDaemon: state }
    default:
      return host
  }
}

/** Undefined: it is unknown whether the host has rolled back. */
function outcome({ armed, kept = false, rollback, oldDaemon }: Host): Sentence | undefined {
  if (kept) return 'All changes were complete before that, and stay.'
  if (rollback === undefined && armed === undefined) return 'Nothing was changed.'
  if (rollback !== 'done') return undefined
  if (oldDaemon === 'failed') {
    return sentence`Everything is rolled back, but the daemon doesn't answer. Find out why:  ${command('systemctl', 'status', 'docker')}`
  }
  return oldDaemon === 'done' ? 'Everything is rolled back, and the daemon answers.' : 'Everything is rolled back.'
}

/** The local time of day. */
function clock(time: number): string {
  return new Date(time).toTimeString().slice(0, 8)
}
