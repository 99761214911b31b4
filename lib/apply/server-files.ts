import { createPrivateKey } from 'node:crypto'
import { join } from 'node:path'
import { isDockerMtlsError, PkiError } from '../base/errors.ts'
import { ours, sentence } from '../base/sentence.ts'
import { enumerate } from '../base/text.ts'
import {
  type CertificateFacts,
  isIssuedBy,
  openCertificate,
  publicKeyOf,
  readCertificate,
  splitPem,
} from '../identity/certificate.ts'
import { inspectCertificate } from '../pki/inspect.ts'
import { isEncryptedKey } from '../pki/load-ca.ts'
import { readIfThere } from '../base/files.ts'
import { SERVER_FILES } from './server-folder.ts'

/** The server's three files as PEM, and facts of its certificate. */
export interface ServerFiles {
  readonly ca: string
  readonly cert: string
  /** Absent: it is on the host already, and stays there. */
  readonly key?: string
  readonly facts: CertificateFacts
}

/**
 * Loads the server's files from a folder and checks them, so that faults that would keep dockerd from starting, or clients
 * from connecting, are found before anything is changed.
 *
 * @param folder - the folder `server` that `init` created, or a copy of it
 * @throws {@link PkiError} ERR_PKI_FILE_INVALID, naming the file
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function loadServerFiles(folder: string): Promise<ServerFiles> {
  const [ca, cert, key] = await Promise.all(SERVER_FILES.map((name) => readIfThere(join(folder, name))))
  const missing = SERVER_FILES.filter((_, index) => [ca, cert, key][index] === undefined)
  if (ca === undefined || cert === undefined || key === undefined) {
    throw invalid(folder, `${enumerate(missing)} ${missing.length === 1 ? 'is' : 'are'} missing`)
  }
  return checkServerFiles({ ca, cert, key }, folder)
}

/** Checks the files as a set. */
export function checkServerFiles({ ca, cert, key }: Omit<ServerFiles, 'facts'>, folder: string): ServerFiles {
  const path = join(folder, 'server-cert.pem')
  try {
    const certificate = openCertificate(cert, path)
    const verdict = inspectCertificate(cert, path).verdicts.find(({ role }) => role === 'server')
    if (verdict?.ok === false) throw invalid(path, verdict.because)
    refuseForeign(ca, certificate, folder)
    const fault = key === undefined ? undefined : keyFault(key, certificate)
    if (fault !== undefined) throw invalid(join(folder, 'server-key.pem'), fault)
    return { ca, cert, ...(key !== undefined && { key }), facts: readCertificate(certificate, path) }
  } catch (cause) {
    if (!isDockerMtlsError(cause) || cause.code === 'ERR_PKI_FILE_INVALID') throw cause
    throw invalid(path, cause.got, cause)
  }
}

/** dockerd itself doesn't mind, but no client that trusts this CA could connect. */
function refuseForeign(ca: string, certificate: ReturnType<typeof openCertificate>, folder: string): void {
  const path = join(folder, 'ca.pem')
  if (ca.includes('PRIVATE KEY')) throw invalid(path, 'it contains a private key, but everybody can read that file')
  const cas = splitPem(ca, path).map((pem) => openCertificate(pem, path))
  if (cas.length === 0) throw invalid(path, 'it contains no certificate')
  const other = cas.find(({ ca: isCa }) => !isCa)
  if (other !== undefined) throw invalid(path, `${other.subject.replaceAll('\n', ', ')} in it is not a CA`)
  const fault = cas.map(unusableKey).find((one) => one !== undefined)
  if (fault !== undefined) throw invalid(path, fault)
  if (!isIssuedBy(certificate, cas))
    throw invalid(join(folder, 'server-cert.pem'), 'no CA in the ca.pem beside it has issued it')
}

/** Whoever can sign with the key of a CA gets in as every client. */
function unusableKey(ca: ReturnType<typeof openCertificate>): string | undefined {
  try {
    publicKeyOf(ca)
    return undefined
  } catch (error) {
    return isDockerMtlsError(error) ? error.got : String(error)
  }
}

function keyFault(pem: string, certificate: ReturnType<typeof openCertificate>): string | undefined {
  if (isEncryptedKey(pem)) return 'it is encrypted, and dockerd does not start with an encrypted key'
  try {
    return certificate.checkPrivateKey(createPrivateKey(pem)) ? undefined : 'it is not the key of server-cert.pem'
  } catch {
    return 'it is not a private key in PEM'
  }
}

function invalid(path: string, got: string, cause?: unknown): PkiError {
  return new PkiError('ERR_PKI_FILE_INVALID', {
    tried: `checking the server's files, ${path}`,
    got,
    todo: sentence`Copy the whole server/ folder that init created. If the original is faulty, too, renew the server's certificate:  ${ours('cert', 'renew', '--server')}`,
    cause,
  })
}
