import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startSecuredDaemon, type SecuredDaemon } from '../../test/daemon/harness/secured.ts'
import { freePort, isListening } from '../../test/support/ports.ts'
import type { Contender } from '../contenders.ts'
import { Worker, type DaemonEnv } from '../processes.ts'
import type { Report, Task } from '../programs/tasks.ts'
import { inRounds, mapSamples, summarize, type Line } from '../rounds.ts'
import { BuildContext, BUILDERS } from './builds.ts'
import { checkAndRemoveFile, startIdle, writeFileOfZeros, writeLog } from './fixtures.ts'
import type { MeasureContext } from './jobs.ts'

const MAIN: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
/** Of two clients: the gateway limits the streams of each. */
const STREAMS = 1_000
const CLIENTS = ['tester', 'other']
const DIRECT = 'dockerd'
/** How often the memory of a process is read, in milliseconds. */
const SAMPLE_MS = 20

/** One measurement with dockerd's own TLS listener, our gateway and HAProxy. */
export interface GatewayFigures {
  readonly what: string
  readonly lines: readonly Line[]
}

export interface Gateways {
  readonly figures: readonly GatewayFigures[]
}

/** The resident memory of the gateway's process, in bytes. */
export interface GatewayMemory {
  /** The most while an archive of that size goes into a container, and out of it. */
  readonly archive: { readonly size: number; readonly before: number; readonly up: number; readonly down: number }
  /** Before and with so many open streams. */
  readonly streams: { readonly count: number; readonly before: number; readonly open: number }
}

/** What a client connects to. */
interface Front {
  readonly name: string
  readonly port: number
  readonly process?: ChildProcess
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

/** The memory of the gateway while it passes on one archive each way, and then many streams. */
export async function measureGatewayMemory(client: Contender, { plan }: MeasureContext): Promise<GatewayMemory> {
  const daemon = await startSecuredDaemon()
  let gateway: Front | undefined
  try {
    gateway = await startGateway(daemon)
    const archive = await withArchive(gateway, client, daemon, plan.archiveBytes)
    return { archive, streams: await withStreams(gateway, client, daemon) }
  } finally {
    await end(gateway?.process)
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
  const measure = async (what: string, rounds: number, run: (front: Front) => Promise<number>): Promise<void> => {
    await inRounds(fronts, 1, run, problems)
    const samples = await inRounds(fronts, rounds, run, problems)
    figures.push({
      what,
      lines: summarize(
        mapSamples(samples, (value) => value),
        DIRECT,
      ),
    })
  }
  for (const width of [1, 16]) {
    await measure(`pings per second, ${width} at once`, plan.loadRounds, async (front) => {
      const report = await perform(front, { kind: 'load', width, milliseconds: plan.sliceMilliseconds })
      return (report.requests * 1000) / report.milliseconds
    })
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
): Promise<GatewayMemory['streams']> {
  const workers: Worker[] = []
  try {
    for (const name of CLIENTS) {
      const { paths } = await daemon.pki.ensureClient(name)
      workers.push(await Worker.start(client, variablesOf(gateway, paths.folder)))
    }
    const before = await residentOf(gateway)
    for (const worker of workers)
      await worker.perform({ kind: 'job', job: 'openEvents', target: '', count: STREAMS / CLIENTS.length })
    return { count: STREAMS, before, open: await residentOf(gateway) }
  } finally {
    for (const worker of workers) await worker.end()
  }
}

const variablesOf = ({ port }: Front, folder: string): DaemonEnv => ({
  DOCKER_HOST: `tcp://127.0.0.1:${port}`,
  DOCKER_TLS_VERIFY: '1',
  DOCKER_CERT_PATH: folder,
})

async function residentOf({ process }: Front): Promise<number> {
  const status = await readFile(`/proc/${process?.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

async function startGateway(daemon: SecuredDaemon): Promise<Front> {
  const policy = join(daemon.place.folder, 'policy.yaml')
  await writeFile(policy, 'version: 1\nrules: [{ name: all, who: { commonName: [tester, other] }, level: baseline }]\n')
  const port = await freePort()
  const words = ['gateway', 'run', '--policy', policy, '--from', daemon.server.folder, '--listen', `127.0.0.1:${port}`]
  const host = `unix://${daemon.place.socketPath}`
  return begin('docker-mtls gateway', port, process.execPath, [MAIN, ...words, '--host', host])
}

async function startHaproxy(daemon: SecuredDaemon): Promise<Front> {
  const { folder, socketPath } = daemon.place
  const port = await freePort()
  const pem = join(folder, 'haproxy.pem')
  await writeFile(
    pem,
    (await Promise.all([daemon.server.cert, daemon.server.key].map((path) => readFile(path)))).join(''),
  )
  const config = join(folder, 'haproxy.cfg')
  const lines = [
    'defaults',
    '  mode http',
    '  timeout connect 5s',
    '  timeout client 10m',
    '  timeout server 10m',
    'frontend docker',
    `  bind 127.0.0.1:${port} ssl crt ${pem} ca-file ${daemon.server.ca} verify required alpn http/1.1`,
    '  default_backend dockerd',
    'backend dockerd',
    `  server dockerd unix@${socketPath}`,
  ]
  await writeFile(config, `${lines.join('\n')}\n`)
  return begin('HAProxy', port, 'haproxy', ['-db', '-f', config])
}

async function begin(name: string, port: number, file: string, args: readonly string[]): Promise<Front> {
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  for (let tries = 0; !(await isListening(port)); tries++) {
    if (tries === 200 || child.exitCode !== null) throw new Error(`${name} doesn't listen`)
    await delay(50)
  }
  return { name, port, process: child }
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}
