import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { before, describe, test } from 'node:test'
import { createServer, type TlsOptions } from 'node:tls'
import { loadIdentity, parseHost, type Peer, type TlsEndpoint } from '../../lib/index.ts'
import { tlsConnector } from '../../lib/transport/tls.ts'
import type { Cleanable } from '../support/temporary.ts'
import { hasMlKem } from '../support/ml-kem.ts'
import { makeCredentials, type Credentials } from './support/credentials.ts'

/** What a server of node:tls allows, and the group of the connection. */
const ROWS: readonly (readonly [TlsOptions, group: string])[] = [
  [{}, hasMlKem() ? 'X25519MLKEM768' : 'X25519'],
  [{ ecdhCurve: 'X25519' }, 'X25519'],
  [{ ecdhCurve: 'P-256' }, 'P-256'],
  [{ ecdhCurve: 'P-384' }, 'P-384'],
  [{ ecdhCurve: 'P-521' }, 'P-521'],
  [{ ecdhCurve: 'ffdhe3072' }, 'ffdhe3072'],
  [{ maxVersion: 'TLSv1.2' }, 'X25519'],
  [{ maxVersion: 'TLSv1.2', ecdhCurve: 'P-256' }, 'P-256'],
  ...(hasMlKem() ? ([[{ ecdhCurve: 'X25519MLKEM768' }, 'X25519MLKEM768']] as const) : []),
]

describe('the key exchange of a connection', () => {
  let credentials: Credentials
  before(async () => {
    credentials = await makeCredentials()
  })

  for (const [options, group] of ROWS) {
    test(`with a server of ${JSON.stringify(options)} is ${group}, also if the session is resumed`, async (t) => {
      const open = await opener(t, credentials, options)
      const [first, second] = [await open(), await open()]
      assert.deepEqual([first.keyExchange, first.resumed], [group, false])
      // TLS 1.2 exchanges no keys for a session that it resumes.
      const again = options.maxVersion === 'TLSv1.2' ? undefined : group
      assert.deepEqual([second.keyExchange, second.resumed], [again, true])
    })
  }
})

/** Opens one connection after the other to a server, and tells who answered each. */
async function opener(
  t: Cleanable,
  { server: files, client }: Credentials,
  options: TlsOptions,
): Promise<() => Promise<Peer>> {
  const server = createServer({ ...files, requestCert: true, rejectUnauthorized: true, ...options }, (socket) => {
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => void server.close())
  const endpoint = parseHost(`localhost:${(server.address() as AddressInfo).port}`) as TlsEndpoint
  let peer: Peer | undefined
  const open = tlsConnector(endpoint, await loadIdentity(client), { timeout: 5_000, onPeer: (met) => (peer = met) })
  return async () => {
    const socket = await open(new AbortController().signal)
    socket.destroy()
    assert.ok(peer)
    return peer
  }
}
