import { ours, sentence } from '../base/sentence.ts'
import { isDockerMtlsError } from '../base/errors.ts'
import { readPem, type PemBlock } from '../identity/certificate.ts'
import { invalid } from './request-fault.ts'

/** A request for an 8192-bit RSA key with every field that openssl asks for has about 4 kB. */
const MAX_BYTES = 65_536

/** RFC 7468 section 7, and what older tools write. */
const LABELS: ReadonlySet<string> = new Set(['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'])

/** The label of the requests that we write. */
export const REQUEST_LABEL = 'CERTIFICATE REQUEST'

const SEND_REQUEST = sentence`Pass the file NAME.csr that this command created on the client's machine:  ${ours('client', 'request', 'NAME')}`

const KEY_SEEN = sentence`A private key must never leave the client's machine. Create a new key there, and send only NAME.csr:  ${ours('client', 'request', 'NAME', '--force')}`

/** Does a text, even a damaged one, contain a private key? */
export function holdsPrivateKey(text: string): boolean {
  return /-BEGIN [A-Z0-9 ]*PRIVATE KEY-/.test(text)
}

/** Does a text, even a damaged one, contain a request? */
export function holdsRequest(text: string): boolean {
  return [...LABELS].some((label) => text.includes(`-BEGIN ${label}-`))
}

/** Returns the DER of the one request in a text. Errors name the kind of anything else in it and never quote it. */
export function requestDer(input: string | Uint8Array): Uint8Array {
  const bytes = Buffer.byteLength(input)
  if (bytes > MAX_BYTES) throw invalid(`it has ${bytes} bytes, more than any request has`, undefined, SEND_REQUEST)
  const text = typeof input === 'string' ? input : new TextDecoder().decode(input)
  if (holdsPrivateKey(text)) throw invalid('it contains a private key', undefined, KEY_SEEN)
  const blocks = blocksOf(text)
  const requests = blocks.filter(({ label }) => LABELS.has(label))
  const [request] = requests
  if (request === undefined) throw invalid(insteadOf(blocks, input), undefined, SEND_REQUEST)
  if (requests.length > 1)
    throw invalid(`it contains ${requests.length} requests`, undefined, 'Sign each request separately.')
  return request.der
}

function blocksOf(text: string): PemBlock[] {
  try {
    return readPem(text, 'the request')
  } catch (cause) {
    throw isDockerMtlsError(cause) ? invalid(cause.got, cause, 'Copy the whole file again.') : cause
  }
}

function insteadOf([first]: readonly PemBlock[], input: string | Uint8Array): string {
  if (first === undefined) {
    // A SEQUENCE: what openssl writes with -outform DER.
    return input[0] === 0x30 || input[0] === '0' ? 'it is binary (DER), not PEM' : 'it is not PEM: it has no BEGIN line'
  }
  if (first.label.endsWith('CERTIFICATE')) return 'it is a certificate, not a request'
  return first.label.endsWith('PUBLIC KEY') ? 'it is only a public key' : `it contains a PEM block ${first.label}`
}
