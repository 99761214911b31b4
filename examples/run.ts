/**
 * Runs a command in a new container, with limits and without a network, and removes the container.
 *
 *     tsx examples/run.ts IMAGE COMMAND...
 */
import { connect } from 'docker-mtls'

async function main(image: string, command: string[]): Promise<number> {
  const docker = await connect()
  try {
    const { exitCode, oomKilled } = await docker.run(image, command, {
      stdout: process.stdout,
      stderr: process.stderr,
      pull: 'missing',
      signal: AbortSignal.timeout(60_000),
      HostConfig: {
        NetworkMode: 'none',
        Memory: 256 * 1024 ** 2,
        PidsLimit: 100,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
      },
    })
    if (oomKilled) console.error('The container exceeded its memory limit.')
    return exitCode
  } finally {
    await docker.close()
  }
}

const [image = 'alpine', ...command] = process.argv.slice(2)
main(image, command).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(error)
    process.exitCode = 1
  },
)
