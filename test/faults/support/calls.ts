import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { path, type DockerClient } from '../../../lib/index.ts'
import type { RequestOptions } from '../../../lib/engine/send.ts'
import type { Style } from './reply.ts'
import type { Stage } from './stages.ts'

/** A kind of call. */
export interface Call {
  /** Which of its requests suffers, from 1. @defaultValue `1` */
  readonly nth?: number
  /** How the peer ends its answers. @defaultValue as dockerd */
  readonly style?: Style
  /** The stages at which it can be hit, besides those of every request. */
  readonly stages: readonly Stage[]
  /** Asked once more on another connection if its own was closed before the answer began. */
  readonly repeats?: true
  /** Reads the answer to its end. Returns what tells a whole one. */
  readonly run: (docker: DockerClient, options: RequestOptions, more: More) => PromiseLike<unknown>
}

interface More {
  /** Something to send, or very much of it, so that it can be cut. */
  readonly upload: () => Readable
  readonly size: number
}

/** Far more than the buffers of both sides, and of the kernel. */
export const MUCH: number = 32 * 1024 * 1024
export const LITTLE = 100_000
const PIECE = 64 * 1024

/** Sends at a pace at which packets can still be dropped in the middle. */
export function uploadOf(size: number): Readable {
  async function* pieces(): AsyncGenerator<Buffer, void, undefined> {
    for (let left = size; left > 0; left -= PIECE) {
      if (size > LITTLE) await delay(1)
      yield Buffer.alloc(Math.min(left, PIECE), 'x')
    }
  }
  return Readable.from(pieces(), { objectMode: false })
}

async function all(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const values: unknown[] = []
  for await (const item of items) values.push(item)
  return values
}

async function sizeOf(stream: Readable): Promise<number> {
  let size = 0
  for await (const data of stream) size += (data as Buffer).length
  return size
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'faults-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

function buildkit(docker: DockerClient, options: RequestOptions, { size }: More): Promise<unknown> {
  return inFolder(async (folder) => {
    await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY data /\n')
    await writeFile(join(folder, 'data'), Buffer.alloc(size, 'x'))
    return docker.images.build(folder, { builder: 'buildkit', ...options })
  })
}

const outputOf = async ({ stdout, exitCode }: { stdout: Buffer; exitCode: number }): Promise<unknown> => [
  exitCode,
  stdout.toString(),
]

const logs = async (docker: DockerClient, options: RequestOptions): Promise<string> =>
  (await docker.containers.logs('web', options)).text()

/** Stages of a call whose connection returns to its pool. */
const POOLED: readonly Stage[] = ['idle', 'race']
/** Stages of an answer with a body. */
const BODY: readonly Stage[] = ['between', 'inside']
const ANSWER: readonly Stage[] = [...BODY, ...POOLED]

export const CALLS = {
  ping: { stages: ANSWER, repeats: true, run: (docker, options) => docker.ping(options) },
  list: { stages: ANSWER, repeats: true, run: (docker, options) => docker.containers.list(options) },
  'list, large': {
    stages: ANSWER,
    repeats: true,
    run: async (docker, options) => (await docker.images.list(options)).length,
  },
  request: {
    stages: ANSWER,
    repeats: true,
    run: async (docker, options) =>
      (await docker.request({ method: 'GET', path: path`/containers/${'web'}/json`, ...options })).json(),
  },
  'list, closing': { stages: BODY, style: 'closing', run: (docker, options) => docker.containers.list(options) },
  'list, endless': { stages: BODY, style: 'endless', run: (docker, options) => docker.containers.list(options) },
  create: { stages: ANSWER, run: (docker, options) => docker.containers.create({ Image: 'app:1' }, options) },
  remove: { stages: POOLED, run: (docker, options) => docker.volumes.remove('data', options) },
  wait: { stages: ANSWER, run: (docker, options) => docker.containers.wait('web', options) },
  logs: {
    stages: ANSWER,
    repeats: true,
    run: logs,
  },
  'logs, follow': {
    stages: ANSWER,
    repeats: true,
    run: async (docker, options) => all((await docker.containers.logs('web', { ...options, follow: true })).lines()),
  },
  'logs, closing': { stages: BODY, style: 'closing', run: logs },
  'logs, endless': { stages: BODY, style: 'endless', run: logs },
  events: { stages: ANSWER, repeats: true, run: (docker, options) => all(docker.system.events(options)) },
  stats: { stages: ANSWER, repeats: true, run: (docker, options) => all(docker.containers.stats('web', options)) },
  attach: { stages: BODY, run: async (docker, options) => (await docker.containers.attach('web', options)).text() },
  'attach, web socket': {
    stages: BODY,
    run: async (docker, options) => (await docker.containers.attachWebSocket('web', options)).text(),
  },
  'exec.start': { stages: BODY, run: async (docker, options) => (await docker.exec.start('e1', {}, options)).text() },
  'exec.run': {
    nth: 2,
    stages: BODY,
    run: async (docker, options) => outputOf(await docker.exec.run('web', ['cat'], options)),
  },
  'exec.run, input': {
    nth: 2,
    stages: ['upload'],
    run: async (docker, options, { upload }) =>
      outputOf(await docker.exec.run('web', ['cat'], { ...options, stdin: upload() })),
  },
  'run: create': {
    stages: BODY,
    run: async (docker, options) => outputOf(await docker.run('app:1', ['cat'], options)),
  },
  'run: attach': {
    nth: 2,
    stages: BODY,
    run: async (docker, options) => outputOf(await docker.run('app:1', ['cat'], options)),
  },
  'run: wait': {
    nth: 4,
    stages: BODY,
    run: async (docker, options) => outputOf(await docker.run('app:1', ['cat'], options)),
  },
  copyTo: {
    stages: ['upload', ...POOLED],
    run: (docker, options, { upload, size }) =>
      docker.containers.copyTo('web', [{ path: 'data', content: upload(), size }], '/', options),
  },
  copyFrom: {
    stages: ANSWER,
    repeats: true,
    run: (docker, options) =>
      inFolder(async (folder) => {
        await docker.containers.copyFrom('web', '/file', folder, options)
        return (await readFile(join(folder, 'file'))).length
      }),
  },
  save: {
    stages: ANSWER,
    repeats: true,
    run: async (docker, options) => sizeOf(await docker.images.save('app', options)),
  },
  'save, endless': {
    stages: BODY,
    style: 'endless',
    run: async (docker, options) => sizeOf(await docker.images.save('app', options)),
  },
  load: { stages: ['upload', ...ANSWER], run: (docker, options, { upload }) => docker.images.load(upload(), options) },
  pull: { stages: ANSWER, run: (docker, options) => docker.images.pull('app:1', options) },
  'build, classic': {
    stages: ['upload', ...ANSWER],
    run: async (docker, options, { upload }) => docker.images.build(upload(), { builder: 'classic', ...options }),
  },
  'build, BuildKit': { nth: 2, stages: BODY, run: buildkit },
  'build, its session': { stages: ['upload', 'between'], run: buildkit },
} satisfies Readonly<Record<string, Call>>

export type CallName = keyof typeof CALLS
