import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { splitPem } from '../../../../lib/identity/certificate.ts'
import { loadIdentity } from '../../../../lib/identity/identity.ts'
import { loadAuthority } from '../../../../lib/pki.ts'
import { checkLedger } from '../../../../lib/keystore/ledger-check.ts'
import { loadServerFiles } from '../../../../lib/apply/server-files.ts'

/** Whose certificate a leaf's is, and whom its `ca.pem` trusts, by their common names. */
export interface LeafLook {
  readonly issuer: string
  readonly trusts: readonly string[]
}

const nameOf = (subject: string): string => /CN=(.*)$/m.exec(subject)?.[1] ?? subject

async function look(folder: string, certName: string): Promise<LeafLook> {
  const cert = new X509Certificate(await readFile(join(folder, certName)))
  const trusted = splitPem(await readFile(join(folder, 'ca.pem'), 'utf8')).map((pem) => new X509Certificate(pem))
  return { issuer: nameOf(cert.issuer), trusts: trusted.map(({ subject }) => nameOf(subject)) }
}

/**
 * Asserts that everything in the folder goes together, as every reader would want it at this moment: each certificate is
 * for the key beside it and of an authority beside it, server and clients trust each other, the authority can sign, and
 * the ledger knows all of it.
 */
export async function assertConsistent(
  root: string,
  passphrase?: string,
): Promise<{ server: LeafLook; clients: Record<string, LeafLook> }> {
  const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8')
  await loadAuthority({
    certificate: await read('ca/ca.pem'),
    key: await read('ca/ca-key.pem'),
    ...(passphrase !== undefined && { passphrase }),
  })
  await checkLedger(root)
  await loadServerFiles(join(root, 'server'))
  const server = await look(join(root, 'server'), 'server-cert.pem')
  const clients: Record<string, LeafLook> = {}
  for (const name of await readdir(join(root, 'clients'))) {
    const folder = join(root, 'clients', name)
    const files = await readdir(folder)
    if (files.includes('key.pem')) await loadIdentity(folder)
    const client = await look(folder, 'cert.pem')
    assert.ok(client.trusts.includes(server.issuer), `${name} trusts the server`)
    assert.ok(server.trusts.includes(client.issuer), `the server trusts ${name}`)
    clients[name] = client
  }
  return { server, clients }
}
