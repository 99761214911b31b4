import { UNDICI, type Contender } from '../contenders.ts'
import type { Plan } from '../plan.ts'
import { withWorkers, type DaemonEnv, type Worker } from '../processes.ts'
import type { Report } from '../programs/tasks.ts'
import { inRounds, mapSamples, summarize, type Line, type Problem, type Samples } from '../rounds.ts'
import { median } from '../statistics.ts'

/** A line in requests per second, compared with the best of the raw pools at that width. */
export interface RateLine extends Line {
  /** CPU time of the client's own process for one request, in microseconds. */
  readonly cpu: number
}

export interface Rates {
  readonly width: number
  /** The raw pool that was fastest at this width. */
  readonly best: string
  readonly lines: readonly RateLine[]
}

/** `/_ping` by so many at once. Each contender keeps its process and its connections; only one works at a time. */
export async function measureRequests(
  contenders: readonly Contender[],
  daemon: DaemonEnv,
  plan: Plan,
  problems: Problem[],
): Promise<Rates[]> {
  return withWorkers(contenders, daemon, async (workers) => {
    const rates: Rates[] = []
    for (const width of plan.widths) {
      const measure = ({ name }: Contender): Promise<Report> => slice(workers.get(name), width, plan)
      rates.push(rank(width, await inRounds(contenders, plan.loadRounds, measure, problems)))
    }
    return rates
  })
}

async function slice(worker: Worker | undefined, width: number, plan: Plan): Promise<Report> {
  if (!worker) throw new Error('it has no process')
  // While the others had their turn the daemon, undici or Node may have closed connections.
  await worker.perform({ kind: 'load', width, milliseconds: plan.warmUpMilliseconds })
  return worker.perform({ kind: 'load', width, milliseconds: plan.sliceMilliseconds })
}

function rank(width: number, samples: Samples<Report>): Rates {
  const perSecond = mapSamples(samples, ({ requests, milliseconds }) => (requests * 1000) / milliseconds)
  const cpu = mapSamples(samples, ({ requests, cpuMilliseconds }) => (cpuMilliseconds * 1000) / requests)
  const best = bestPool(perSecond)
  const lines = summarize(perSecond, best).map((line) => ({ ...line, cpu: median(cpu.get(line.name) ?? []) }))
  return { width, best, lines }
}

function bestPool(perSecond: Samples<number>): string {
  const pools = [...perSecond].filter(([name]) => name.startsWith(UNDICI))
  const [best] = pools.toSorted(([, a], [, b]) => median(b) - median(a))
  return best?.[0] ?? UNDICI
}
