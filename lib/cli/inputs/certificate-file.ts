import { PkiError } from '../../base/errors.ts'
import type { Io } from '../terminal/io.ts'
import { inputName, readInput } from './input-file.ts'

/** Files that people mistake for a certificate, by their PEM label. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY/, 'it is a private key, not a certificate'],
  [/BEGIN (?:NEW )?CERTIFICATE REQUEST/, 'it is a certificate request, which nobody has signed yet'],
  [/BEGIN (?:[A-Z0-9]+ )?PUBLIC KEY/, 'it is a public key, not a certificate'],
  [/BEGIN OPENSSH /, 'it is an SSH key, not a certificate'],
]

/** The usual names of certificate files, but not of keys. */
const CERTIFICATES = /(?<!key)\.(?:pem|crt|cer|der)$/i

/**
 * Reads the certificates in a file, or on stdin for `-`.
 *
 * @returns each as PEM, or the bytes of a DER file
 * @throws {@link PkiError} ERR_CERTIFICATE_INVALID, which says what the file is instead
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readCertificates(path: string, io: Io): Promise<(string | Uint8Array)[]> {
  const bytes = await readInput(path, io, {
    what: 'the certificate',
    todo: 'Name a certificate file that you can read.',
    names: CERTIFICATES,
  })
  const text = bytes.toString('latin1')
  if (!text.includes('-----BEGIN')) return [bytes]
  const { splitPem } = await import('../../identity/certificate.ts')
  const certificates = splitOrNone(() => splitPem(text, path))
  if (certificates.length > 0) return certificates
  const got = OTHERS.find(([pattern]) => pattern.test(text))?.[1] ?? 'it contains no complete certificate'
  throw new PkiError('ERR_CERTIFICATE_INVALID', {
    tried: `reading ${inputName(path)}`,
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
