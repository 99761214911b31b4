import { isMap, isScalar, isSeq, parseDocument, type Pair, type ParsedNode, type YAMLMap, type YAMLSeq } from 'yaml'
import { quoted } from '../../base/text.ts'
import { describe } from './describe.ts'
import { placeOf, refusal, type Complaint, type Fault, type Path, type Place } from './fault.ts'
import { scan, type TextFault } from './scan.ts'

/** A value, and where it and its parts are in the text. */
interface Located {
  readonly value: unknown
  readonly offset: number
  readonly entries?: ReadonlyMap<string, { readonly offset: number; readonly at: Located }>
  readonly items?: readonly Located[]
}

/** The value in a text, and the place of each fault in it. */
export interface Source {
  readonly value: unknown
  /** In characters from the beginning. */
  readonly offsetOf: (fault: Fault) => number
  readonly placeOf: (fault: Fault) => Place
}

type Node = ParsedNode | null

/**
 * Reads a YAML 1.2 text with the core schema, of which JSON is a part. Objects in the value have no prototype.
 *
 * @throws {@link PolicyError} ERR_POLICY_INVALID for a text with other features than those of plain data
 */
export function readYaml(given: string, where: string): Source {
  // Some editors begin a file with a byte order mark.
  const text = given.replace(/^\ufeff/, '')
  const faults = scan(text)
  refuse(faults, text, where)
  const root = locate(parse(text, where), faults)
  refuse(faults, text, where)
  const find = ({ path, atKey }: Fault): number => offsetOf(root, path, atKey)
  return { value: root.value, offsetOf: find, placeOf: (fault) => placeOf(text, find(fault)) }
}

function parse(text: string, where: string): Node {
  // The parser's own check of duplicate keys takes quadratic time.
  const options = { schema: 'core', uniqueKeys: false, prettyErrors: false } as const
  let document
  try {
    document = parseDocument(text, options)
  } catch (cause) {
    // It overflows the stack.
    const complaint = { got: 'it is too complex', todo: 'Write rules as the documentation shows.' }
    throw refusal(where, [{ path: [], says: () => complaint }], undefined, cause)
  }
  // Of several at one place, the others follow from the first.
  const errors = [...document.errors, ...document.warnings].toReversed()
  const first = new Map(errors.map((error) => [error.pos[0], error]))
  const faults = [...first.values()].map((error): TextFault => {
    return { offset: error.pos[0], says: () => syntaxFault(error) }
  })
  refuse(faults, text, where)
  return document.contents
}

function syntaxFault({ code, message }: { readonly code: string; readonly message: string }): Complaint {
  if (code === 'MULTIPLE_DOCS') return { got: 'a second document begins', todo: 'Put all rules into one document.' }
  return { got: `it is not valid YAML: ${message}`, todo: 'Correct the line.' }
}

function refuse(faults: readonly TextFault[], text: string, where: string): void {
  if (faults.length === 0) return
  const sorted = faults.toSorted((one, other) => one.offset - other.offset)
  const offsets = new Map(sorted.map(({ says, offset }) => [says, offset]))
  const placed = ({ says }: Fault): Place => placeOf(text, offsets.get(says) ?? 0)
  throw refusal(
    where,
    sorted.map(({ says }) => ({ path: [], says })),
    placed,
  )
}

/** The plain value of a node. Adds faults of keys. */
function locate(node: Node, faults: TextFault[], fallback = 0): Located {
  const offset = node?.range[0] ?? fallback
  if (isMap(node)) return locateMap(node, faults, offset)
  if (isSeq(node)) {
    const items = (node as YAMLSeq<Node>).items.map((item) => locate(item, faults, offset))
    return { value: items.map(({ value }) => value), offset, items }
  }
  return { value: isScalar(node) ? node.value : null, offset }
}

function locateMap(map: YAMLMap<Node, Node>, faults: TextFault[], offset: number): Located {
  const entries = new Map<string, { offset: number; at: Located }>()
  for (const pair of map.items) {
    const key = keyOf(pair, faults, offset)
    if (key === undefined) continue
    const start = pair.key?.range[0] ?? offset
    if (entries.has(key)) faults.push(duplicate(key, start))
    else entries.set(key, { offset: start, at: locate(pair.value, faults, start) })
  }
  const value: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [key, { at }] of entries) value[key] = at.value
  return { value, offset, entries }
}

function keyOf({ key }: Pair<Node, Node>, faults: TextFault[], offset: number): string | undefined {
  const value: unknown = isScalar(key) ? key.value : key
  if (typeof value === 'string') return value
  const got = isScalar(key) ? describe(value) : value === null ? 'empty' : 'not a text'
  const says = () => ({
    got: `a key is ${got}`,
    todo: 'Write the key as text; put it in quotes if it looks like a number.',
  })
  faults.push({ offset: key?.range[0] ?? offset, says })
  return undefined
}

function duplicate(key: string, offset: number): TextFault {
  const says = () => ({ got: `the key ${quoted(key)} is there twice`, todo: 'Remove one of the two.' })
  return { offset, says }
}

/** Of the last part of a path that exists. */
function offsetOf(root: Located, path: Path, atKey = false): number {
  let at = root
  let key: number | undefined
  for (const part of path) {
    const entry = typeof part === 'string' ? at.entries?.get(part) : undefined
    const next = typeof part === 'number' ? at.items?.[part] : entry?.at
    if (next === undefined) return at.offset
    key = entry?.offset
    at = next
  }
  return atKey ? (key ?? at.offset) : at.offset
}
