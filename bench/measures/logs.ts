import { OURS, UNDICI, type Contender } from '../contenders.ts'
import type { Plan } from '../plan.ts'
import { withWorkers, type DaemonEnv } from '../processes.ts'
import type { Report } from '../programs/tasks.ts'
import { inRounds, mapSamples, summarize, type Line, type Problem } from '../rounds.ts'
import { medianRatio } from '../statistics.ts'

/** A line in milliseconds, relative to undici reading the same bytes raw. */
export interface LogLine extends Line {
  /** CPU time of the client's process relative to undici reading raw: the median of the ratios of all rounds. */
  readonly cpuRatio: number
  /** The peak memory of the process, in bytes. */
  readonly peak: number
}

export interface LogFigures {
  /** The payload of one reading, in bytes. */
  readonly bytes: number
  readonly lines: readonly LogLine[]
  /** Wall and CPU time of this package relative to raw reading, from rounds that alternate only between these two. */
  readonly duel: { readonly wall: number; readonly cpu: number }
}

/** A container's log and its length. */
export interface Log {
  readonly container: string
  readonly bytes: number
}

/** All clients read the complete log of the same container, one after the other. */
export async function measureLogs(
  log: Log,
  contenders: readonly Contender[],
  daemon: DaemonEnv,
  { plan, problems }: { plan: Plan; problems: Problem[] },
): Promise<LogFigures> {
  return withWorkers(contenders, daemon, async (workers) => {
    const measure = async ({ name }: Contender): Promise<Report> => {
      const worker = workers.get(name)
      if (!worker) throw new Error('it has no process')
      const report = await worker.perform({ kind: 'job', job: 'readLog', target: log.container, count: 1 })
      if (report.requests < log.bytes) throw new Error(`it read ${report.requests} bytes of ${log.bytes}`)
      return report
    }
    // The first reading fills caches and lets V8 optimise.
    await inRounds(contenders, 1, measure, problems)
    const samples = await inRounds(contenders, plan.logRounds, measure, problems)
    const cpu = mapSamples(samples, ({ cpuMilliseconds }) => cpuMilliseconds)
    const peaks = mapSamples(samples, ({ peak }) => peak)
    const lines = summarize(
      mapSamples(samples, ({ milliseconds }) => milliseconds),
      UNDICI,
    ).map((line) => ({
      ...line,
      cpuRatio: medianRatio(cpu.get(line.name) ?? [], cpu.get(UNDICI) ?? []),
      peak: Math.max(...(peaks.get(line.name) ?? [])),
    }))
    const pair = contenders.filter(({ name }) => samples.has(name) && (name === OURS || name === UNDICI))
    const duel = await inRounds(pair, plan.logDuelRounds, measure, problems)
    const ratio = (of: (report: Report) => number): number =>
      medianRatio((duel.get(OURS) ?? []).map(of), (duel.get(UNDICI) ?? []).map(of))
    return {
      bytes: log.bytes,
      lines,
      duel: { wall: ratio(({ milliseconds }) => milliseconds), cpu: ratio((report) => report.cpuMilliseconds) },
    }
  })
}
