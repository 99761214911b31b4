import type { Sentence } from '../../base/sentence.ts'
import type { OnStep, StepEvent } from '../../base/progress.ts'
import type { Context } from '../command.ts'
import { errorText } from '../errors.ts'
import { Interrupted } from '../terminal/io.ts'

/** How the host goes back without us. */
export interface GoingBack {
  /** When it does so by itself, in seconds from its first change on. */
  readonly after: number
  /** The command that makes it do so at once. */
  readonly atOnce: (subject: string) => Sentence
}

/** What is known of one host, by the steps that it went through. */
interface Host {
  /** When it began to wait for the end of the apply. */
  readonly armed?: number
  readonly kept?: boolean
  readonly back?: StepEvent['state']
  readonly answers?: StepEvent['state']
}

/** Says what becomes of a change that Ctrl-C has ended: at once, since a second one ends us, and in the end. */
export interface GoingBackTeller {
  /** The same steps, looked at on their way. */
  readonly watch: (onStep: OnStep) => OnStep
  /** @param error - what the work has ended with, where nobody else tells it */
  readonly end: (error?: unknown) => void
}

/**
 * Looks at the steps of applies, for what to say when a signal comes.
 *
 * @param subjects - the hosts, where there are several, or they have names; else `''`
 */
export function goingBackTeller(
  { io, say, typed }: Context,
  { after, atOnce }: GoingBack,
  subjects: readonly string[] = [''],
): GoingBackTeller {
  const hosts = new Map<string, Host>(subjects.map((subject) => [subject, {}]))
  const deadline = ({ armed = Date.now() }: Host): string => clock(armed + after * 1000)
  const onAbort = (): void => {
    const open = [...hosts.values()].filter(({ armed, kept, back }) => armed !== undefined && !kept && back !== 'done')
    const last = open.toSorted((left, right) => (right.armed ?? 0) - (left.armed ?? 0))[0]
    if (last === undefined) return
    say(`Stopping: what was changed is put back. Without this command the host does it by itself at ${deadline(last)}.`)
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
        const words =
          outcome(host) ??
          `Not put back yet: the host does it by itself at ${deadline(host)}. At once:  ${typed(atOnce(subject))}`
        say(subject === '' ? words : `${subject}: ${words}`)
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
      return { ...host, back: state }
    case 'old-daemon':
      return { ...host, answers: state }
    default:
      return host
  }
}

/** Undefined: it is not known to have gone back. */
function outcome({ armed, kept = false, back, answers }: Host): string | undefined {
  if (kept) return 'All of it was done before, and stays.'
  if (back === undefined && armed === undefined) return 'Nothing was changed.'
  if (back !== 'done') return undefined
  if (answers === 'failed') return 'Everything is put back, and the daemon does not answer:  systemctl status docker'
  return answers === 'done' ? 'Everything is put back, and the daemon answers.' : 'Everything is put back.'
}

/** As a clock on the wall here. */
function clock(time: number): string {
  return new Date(time).toTimeString().slice(0, 8)
}
