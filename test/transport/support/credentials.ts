import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAuthority, issueClient, issueServer, type Authority, type KeyType } from '../../../lib/pki.ts'
import type { PeerCredentials } from '../../support/tls-servers.ts'

/** One CA with a server and a client of it, in memory. */
export interface Credentials {
  readonly authority: Authority
  /** What a server shows and asks for. */
  readonly server: PeerCredentials
  /** What `loadIdentity` and `connect` take. */
  readonly client: { readonly ca: string; readonly cert: string; readonly key: string }
}

export async function makeCredentials(options: { commonName?: string; keyType?: KeyType } = {}): Promise<Credentials> {
  const authority = await createAuthority(options)
  const keyType = options.keyType ?? 'p256'
  const [server, client] = await Promise.all([
    issueServer(authority, { names: ['localhost'], keyType }),
    issueClient(authority, { name: 'alice', keyType }),
  ])
  return {
    authority,
    server: { ca: server.ca, cert: server.cert, key: server.key },
    client: { ca: client.ca, cert: client.cert, key: client.key },
  }
}

/** Writes the three files of a client, all or some of them. */
export async function writeClient(folder: string, files: Partial<Credentials['client']>): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, `${name}.pem`), text, { mode: name === 'key' ? 0o600 : 0o644 })
  }
}
