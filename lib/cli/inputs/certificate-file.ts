import { promises as fs } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { FileError, PkiError } from '../../base/errors.ts'
import type { Io } from '../terminal/io.ts'

/** No chain of certificates is longer; a wrong path might be. */
const MAX_BYTES = 1_048_576

/** What people take for a certificate, by its PEM label. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY/, 'it is a private key, and no certificate'],
  [/BEGIN (?:NEW )?CERTIFICATE REQUEST/, 'it is a request for a certificate, and not signed yet'],
  [/BEGIN (?:[A-Z0-9]+ )?PUBLIC KEY/, 'it is a public key, and no certificate'],
  [/BEGIN OPENSSH /, 'it is a key for ssh, and no certificate'],
]

/**
 * Reads the certificates in a file, or on stdin for `-`.
 *
 * @returns each as PEM, or the bytes where the file is DER
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
  const got = OTHERS.find(([pattern]) => pattern.test(text))?.[1] ?? 'there is no whole certificate in it'
  throw new PkiError('ERR_CERTIFICATE_INVALID', {
    tried: `reading ${path}`,
    got,
    todo: 'Name the certificate: cert.pem, server-cert.pem or ca.pem.',
  })
}

/** What is cut short is looked at by what it seems to be. */
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
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, and no certificate is that long`)
    return await fs.readFile(path)
  } catch (cause) {
    throw new FileError('ERR_FILE_READ', {
      tried: `reading ${path}`,
      got: (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (cause as Error).message,
      todo: 'Name a file with a certificate that you may read.',
      cause,
    })
  }
}
