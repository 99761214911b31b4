import { connect, type DockerClient } from 'docker-mtls'
import type { InitReport } from '../../lib/keystore/init/init.ts'
import type { Progress } from './progress.ts'

/** Connects with this package, using only the `.env` file that `init` wrote. */
export async function connectOurs(progress: Progress, { clients: [client] }: InitReport): Promise<DockerClient> {
  if (client === undefined) throw new Error('init created no client')
  // Passes an empty environment instead of process.env, so that the user's DOCKER_HOST has no effect.
  const open = (): Promise<DockerClient> => connect({ envFile: client.env.path }, {})
  const docker = await progress.step('Connecting with this package', open, describe)
  const { Version, Os, Arch } = await docker.version()
  progress.note(`Docker Engine ${Version} on ${Os}/${Arch}, API ${docker.apiVersion}`)
  return docker
}

function describe({ dispatcher: { peer } }: DockerClient): string {
  return `Connected with this package: ${peer?.tlsVersion} to ${peer?.certificate.names.ip[0]}, as ${peer?.client.commonName}`
}
