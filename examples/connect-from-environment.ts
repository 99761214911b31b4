/**
 * Connects to the daemon that DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH name, as the docker command does, and
 * prints its version.
 *
 *     docker-mtls client env      # prints the variables
 */
import { connect, isDockerMtlsError } from 'docker-mtls'

async function main(): Promise<void> {
  const docker = await connect()
  try {
    const [version, info] = await Promise.all([docker.version(), docker.info()])
    console.log(`Docker Engine ${version.Version}, API ${docker.apiVersion}, chosen by ${docker.endpoint.source}`)
    console.log(
      `${info.Name}: ${info.ContainersRunning} containers running, security: ${info.SecurityOptions.join(' ')}`,
    )
  } finally {
    await docker.close()
  }
}

main().catch((error: unknown) => {
  // The message says what was tried, what came back and what to do; `code` is for programs.
  console.error(isDockerMtlsError(error) ? `${error.code}: ${error.message}` : error)
  process.exitCode = 1
})
