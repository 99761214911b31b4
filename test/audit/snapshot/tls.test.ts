import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { before, describe, test } from 'node:test'
import { evaluate } from '../../../lib/audit/report.ts'
import { TLS_CHECKS } from '../../../lib/audit/checks/tls.ts'
import { collectTls } from '../../../lib/audit/snapshot/collect-tls.ts'
import type { DockerClient } from '../../../lib/index.ts'
import { readCertificate } from '../../../lib/identity/certificate.ts'
import { createAuthority, issueClient, issueServer } from '../../../lib/pki.ts'
import { snapshotOf } from '../support/tls-snapshots.ts'

/** A port on which nothing listens, as any port of a daemon looks from behind a proxy. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe('a connection that is only possible through a proxy', () => {
  let docker: DockerClient
  before(async () => {
    const authority = await createAuthority()
    const { cert } = await issueServer(authority, { names: ['localhost'] })
    const client = readCertificate((await issueClient(authority, { name: 'tester' })).cert)
    docker = {
      endpoint: { kind: 'tls', host: '127.0.0.1', port: await closedPort(), prefix: '' },
      dispatcher: {
        peer: { tlsVersion: 'TLSv1.3', cipher: 'x', certificate: readCertificate(cert), client },
        identity: { current: () => Promise.resolve({ client, caPem: authority.certificate }) },
      },
    } as never
  })

  test('leaves everything unknown that only a direct connection shows', async () => {
    const { findings } = evaluate(snapshotOf({ tls: await collectTls(docker, {}) }), TLS_CHECKS)
    assert.deepEqual([...new Set(findings.map(({ status }) => status))], ['unknown'])
    assert.ok(findings.every(({ detail }) => (detail ?? '') !== ''))
  })
})
