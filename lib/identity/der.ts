/** One element of DER (X.690 section 8.1): its tag and its contents. */
export interface DerElement {
  readonly tag: number
  readonly contents: Uint8Array
  /** All bytes of this element. */
  readonly bytes: Uint8Array
  /** The enclosing bytes after this element. */
  readonly rest: Uint8Array
}

/** The tags in the first part of a certificate (X.690 section 8, RFC 5280 section 4.1). */
export const TAG = {
  integer: 0x02,
  oid: 0x06,
  sequence: 0x30,
  context0: 0xa0,
  context3: 0xa3,
  context0String: 0x80,
  context2String: 0x82,
  context6String: 0x86,
  context7String: 0x87,
  boolean: 0x01,
  bitString: 0x03,
  octetString: 0x04,
  utf8String: 0x0c,
  printableString: 0x13,
  latinString: 0x14,
  asciiString: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
} as const

/** Reads the first element of these bytes. Throws a RangeError if they aren't DER. */
export function readElement(bytes: Uint8Array): DerElement {
  const tag = byteAt(bytes, 0)
  const first = byteAt(bytes, 1)
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  // 0x80 is BER's indefinite length, which DER forbids; four bytes are more than any certificate needs.
  if (first === 0x80 || lengthBytes > 4) throw new RangeError('not DER: bad length')
  let length = lengthBytes === 0 ? first : 0
  for (let index = 0; index < lengthBytes; index++) length = length * 256 + byteAt(bytes, 2 + index)
  const start = 2 + lengthBytes
  const end = start + length
  if (end > bytes.length) throw new RangeError('not DER: it ends too early')
  return { tag, contents: bytes.subarray(start, end), bytes: bytes.subarray(0, end), rest: bytes.subarray(end) }
}

/** Reads the only element of these bytes. */
export function readWhole(bytes: Uint8Array): DerElement {
  const element = readElement(bytes)
  if (element.rest.length > 0) throw new RangeError('not DER: there are bytes after its end')
  return element
}

/** All elements in these bytes, one after the other. */
export function readElements(bytes: Uint8Array): DerElement[] {
  const elements: DerElement[] = []
  for (let rest = bytes; rest.length > 0;) {
    const element = readElement(rest)
    elements.push(element)
    rest = element.rest
  }
  return elements
}

/** OpenSSL's limit for the text of an object identifier (CVE-2023-2650). In bytes. */
const LONGEST_OID = 586

/** An object identifier in its dotted form (X.690 section 8.19). Its numbers may have 128 bits, as below 2.25. */
export function readOid(contents: Uint8Array): string {
  if (contents.length > LONGEST_OID) throw new RangeError('not DER: an object identifier is too long')
  const arcs: bigint[] = []
  let arc = 0n
  for (const byte of contents) {
    arc = arc * 128n + BigInt(byte & 0x7f)
    if (byte < 0x80) {
      arcs.push(arc)
      arc = 0n
    }
  }
  const [head = 0n, ...tail] = arcs
  const top = head < 80n ? head / 40n : 2n
  return [top, head - top * 40n, ...tail].join('.')
}

/**
 * Text of a name: UTF8String, PrintableString and IA5String, and the two old kinds (X.680 section 41). A byte order mark belongs to the name,
 * as it does for Go.
 */
export function readText({ tag, contents }: DerElement): string {
  const encoding = tag === TAG.bmpString ? 'utf-16be' : tag === TAG.latinString ? 'latin1' : 'utf-8'
  return new TextDecoder(encoding, { ignoreBOM: true }).decode(contents)
}

/**
 * The same text, if all readers agree on it: of a string type, valid, and ASCII in the types that have no other characters,
 * or that programs decode differently (T61String). Undefined otherwise.
 */
export function readExactText({ tag, contents }: DerElement): string | undefined {
  if (tag === TAG.utf8String) return decode('utf-8', contents)
  if (tag === TAG.bmpString) return decode('utf-16be', contents)
  const isText = [TAG.printableString, TAG.asciiString, TAG.latinString].some((one) => one === tag)
  return isText && contents.every((byte) => byte < 0x80) ? decode('utf-8', contents) : undefined
}

function decode(encoding: string, bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function byteAt(bytes: Uint8Array, index: number): number {
  const byte = bytes[index]
  if (byte === undefined) throw new RangeError('not DER: it ends too early')
  return byte
}
