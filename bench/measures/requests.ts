import { OURS, UNDICI, type Contender } from '../contenders.ts'
import type { Plan } from '../plan.ts'
import { withWorkers, type DaemonEnv, type Worker } from '../processes.ts'
import type { Report } from '../programs/tasks.ts'
import { inRounds, mapSamples, summarize, type Line, type Problem, type Samples } from '../rounds.ts'
import { median, medianRatio } from '../statistics.ts'

/** A line in requests per second, compared with the best of the raw pools at that width. */
export interface RateLine extends Line {
  /** CPU time of the client's own process for one request, in microseconds. */
  readonly cpu: number
}

export interface Rates {
  readonly width: number
  readonly lines: readonly RateLine[]
  /** The raw pool that was fastest at this width. */
  readonly best: string
  /**
   * This package's rate to that pool's, from rounds in which only these two take turns: so close to each other in time that
   * what else the machine does meets both. Not a number where one of them failed.
   */
  readonly duel: number
}

/** What a measure of requests needs at hand. */
interface Bench {
  readonly contenders: readonly Contender[]
  readonly workers: ReadonlyMap<string, Worker>
  readonly plan: Plan
  readonly problems: Problem[]
}

/** `/_ping` by so many at once. Each contender keeps its process and its connections; only one works at a time. */
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
  // While the others had their turn the daemon, undici or Node may have closed connections.
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
