import type { Contender } from '../contenders.ts'
import type { Plan } from '../plan.ts'
import { Worker, withWorkers, type DaemonEnv } from '../processes.ts'
import type { JobName, Report } from '../programs/tasks.ts'
import { inRounds, mapSamples, summarize, type Line, type Problem } from '../rounds.ts'
import { OURS } from '../contenders.ts'

/** The plan of a run, and its list of problems. */
export interface MeasureContext {
  readonly plan: Plan
  readonly problems: Problem[]
}

/** Measures one job of each client in milliseconds, relative to this package. */
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

/** The memory of one client during and after a job, in bytes. */
export interface FootprintLine {
  readonly name: string
  /** The peak of the process's memory above its idle memory, including loaded code and buffers. */
  readonly above: number
  /** Heap in use after the job, minus heap before it. */
  readonly heapLeft: number
  /** Sockets, pipes and timers after the job, minus those before it. */
  readonly handlesLeft: number
  readonly milliseconds: number
}

export interface FootprintJob {
  readonly job: JobName
  readonly target: string
  /** The target of a small job of the same kind. */
  readonly small: string
  readonly count: number
  /** Checks that the job was done. @throws Error if it wasn't */
  readonly check?: () => Promise<void>
}

/** Measures one job in a process of its own, after a small job of the same kind has loaded all code. */
export async function measureFootprint(
  { job, target, small, count, check }: FootprintJob,
  contenders: readonly Contender[],
  daemon: DaemonEnv,
  problems: Problem[],
): Promise<FootprintLine[]> {
  const lines: FootprintLine[] = []
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

/** Concurrent event streams. */
export interface EventsLine {
  readonly name: string
  readonly streams: number
  /** The process's memory for one stream, in bytes. */
  readonly each: number
  /** Sockets, pipes and timers that remain after all streams are closed. */
  readonly handlesLeft: number
  /** Subscribers that the daemon still counts one second later. */
  readonly listenersLeft: number
}

export async function measureEvents(
  contenders: readonly Contender[],
  daemon: DaemonEnv,
  { plan, problems }: MeasureContext,
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
