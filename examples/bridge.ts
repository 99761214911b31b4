/**
 * Creates a local socket that forwards to the daemon, for tools that only support DOCKER_HOST. A plain HTTP client
 * without TLS then runs an exec through it, ends the input, and still gets the output.
 *
 *     tsx examples/bridge.ts IMAGE
 *     docker-mtls bridge --socket "$XDG_RUNTIME_DIR/docker.sock"      # the same on the command line
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { connect, path, type DockerClient } from 'docker-mtls'
import { bridge } from 'docker-mtls/interop'

/** Like any Docker tool: HTTP over a Unix socket. */
async function startExec(socketPath: string, exec: string): Promise<Duplex> {
  const headers = { 'content-type': 'application/json', connection: 'Upgrade', upgrade: 'tcp' }
  const asked = request({ socketPath, path: `/exec/${exec}/start`, method: 'POST', headers })
  asked.end(JSON.stringify({ Detach: false, Tty: false }))
  const [, socket, first] = (await once(asked, 'upgrade')) as [IncomingMessage, Duplex, Buffer]
  if (first.length > 0) socket.unshift(first)
  return socket
}

async function create(docker: DockerClient, where: string, body: object): Promise<string> {
  const answer = await docker.request({ method: 'POST', path: where, body })
  return (await answer.json<{ Id: string }>()).Id
}

async function count(docker: DockerClient, image: string, socketPath: string): Promise<void> {
  const container = await create(docker, '/containers/create', { Image: image, Cmd: ['sleep', '60'] })
  try {
    await docker.request({ method: 'POST', path: path`/containers/${container}/start` })
    const wanted = { Cmd: ['wc', '-c'], AttachStdin: true, AttachStdout: true }
    const exec = await create(docker, path`/containers/${container}/exec`, wanted)
    const socket = await startExec(socketPath, exec)
    const input = Buffer.alloc(2_000_000, 'over the bridge\n')
    socket.end(input)
    // Docker's frames: a header of 8 bytes before each chunk of output.
    const output = (await buffer(socket)).subarray(8).toString()
    console.log(`${input.length} bytes sent, wc counts ${output}`)
  } finally {
    await docker.request({ method: 'DELETE', path: path`/containers/${container}`, query: { force: true } })
  }
}

async function main(image: string): Promise<void> {
  const docker = await connect()
  // Anyone who can open the socket can become root on the daemon's host, so only you may access its folder.
  const folder = await mkdtemp(join(tmpdir(), 'bridge-'))
  const made = await bridge(docker, join(folder, 'docker.sock'))
  try {
    console.log(`export DOCKER_HOST=unix://${made.path}`)
    await count(docker, image, made.path)
  } finally {
    await made.close()
    await docker.close()
    await rm(folder, { recursive: true })
  }
}

main(process.argv[2] ?? 'busybox').catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
