import { OURS, UNDICI, type Contender } from '../contenders.ts'
import type { Plan } from '../plan.ts'
import { withWorkers, type DaemonEnv, type Worker } from '../processes.ts'
import type { Report } from '../programs/tasks.ts'
import { inRounds, mapSamples, summarize, type Line, type Problem, type Samples } from '../rounds.ts'
import { median, medianRatio } from '../statistics.ts'

/** A line in requests per second, relative to the best raw pool at that concurrency. */
export interface RateLine extends Line {
  /** CPU time of the client's process for one request, in microseconds. */
  readonly cpu: number
}

export interface Rates {
  readonly width: number
  readonly lines: readonly RateLine[]
  /** The fastest raw pool at this concurrency. */
  readonly best: string
  /**
   * This package's rate relative to that pool, from rounds that alternate only between these two, so that other load on
   * the machine affects both alike. NaN if one of them failed.
   */
  readonly duel: number
}

/** The shared arguments of the measurement. */
interface Bench {
  readonly contenders: readonly Contender[]
  readonly workers: ReadonlyMap<string, Worker>
  readonly plan: Plan
  readonly problems: Problem[]
}

/**
 * Measures concurrent `/_ping` requests. Each contender keeps its process and its connections; only one works at a
 * time.
 */
export async function measureRequests(
  contenders: readonly Contender[],
  daemon: DaemonEnv,
  plan: Plan,
  problems: Problem[],
): Promise<Rates[]> {
  return withWorkers(contenders, daemon, async (workers) => {
    const bench = { contenders, workers, plan, problems }
    const rates: Rates[] = []
    for (const width of plan.widths) rates.push(await measureWidth(width, bench))
    return rates
  })
}

async function measureWidth(width: number, { contenders, workers, plan, problems }: Bench): Promise<Rates> {
  const measure = ({ name }: Contender): Promise<Report> => slice(workers.get(name), width, plan)
  const samples = await inRounds(contenders, plan.loadRounds, measure, problems)
  const best = bestPool(perSecond(samples))
  const pair = contenders.filter(({ name }) => samples.has(name) && (name === OURS || name === best))
  const rates = perSecond(await inRounds(pair, plan.duelRounds, measure, problems))
  return {
    width,
    best,
    lines: lines(samples, best),
    duel: medianRatio(rates.get(OURS) ?? [], rates.get(best) ?? []),
  }
}

async function slice(worker: Worker | undefined, width: number, plan: Plan): Promise<Report> {
  if (!worker) throw new Error('it has no process')
  // The daemon, undici or Node may have closed connections while other contenders were measured.
  await worker.perform({ kind: 'load', width, milliseconds: plan.warmUpMilliseconds })
  return worker.perform({ kind: 'load', width, milliseconds: plan.sliceMilliseconds })
}

function perSecond(samples: Samples<Report>): Samples<number> {
  return mapSamples(samples, ({ requests, milliseconds }) => (requests * 1000) / milliseconds)
}

function lines(samples: Samples<Report>, best: string): RateLine[] {
  const cpu = mapSamples(samples, ({ requests, cpuMilliseconds }) => (cpuMilliseconds * 1000) / requests)
  return summarize(perSecond(samples), best).map((line) => ({ ...line, cpu: median(cpu.get(line.name) ?? []) }))
}

function bestPool(rates: Samples<number>): string {
  const pools = [...rates].filter(([name]) => name.startsWith(UNDICI))
  const [best] = pools.toSorted(([, a], [, b]) => median(b) - median(a))
  return best?.[0] ?? UNDICI
}
