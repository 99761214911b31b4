import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { buffer, json } from 'node:stream/consumers'
import { path, type DockerClient, type RequestBody } from '../../../lib/index.ts'

/** A POST whose answer is JSON, or nothing. */
export async function post<T>(docker: DockerClient, where: string, body?: RequestBody): Promise<T> {
  const answer = await docker.request({ method: 'POST', path: where, body })
  return answer.status === 204 ? (undefined as T) : ((await json(answer.body)) as T)
}

/** Creates and starts a container that stays, and gives its id. */
export async function startContainer(docker: DockerClient, image: string): Promise<string> {
  const create = { Image: image, Cmd: ['sleep', '1000'] }
  const { Id } = await post<{ Id: string }>(docker, '/containers/create', create)
  await post(docker, path`/containers/${Id}/start`)
  return Id
}

export interface Executed {
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly exitCode: number
}

/** Runs a command in a container over a hijacked connection: writes its input, half-closes, and reads to the end. */
export async function execute(
  docker: DockerClient,
  container: string,
  Cmd: readonly string[],
  input: Uint8Array = new Uint8Array(),
): Promise<Executed> {
  const wanted = { Cmd, AttachStdin: true, AttachStdout: true, AttachStderr: true }
  const { Id } = await post<{ Id: string }>(docker, path`/containers/${container}/exec`, wanted)
  const socket = await hijack(docker, path`/exec/${Id}/start`)
  const output = buffer(socket)
  if (!socket.write(input)) await once(socket, 'drain')
  socket.end()
  const [stdout, stderr] = demultiplex(await output)
  const inspected = await docker.request({ method: 'GET', path: path`/exec/${Id}/json` })
  const { ExitCode } = (await json(inspected.body)) as { ExitCode: number }
  return { stdout, stderr, exitCode: ExitCode }
}

async function hijack({ dispatcher, apiVersion }: DockerClient, where: string): Promise<Duplex> {
  const { socket } = await dispatcher.upgrade({
    path: `/v${apiVersion}${where}`,
    method: 'POST',
    protocol: 'tcp',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ Detach: false, Tty: false }),
  } as Parameters<typeof dispatcher.upgrade>[0])
  return socket
}

/** Docker's frames: a byte for the stream, three of nothing, four for the length (Engine API, "Stream format"). */
function demultiplex(bytes: Buffer): [stdout: Buffer, stderr: Buffer] {
  const streams: [Buffer[], Buffer[]] = [[], []]
  for (let offset = 0; offset < bytes.length;) {
    const end = offset + 8 + bytes.readUInt32BE(offset + 4)
    streams[bytes[offset] === 2 ? 1 : 0].push(bytes.subarray(offset + 8, end))
    offset = end
  }
  return [Buffer.concat(streams[0]), Buffer.concat(streams[1])]
}
