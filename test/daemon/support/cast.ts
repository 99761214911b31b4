import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAuthority, issueClient, issueServer, type IssuedCertificate, type KeyType } from '../../../lib/pki.ts'
import { generateKeys } from '../../../lib/pki/key-type.ts'
import { makeCa, makeClient, type Made } from '../../support/openssl-certs.ts'
import { makeCrl } from './revocation.ts'

/** All keys of a table for one key type: its certificates are made from these, since a key of RSA-4096 takes a second. */
export interface Cast {
  readonly keyType: KeyType
  /** Our authority with its key, for certificates that our own functions wouldn't issue. */
  readonly ca: Made
  readonly server: Made
  readonly client: Made
  /** Two authorities that nobody trusts, the second under the name of ours. */
  readonly otherCa: Made
  readonly sameNamedCa: Made
  /** Of our authority, and on its list of what it has revoked. */
  readonly revoked: Made
  readonly crl: string
}

/** Makes an authority with its leaves by our own functions, and two foreign ones by openssl. */
export async function makeCast(keyType: KeyType): Promise<Cast> {
  const [authority, foreign] = await Promise.all([createAuthority({ keyType }), generateKeys(keyType)])
  const key = foreign.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const [server, client, otherCa, sameNamedCa, caKey] = await Promise.all([
    issueServer(authority, { names: ['localhost'], keyType }),
    issueClient(authority, { name: 'tester', keyType }),
    makeCa({ commonName: 'Another CA', key }),
    makeCa({ commonName: authority.facts.commonName ?? '', key }),
    authority.exportKey(),
  ])
  const ca = { cert: authority.certificate, key: caKey }
  const revoked = await makeClient(ca, { commonName: 'revoked', key: client.key })
  const crl = await makeCrl(ca, revoked)
  return { keyType, ca, server: pairOf(server), client: pairOf(client), otherCa, sameNamedCa, revoked, crl }
}

/** What we issue shows its key to nobody who only copies it. */
function pairOf({ cert, key }: IssuedCertificate): Made {
  return { cert, key }
}

/** The files of a certificate folder; what is left out isn't written. */
export interface FolderFiles {
  readonly ca?: string
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** Writes a folder as DOCKER_CERT_PATH names it, or an incomplete one. */
export async function writeCertFolder(folder: string, files: FolderFiles): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const [name, text] of Object.entries(files)) {
    if (text !== undefined) await writeFile(join(folder, `${name}.pem`), text, { mode: 0o600 })
  }
  return folder
}
