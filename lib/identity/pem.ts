import { IdentityError } from '../base/errors.ts'
import type { Sentence } from '../base/sentence.ts'

/** One block of a PEM text (RFC 7468). */
export interface PemBlock {
  /** The label after BEGIN: `CERTIFICATE`, `PRIVATE KEY`, ... */
  readonly label: string
  /** The block alone, in the strict form that every reader accepts. */
  readonly text: string
  /** The decoded bytes. */
  readonly der: Uint8Array
}

const BOUNDARY = /^-----(BEGIN|END) ([A-Z0-9 ]+)-----$/
/** Of a length that 4 divides. Groups of four would overflow the stack with a revocation list of 100,000 certificates. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/
/** `Proc-Type: 4,ENCRYPTED` and the like (RFC 1421 section 4.6), which only the old form of encrypted keys has. */
const HEADER = /^[A-Za-z-]+:/

/**
 * Splits a PEM text into its certificates. Other blocks, text between the blocks, CRLF and a byte order mark are ignored.
 *
 * @param text - the text of a PEM file
 * @param name - how errors name it
 * @returns each certificate as a PEM block of its own; empty if there is none
 * @throws {@link IdentityError} ERR_IDENTITY_NOT_PEM if a block is truncated or garbled
 */
export function splitPem(text: string, name = 'the PEM text'): string[] {
  return readPem(text, name)
    .filter(({ label }) => label === 'CERTIFICATE')
    .map((block) => block.text)
}

/** All blocks of a PEM text, in their order. A truncated or garbled block is an error that names the text. */
export function readPem(text: string, name: string): PemBlock[] {
  const blocks: PemBlock[] = []
  let label: string | undefined
  let lines: string[] = []
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    const [, edge, found = ''] = BOUNDARY.exec(line.trim()) ?? []
    if (edge === 'BEGIN') {
      if (label !== undefined) throw notPem(name, `its block ${label} has no END line before the next block begins`)
      label = found
      lines = []
    } else if (edge === 'END') {
      if (label === undefined) throw notPem(name, `it has an END ${found} line without the BEGIN line`)
      if (label !== found) throw notPem(name, `its block ${label} ends as ${found}`)
      blocks.push(readBlock(label, lines, name))
      label = undefined
    } else if (label !== undefined) {
      lines.push(line.trim())
    }
  }
  if (label !== undefined) throw notPem(name, `it is cut short: its block ${label} has no END line`)
  return blocks
}

/** Bytes as PEM (RFC 7468 section 2): 64 characters a line. */
export function formatPem(label: string, der: Uint8Array, headers: readonly string[] = []): string {
  const base64 = Buffer.from(der).toString('base64')
  const head = headers.length === 0 ? [] : [...headers, '']
  const body = base64.match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...head, ...body, `-----END ${label}-----`, ''].join('\n')
}

function readBlock(label: string, lines: readonly string[], name: string): PemBlock {
  const headers = lines.filter((line) => HEADER.test(line))
  const base64 = lines.filter((line) => !HEADER.test(line)).join('')
  if (base64 === '') throw notPem(name, `its block ${label} is empty`)
  if (base64.length % 4 > 0 || !BASE64.test(base64)) throw notPem(name, `its block ${label} is garbled (not base64)`)
  const der = Buffer.from(base64, 'base64')
  return { label, der, text: formatPem(label, der, headers) }
}

const COPY_AGAIN = 'Copy the complete file again from the machine that created it.'

/** The error for a text that isn't the expected PEM. `got` says what it is instead. */
export function notPem(name: string, got: string, todo: Sentence = COPY_AGAIN): IdentityError {
  return new IdentityError('ERR_IDENTITY_NOT_PEM', {
    tried: `reading ${name}`,
    got,
    todo,
  })
}
