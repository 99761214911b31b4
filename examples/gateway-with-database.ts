/**
 * A gateway whose rules are in a database: which operations each client may use. A changed row counts for the next request.
 *
 *     tsx examples/gateway-with-database.ts [SOCKET]
 *
 * Whoever may create containers is root on the host: for such clients, use a policy, whose levels also judge what a request contains.
 */
import { connect, isDockerMtlsError, type DockerClient } from 'docker-mtls'
import { createGateway, type AskedRequest, type GatewayIdentity, type Verdict } from 'docker-mtls/gateway'
import { createAuthority, issueClient, issueServer } from 'docker-mtls/pki'
import { identityOfCertificate, readRequest, writeRequest } from 'docker-mtls/policy'
import sqlite from 'node-sqlite3-wasm'

/** SQLite, in memory. Any other database will do. */
const database = new sqlite.Database()
database.exec(`
  CREATE TABLE access (client TEXT, operation TEXT, PRIMARY KEY (client, operation));
  INSERT INTO access VALUES ('ann', 'system.ping'), ('ann', 'system.pingHead'), ('ann', 'containers.list');
`)

/** If the query fails, the gateway refuses the request. */
async function mayUse(client: string, operation: string): Promise<boolean> {
  const query = 'SELECT 1 FROM access WHERE client = ? AND operation = ?'
  return database.get(query, [client, operation]) !== null
}

/** The common name, or the name of the local socket. */
function clientOf(identity: GatewayIdentity): string {
  if ('socket' in identity) return identity.socket
  const read = identityOfCertificate(identity.certificate)
  return ('certificate' in read && read.certificate.commonName) || 'a client without a common name'
}

const refuse = (code: string, message: string): Verdict => ({ allow: false, status: 403, code, message })

async function authorize({ identity, method, target, headers, body }: AskedRequest): Promise<Verdict> {
  const client = clientOf(identity)
  const read = readRequest({ method, target, headers, ...(body !== undefined && { body }) })
  if (!('operation' in read)) return refuse(read.code, `the request can't be read: ${read.got}`)
  const { name: operation } = read.operation
  if (!(await mayUse(client, operation))) return refuse('NOT_IN_DATABASE', `${client} may not use ${operation}`)
  // What was judged is what is sent.
  const written = writeRequest(read)
  const hasBody = written.body !== undefined || body instanceof Uint8Array
  const send = { ...written, body: hasBody ? Buffer.from(written.body ?? '') : undefined }
  return { allow: true, send, decided: { operation, rule: client } }
}

async function tryIt(docker: DockerClient): Promise<string> {
  try {
    const { Containers } = await docker.info()
    return `${Containers} containers`
  } catch (error) {
    if (isDockerMtlsError(error, 'ERR_API_FORBIDDEN')) return `refused: ${error.daemonMessage}`
    if (isDockerMtlsError(error, 'ERR_API_UNAVAILABLE')) return `failed: ${error.daemonMessage}`
    throw error
  }
}

async function main(socketPath: string): Promise<void> {
  const authority = await createAuthority()
  const server = await issueServer(authority, { names: ['localhost'] })
  const client = await issueClient(authority, { name: 'ann' })
  const ca = authority.certificate
  const gateway = await createGateway({
    listen: { host: '127.0.0.1', port: 0 },
    tls: { ca, cert: server.cert, key: server.key },
    daemon: { socketPath },
    authorize,
  })
  const port = 'port' in gateway.address ? gateway.address.port : 0
  const docker = await connect({ host: `tcp://localhost:${port}`, ca, cert: client.cert, key: client.key })
  try {
    console.log(`list: ${(await docker.containers.list()).length} containers run`)
    console.log(`info: ${await tryIt(docker)}`)
    database.run('INSERT INTO access VALUES (?, ?)', ['ann', 'system.info'])
    console.log(`info, with a new row: ${await tryIt(docker)}`)
    database.run('DELETE FROM access WHERE operation = ?', ['system.info'])
    console.log(`info, without it: ${await tryIt(docker)}`)
    database.exec('DROP TABLE access')
    console.log(`info, without a table: ${await tryIt(docker)}`)
  } finally {
    await docker.close()
    await gateway.close()
  }
}

main(process.argv[2] ?? '/run/docker.sock').catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
