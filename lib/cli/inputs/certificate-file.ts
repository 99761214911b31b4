import { promises as fs } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { FileError, PkiError } from '../../base/errors.ts'
import { readFault } from '../../base/files.ts'
import type { Io } from '../terminal/io.ts'

/** More than any certificate chain has; a wrong path may lead to a large file. */
const MAX_BYTES = 1_048_576

/** Files that people mistake for a certificate, by their PEM label. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY/, 'it is a private key, not a certificate'],
  [/BEGIN (?:NEW )?CERTIFICATE REQUEST/, 'it is a certificate request, which nobody has signed yet'],
  [/BEGIN (?:[A-Z0-9]+ )?PUBLIC KEY/, 'it is a public key, not a certificate'],
  [/BEGIN OPENSSH /, 'it is an SSH key, not a certificate'],
]

/**
 * Reads the certificates in a file, or on stdin for `-`.
 *
 * @returns each as PEM, or the bytes of a DER file
 * @throws {@link PkiError} ERR_CERTIFICATE_INVALID, which says what the file is instead
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readCertificates(path: string, io: Io): Promise<(string | Uint8Array)[]> {
  const bytes = path === '-' ? await buffer(io.stdin) : await readBytes(path)
  const text = bytes.toString('latin1')
  if (!text.includes('-----BEGIN')) return [bytes]
  const { splitPem } = await import('../../identity/certificate.ts')
  const certificates = splitOrNone(() => splitPem(text, path))
  if (certificates.length > 0) return certificates
  const got = OTHERS.find(([pattern]) => pattern.test(text))?.[1] ?? 'it contains no complete certificate'
  throw new PkiError('ERR_CERTIFICATE_INVALID', {
    tried: `reading ${path}`,
    got,
    todo: 'Name a certificate file: cert.pem, server-cert.pem or ca.pem.',
  })
}

/** A file that is cut short is then recognized by its label. */
function splitOrNone(split: () => string[]): string[] {
  try {
    return split()
  } catch {
    return []
  }
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    const { size } = await fs.stat(path)
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, more than any certificate`)
    return await fs.readFile(path)
  } catch (cause) {
    throw new FileError('ERR_FILE_READ', {
      tried: `reading ${path}`,
      got: readFault(cause),
      todo: 'Name a certificate file that you can read.',
      cause,
    })
  }
}
