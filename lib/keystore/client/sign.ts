import { ArgumentError, FileError, PkiError } from '../../base/errors.ts'
import { PUBLIC_MODE, writeFileAtomically, readIfThere } from '../../base/files.ts'
import { readCertificate, splitPem } from '../../identity/certificate.ts'
import { PkiFolder } from '../folder.ts'
import { readRequest } from '../../pki/read-request.ts'
import type { FolderSignOptions, FolderSignResult } from '../sign-client.ts'
import { casIn, type TrustedAuthority } from './trust.ts'
import { refuseFolder } from '../../base/rendered-file.ts'

/** What {@link signRequestInto} is told besides. */
export interface SignIntoOptions extends FolderSignOptions {
  /** The folder that `init` made. */
  readonly folder: string
  /** The file for the answer, by the client's name; undefined: none is written. */
  readonly out: (name: string) => string | undefined
  /**
   * SHA-256 of the public key that is expected, in hexadecimal: another one is refused.
   *
   * @defaultValue any key is signed
   */
  readonly fingerprint?: string | undefined
}

/** A request that was signed, and where its answer is. */
export interface SignReport extends FolderSignResult {
  readonly out: string | undefined
  /** Whom the answer makes its client trust. */
  readonly authorities: readonly TrustedAuthority[]
}

/**
 * Signs a client's request, keeps the certificate in the folder, and writes the answer into a file.
 *
 * @param request - PKCS#10 as PEM
 * @throws the errors of {@link PkiFolder.signClient}
 * @throws {@link PkiError} ERR_REQUEST_REFUSED where its key is another one than expected
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID
 * @throws {@link FileError} ERR_FILE_EXISTS where the file for the answer is something else, ERR_FILE_WRITE
 */
export async function signRequestInto(
  request: string | Uint8Array,
  { folder, out, fingerprint, ...options }: SignIntoOptions,
): Promise<SignReport> {
  const { name, file } = options
  const read = readRequest(request, { ...(name !== undefined && { name }), ...(file !== undefined && { file }) })
  if (fingerprint !== undefined) checkFingerprint(fingerprint, read.keyFingerprint256, file)
  const path = out(read.name)
  if (path !== undefined) await refuseOther(path, read.name)
  const result = await new PkiFolder(folder).signClient(request, options)
  if (path !== undefined) await writeFileAtomically(path, result.answer, { mode: PUBLIC_MODE })
  const [, ...authorities] = splitPem(result.answer)
  return { ...result, out: path, authorities: casIn(authorities.join('')) }
}

function checkFingerprint(expected: string, is: string, file = 'the request'): void {
  const digits = expected.replaceAll(/[:\s]/g, '').toUpperCase()
  if (!/^[\dA-F]{64}$/.test(digits)) {
    throw new ArgumentError('ERR_ARGUMENT_INVALID', {
      tried: `comparing the key of ${file}`,
      got: 'the expected SHA-256 is not one: it has no 64 hexadecimal digits',
      todo: "Give it as client request has printed it on the client's machine, with or without colons.",
    })
  }
  if (digits === is.replaceAll(':', '')) return
  throw new PkiError('ERR_REQUEST_REFUSED', {
    tried: `comparing the key of ${file}`,
    got: `its SHA-256 is ${is}, and not the expected one`,
    todo: 'Nothing was signed. The request is not the one that was made there: somebody else made it, or it is an older one.',
  })
}

/** An earlier answer to the same client makes room, since the folder keeps what was in it; anything else doesn't. */
async function refuseOther(path: string, name: string): Promise<void> {
  await refuseFolder(path, `${name}.pem`)
  const text = await readIfThere(path)
  if (text === undefined || nameIn(text) === name) return
  throw new FileError('ERR_FILE_EXISTS', {
    tried: `writing ${path}`,
    got: 'a file of that name is there already, and is no answer to this client',
    todo: 'Choose another name with  --out FILE , or move that file away first. Nothing was signed.',
  })
}

function nameIn(text: string): string | undefined {
  if (text.includes('PRIVATE KEY-')) return undefined
  try {
    const [first = ''] = splitPem(text)
    return readCertificate(first).commonName
  } catch {
    return undefined
  }
}
