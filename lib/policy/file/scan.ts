import { CST, Lexer } from 'yaml'
import { nameCharacter } from '../../base/text.ts'
import type { Complaint } from './fault.ts'

/** A refused part of the text, before any value is known. */
export interface TextFault {
  readonly offset: number
  readonly says: () => Complaint
}

/** No policy needs more, and the time of the parser grows with it. In bytes. */
const LARGEST = 2 ** 20
/** A policy has six levels. The parser ends the process if there are hundreds of thousands. */
const DEEPEST = 20
const WIDEST_INDENT = 200

/**
 * Characters that show a reader something else than the parser reads: control characters, line separators, those that change the
 * direction of text, and what isn't a character. A policy has no use for tabs, and YAML forbids them for indenting.
 */
const REFUSED =
  /\r(?!\n)|[^\P{Cc}\r\n]|[\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffd]/u

/** Features of YAML that let a text say something else than it seems to say. A policy has no use for them. */
const REFUSED_TOKENS: ReadonlyMap<string | null, Complaint> = new Map([
  ['anchor', { got: 'anchors are not allowed', todo: 'Remove it. Put text that begins with & in quotes.' }],
  ['alias', { got: 'aliases are not allowed', todo: 'Write the value itself. Put text that begins with * in quotes.' }],
  ['tag', { got: 'tags are not allowed', todo: 'Remove it. Put text that begins with ! in quotes.' }],
  ['directive-line', { got: 'directives are not allowed', todo: 'Remove the line. Policies are YAML 1.2.' }],
])

/** Refuses a text by its characters and tokens. Only after that is it safe to parse. */
export function scan(text: string): TextFault[] {
  if (text.length > LARGEST || Buffer.byteLength(text) > LARGEST)
    return [fault(0, 'it is larger than 1 MiB', 'Remove rules, or put callers into groups.')]
  const character = REFUSED.exec(text)
  if (character !== null) return [fault(character.index, ...refusedCharacter(character[0]))]
  return scanTokens(text)
}

function refusedCharacter(character: string): [got: string, todo: string] {
  if (character === '\t') return ['tabs are not allowed', 'Write spaces instead.']
  if (character === '\r') return ['a line ends with a carriage return alone', 'End lines with a line feed.']
  if (character === '\ufffd') return ['the file is not valid UTF-8, or contains U+FFFD', 'Save it as UTF-8.']
  return [`${nameCharacter(character)} is not allowed`, 'Remove it.']
}

function scanTokens(text: string): TextFault[] {
  const faults: TextFault[] = []
  const depth = { flow: 0, line: 0 }
  let offset = 0
  let previous = '\n'
  for (const source of new Lexer().lex(text)) {
    // Behind the mark of a scalar is its text, which may look like another token.
    const type = previous === CST.SCALAR ? 'text' : CST.tokenType(source)
    const refused = REFUSED_TOKENS.get(type)
    if (refused !== undefined) faults.push({ offset, says: () => refused })
    if (isTooDeep(depth, type, type === 'space' && previous.endsWith('\n') ? source.length : 0))
      return [fault(offset, 'it is nested too deeply', 'Write rules as the documentation shows.')]
    if (!isMark(source)) offset += source.length
    previous = source
  }
  return faults
}

/** Counts how deep a token is: in brackets, by the indicators of its line, or by its indent. */
function isTooDeep(depth: { flow: number; line: number }, type: string | null, indent: number): boolean {
  if (type === 'flow-map-start' || type === 'flow-seq-start') depth.flow++
  else if (type === 'flow-map-end' || type === 'flow-seq-end') depth.flow--
  else if (type === 'newline') depth.line = 0
  else if (INDICATORS.has(type) && depth.flow === 0) depth.line++
  return depth.flow > DEEPEST || depth.line > DEEPEST || indent > WIDEST_INDENT
}

const INDICATORS: ReadonlySet<string | null> = new Set(['seq-item-ind', 'explicit-key-ind', 'map-value-ind'])

/** The lexer's own marks, which aren't in the text. */
function isMark(source: string): boolean {
  return source === CST.DOCUMENT || source === CST.FLOW_END || source === CST.SCALAR
}

function fault(offset: number, got: string, todo: string): TextFault {
  return { offset, says: () => ({ got, todo }) }
}
