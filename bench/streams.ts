/** Measurements of streams and large transfers, against one daemon. */
import { askLocally } from '../test/daemon/harness/local-socket.ts'
import { startSecuredDaemon, type SecuredDaemon } from '../test/daemon/harness/secured.ts'
import type { Contender } from './contenders.ts'
import { measureEvents, measureFootprint, measureJob, type MeasureContext } from './measures/jobs.ts'
import { measureLargeList } from './measures/large-list.ts'
import { measureLogs } from './measures/logs.ts'
import { createContainers, startIdle, checkAndRemoveFile, writeFileOfZeros, writeLog } from './measures/fixtures.ts'
import { withReplay } from './measures/replay.ts'
import type { DaemonEnv } from './processes.ts'
import type { Figures } from './results.ts'

export type Measure = <P extends keyof Figures>(part: P, run: () => Promise<Figures[P]>) => Promise<void>

const STREAM_PARTS = ['logs', 'replay', 'archiveDown', 'archiveUp', 'listing', 'largeList', 'events', 'execs'] as const

/** The size of an archive that only loads the code, in bytes. */
const SMALL = 1024 * 1024

export async function measureStreams(
  all: readonly Contender[],
  context: MeasureContext,
  { measure, wanted }: { measure: Measure; wanted: (part: keyof Figures) => boolean },
): Promise<void> {
  if (!STREAM_PARTS.some(wanted)) return
  const { plan, problems } = context
  const contenders = all.filter(({ name }) => name !== 'node:https')
  const daemon = await startSecuredDaemon()
  try {
    const env = { ...daemon.clientEnv, DOCKER_TLS_CERTDIR: daemon.client.folder }
    await measureLogParts(daemon, env, contenders, { context, measure, wanted })
    const idle = await startIdle(daemon)
    const { archiveBytes } = plan
    const up = (bytes: number): string => `${idle}:/tmp:${bytes}`
    const check = (): Promise<void> => checkAndRemoveFile(daemon, idle, '/tmp/zeros', archiveBytes)
    await measure('archiveUp', () => {
      const job = { job: 'archiveUp', target: up(archiveBytes), small: up(SMALL), count: 1, check } as const
      return measureFootprint(job, without('node-sdk', contenders), env, problems)
    })
    await measure('archiveDown', async () => {
      await writeFileOfZeros(daemon, idle, '/tmp/zeros', archiveBytes)
      const job = { job: 'archiveDown', target: `${idle}:/tmp/zeros`, small: `${idle}:/bin/busybox`, count: 1 } as const
      const lines = await measureFootprint(job, contenders, env, problems)
      await checkAndRemoveFile(daemon, idle, '/tmp/zeros', archiveBytes)
      return lines
    })
    await measure('events', () =>
      measureEvents(without('node-sdk', contenders), env, context, () => eventListeners(daemon)),
    )
    const withExec = without('undici-pool', contenders)
    await measure('execs', () =>
      measureFootprint({ job: 'exec', target: idle, small: idle, count: plan.execs }, withExec, env, problems),
    )
    await measure('largeList', () => measureLargeList({ serverFolder: daemon.server.folder, env }, contenders, context))
    await measure('listing', async () => {
      await createContainers(daemon, plan.listedContainers)
      const list = { job: 'list', target: '', count: 1, rounds: plan.listRounds } as const
      return measureJob(list, contenders, env, problems)
    })
  } finally {
    await daemon.stop()
  }
}

async function measureLogParts(
  daemon: SecuredDaemon,
  env: DaemonEnv,
  contenders: readonly Contender[],
  run: { context: MeasureContext; measure: Measure; wanted: (part: keyof Figures) => boolean },
): Promise<void> {
  const { context, measure, wanted } = run
  if (!wanted('logs') && !wanted('replay')) return
  const { plan } = context
  const log = await writeLog(daemon, plan.logBytes)
  await measure('logs', () => measureLogs(log, contenders, env, context))
  await measure('replay', () =>
    withReplay(daemon, { container: log.container, bytes: plan.replayBytes }, (replayEnv, bytes) =>
      measureLogs({ ...log, bytes }, contenders, replayEnv, context),
    ),
  )
}

/** Leaves out a contender that can't do a job. Its module says why. */
function without(module: string, contenders: readonly Contender[]): Contender[] {
  return contenders.filter((contender) => contender.module !== module)
}

/** Returns NEventsListener of `GET /info`, after giving the daemon time to notice closed connections. */
async function eventListeners({ place }: SecuredDaemon): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const { body } = await askLocally(place.socketPath, '/info')
  return (JSON.parse(body) as { NEventsListener: number }).NEventsListener
}
