import { createPrivateKey, sign } from 'node:crypto'
import { formatPem, readPem } from '../../../lib/identity/certificate.ts'
import { bitString, children, decode, encode, type Asn1 } from '../../../lib/pki/der.ts'
import { readRequest } from '../../../lib/pki/read-request.ts'
import { createRequest } from '../../../lib/pki/request.ts'
import { demand, type Target } from '../target.ts'

const LABEL = 'CERTIFICATE REQUEST'

/** A key of ours, and the signed part of a request for it. The same key in each process of a run would be a secret. */
let own: { readonly key: string; readonly info: Buffer; readonly algorithm: Asn1 | undefined } | undefined

async function seeds(): Promise<string[]> {
  const { request } = await createRequest({ name: 'alice' })
  return [request, request.replaceAll('\n', '\r\n'), request.replaceAll(LABEL, `NEW ${LABEL}`)]
}

async function infoSeeds(): Promise<Buffer[]> {
  const { request, key } = await createRequest({ name: 'alice' })
  const [info, algorithm] = children(decode(readPem(request, 'ours')[0]?.der ?? new Uint8Array()))
  own = { key, info: info ? encode(info) : Buffer.alloc(0), algorithm }
  return [own.info, withExtensions(own.info)]
}

/** With the extensions that clients ask for: basicConstraints, keyUsage, extendedKeyUsage, subjectAltName. */
function withExtensions(info: Buffer): Buffer {
  const extensions =
    '3041300c0603551d130101ff04023000300e0603551d0f0101ff040403020780' +
    '30130603551d25040c300a06082b06010505070302300c0603551d1104053003820161'
  const attribute = Buffer.from(
    `304f06092a864886f70d01090e3142${extensions.slice(0, 2)}40${extensions.slice(4)}`,
    'hex',
  )
  const parts = children(decode(info)).slice(0, 3).map(encode)
  const body = Buffer.concat([...parts, Buffer.from([0xa0, attribute.length]), attribute])
  return Buffer.concat([Buffer.from([0x30, 0x82, body.length >> 8, body.length & 0xff]), body])
}

/** Signs whatever the signed part has become, since nothing behind the check of the signature would be read otherwise. */
function readSigned(info: Buffer): void {
  const { key = '', algorithm } = own ?? {}
  const signature = sign('sha256', info, createPrivateKey(key))
  const rest = Buffer.concat([algorithm ? encode(algorithm) : Buffer.alloc(0), encode(bitString(signature))])
  const body = Buffer.concat([info, rest])
  const head = Buffer.from([0x30, 0x83, 0, 0, 0])
  head.writeUIntBE(body.length, 2, 3)
  check(formatPem(LABEL, Buffer.concat([body.length < 65_536 ? shortHead(body.length) : head, body])))
}

/** DER has one encoding of a length, and the reader insists on it. */
function shortHead(length: number): Buffer {
  if (length < 0x80) return Buffer.from([0x30, length])
  return length < 0x100 ? Buffer.from([0x30, 0x81, length]) : Buffer.from([0x30, 0x82, length >> 8, length & 0xff])
}

function check(input: string | Buffer): void {
  const { name, keyFingerprint256 } = readRequest(input)
  demand(/^[\w.@-]+$/.test(name) && name.length <= 64, `the name is ${JSON.stringify(name)}`)
  demand(keyFingerprint256.length === 95, 'there is no fingerprint')
}

export const targets: readonly Target[] = [
  {
    name: 'request',
    seeds,
    read: check,
    format: 'pem',
    words: [`-----BEGIN ${LABEL}-----\n`, 'PRIVATE KEY'],
    pace: 4,
    accepts: 0,
  },
  { name: 'request-signed', seeds: infoSeeds, format: 'der', read: readSigned, pace: 4 },
]
