import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cleanEnvironment } from '../../test/support/command.ts'
import { UNDICI, type Contender } from '../contenders.ts'
import { builtProgram, Worker, type DaemonEnv } from '../processes.ts'
import type { Report } from '../programs/tasks.ts'
import { inRounds, mapSamples, summarize, type Line } from '../rounds.ts'
import { median, medianRatio } from '../statistics.ts'
import type { MeasureContext } from './jobs.ts'

/** A list that is too long to ignore its cost, in milliseconds, relative to raw reading and JSON.parse. */
export interface LargeListLine extends Line {
  /** The peak of the process's memory above its memory after a short list, in bytes. */
  readonly above: number
  readonly aboveRatio: number
}

export interface LargeList {
  readonly containers: number
  /** The size of the list. */
  readonly bytes: number
  readonly lines: readonly LargeListLine[]
}

/** The certificates of a server, and what clients need to connect to it. */
interface Site {
  readonly serverFolder: string
  readonly env: DaemonEnv
}

/** Each reading is in a process of its own, after a short list has loaded the code. */
export async function measureLargeList(
  { serverFolder, env }: Site,
  contenders: readonly Contender[],
  { plan, problems }: MeasureContext,
): Promise<LargeList> {
  const containers = plan.largeListContainers
  const server = fork(builtProgram('list-server'), [serverFolder], { env: cleanEnvironment(), execArgv: [] })
  try {
    const [{ port }] = (await once(server, 'message')) as [{ port: number }]
    const daemon = { ...env, DOCKER_HOST: `tcp://127.0.0.1:${port}` }
    const measure = (contender: Contender): Promise<Report> => listOnce(contender, { server, daemon, containers })
    const samples = await inRounds(contenders, plan.largeListRounds, measure, problems)
    const times = mapSamples(samples, ({ milliseconds }) => milliseconds)
    const peaks = mapSamples(samples, ({ peak }) => peak)
    const lines = summarize(times, UNDICI).map((line) => ({
      ...line,
      above: median(peaks.get(line.name) ?? []),
      aboveRatio: medianRatio(peaks.get(line.name) ?? [], peaks.get(UNDICI) ?? []),
    }))
    return { containers, bytes: await setLength(server, containers), lines }
  } finally {
    server.disconnect()
    await once(server, 'exit')
  }
}

interface Task {
  readonly server: ChildProcess
  readonly daemon: DaemonEnv
  readonly containers: number
}

/** @returns the report of the long list, with its peak above the memory before */
async function listOnce(contender: Contender, { server, daemon, containers }: Task): Promise<Report> {
  const worker = await Worker.start(contender, daemon, ['--expose-gc'])
  const list = { kind: 'job', job: 'list', target: '', count: 1 } as const
  try {
    await setLength(server, 100)
    const before = await worker.perform(list)
    await setLength(server, containers)
    const after = await worker.perform(list)
    if (after.requests !== containers) throw new Error(`it lists ${after.requests} of ${containers} containers`)
    return { ...after, peak: after.peak - before.rss }
  } finally {
    await worker.end()
  }
}

/** @returns the size of the list, in bytes */
async function setLength(server: ChildProcess, containers: number): Promise<number> {
  const answered = once(server, 'message') as Promise<[{ bytes: number }]>
  server.send(containers)
  return (await answered)[0].bytes
}
