import { createHash, createPrivateKey, createPublicKey, generatePrimeSync, sign, type KeyObject } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatPem, readPem } from '../../../lib/identity/certificate.ts'
import {
  decode,
  encode,
  implicitSet,
  integer,
  nothing,
  octetString,
  oid,
  sequence,
  set,
  type Asn1,
} from '../../../lib/pki/der.ts'
import { bitString, children, utf8String } from '../../../lib/pki/der.ts'
import { keyFactsOf } from '../../../lib/identity/public-key.ts'
import { publicPart, signingWith } from '../../../lib/pki/key-type.ts'
import { rsa } from '../../support/broken-keys.ts'
import { runCommand } from '../../support/command.ts'
import { temporaryFolder, type Cleanable } from '../../support/temporary.ts'

const LABEL = 'CERTIFICATE REQUEST'

/** What openssl is told. */
export interface OpensslRequest {
  readonly key: string
  /** Its parts, each behind a slash. @defaultValue `/CN=alice` */
  readonly subject?: string
  /** Lines of an extension section: `basicConstraints=critical,CA:TRUE`. */
  readonly extensions?: readonly string[]
  /** Lines of an attributes section: `challengePassword=secret`. */
  readonly attributes?: readonly string[]
  /** Further words of the command line: `-sha1`. */
  readonly words?: readonly string[]
}

/** A request by the openssl command. */
export async function opensslRequest(t: Cleanable, options: OpensslRequest): Promise<string> {
  const { key, subject = '/CN=alice', extensions = [], attributes = [], words = [] } = options
  const folder = await temporaryFolder(t)
  const lines = [
    '[req]',
    'distinguished_name=name',
    'prompt=no',
    ...(extensions.length === 0 ? [] : ['req_extensions=ext']),
    ...(attributes.length === 0 ? [] : ['attributes=att']),
    '[name]',
    ...subject.split('/').slice(1),
    '[ext]',
    ...extensions,
    '[att]',
    ...attributes,
  ]
  await writeFile(join(folder, 'key.pem'), key, { mode: 0o600 })
  await writeFile(join(folder, 'req.cnf'), `${lines.join('\n')}\n`)
  const command = ['req', '-new', '-config', 'req.cnf', '-key', 'key.pem', '-utf8', ...words]
  const { code, stdout, stderr } = await runCommand('openssl', command, { cwd: folder })
  if (code !== 0) throw new Error(`openssl req failed: ${stderr}`)
  return stdout
}

/** A request by GnuTLS' certtool; `lines` are those of its template. */
export async function certtoolRequest(t: Cleanable, key: string, lines: readonly string[]): Promise<string> {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'key.pem'), key, { mode: 0o600 })
  await writeFile(join(folder, 'template'), `${lines.join('\n')}\n`)
  const command = ['--generate-request', '--load-privkey', 'key.pem', '--template', 'template']
  const { code, stdout, stderr } = await runCommand('certtool', command, { cwd: folder })
  if (code !== 0) throw new Error(`certtool failed: ${stderr}`)
  return stdout
}

/** What a request of our own writing is made of, each part as odd as it likes. */
export interface OddRequest {
  readonly version?: Asn1
  readonly subject?: Asn1
  readonly keyInfo?: Asn1
  readonly attributes?: readonly Asn1[]
  /** In place of `[0]` with the attributes. */
  readonly attributeField?: readonly Asn1[]
  readonly algorithm?: Asn1
  /** Who signs, where it isn't the key in it. */
  readonly signer?: string
  /** Signs what is to be signed, where OpenSSL can't. */
  readonly sign?: (info: Buffer) => Buffer
  readonly unusedBits?: number
}

/** A request that our own functions wouldn't make. */
export function oddRequest(key: string, odd: OddRequest = {}): string {
  const privateKey = createPrivateKey(key)
  const signer = odd.signer === undefined ? privateKey : createPrivateKey(odd.signer)
  const info = sequence(
    odd.version ?? integer(0),
    odd.subject ?? subjectOf('alice'),
    odd.keyInfo ?? keyInfoOf(privateKey),
    ...(odd.attributeField ?? [implicitSet(0, ...(odd.attributes ?? []))]),
  )
  const signing = signingWith(keyFactsOf(signer))
  if (signing === undefined) throw new Error('no way to sign')
  const signed = odd.sign?.(encode(info)) ?? sign(signing.digest, encode(info), signer)
  const signature = bitString(signed, odd.unusedBits)
  return requestPem(encode(sequence(info, odd.algorithm ?? signing.algorithm, signature)))
}

/** RFC 8017 section 9.2, of SHA-256. */
const DIGEST_INFO = '3031300d060960864801650304020105000420'

/** A request for an RSA key whose modulus is a prime n: its private exponent is the inverse of 65537 modulo n - 1. */
export function primeRequest(key: string): string {
  const prime = generatePrimeSync(2048)
  const n = BigInt(`0x${Buffer.from(prime).toString('hex')}`)
  let multiple = n
  while (multiple % 65_537n !== 0n) multiple += n - 1n
  return oddRequest(key, {
    keyInfo: decode(rsa(Buffer.concat([Buffer.of(0), Buffer.from(prime)]), Buffer.of(1, 0, 1))),
    algorithm: sequence(oid('1.2.840.113549.1.1.11'), nothing()),
    sign: (info) => {
      const end = `00${DIGEST_INFO}${createHash('sha256').update(info).digest('hex')}`
      const padded = BigInt(`0x0001${end.padStart(508, 'f')}`)
      return Buffer.from(
        power(padded, multiple / 65_537n, n)
          .toString(16)
          .padStart(512, '0'),
        'hex',
      )
    },
  })
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus
    if (bit === '1') result = (result * base) % modulus
  }
  return result
}

export function requestPem(der: Uint8Array): string {
  return formatPem(LABEL, der)
}

export function requestBytes(pem: string): Buffer {
  return Buffer.from(readPem(pem, 'the request')[0]?.der ?? [])
}

/** The request with one part of another: `info`, `algorithm` and `signature` are its three. */
export function withPart(pem: string, index: 0 | 1 | 2, part: Asn1): string {
  return requestPem(encode(sequence(...children(decode(requestBytes(pem))).with(index, part))))
}

export function partOf(pem: string, index: 0 | 1 | 2): Asn1 {
  const part = children(decode(requestBytes(pem)))[index]
  if (part === undefined) throw new Error('no such part')
  return part
}

/** A subject of common names, each a part of its own. */
export function subjectOf(...names: readonly (string | Asn1)[]): Asn1 {
  return sequence(
    ...names.map((name) => set(sequence(oid('2.5.4.3'), typeof name === 'string' ? utf8String(name) : name))),
  )
}

/** The attribute that asks for extensions. */
export function extensionRequest(extensions: readonly Asn1[], id = '1.2.840.113549.1.9.14'): Asn1 {
  return sequence(oid(id), set(sequence(...extensions)))
}

export function wish(id: string, value: Asn1 | Buffer): Asn1 {
  return sequence(oid(id), octetString(Buffer.isBuffer(value) ? value : encode(value)))
}

function keyInfoOf(privateKey: KeyObject): Asn1 {
  return publicPart(createPublicKey(privateKey)).info
}
