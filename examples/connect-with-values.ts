/**
 * Connects with values instead of files, for an app with a secret store. Options that name the daemon or its certificates
 * replace the environment: DOCKER_HOST has no effect here.
 */
import { connect, path } from 'docker-mtls'

/** Replace it with your secret store. */
function secret(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`the secret ${name} is not set`)
  return value
}

async function main(): Promise<void> {
  const docker = await connect({
    host: secret('DEPLOY_HOST'),
    ca: secret('DEPLOY_CA'),
    cert: secret('DEPLOY_CERT'),
    key: secret('DEPLOY_KEY'),
    connectTimeout: 5_000,
  })
  try {
    const { peer } = docker.dispatcher
    console.log(`${peer?.tlsVersion} to ${peer?.certificate.names.dns.join(', ')} as ${peer?.client.commonName}`)
    // Any request of the Engine API; path`` encodes its parameters.
    const answer = await docker.request({ method: 'GET', path: path`/volumes`, query: { filters: {} } })
    console.log(answer.status, await answer.json())
  } finally {
    await docker.close()
  }
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
