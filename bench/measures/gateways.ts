import { startSecuredDaemon, type SecuredDaemon } from '../../test/daemon/harness/secured.ts'
import type { Contender } from '../contenders.ts'
import { Worker } from '../processes.ts'
import type { Latency, Report, Task } from '../programs/tasks.ts'
import { inRounds, mapSamples, summarize, type Line, type Samples } from '../rounds.ts'
import { BuildContext, BUILDERS } from './builds.ts'
import { checkAndRemoveFile, startIdle, writeFileOfZeros, writeLog } from './fixtures.ts'
import { end, startGateway, startHaproxy, variablesOf, type Front } from './fronts.ts'
import type { MeasureContext } from './jobs.ts'

const DIRECT = 'dockerd'

/** One measurement with dockerd's own TLS listener, our gateway and HAProxy. */
export interface GatewayFigures {
  readonly what: string
  readonly lines: readonly Line[]
}

export interface Gateways {
  readonly figures: readonly GatewayFigures[]
}

/** The same client reaches one dockerd in three ways, in turns. */
export async function measureGateways(client: Contender, context: MeasureContext): Promise<Gateways> {
  const daemon = await startSecuredDaemon()
  const fronts: Front[] = []
  const workers = new Map<string, Worker>()
  try {
    fronts.push({ name: DIRECT, port: daemon.place.port }, await startGateway(daemon), await startHaproxy(daemon))
    for (const front of fronts)
      workers.set(front.name, await Worker.start(client, variablesOf(front, daemon.client.folder)))
    const perform = ({ name }: Front, task: Task): Promise<Report> => {
      const worker = workers.get(name)
      if (!worker) throw new Error('it has no process')
      return worker.perform(task)
    }
    return { figures: await measureAll(daemon, fronts, perform, context) }
  } finally {
    for (const worker of workers.values()) await worker.end()
    for (const { process } of fronts) await end(process)
    await daemon.stop()
  }
}

type Perform = (front: Front, task: Task) => Promise<Report>

async function measureAll(
  daemon: SecuredDaemon,
  fronts: readonly Front[],
  perform: Perform,
  { plan, problems }: MeasureContext,
): Promise<GatewayFigures[]> {
  const figures: GatewayFigures[] = []
  const add = (what: string, samples: Samples<number>): void =>
    void figures.push({ what, lines: summarize(samples, DIRECT) })
  const sample = async <T>(rounds: number, run: (front: Front) => Promise<T>): Promise<Samples<T>> => {
    await inRounds(fronts, 1, run, problems)
    return inRounds(fronts, rounds, run, problems)
  }
  const measure = async (what: string, rounds: number, run: (front: Front) => Promise<number>): Promise<void> =>
    add(what, await sample(rounds, run))
  for (const width of [1, 16]) {
    const reports = await sample(plan.loadRounds, (front) =>
      perform(front, { kind: 'load', width, milliseconds: plan.sliceMilliseconds }),
    )
    const latency = (which: keyof Latency): Samples<number> =>
      mapSamples(reports, (report) => report.latency?.[which] ?? Number.NaN)
    add(
      `pings per second, ${width} at once`,
      mapSamples(reports, ({ requests, milliseconds }) => (requests * 1000) / milliseconds),
    )
    add(`ms for a ping, ${width} at once, median`, latency('median'))
    add(`ms for a ping, ${width} at once, p99`, latency('p99'))
  }
  const job = async (
    front: Front,
    name: 'readLog' | 'archiveDown' | 'archiveUp',
    target: string,
    bytes: number,
  ): Promise<number> => {
    const { milliseconds } = await perform(front, { kind: 'job', job: name, target, count: 1 })
    return bytes / 2 ** 20 / (milliseconds / 1000)
  }
  const log = await writeLog(daemon, plan.logBytes)
  await measure('log, MiB/s', plan.logRounds, (front) => job(front, 'readLog', log.container, log.bytes))
  const idle = await startIdle(daemon)
  const bytes = plan.archiveBytes / 4
  await measure('archive into a container, MiB/s', plan.logRounds, async (front) => {
    const rate = await job(front, 'archiveUp', `${idle}:/tmp:${bytes}`, bytes)
    await checkAndRemoveFile(daemon, idle, '/tmp/zeros', bytes)
    return rate
  })
  await writeFileOfZeros(daemon, idle, '/tmp/zeros', bytes)
  await measure('archive out of a container, MiB/s', plan.logRounds, (front) =>
    job(front, 'archiveDown', `${idle}:/tmp/zeros`, bytes),
  )
  const context = await BuildContext.create(daemon, plan.buildBytes)
  for (const { builder, ...variables } of BUILDERS) {
    await measure(`builds per minute by ${builder}`, plan.buildRounds, (front) =>
      context.build(variablesOf(front, daemon.client.folder), variables),
    )
  }
  return figures
}
