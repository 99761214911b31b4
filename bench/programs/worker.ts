/** A process of one contender that performs its parent's tasks and reports the results. */
import type { Client, ContenderModule } from '../contenders/contender.ts'
import { median, percentile } from '../statistics.ts'
import { perform as performJob } from './jobs.ts'
import type { Answer, Figures, Memory, Task } from './tasks.ts'

const [, , name, entry = ''] = process.argv
const { open } = (await import(`../contenders/${name}.ts`)) as ContenderModule
let kept: Client | undefined

/** Keeps `width` requests running until `enough` returns true. */
async function load(client: Client, width: number, enough: (sent: number) => boolean): Promise<Work> {
  let sent = 0
  const times: number[] = []
  const one = async (): Promise<void> => {
    while (!enough(sent)) {
      sent++
      const began = performance.now()
      await client.ping()
      times.push(performance.now() - began)
    }
  }
  await Promise.all(Array.from({ length: width }, one))
  return { requests: sent, times }
}

const deadlineAfter = (milliseconds: number): (() => boolean) => {
  const end = performance.now() + milliseconds
  return () => performance.now() >= end
}

/** What a task has done. */
interface Work {
  readonly requests: number
  /** How long each request of a load took, in milliseconds. */
  readonly times?: readonly number[]
}

async function perform(task: Task): Promise<Work> {
  if (task.kind === 'connect') return { requests: await connectAnew(task.count) }
  const client = (kept ??= await open(entry))
  if (task.kind === 'job') return { requests: await performJob(client, task) }
  if (task.kind === 'reconnect') return { requests: await reconnect(client, task.count) }
  const late = deadlineAfter(task.milliseconds)
  return load(client, task.width, (sent) => late() || sent >= (task.count ?? Infinity))
}

async function connectAnew(count: number): Promise<number> {
  for (let done = 0; done < count; done++) {
    const client = await open(entry)
    if (!client.answered) await client.ping()
    await client.close()
  }
  return count
}

async function reconnect(client: Client, count: number): Promise<number> {
  if (!client.pingOnNewConnection) return 0
  for (let done = 0; done < count; done++) await client.pingOnNewConnection()
  return count
}

async function measure(task: Task): Promise<Figures> {
  const began = performance.now()
  const cpu = process.cpuUsage()
  const { requests, times } = await perform(task)
  const { user, system } = process.cpuUsage(cpu)
  const figures = { requests, milliseconds: performance.now() - began, cpuMilliseconds: (user + system) / 1000 }
  return times ? { ...figures, latency: { median: median(times), p99: percentile(times, 0.99) } } : figures
}

/** Measures memory after a garbage collection, since garbage of the last requests isn't the client's. */
function memory(peak = 0): Memory {
  globalThis.gc?.()
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  // The handles include the channel to the parent, for every contender.
  return { rss, heap: heapUsed, peak: Math.max(peak, rss), handles: process.getActiveResourcesInfo().length }
}

/** Samples the memory while a task runs. A task that waits for the daemon leaves time for that. */
function watchPeak(): () => number {
  let peak = process.memoryUsage.rss()
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20)
  return () => {
    clearInterval(timer)
    return peak
  }
}

async function answer(task: Task): Promise<Answer> {
  const peak = task.kind === 'job' ? watchPeak() : () => 0
  try {
    const figures = await measure(task)
    return { ...figures, ...memory(peak()) }
  } catch (error) {
    peak()
    return { error: (error as Error).message }
  }
}

process.on('message', (task: Task) => {
  void answer(task).then((figures) => process.send?.(figures))
})
process.send?.({ requests: 0, milliseconds: 0, cpuMilliseconds: 0, ...memory() } satisfies Answer)
