/**
 * Uses dockerode with this connection, for an exec whose output still arrives after its input has ended.
 *
 *     tsx examples/interop-dockerode.ts IMAGE
 */
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import Docker from 'dockerode'
import { connect } from 'docker-mtls'
import { toDockerodeOptions } from 'docker-mtls/interop'

/** Sends a text through `cat` in a container. */
async function echo(docker: Docker, image: string, input: string): Promise<string> {
  const container = await docker.createContainer({ Image: image, Cmd: ['sleep', '60'] })
  try {
    await container.start()
    const exec = await container.exec({ Cmd: ['cat'], AttachStdin: true, AttachStdout: true, AttachStderr: true })
    // With `hijack` this is the connection itself. Without it, dockerode destroys the connection on end(), and you lose
    // output.
    const stream = await exec.start({ hijack: true, stdin: true })
    const stdout = new PassThrough()
    docker.modem.demuxStream(stream, stdout, process.stderr)
    stream.once('end', () => stdout.end())
    stream.end(input)
    return await text(stdout)
  } finally {
    await container.remove({ force: true })
  }
}

async function main(image: string): Promise<void> {
  const client = await connect()
  try {
    const docker = new Docker(toDockerodeOptions(client))
    const input = 'through cat and back\n'.repeat(100_000)
    console.log(`dockerode: ${input.length} bytes sent, ${(await echo(docker, image, input)).length} received`)
  } finally {
    await client.close()
  }
}

main(process.argv[2] ?? 'busybox').catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
