/** The jobs of a worker except pings. */
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from '../contenders/contender.ts'
import type { Task } from './tasks.ts'

type Job = Extract<Task, { kind: 'job' }>

const open = new Set<() => Promise<void>>()

/** @returns the job's count: bytes, containers or streams */
export async function perform(client: Client, { job, target, count }: Job): Promise<number> {
  let sum = 0
  for (let done = 0; done < count; done++) sum += await once(client, job, target)
  return sum
}

async function once(client: Client, job: Job['job'], target: string): Promise<number> {
  switch (job) {
    case 'readLog':
    case 'archiveDown':
      return (await client[job]?.(target)) ?? missing(job)
    case 'list':
      return (await client.list?.()) ?? missing(job)
    case 'exec':
      await (client.exec?.(target) ?? missing(job))
      return 1
    case 'archiveUp':
      return archiveUp(client, target)
    case 'openEvents':
    case 'readEvents':
      open.add(await (client[job]?.() ?? missing(job)))
      return 1
    case 'closeEvents':
      return closeEvents()
  }
}

function missing(job: string): never {
  throw new Error(`it has no ${job}`)
}

async function closeEvents(): Promise<number> {
  const closing = [...open].map((close) => close())
  open.clear()
  await Promise.all(closing)
  // A socket closes only after some turns of the event loop.
  await delay(200)
  return closing.length
}

/** Sends a tar with one file of zeros. `target` is `CONTAINER:FOLDER:BYTES`. */
async function archiveUp(client: Client, target: string): Promise<number> {
  const [container = '', folder = '', bytes = ''] = target.split(':')
  const size = Number(bytes)
  await (client.archiveUp?.(`${container}:${folder}`, Readable.from(tarOfZeros(size))) ?? missing('archiveUp'))
  return size
}

const BLOCK = 512
const CHUNK: Buffer = Buffer.alloc(64 * 1024)

/**
 * A ustar archive (POSIX pax, "ustar Interchange Format"), generated while it is read, so that only the client uses
 * memory for it.
 */
function* tarOfZeros(size: number): Generator<Buffer> {
  yield header(size)
  for (let left = size; left > 0; left -= CHUNK.length) yield CHUNK.subarray(0, Math.min(left, CHUNK.length))
  yield Buffer.alloc(((BLOCK - (size % BLOCK)) % BLOCK) + 2 * BLOCK)
}

function header(size: number): Buffer {
  const block = Buffer.alloc(BLOCK)
  block.write('zeros', 0)
  block.write(`0000644\0${'0000000\0'.repeat(2)}`, 100)
  block.write(`${size.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0`, 124)
  block.write(' '.repeat(8) + '0', 148)
  block.write('ustar\x0000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}
