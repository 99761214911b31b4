import { command, sentence, type Sentence } from '../../base/sentence.ts'
import type { OnStep, StepEvent } from '../../base/progress.ts'
import type { Context } from '../command.ts'
import { errorText } from '../errors.ts'
import { Interrupted } from '../terminal/io.ts'

/** How the host rolls back without us. */
export interface HostRollback {
  /** When the host does so by itself, in seconds after the first change. */
  readonly after: number
  /** The command that rolls the host back at once. */
  readonly atOnce: (subject: string) => Sentence
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
