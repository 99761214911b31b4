import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { startSecuredDaemon, type SecuredDaemon } from '../../test/daemon/harness/secured.ts'
import type { Contender } from '../contenders.ts'
import type { Plan } from '../plan.ts'
import { Worker } from '../processes.ts'
import { causeEvent, checkAndRemoveFile, startIdle } from './fixtures.ts'
import { end, startGateway, variablesOf, type Front } from './fronts.ts'
import type { MeasureContext } from './jobs.ts'

/** Of two clients: the gateway limits the streams of each. */
const STREAMS = 1_000
const CLIENTS = ['tester', 'other']
/** How often the memory of a process is read while it passes on an archive, in milliseconds. */
const SAMPLE_MS = 20
/** The time between two events, in milliseconds. */
const EVENT_MS = 200

/** The resident memory of the gateway's process, in bytes. */
export interface GatewayMemory {
  /** The most while an archive of that size goes into a container, and out of it. */
  readonly archive: { readonly size: number; readonly before: number; readonly up: number; readonly down: number }
  readonly streams: StreamMemory
}

/** Before and with so many open streams, and while events flow on all of them. */
interface StreamMemory {
  readonly count: number
  readonly before: number
  readonly open: number
  /** @property events - so far, on each stream */
  readonly later: readonly { readonly seconds: number; readonly events: number; readonly resident: number }[]
}

/** The memory of the gateway while it passes on one archive each way, and then many streams. */
export async function measureGatewayMemory(client: Contender, { plan }: MeasureContext): Promise<GatewayMemory> {
  const daemon = await startSecuredDaemon()
  let gateway: Front | undefined
  try {
    gateway = await startGateway(daemon)
    const archive = await withArchive(gateway, client, daemon, plan.archiveBytes)
    return { archive, streams: await withStreams(gateway, client, daemon, plan) }
  } finally {
    await end(gateway?.process)
    await daemon.stop()
  }
}

async function withArchive(
  gateway: Front,
  client: Contender,
  daemon: SecuredDaemon,
  size: number,
): Promise<GatewayMemory['archive']> {
  const container = await startIdle(daemon)
  const worker = await Worker.start(client, variablesOf(gateway, daemon.client.folder))
  const most = async (job: 'archiveUp' | 'archiveDown', target: string): Promise<number> => {
    const samples = [await residentOf(gateway)]
    const timer = setInterval(() => void residentOf(gateway).then((resident) => samples.push(resident)), SAMPLE_MS)
    await worker.perform({ kind: 'job', job, target, count: 1 }).finally(() => clearInterval(timer))
    return Math.max(...samples)
  }
  try {
    const before = await residentOf(gateway)
    const up = await most('archiveUp', `${container}:/tmp:${size}`)
    const down = await most('archiveDown', `${container}:/tmp/zeros`)
    await checkAndRemoveFile(daemon, container, '/tmp/zeros', size)
    return { size, before, up, down }
  } finally {
    await worker.end()
  }
}

async function withStreams(
  gateway: Front,
  client: Contender,
  daemon: SecuredDaemon,
  plan: Plan,
): Promise<StreamMemory> {
  const workers: Worker[] = []
  try {
    for (const name of CLIENTS) {
      const { paths } = await daemon.pki.ensureClient(name)
      workers.push(await Worker.start(client, variablesOf(gateway, paths.folder)))
    }
    const before = await residentOf(gateway)
    for (const worker of workers)
      await worker.perform({ kind: 'job', job: 'readEvents', target: '', count: STREAMS / CLIENTS.length })
    const open = await residentOf(gateway)
    return { count: STREAMS, before, open, later: await withEvents(gateway, daemon, plan) }
  } finally {
    for (const worker of workers) await worker.end()
  }
}

async function withEvents(gateway: Front, daemon: SecuredDaemon, plan: Plan): Promise<StreamMemory['later']> {
  const began = performance.now()
  const later: StreamMemory['later'][number][] = []
  for (let events = 1; later.length * plan.streamSampleMilliseconds < plan.streamMilliseconds; events++) {
    await causeEvent(daemon)
    await delay(EVENT_MS)
    const passed = performance.now() - began
    if (passed < (later.length + 1) * plan.streamSampleMilliseconds) continue
    later.push({ seconds: passed / 1000, events, resident: await residentOf(gateway) })
  }
  return later
}

async function residentOf({ process }: Front): Promise<number> {
  const status = await readFile(`/proc/${process?.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}
