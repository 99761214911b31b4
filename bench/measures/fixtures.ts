import { request } from 'node:http'
import { dockerLocally } from '../../test/daemon/harness/docker-cli.ts'
import { IMAGE, makeImage } from '../../test/daemon/harness/image.ts'
import type { SecuredDaemon } from '../../test/daemon/harness/secured.ts'
import type { Log } from './logs.ts'

/** A typical line of a server's log, 120 bytes with its newline. */
const LINE = `2026-01-01T00:00:00Z INFO request served in 12 ms ${'x'.repeat(69)}`

async function docker(daemon: SecuredDaemon, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await dockerLocally(daemon, args, { timeout: 300_000 })
  if (code !== 0) throw new Error(`docker ${args.join(' ')} failed: ${stderr}`)
  return stdout.trim()
}

/** Runs a container that prints lines of this total length, and waits for its end. */
export async function writeLog(daemon: SecuredDaemon, wanted: number): Promise<Log> {
  const image = await makeImage(daemon)
  const lines = Math.ceil(wanted / (LINE.length + 1))
  const script = `yes '${LINE}' | head -n ${lines}`
  // Doesn't wait by reading the log, since reading is what we measure.
  const container = await docker(daemon, 'run', '-d', image, 'sh', '-c', script)
  await docker(daemon, 'wait', container)
  return { container, bytes: lines * (LINE.length + 1) }
}

/** Starts an idle container for archives and execs. */
export async function startIdle(daemon: SecuredDaemon): Promise<string> {
  return docker(daemon, 'run', '-d', await makeImage(daemon), 'sleep', '100000')
}

/** Checks the size of a file in a container and removes the file. @throws Error if the size is wrong */
export async function checkAndRemoveFile(
  daemon: SecuredDaemon,
  container: string,
  path: string,
  size: number,
): Promise<void> {
  const actual = await docker(daemon, 'exec', container, 'sh', '-c', `stat -c %s ${path}; rm -f ${path}`)
  if (actual !== String(size)) throw new Error(`${path} has ${actual} bytes and not ${size}`)
}

/** Creates a file of zeros in a container. */
export async function writeFileOfZeros(
  daemon: SecuredDaemon,
  container: string,
  path: string,
  size: number,
): Promise<void> {
  await docker(daemon, 'exec', container, 'sh', '-c', `head -c ${size} /dev/zero > ${path}`)
}

/** Creates containers without starting them. */
export async function createContainers(daemon: SecuredDaemon, count: number): Promise<void> {
  const Image = await makeImage(daemon)
  const body = JSON.stringify({ Image, Cmd: ['true'], Labels: { bench: 'yes', stage: 'test' } })
  for (let made = 0; made < count; made++) await post(daemon.place.socketPath, '/containers/create', body)
}

/** Causes an event, and nothing else: the image has this tag already. */
export async function causeEvent({ place }: SecuredDaemon): Promise<void> {
  await post(place.socketPath, `/images/${IMAGE}/tag?repo=busybox&tag=again`, '')
}

function post(socketPath: string, path: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const asked = request({ socketPath, path, method: 'POST', headers }, (answer) => {
      answer.resume().once('error', reject)
      answer.once('end', () =>
        answer.statusCode === 201 ? resolve() : reject(new Error(`status ${answer.statusCode}`)),
      )
    })
    asked.once('error', reject).end(body)
  })
}

/** Reads the first complete frames of a log as the daemon sends them. */
export function readFrames(daemon: SecuredDaemon, container: string, atLeast: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const path = `/v1.45/containers/${container}/logs?stdout=true&stderr=true`
    const asked = request({ socketPath: daemon.place.socketPath, path }, (answer) => {
      const chunks: Buffer[] = []
      let size = 0
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size >= atLeast) answer.destroy()
      })
      answer.once('close', () => resolve(wholeFrames(Buffer.concat(chunks))))
      answer.on('error', () => undefined)
    })
    asked.once('error', reject).end()
  })
}

function wholeFrames(bytes: Buffer): Buffer {
  let end = 0
  for (
    let next = 0;
    next <= bytes.length;
    next = end + 8 + (end + 8 <= bytes.length ? bytes.readUInt32BE(end + 4) : Infinity)
  ) {
    end = next
  }
  return bytes.subarray(0, end)
}
