import asn1 from 'node-forge/lib/asn1.js'
import { readElements, readOid as oidText, readWhole, TAG, type DerElement } from '../identity/der.ts'

/** An ASN.1 element, as node-forge represents it. */
export interface Asn1 {
  tagClass: number
  type: number
  constructed: boolean
  /** The contents of a primitive element, one character for each byte, or for each two of a BMPString; the elements of a constructed one. */
  value: string | Asn1[]
}

/** Universal tags (X.680 section 8.6) of certificates, requests and keys. */
export const TYPE = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  octetString: 4,
  null: 5,
  oid: 6,
  enumerated: 10,
  utf8String: 12,
  sequence: 16,
  set: 17,
  printableString: 19,
  ia5String: 22,
  utcTime: 23,
  generalizedTime: 24,
  bmpString: 30,
} as const

export const UNIVERSAL = 0
export const CONTEXT = 0x80

export function sequence(...elements: Asn1[]): Asn1 {
  return sequenceOf(elements)
}

/** Of any length: a call has at most some 100,000 arguments. */
export function sequenceOf(elements: Asn1[]): Asn1 {
  return asn1.create(UNIVERSAL, TYPE.sequence, true, elements)
}

export function set(...elements: Asn1[]): Asn1 {
  return asn1.create(UNIVERSAL, TYPE.set, true, elements)
}

export function oid(dotted: string): Asn1 {
  return primitive(TYPE.oid, asn1.oidToDer(dotted).getBytes())
}

/** In DER, TRUE has one encoding (X.690 section 11.1), and a default of FALSE is omitted (section 11.5). */
export function booleanTrue(): Asn1 {
  return primitive(TYPE.boolean, '\u00ff')
}

export function nothing(): Asn1 {
  return primitive(TYPE.null, '')
}

export function utf8String(text: string): Asn1 {
  return primitive(TYPE.utf8String, binary(Buffer.from(text, 'utf8')))
}

/** UTF-16, as in the names of PKCS#12. */
export function bmpString(text: string): Asn1 {
  return primitive(TYPE.bmpString, text)
}

/** DER sorts a SET OF by the bytes of its elements (X.690 section 11.6). */
export function setOf(...elements: Asn1[]): Asn1 {
  return set(...elements.toSorted((one, other) => Buffer.compare(encode(one), encode(other))))
}

export function octetString(bytes: Uint8Array): Asn1 {
  return primitive(TYPE.octetString, binary(bytes))
}

export function bitString(bytes: Uint8Array, unusedBits = 0): Asn1 {
  return primitive(TYPE.bitString, String.fromCharCode(unusedBits) + binary(bytes))
}

/** A number that isn't negative, in as few bytes as possible (X.690 section 8.3.2). */
export function integer(value: number | Uint8Array): Asn1 {
  const bytes = typeof value === 'number' ? numberBytes(value) : value
  const lead = (bytes[0] ?? 0) >= 0x80 ? '\0' : ''
  return primitive(TYPE.integer, lead + binary(bytes))
}

/** A number that may be negative, by its contents. */
export function signedInteger(bytes: Uint8Array): Asn1 {
  return primitive(TYPE.integer, binary(bytes))
}

/** A number below 128. */
export function enumerated(value: number): Asn1 {
  return primitive(TYPE.enumerated, String.fromCharCode(value))
}

/** RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 on, both with seconds and in UTC. */
export function time(date: Date): Asn1 {
  const digits = `${date.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`
  const year = date.getUTCFullYear()
  if (year >= 1950 && year < 2050) return primitive(TYPE.utcTime, digits.slice(2))
  return primitive(TYPE.generalizedTime, digits)
}

/** `[tag] EXPLICIT`: wraps the element with its tag. */
export function explicit(tag: number, element: Asn1): Asn1 {
  return asn1.create(CONTEXT, tag, true, [element])
}

/** `[tag] IMPLICIT` of a primitive type: contains only the contents. */
export function implicit(tag: number, bytes: Uint8Array): Asn1 {
  return asn1.create(CONTEXT, tag, false, binary(bytes))
}

/** `[tag] IMPLICIT` of a constructed type. */
export function implicitSet(tag: number, ...elements: Asn1[]): Asn1 {
  return asn1.create(CONTEXT, tag, true, elements)
}

export function encode(element: Asn1): Buffer {
  return Buffer.from(asn1.toDer(element).getBytes(), 'latin1')
}

/** More than any certificate or request needs. */
const DEEPEST = 32

/** Reads the elements of DER, with our own reader: the one of node-forge throws errors of its own. Throws a RangeError for anything else. */
export function decode(der: Uint8Array): Asn1 {
  return elementOf(readWhole(der), DEEPEST)
}

function elementOf({ tag, contents: inside }: DerElement, deepest: number): Asn1 {
  const [type, constructed] = [tag & 0x1f, (tag & 0x20) !== 0]
  if (type === 0x1f || deepest === 0)
    throw new RangeError('not DER: it is nested too deeply, or has a tag of several bytes')
  const value = constructed ? readElements(inside).map((one) => elementOf(one, deepest - 1)) : valueOf(tag, inside)
  return asn1.create(tag & 0xc0, type, constructed, value)
}

/** Throws a RangeError for UTF-16 with half a character. */
function valueOf(tag: number, bytes: Uint8Array): string {
  return tag === TAG.bmpString ? Buffer.from(bytes).swap16().toString('utf16le') : binary(bytes)
}

/** Reads only strict DER, of which each value has one encoding. */
export function decodeStrictly(der: Uint8Array): Asn1 {
  const element = decode(der)
  if (!encode(element).equals(der)) throw new RangeError('not DER')
  return element
}

/** The elements in a constructed element; none in a primitive one. */
export function children(element: Asn1 | undefined): Asn1[] {
  return Array.isArray(element?.value) ? element.value : []
}

/** The bytes in a primitive element; none in a constructed one. */
export function contents(element: Asn1 | undefined): Buffer {
  return Buffer.from(typeof element?.value === 'string' ? element.value : '', 'latin1')
}

/** The dotted form of an OID element. */
export function readOid(element: Asn1 | undefined): string {
  return oidText(contents(element))
}

export function isContext(element: Asn1 | undefined, tag: number): boolean {
  return element?.tagClass === CONTEXT && element.type === tag
}

export function isUniversal(element: Asn1 | undefined, type: number): boolean {
  const constructed = type === TYPE.sequence || type === TYPE.set
  return element?.tagClass === UNIVERSAL && element.type === type && element.constructed === constructed
}

export function isBoolean(element: Asn1 | undefined): boolean {
  return element?.tagClass === UNIVERSAL && element.type === TYPE.boolean
}

function primitive(type: number, value: string): Asn1 {
  return asn1.create(UNIVERSAL, type, false, value)
}

function numberBytes(value: number): Buffer {
  const hex = value.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
}

function binary(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
