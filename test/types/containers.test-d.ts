/** Judged by tsc alone: names of the API are checked, what is required is required, and nothing is `any`. */
import type { Readable, Writable } from 'node:stream'
import type {
  HealthError,
  AttachedStream,
  ContainerCreateRequest,
  ContainerInspect,
  ContainerStats,
  ContainerSummary,
  DockerClient,
  ExecInspect,
  HostConfig,
  JsonStream,
  Mount,
  Opening,
  OutputChunk,
  OutputStream,
  RunResult,
} from '../../lib/index.ts'

type Equal<Left, Right> = (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : never
type IsAny<T> = 0 extends 1 & T ? true : false

declare const docker: DockerClient
const { containers, exec } = docker

export const forms: unknown[] = [
  containers.copyTo('a', Buffer.from('x'), '/etc/x'),
  containers.copyTo('a', new Uint8Array(1), '/etc/x'),
  containers.create({}, { pull: 'always', auth: { username: 'ann', password: 'x' } }),
  docker.run('a', [], { pull: 'always', allowUnknown: true }),
  docker.images.build('.', { tag: 'a', file: 'b', quiet: true }),
  containers.list({ filters: { status: ['running', 'paused'], health: 'healthy', 'is-task': false } }),
  docker.nodes.list({ filters: { role: 'manager' } }),
  docker.tasks.list({ filters: { 'desired-state': ['running'] } }),
  // @ts-expect-error no such status
  containers.list({ filters: { status: 'runing' } }),
  // @ts-expect-error no such filter
  containers.list({ filters: { stauts: 'running' } }),
  // @ts-expect-error no such mode
  docker.services.list({ filters: { mode: 'single' } }),
  // @ts-expect-error no such policy
  containers.create({}, { pull: 'newest' }),
  // @ts-expect-error a misspelt field
  containers.create({ HostConfig: { Memroy: 1 } }),
  // @ts-expect-error it checks no names
  containers.pause('a', { allowUnknown: true }),
]

export const moments: unknown[] = [
  containers.logs('a', { since: '5m', until: new Date() }),
  containers.prune({ filters: { until: new Date() } }),
  docker.images.prune({ filters: { until: 1_700_000_000 } }),
  // @ts-expect-error a moment, not whether
  containers.logs('a', { since: true }),
  // @ts-expect-error one moment
  containers.prune({ filters: { until: ['24h'] } }),
]

export const create: ContainerCreateRequest = {
  Image: 'alpine',
  Cmd: ['date'],
  Healthcheck: { Test: ['CMD', 'true'], Interval: 1_000_000_000 },
  HostConfig: {
    Memory: 64 * 1024 ** 2,
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
    PortBindings: { '80/tcp': [{ HostPort: '8080' }] },
    Mounts: [{ Type: 'volume', Source: 'data', Target: '/data', VolumeOptions: { Subpath: 'a' } }],
    Binds: null,
  },
  NetworkingConfig: { EndpointsConfig: { net: { Aliases: ['db'], GwPriority: 10 } } },
}

// A misspelt limit is no limit.
// @ts-expect-error the API's name is Memory
export const misspelt: HostConfig = { memory: 1 }
// @ts-expect-error a number of bytes, and no text
export const words: HostConfig = { Memory: '64m' }
// @ts-expect-error there is no such policy
export const policy: HostConfig = { RestartPolicy: { Name: 'sometimes' } }
// @ts-expect-error ports are text
export const port: HostConfig = { PortBindings: { '80/tcp': [{ HostPort: 8080 }] } }
// @ts-expect-error there is no such kind of mount
export const mount: Mount = { Type: 'nfs', Target: '/data' }
// @ts-expect-error a variable is one text
export const variables: ContainerCreateRequest = { Image: 'a', Env: { A: '1' } }

// @ts-expect-error the query's name is all
void containers.list({ al: true })
// @ts-expect-error filters are plain objects
void containers.list({ filters: new Map([['label', 'x']]) })
// @ts-expect-error both sizes are needed
void containers.resize('x', { h: 1 })
// @ts-expect-error `signal` aborts the call; the container's is killSignal
void containers.stop('x', { signal: 'SIGINT' })
// @ts-expect-error there is no such condition
void containers.wait('x', { condition: 'healthy' })
// @ts-expect-error an exec without a command
void exec.create('x', { AttachStdout: true })
// @ts-expect-error run() attaches by itself
void docker.run('alpine', ['date'], { AttachStdout: true })
// @ts-expect-error a command is a list of words
void docker.run('alpine', 'date')
// @ts-expect-error a path is needed
void containers.archive.get('x')

/** What is looked at can be made again. */
export async function again(id: string): Promise<string> {
  const { Config, HostConfig: host } = await containers.inspect(id)
  const { Id } = await containers.create({ ...Config, HostConfig: host }, { name: 'again' })
  return Id
}

/** Each way to use a stream. */
export async function streams(signal: AbortSignal, out: Writable): Promise<void> {
  const logs: Opening<OutputChunk, OutputStream> = containers.logs('x', { follow: true, since: new Date(), signal })
  for await (const { stream, data } of logs) out.write(stream === 'stdout' ? data : data.toString())
  for await (const line of (await logs).lines()) out.write(line)
  for await (const { stream, line } of (await logs).linesWithStream()) out.write(`${stream} ${line}`)
  for await (const line of containers.logs('x').lines()) out.write(line)
  for await (const { stream, line } of containers.logs('x').linesWithStream()) out.write(`${stream} ${line}`)
  // @ts-expect-error a line is text
  for await (const { line } of (await logs).lines()) out.write(line)
  const stats: Opening<ContainerStats, JsonStream<ContainerStats>> = containers.stats('x')
  for await (const { memory_stats } of stats) out.write(String(memory_stats.usage))
  const attached: AttachedStream = await containers.attachWebSocket('x', { stdin: true })
  attached.stdin.end('x')
  const tar: Readable = await containers.export('x')
  await containers.archive.put('y', '/', tar)
  await using started = await exec.start('x', { Tty: true, ConsoleSize: [24, 80] })
  await started.copyTo(out)
}

/** A failure tells what was checked. */
export function outputOf(error: HealthError): string | undefined {
  return error.checks.at(-1)?.output
}

export const proofs: true[] = [
  true satisfies Equal<Awaited<ReturnType<typeof containers.list>>, readonly ContainerSummary[]>,
  true satisfies Equal<ContainerInspect['State']['Status'], ContainerSummary['State']>,
  true satisfies Equal<ExecInspect['ExitCode'], number | null>,
  true satisfies Equal<RunResult['stdout'], Buffer>,
  true satisfies Equal<IsAny<ContainerInspect['HostConfig']>, false> extends true ? true : never,
  true satisfies Equal<IsAny<ContainerStats['memory_stats']['stats']>, false> extends true ? true : never,
]

declare const inspected: ContainerInspect
// @ts-expect-error what the daemon said is not to be changed
inspected.State.Running = false
