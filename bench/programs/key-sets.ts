/** Prints the time for each key set in milliseconds. The first includes one-time loading. */
import { X509Certificate } from 'node:crypto'
import type * as pki from '../../lib/pki.ts'

const [, , entry = '', keyType, sets] = process.argv
const { createAuthority, issueClient, issueServer } = (await import(entry)) as typeof pki

async function makeSet(type: pki.KeyType): Promise<string[]> {
  const authority = await createAuthority({ keyType: type })
  const server = await issueServer(authority, { names: ['build01.example.com', '10.0.0.4'], keyType: type })
  const client = await issueClient(authority, { name: 'alice', keyType: type })
  await authority.exportKey()
  return [authority.certificate, server.cert, client.cert]
}

function check([ca = '', ...leaves]: string[]): void {
  const { publicKey } = new X509Certificate(ca)
  if (!leaves.every((leaf) => new X509Certificate(leaf).verify(publicKey))) throw new Error('a wrong key set')
}

const times: number[] = []
for (let set = 0; set < Number(sets); set++) {
  const began = performance.now()
  const made = await makeSet(keyType as pki.KeyType)
  times.push(performance.now() - began)
  check(made)
}
process.stdout.write(JSON.stringify(times))
