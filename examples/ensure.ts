/**
 * Starts a container with its image, network and volume, if they aren't there, or removes them.
 *
 *     tsx examples/ensure.ts IMAGE [--remove]
 */
import { ConflictError, connect, type DockerClient, type Ensured } from 'docker-mtls'

const NAME = 'docker-mtls-example'

function tell(what: string, { changed }: Ensured, done: string): void {
  console.log(`${what}: ${changed ? done : 'unchanged'}`)
}

async function start(docker: DockerClient, image: string): Promise<void> {
  tell('image', await docker.images.ensure(image), 'pulled')
  tell('network', await docker.networks.ensure({ Name: NAME, Internal: true }), 'created')
  tell('volume', await docker.volumes.ensure({ Name: NAME }), 'created')
  const HostConfig = { NetworkMode: NAME, Binds: [`${NAME}:/data`] }
  try {
    await docker.containers.create({ Image: image, Cmd: ['sleep', '1000'], HostConfig }, { name: NAME })
  } catch (error) {
    // It exists already.
    if (!(error instanceof ConflictError)) throw error
  }
  tell('container', await docker.containers.ensureRunning(NAME), 'started')
}

async function remove(docker: DockerClient): Promise<void> {
  await docker.containers.ensureRemoved(NAME)
  await docker.networks.ensureRemoved(NAME)
  await docker.volumes.ensureRemoved(NAME)
}

async function main(image: string, option?: string): Promise<void> {
  const docker = await connect()
  try {
    await (option === '--remove' ? remove(docker) : start(docker, image))
  } finally {
    await docker.close()
  }
}

main(process.argv[2] ?? 'alpine', process.argv[3]).catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
