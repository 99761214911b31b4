import type { Contender } from '../contenders.ts'
import type { Plan } from '../plan.ts'
import { Worker, type DaemonEnv } from '../processes.ts'
import type { Problem } from '../rounds.ts'

/** In bytes, after a forced collection. */
export interface MemoryLine {
  readonly name: string
  /** The number of requests. A client that is too slow sends fewer. */
  readonly requests: number
  readonly rss: number
  readonly heap: number
}

/** Measures the memory of each client's process after its requests, and first of a process without a client. */
export async function measureMemory(
  contenders: readonly Contender[],
  daemon: DaemonEnv,
  plan: Plan,
  problems: Problem[],
): Promise<MemoryLine[]> {
  const lines: MemoryLine[] = []
  for (const contender of contenders) {
    const worker = await Worker.start(contender, daemon, ['--expose-gc'])
    try {
      const { rss, heap } = worker.atStart
      if (lines.length === 0) lines.push({ name: 'node without a client', requests: 0, rss, heap })
      lines.push({ name: contender.name, ...(await afterRequests(worker, plan)) })
    } catch (error) {
      problems.push({ who: contender.name, what: (error as Error).message })
    } finally {
      await worker.end()
    }
  }
  return lines
}

async function afterRequests(worker: Worker, plan: Plan): Promise<Omit<MemoryLine, 'name'>> {
  const { requests, rss, heap } = await worker.perform({
    kind: 'load',
    width: plan.memoryWidth,
    milliseconds: plan.memoryMilliseconds,
    count: plan.memoryRequests,
  })
  return { requests, rss, heap }
}
