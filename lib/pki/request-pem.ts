import { isDockerMtlsError } from '../base/errors.ts'
import { readPem, type PemBlock } from '../identity/certificate.ts'
import { invalid } from './request-fault.ts'

/** Of an RSA key with 8192 bits and all that openssl asks for, a request has some 4 kB. */
const MAX_BYTES = 65_536

/** RFC 7468 section 7, and what older tools write. */
const LABELS: ReadonlySet<string> = new Set(['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'])

/** The label that we write. */
export const REQUEST_LABEL = 'CERTIFICATE REQUEST'

const SEND_REQUEST =
  "Give the request: the file NAME.csr that  docker-mtls client request NAME  made on the client's machine."

const KEY_SEEN =
  "A key must not leave the client's machine. If this is one in use, make another there,  docker-mtls client request " +
  'NAME --force , and send NAME.csr alone.'

/** The DER of the one request that a text holds. What else is in the text is told by its kind, and never repeated. */
export function requestDer(input: string | Uint8Array): Uint8Array {
  const bytes = Buffer.byteLength(input)
  if (bytes > MAX_BYTES) throw invalid(`it has ${bytes} bytes, and no request is that long`, undefined, SEND_REQUEST)
  const text = typeof input === 'string' ? input : new TextDecoder().decode(input)
  if (/-BEGIN [A-Z0-9 ]*PRIVATE KEY-/.test(text)) throw invalid('there is a private key in it', undefined, KEY_SEEN)
  const blocks = blocksOf(text)
  const requests = blocks.filter(({ label }) => LABELS.has(label))
  const [request] = requests
  if (request === undefined) throw invalid(insteadOf(blocks, input), undefined, SEND_REQUEST)
  if (requests.length > 1) throw invalid(`it holds ${requests.length} requests`, undefined, 'Sign them one by one.')
  return request.der
}

function blocksOf(text: string): PemBlock[] {
  try {
    return readPem(text, 'the request')
  } catch (cause) {
    throw isDockerMtlsError(cause) ? invalid(cause.got, cause, 'Copy the file again, whole.') : cause
  }
}

function insteadOf([first]: readonly PemBlock[], input: string | Uint8Array): string {
  if (first === undefined) {
    // A SEQUENCE: what openssl writes with -outform DER.
    return input[0] === 0x30 || input[0] === '0' ? 'it is binary (DER), not PEM' : 'it is not PEM: it has no BEGIN line'
  }
  if (first.label.endsWith('CERTIFICATE')) return 'it is a certificate, and no request for one'
  return first.label.endsWith('PUBLIC KEY') ? 'it is a public key alone' : `it holds a block ${first.label}`
}
