import { isMap, isScalar, isSeq, parseDocument, type ParsedNode, type YAMLMap, type YAMLSeq } from 'yaml'
import { isDeepStrictEqual } from 'node:util'
import { PolicyError } from '../../base/errors.ts'
import { parsePolicy } from './parse.ts'
import type { HostPath, Level, Policy } from './types.ts'

/** A rule for one certificate, to be written into a file. */
export interface NewRule {
  readonly name: string
  /** SHA-256 of the certificate. */
  readonly fingerprint: string
  readonly level: Level
  /** The last moment, in RFC 3339. */
  readonly until: string
  readonly owner?: string
  readonly hostPaths: readonly HostPath[]
  /** It allows nothing. */
  readonly allowsNothing?: boolean
}

/** What to change. */
export interface PolicyEdit {
  /** The names of rules to take out. */
  readonly remove?: readonly string[]
  /** A rule to put before all others. */
  readonly add?: NewRule
  /** A comment beside the new rule. */
  readonly comment?: string
}

/**
 * Changes the rules in the text of a policy. Everything else of the text stays as it is, byte for byte. If no rule would be
 * left, nothing is taken out: a policy needs one.
 *
 * @throws {@link PolicyError} ERR_POLICY_INVALID if the text isn't a policy, before or after the change
 */
export function editPolicy(text: string, where: string, { remove = [], add, comment }: PolicyEdit): string {
  const before = parsePolicy(text, where)
  const kept = before.rules.filter(({ name }) => !remove.includes(name))
  const gone = kept.length === 0 && add === undefined ? [] : remove
  const changes = changesOf(text, gone, add, comment)
  // From the end on, so that the places of the others stay the same.
  const edited = changes
    .toSorted((one, other) => other.from - one.from || other.to - one.to)
    .reduce((whole, { from, to, by }) => whole.slice(0, from) + by + whole.slice(to), text)
  if (edited !== text) verify(before, parsePolicy(edited, where), gone, add, where)
  return edited
}

/** A part of the text, and what comes in its place. */
interface Change {
  readonly from: number
  readonly to: number
  readonly by: string
}

type Node = ParsedNode | null
type Rules = YAMLSeq<Node> & { readonly range: [number, number, number] }

/** The text without the mark that some editors begin a file with, and what is in it. */
interface Opened {
  readonly text: string
  readonly rules: Rules
  /** Where the key `rules` ends. */
  readonly keyEnd: number
  readonly isGone: (item: Node | undefined) => boolean
}

function changesOf(whole: string, remove: readonly string[], add: NewRule | undefined, comment?: string): Change[] {
  const text = whole.replace(/^\ufeff/, '')
  const mark = whole.length - text.length
  const { contents } = parseDocument(text, { schema: 'core', uniqueKeys: false, prettyErrors: false })
  const { key, value } = pairOf(contents, 'rules') ?? {}
  if (!isSeq(value)) return []
  const rules = value as Rules
  const isGone = (item: Node | undefined): boolean => remove.includes(nameOf(item))
  const opened = { text, rules, keyEnd: key?.range[1] ?? 0, isGone }
  const isFlow = rules.flow === true
  const removed = rules.items.flatMap((item, index) =>
    isGone(item) ? [isFlow ? flowRemoval(opened, index) : blockRemoval(opened, item)] : [],
  )
  const added = add === undefined ? [] : [isFlow ? flowAddition(opened, add) : blockAddition(opened, add, comment)]
  return [...removed, ...added].map(({ from, to, by }) => ({ from: from + mark, to: to + mark, by }))
}

function pairOf(node: Node, key: string): { readonly key: Node; readonly value: Node } | undefined {
  const pairs = isMap(node) ? (node as YAMLMap<Node, Node>).items : []
  const pair = pairs.find((one) => isScalar(one.key) && one.key.value === key)
  return pair && { key: pair.key, value: pair.value }
}

function nameOf(item: Node | undefined): string {
  const name = pairOf(item ?? null, 'name')?.value
  return isScalar(name) ? String(name.value) : ''
}

/** The lines of a rule, from its dash on. Comments behind it belong to the next one. */
function blockRemoval({ text }: Opened, item: Node): Change {
  const dash = text.lastIndexOf('-', (item?.range[0] ?? 0) - 1)
  return { from: lineStart(text, dash), to: lineEnd(text, endOf(item)), by: '' }
}

/** Where the last value of a rule ends: the end of a block can be behind comments. */
function endOf(node: Node): number {
  if (isMap(node) && node.flow !== true) {
    const last = (node as YAMLMap<Node, Node>).items.at(-1)
    return endOf(last?.value ?? last?.key ?? null)
  }
  if (isSeq(node) && node.flow !== true) return endOf((node as YAMLSeq<Node>).items.at(-1) ?? null)
  return node?.range[1] ?? 0
}

/** A rule with the comma behind it; of the last one, with that before it. */
function flowRemoval({ text, rules: { items }, isGone }: Opened, index: number): Change {
  const [start = 0, end = 0] = items[index]?.range ?? []
  if (index < items.length - 1) {
    const comma = text.indexOf(',', end) + 1
    return { from: start, to: text[comma] === ' ' ? comma + 1 : comma, by: '' }
  }
  const before = items[index - 1]
  return { from: before && !isGone(before) ? before.range[1] : start, to: end, by: '' }
}

function flowAddition({ rules: { range, items } }: Opened, add: NewRule): Change {
  const [start] = range
  const rule = JSON.stringify(objectOf(add))
  return { from: start + 1, to: start + 1, by: items.length === 0 ? rule : `${rule}, ` }
}

/** Behind the line of `rules:`, so that a comment above the first rule stays with it. */
function blockAddition({ text, rules: { range }, keyEnd }: Opened, add: NewRule, comment?: string): Change {
  const [dash] = range
  const indent = text.slice(lineStart(text, dash), dash)
  const at = lineEnd(text, keyEnd)
  const newline = text.slice(0, at).endsWith('\r\n') ? '\r\n' : '\n'
  const lines = linesOf(add, comment).map((line) => `${indent}${line}${newline}`)
  return { from: at, to: at, by: lines.join('') }
}

function linesOf(
  { name, fingerprint, level, until, owner, hostPaths, allowsNothing }: NewRule,
  comment?: string,
): string[] {
  const note = comment === undefined ? '' : ` # ${comment}`
  const paths = hostPaths.map(({ path, readOnly }) => {
    return `      - { path: ${JSON.stringify(path)}${readOnly ? ', readOnly: true' : ''} }`
  })
  return [
    `- name: ${name}${note}`,
    `  who: { fingerprint: ${JSON.stringify(fingerprint)} }`,
    `  level: ${level}`,
    `  until: ${until}`,
    ...(owner === undefined ? [] : [`  owner: ${JSON.stringify(owner)}`]),
    ...(paths.length === 0 ? [] : ['  allow:', '    hostPaths:', ...paths]),
    ...(allowsNothing ? ['  only: { operations: [] }'] : []),
  ]
}

function objectOf({ name, fingerprint, level, until, owner, hostPaths, allowsNothing }: NewRule): object {
  return {
    name,
    who: { fingerprint },
    level,
    until,
    ...(owner !== undefined && { owner }),
    ...(hostPaths.length > 0 && { allow: { hostPaths } }),
    ...(allowsNothing && { only: { operations: [] } }),
  }
}

const lineStart = (text: string, offset: number): number => text.lastIndexOf('\n', offset) + 1

/** Behind the line feed, or at the end of the text. */
function lineEnd(text: string, offset: number): number {
  const feed = text.indexOf('\n', offset)
  return feed === -1 ? text.length : feed + 1
}

/** No rule may have changed that wasn't meant. */
function verify(before: Policy, after: Policy, gone: readonly string[], add: NewRule | undefined, where: string): void {
  const kept = before.rules.filter(({ name }) => !gone.includes(name))
  const others = add === undefined ? after.rules : after.rules.slice(1)
  if (isDeepStrictEqual(kept, others) && (add === undefined || after.rules[0]?.name === add.name)) return
  throw new PolicyError('ERR_POLICY_INVALID', {
    tried: `changing the rules of ${where}`,
    got: 'the file is written in a way in which docker-mtls cannot change it',
    todo: 'Write each rule on lines of its own, below the line  rules: .',
    faults: [],
  })
}
