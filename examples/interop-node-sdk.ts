/**
 * Uses @docker/node-sdk with this connection, for an exec whose output still arrives after its input has ended.
 *
 *     tsx examples/interop-node-sdk.ts IMAGE
 */
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { demultiplexStream, DockerClient, HTTPClient } from '@docker/node-sdk'
import { connect } from 'docker-mtls'
import { toNodeSdkAgent } from 'docker-mtls/interop'

/** Sends a text through an exec. The SDK's execStart() can't write; its HTTPClient returns the connection. */
async function start(http: HTTPClient, exec: string, input: string): Promise<string> {
  const { socket } = await http.upgrade(`/exec/${exec}/start`)
  const stdout = new PassThrough()
  socket.pipe(demultiplexStream(stdout, process.stderr)).once('finish', () => stdout.end())
  socket.end(input)
  return text(stdout)
}

async function main(image: string): Promise<void> {
  const client = await connect()
  const docker = new DockerClient(toNodeSdkAgent(client))
  try {
    console.log(`@docker/node-sdk: API ${await docker.systemPing()}`)
    const { Id } = await docker.containerCreate({ Image: image, Cmd: ['sleep', '60'] })
    await docker.containerStart(Id)
    const wanted = { Cmd: ['cat'], AttachStdin: true, AttachStdout: true, AttachStderr: true }
    const exec = await docker.containerExec(Id, wanted)
    const input = 'through cat and back\n'.repeat(100_000)
    const output = await start(new HTTPClient(toNodeSdkAgent(client), 'example'), exec.Id, input)
    console.log(`${input.length} bytes sent, ${output.length} received`)
    await docker.containerDelete(Id, { force: true })
  } finally {
    // This closes our client as well.
    await docker.close()
  }
}

main(process.argv[2] ?? 'busybox').catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
