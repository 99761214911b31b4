import type { KeyObject, X509Certificate } from 'node:crypto'
import { ours, sentence, type Sentence } from '../../base/sentence.ts'
import { isDockerMtlsError, PkiError } from '../../base/errors.ts'
import {
  openCertificate,
  publicKeyOf,
  readCertificate,
  splitPem,
  type CertificateFacts,
} from '../../identity/certificate.ts'
import { keyFingerprint } from '../../pki/key-type.ts'
import { holdsPrivateKey, holdsRequest } from '../../pki/request-pem.ts'

/** The answer to a request. */
export interface Answer {
  /** `cert.pem`. */
  readonly cert: string
  /** `ca.pem`: all other certificates in the answer. */
  readonly ca: string
  readonly x509: X509Certificate
  readonly facts: CertificateFacts
  readonly keyFingerprint256: string
}

/** A certificate and both CAs of a rotation have some kilobytes. */
const MAX_BYTES = 262_144

const TAKE_ANSWER = sentence`Use the whole file that this command wrote:  ${ours('cert', 'sign', 'NAME.csr')}`

/**
 * Splits an answer into the client certificate and the CA certificates.
 *
 * @param input - PEM
 * @param file - how errors name it
 * @throws {@link PkiError} ERR_CERTIFICATE_INVALID
 */
export function readAnswer(input: string | Uint8Array, file: string): Answer {
  const text = textOf(input, file)
  const certificates = openAll(text, file)
  const leaves = certificates.filter(({ facts }) => !facts.isCa)
  const [leaf] = leaves
  if (leaf === undefined || leaves.length > 1) {
    throw invalid(
      file,
      certificates.length === 0 ? noneIn(text) : `it contains ${leaves.length} client certificates instead of one`,
    )
  }
  const cas = certificates.filter(({ facts }) => facts.isCa)
  if (cas.length === 0) throw invalid(file, 'it does not contain the CA certificate')
  return {
    cert: leaf.pem,
    ca: cas.map(({ pem }) => pem).join(''),
    x509: leaf.x509,
    facts: leaf.facts,
    keyFingerprint256: keyFingerprint(leaf.publicKey),
  }
}

function textOf(input: string | Uint8Array, file: string): string {
  const bytes = Buffer.byteLength(input)
  if (bytes > MAX_BYTES) throw invalid(file, `it has ${bytes} bytes, more than any answer has`)
  const text = typeof input === 'string' ? input : new TextDecoder().decode(input)
  if (!holdsPrivateKey(text)) return text
  const todo = sentence`A key that was sent is no longer secret. Create a new one and have its request signed:  ${ours('client', 'request', 'NAME', '--force')}`
  throw invalid(file, 'it contains a private key', todo)
}

interface Opened {
  readonly pem: string
  readonly x509: X509Certificate
  readonly facts: CertificateFacts
  readonly publicKey: KeyObject
}

function openAll(text: string, file: string): Opened[] {
  try {
    return splitPem(text, file).map((pem) => {
      const x509 = openCertificate(pem, file)
      return { pem, x509, facts: readCertificate(x509, file), publicKey: publicKeyOf(x509, file) }
    })
  } catch (cause) {
    throw isDockerMtlsError(cause) ? invalid(file, cause.got, 'Copy the whole file again.', cause) : cause
  }
}

function noneIn(text: string): string {
  if (holdsRequest(text)) return 'it is the request, not the signed answer'
  return 'it contains no certificate'
}

function invalid(file: string, got: string, todo: Sentence = TAKE_ANSWER, cause?: unknown): PkiError {
  return new PkiError('ERR_CERTIFICATE_INVALID', { tried: `reading ${file}`, got, todo, cause })
}
