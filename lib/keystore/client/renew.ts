import type { X509Certificate } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { IdentityError, isDockerMtlsError, PkiError } from '../../base/errors.ts'
import { isThere, KEY_MODE, PUBLIC_MODE, readIfThere } from '../../base/files.ts'
import { ours, sentence, type Sentence } from '../../base/sentence.ts'
import { certificatesIn, openCertificate, readCertificate, type CertificateFacts } from '../../identity/certificate.ts'
import { isRenewalIssuer, originOf } from '../../identity/origin.ts'
import { readSet } from '../../identity/read-set.ts'
import { alternativeNames, subjectBytes } from '../../identity/structure.ts'
import { keyTypeOf, KEY_TYPES, type KeyType } from '../../pki/key-type.ts'
import { isEncryptedKey } from '../../pki/load-ca.ts'
import { createRequest } from '../../pki/request.ts'
import { caPaths, clientFilesIn, clientsFolder } from '../layout.ts'
import { settleSwap, swapFiles } from '../swap.ts'

/** Options of {@link renewClient}. */
export interface RenewClientOptions {
  /** The folder with `ca.pem`, `cert.pem` and `key.pem`. */
  readonly folder: string
  /** Sends a request to the gateway, over a connection with the certificate in the folder, and returns `cert.pem`. */
  readonly send: (request: string) => Promise<string>
  /** See `IdentityOptions`. */
  readonly foreignClientCa?: boolean
}

/** A client whose certificate was renewed. */
export interface RenewedClient {
  readonly folder: string
  readonly client: CertificateFacts
  /** When the first certificate of its line ends, and with it all renewals. */
  readonly lineEnds: Date
}

/**
 * Renews a client's certificate through a gateway: creates a key of the same type, has it signed, checks what came back, and only then
 * replaces `key.pem` and `cert.pem`. The old files are not kept.
 *
 * @throws {@link PkiError} ERR_RENEWAL_REFUSED if what came back is no renewed certificate of this client
 * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE, ERR_FILE_EXISTS
 */
export async function renewClient({
  folder,
  send,
  foreignClientCa = false,
}: RenewClientOptions): Promise<RenewedClient> {
  const paths = clientFilesIn(folder)
  await refuseCaFolder(folder)
  await settleSwap(paths, { keep: false })
  const [ca = '', cert = '', key = ''] = await Promise.all(
    [paths.ca, paths.cert, paths.key].map((path) => readIfThere(path)),
  )
  if (isEncryptedKey(key))
    throw refused(folder, 'key.pem is encrypted, and a new key would not be', 'Renew it on the machine with the CA.')
  const old = openCertificate(cert, paths.cert)
  // The name in the request doesn't count.
  const request = await createRequest({ name: 'client', keyType: keyTypeFor(readCertificate(old)) })
  const answer = await send(request.request)
  const { x509, ...renewed } = check(answer, { folder, old, key: request.key, ca, foreignClientCa })
  await swapFiles(
    paths,
    [
      { path: paths.key, data: request.key, mode: KEY_MODE },
      { path: paths.cert, data: answer, mode: PUBLIC_MODE },
    ],
    { keep: false },
  )
  return { folder, client: readCertificate(x509, paths.cert), ...renewed }
}

/** The ledger of a CA lists what is in its own folder: a certificate from elsewhere there would be a conflict. */
async function refuseCaFolder(folder: string): Promise<void> {
  const root = resolve(folder, '../..')
  const isOfCa = resolve(folder, '..') === clientsFolder(root) && (await isThere(caPaths(root).ledger))
  if (!isOfCa) return
  const todo = sentence`Copy the three files to the machine of the client, or renew the certificate with the CA:  ${ours('cert', 'renew', basename(folder), '--dir', root)}`
  throw refused(folder, 'the folder is part of the one with the CA', todo)
}

/** The same type, or the default for one that docker-mtls doesn't create. */
function keyTypeFor({ key }: CertificateFacts): KeyType {
  return KEY_TYPES.find((type) => type === keyTypeOf(key)) ?? 'p256'
}

interface Expected {
  readonly folder: string
  readonly old: X509Certificate
  readonly key: string
  readonly ca: string
  readonly foreignClientCa: boolean
}

/** Is it a certificate of this client for the new key? Only such a one may replace the old one. */
function check(
  answer: string,
  { folder, old, key, ca, foreignClientCa }: Expected,
): { readonly x509: X509Certificate; readonly lineEnds: Date } {
  const texts = {
    ca: { name: 'ca.pem', text: ca },
    cert: { name: 'the renewed certificate', text: answer },
    key: { name: 'the new key', text: key },
  }
  try {
    const now = Date.now()
    // As before a connection: dates, purpose, key, and the chain to ca.pem.
    readSet(texts, { foreignClientCa }, { now })
    const [x509, issuer] = certificatesIn(answer, 'the renewed certificate') as [X509Certificate, X509Certificate?]
    const fault = faultOf(x509, old)
    const origin = originOf(x509)
    if (fault !== undefined) throw refused(folder, fault)
    if (origin === undefined || issuer === undefined || !isRenewalIssuer(issuer))
      throw refused(folder, 'what came back does not say which certificate it renews')
    return { x509, lineEnds: origin.validTo }
  } catch (cause) {
    if (cause instanceof PkiError) throw cause
    throw refused(folder, isDockerMtlsError(cause) ? cause.got : (cause as Error).message, undefined, cause)
  }
}

function faultOf(x509: X509Certificate, old: X509Certificate): string | undefined {
  const was = originOf(old) ?? { fingerprint256: old.fingerprint256 }
  if (Buffer.compare(subjectBytes(x509.raw), subjectBytes(old.raw)) !== 0) return 'what came back has another subject'
  if (namesOf(x509) !== namesOf(old)) return 'what came back has other names'
  if (readCertificate(x509).purposes?.join(' ') !== 'clientAuth') return 'what came back is not for clients alone'
  if (originOf(x509)?.fingerprint256 !== was.fingerprint256) return 'what came back renews another certificate'
  return undefined
}

function namesOf({ raw }: X509Certificate): string {
  const { dns, uri, ip } = alternativeNames(raw)
  return JSON.stringify([dns, uri, ip].map((names) => names.map((name) => Buffer.from(name).toString('hex'))))
}

const FROM_CA = sentence`Nothing was changed. If the gateway is the right one, issue a new certificate on the machine with the CA:  ${ours('cert', 'client', 'NAME', '--renew')}`

function refused(folder: string, got: string, todo: Sentence = FROM_CA, cause?: unknown): PkiError {
  return new PkiError('ERR_RENEWAL_REFUSED', { tried: `renewing the certificate in ${folder}`, got, todo, cause })
}

/** Is an error the end of a client's renewals? Another one may pass. */
export function endsRenewals(error: unknown): boolean {
  return error instanceof IdentityError || isDockerMtlsError(error, 'ERR_RENEWAL_REFUSED')
}
