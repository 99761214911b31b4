import type { Contender } from '../contenders.ts'
import type { Plan } from '../plan.ts'
import { Worker, withWorkers, type DaemonEnv } from '../processes.ts'
import type { JobName, Report } from '../programs/tasks.ts'
import { inRounds, mapSamples, summarize, type Line, type Problem } from '../rounds.ts'
import { OURS } from '../contenders.ts'

export interface Circumstances {
  readonly plan: Plan
  readonly problems: Problem[]
}

/** One job of each client, in milliseconds, compared with this package. */
export async function measureJob(
  { job, target, count, rounds }: { job: JobName; target: string; count: number; rounds: number },
  contenders: readonly Contender[],
  daemon: DaemonEnv,
  problems: Problem[],
): Promise<Line[]> {
  return withWorkers(contenders, daemon, async (workers) => {
    const measure = async ({ name }: Contender): Promise<Report> => {
      const worker = workers.get(name)
      if (!worker) throw new Error('it has no process')
      return worker.perform({ kind: 'job', job, target, count })
    }
    await inRounds(contenders, 1, measure, problems)
    const samples = await inRounds(contenders, rounds, measure, problems)
    return summarize(
      mapSamples(samples, ({ milliseconds }) => milliseconds),
      OURS,
    )
  })
}

/** What one client holds while it works, and what it leaves. In bytes. */
export interface HeldLine {
  readonly name: string
  /** More than it held idle, at most: of the process, so the code that it loads and buffers are in it. */
  readonly above: number
  /** In use afterwards, more than before. */
  readonly heapLeft: number
  /** Sockets, pipes and timers, more than before. */
  readonly handlesLeft: number
  readonly milliseconds: number
}

export interface HeldJob {
  readonly job: JobName
  readonly target: string
  /** The same with little to do. */
  readonly small: string
  readonly count: number
  /** Looks whether it was really done. @throws Error where it was not */
  readonly check?: () => Promise<void>
}

/** A process of one client that does one job, after a small one of the same kind to load what it loads. */
export async function measureHeld(
  { job, target, small, count, check }: HeldJob,
  contenders: readonly Contender[],
  daemon: DaemonEnv,
  problems: Problem[],
): Promise<HeldLine[]> {
  const lines: HeldLine[] = []
  for (const contender of contenders) {
    const worker = await Worker.start(contender, daemon, ['--expose-gc'])
    try {
      const before = await worker.perform({ kind: 'job', job, target: small, count: 1 })
      const after = await worker.perform({ kind: 'job', job, target, count })
      await check?.()
      lines.push({
        name: contender.name,
        above: after.peak - before.rss,
        heapLeft: after.heap - before.heap,
        handlesLeft: after.handles - before.handles,
        milliseconds: after.milliseconds,
      })
    } catch (error) {
      problems.push({ who: contender.name, what: (error as Error).message })
    } finally {
      await worker.end()
    }
  }
  return lines
}

/** Streams of events, open at once. */
export interface EventsLine {
  readonly name: string
  readonly streams: number
  /** Of the process for one stream, in bytes. */
  readonly each: number
  /** Sockets, pipes and timers that are left when all are closed. */
  readonly handlesLeft: number
  /** Subscribers that the daemon still counts a second later. */
  readonly listenersLeft: number
}

export async function measureEvents(
  contenders: readonly Contender[],
  daemon: DaemonEnv,
  { plan, problems }: Circumstances,
  countListeners: () => Promise<number>,
): Promise<EventsLine[]> {
  const lines: EventsLine[] = []
  for (const contender of contenders) {
    const worker = await Worker.start(contender, daemon, ['--expose-gc'])
    const job = (name: JobName, count: number): Promise<Report> =>
      worker.perform({ kind: 'job', job: name, target: '', count })
    try {
      await job('openEvents', 1)
      const before = await job('closeEvents', 1)
      const listeners = await countListeners()
      const opened = await job('openEvents', plan.eventStreams)
      const closed = await job('closeEvents', 1)
      lines.push({
        name: contender.name,
        streams: plan.eventStreams,
        each: (opened.rss - before.rss) / plan.eventStreams,
        handlesLeft: closed.handles - before.handles,
        listenersLeft: (await countListeners()) - listeners,
      })
    } catch (error) {
      problems.push({ who: contender.name, what: (error as Error).message })
    } finally {
      await worker.end()
    }
  }
  return lines
}
