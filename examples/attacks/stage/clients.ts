import { connect, isDockerMtlsError, type DockerClient } from 'docker-mtls'
import { Refusal } from '../attack.ts'
import { ask, type Pair } from './ask.ts'
import type { Client } from './target.ts'

const IMAGE = 'registry.example/app'
const USERNAME = 'alice'

/** A client that encrypts and doesn't verify, or doesn't even encrypt. */
export function naiveClient(pair: Pair): Client {
  return {
    pull: (port, password) => pullNaively(port, password, pair),
    pullPlainly: (port, password) => pullNaively(port, password),
    env: ['DOCKER_HOST=tcp://build02.example.com:2375'],
  }
}

async function pullNaively(port: number, password: string, tls?: Pair): Promise<void> {
  const auth = Buffer.from(JSON.stringify({ username: USERNAME, password })).toString('base64')
  const way = { name: 'the client', port, ...(tls && { tls }) }
  const path = `/images/create?fromImage=${IMAGE}`
  await ask(way, { method: 'POST', path, headers: { 'X-Registry-Auth': auth } })
}

/** A client that uses this package. */
export function ourClient(certPath: string): Client {
  return {
    pull: (port, password) => pull(() => connect({ host: `tcp://127.0.0.1:${port}`, certPath }, {}), password),
    pullPlainly: (port, password) => pull(() => connect({}, { DOCKER_HOST: `tcp://127.0.0.1:${port}` }), password),
    env: ['DOCKER_HOST=tcp://build02.example.com:2376', 'DOCKER_TLS_VERIFY=1', 'DOCKER_CERT_PATH=/certs'],
  }
}

async function pull(open: () => Promise<DockerClient>, password: string): Promise<void> {
  let docker: DockerClient | undefined
  try {
    docker = await open()
    await docker.images.pull(IMAGE, { auth: { username: USERNAME, password } })
  } catch (error) {
    if (isDockerMtlsError(error)) throw new Refusal(`${error.code}, ${error.got}`, { cause: error })
    throw error
  } finally {
    await docker?.close()
  }
}
