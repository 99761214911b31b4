import type { X509Certificate } from 'node:crypto'
import { ArgumentError, FileError, PkiError } from '../../base/errors.ts'
import { option, ours, sentence } from '../../base/sentence.ts'
import { PUBLIC_MODE, writeFileAtomically, readIfThere } from '../../base/files.ts'
import { dueAt } from '../../base/expiry.ts'
import {
  isIssuedBy,
  openCertificate,
  publicKeyOf,
  readCertificate,
  splitPem,
  type CertificateFacts,
} from '../../identity/certificate.ts'
import { PkiFolder } from '../folder.ts'
import { clientPaths } from '../layout.ts'
import { readClientIssuer } from '../rotate/cas.ts'
import { refuseRevokedKey } from '../revoked-key.ts'
import { readSettled } from '../swap.ts'
import { keyFingerprint } from '../../pki/key-type.ts'
import { MAX_LEAF_DAYS, parseDays } from '../../pki/lifetime.ts'
import { readRequest, type RequestFacts } from '../../pki/read-request.ts'
import { holdsPrivateKey } from '../../pki/request-pem.ts'
import type { FolderSignOptions, FolderSignResult } from '../sign-client.ts'
import { commonNameIn } from './folder.ts'
import { casIn, type TrustedAuthority } from './trust.ts'
import { refuseFolder } from '../../base/rendered-file.ts'

/** Options of {@link signRequestInto}. */
export interface SignIntoOptions extends FolderSignOptions {
  /** The folder that `init` created. */
  readonly folder: string
  /** Returns the file for the answer to a client; undefined: no file is written. */
  readonly out: (name: string) => string | undefined
  /**
   * The expected SHA-256 of the public key, in hexadecimal. Any other key is refused.
   *
   * @defaultValue any key is signed
   */
  readonly fingerprint?: string | undefined
}

/** The signed request, and the file with the answer. */
export interface SignReport extends FolderSignResult {
  readonly out: string | undefined
  /** The CAs that the client will trust. */
  readonly authorities: readonly TrustedAuthority[]
}

/**
 * Signs a client's request, keeps the certificate in the folder, and writes the answer to a file.
 *
 * @param request - PKCS#10 as PEM
 * @throws the errors of {@link PkiFolder.signClient}
 * @throws {@link PkiError} ERR_REQUEST_REFUSED if its key isn't the expected one
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID
 * @throws {@link FileError} ERR_FILE_EXISTS if the file for the answer exists and is something else, ERR_FILE_WRITE
 */
export async function signRequestInto(
  request: string | Uint8Array,
  { folder, out, fingerprint, ...options }: SignIntoOptions,
): Promise<SignReport> {
  const { path } = await checkRequest(request, { out, fingerprint, ...options })
  const result = await new PkiFolder(folder).signClient(request, options)
  if (path !== undefined) await writeFileAtomically(path, result.answer, { mode: PUBLIC_MODE })
  const [, ...authorities] = splitPem(result.answer)
  return { ...result, out: path, authorities: casIn(authorities.join('')) }
}

/** What can be checked without the folder's CA. */
async function checkRequest(
  request: string | Uint8Array,
  { out, fingerprint, name, file, days }: Omit<SignIntoOptions, 'folder'>,
): Promise<{ readonly facts: RequestFacts; readonly path: string | undefined }> {
  if (days !== undefined) parseDays(days, MAX_LEAF_DAYS)
  const facts = readRequest(request, { ...(name !== undefined && { name }), ...(file !== undefined && { file }) })
  if (fingerprint !== undefined) checkFingerprint(fingerprint, facts.keyFingerprint256, file)
  const path = out(facts.name)
  if (path !== undefined) await refuseOther(path, facts.name)
  return { facts, path }
}

/** A client's certificate. */
export interface SignedBefore {
  readonly name: string
  readonly certificate: CertificateFacts
}

/**
 * Finds the certificate that an earlier signature of this request gave the client: for the same key, from the CA that would
 * sign again, and not due for renewal yet.
 *
 * @returns undefined if signing is a first time, or a renewal
 * @throws {@link PkiError} ERR_REQUEST_INVALID, ERR_REQUEST_REFUSED, ERR_CLIENT_REVOKED if a certificate with this key was revoked,
 *   ERR_NAME_INVALID, ERR_ROTATION_INVALID, ERR_LEDGER_INVALID
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID
 * @throws {@link FileError} ERR_FILE_EXISTS, ERR_FILE_READ
 */
export async function findSignedBefore(
  request: string | Uint8Array,
  options: SignIntoOptions,
): Promise<SignedBefore | undefined> {
  const { facts } = await checkRequest(request, options)
  const { folder } = options
  // Before a question about it.
  await refuseRevokedKey(folder, facts)
  const paths = clientPaths(folder, facts.name)
  const pem = await readSettled(paths, paths.cert)
  const issuer = await readClientIssuer(folder)
  if (pem === undefined || issuer === undefined) return undefined
  const certificate = openIfUsable(pem)
  if (certificate === undefined || keyFingerprint(publicKeyOf(certificate)) !== facts.keyFingerprint256)
    return undefined
  if (!isIssuedBy(certificate, [issuer])) return undefined
  const read = readCertificate(certificate)
  const due = dueAt({ from: read.validFrom.getTime(), to: read.validTo.getTime() })
  return due <= Date.now() ? undefined : { name: facts.name, certificate: read }
}

/** A damaged file is reported when its client is signed. */
function openIfUsable(pem: string): X509Certificate | undefined {
  try {
    return openCertificate(pem)
  } catch {
    return undefined
  }
}

function checkFingerprint(expected: string, is: string, file = 'the request'): void {
  const digits = expected.replaceAll(/[:\s]/g, '').toUpperCase()
  if (!/^[\dA-F]{64}$/.test(digits)) {
    throw new ArgumentError('ERR_ARGUMENT_INVALID', {
      tried: `comparing the key of ${file}`,
      got: 'the expected SHA-256 does not have 64 hexadecimal digits',
      todo: sentence`Use the one that this command printed on the client's machine, with or without colons:  ${ours('client', 'request', 'NAME')}`,
    })
  }
  if (digits === is.replaceAll(':', '')) return
  throw new PkiError('ERR_REQUEST_REFUSED', {
    tried: `comparing the key of ${file}`,
    got: `its SHA-256 is ${is}, not the expected one`,
    todo: 'Nothing was signed. The request is outdated, or somebody else created it: ask the client for its current request.',
  })
}

/** Only an earlier answer to the same client may be replaced, since the folder keeps its contents. */
async function refuseOther(path: string, name: string): Promise<void> {
  await refuseFolder(path, `${name}.pem`)
  const text = await readIfThere(path)
  if (text === undefined || (!holdsPrivateKey(text) && commonNameIn(text) === name)) return
  throw new FileError('ERR_FILE_EXISTS', {
    tried: `writing ${path}`,
    got: 'a file of that name exists, and is not an answer to this client',
    todo: sentence`Nothing was signed. Move that file away, or choose another name with ${option('out', 'FILE')}.`,
  })
}
