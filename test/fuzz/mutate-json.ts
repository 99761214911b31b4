import type { Random } from './random.ts'

/** How deep a value may be: deeper than the stack of a recursive program. */
const DEEPEST = 100_000

/** How long copies of one value may be together: an input is cut to less afterwards, and all of it is in memory before. */
const MOST_COPIED = 4_000_000

/** How many copies of a value to make: few of a long one. */
const copies = (most: number, length: number): number => Math.min(most, Math.floor(MOST_COPIED / Math.max(1, length)))

/** Replaces, removes, adds or wraps a value of a JSON document. A text that isn't JSON stays as it is. */
export function mutateJson(bytes: Buffer, random: Random): Buffer {
  const lines = bytes.toString('utf8').split('\n')
  const at = random.below(lines.length)
  const value = parse(lines.length > 1 && parse(lines.join('\n')) === undefined ? lines[at] : lines.join('\n'))
  if (value === undefined) return bytes
  const changed = change(value.json, random, 0)
  const shallow = stringify(changed)
  if (shallow === undefined) return bytes
  const text = shallow.replace(`"${DEEP}"`, () => deep(random))
  if (parse(lines.join('\n')) !== undefined) return Buffer.from(text)
  return Buffer.from(lines.with(at, text).join('\n'))
}

function parse(text: string | undefined): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text ?? '') }
  } catch {
    return undefined
  }
}

/** Undefined for a value that is too deep, which an earlier mutation has made. */
function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

/** Stands for a deep value until the document is text: JSON.stringify() can't write one. */
const DEEP = 'a value of many levels'

function deep(random: Random): string {
  const levels = random.scale(DEEPEST)
  return random.chance(0.5)
    ? '['.repeat(levels) + ']'.repeat(levels)
    : `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
}

function change(value: unknown, random: Random, depth: number): unknown {
  const isNode = typeof value === 'object' && value !== null
  if (!isNode || random.chance(depth === 0 ? 0.03 : 0.2)) return other(value, random)
  if (Array.isArray(value)) return changeList(value, random, depth)
  const entries = Object.entries(value)
  if (entries.length === 0 || random.chance(0.1)) return { ...value, [key(random, entries)]: other(value, random) }
  const [name, one] = random.pick(entries)
  if (random.chance(0.1)) return Object.fromEntries(entries.filter(([each]) => each !== name))
  return Object.fromEntries(entries.map((each) => (each[0] === name ? [name, change(one, random, depth + 1)] : each)))
}

function changeList(list: readonly unknown[], random: Random, depth: number): unknown[] {
  if (list.length === 0 || random.chance(0.1)) return [...list, other(list, random)]
  const at = random.below(list.length)
  if (random.chance(0.1)) return list.toSpliced(at, 1)
  if (random.chance(0.05)) {
    const length = copies(random.scale(20_000), stringify(list[at])?.length ?? MOST_COPIED)
    return Array.from({ length }, () => list[at])
  }
  return list.with(at, change(list[at], random, depth + 1))
}

function key(random: Random, entries: readonly (readonly [string, unknown])[]): string {
  const [name = ''] = entries.length > 0 ? random.pick(entries) : []
  return random.pick(['__proto__', 'constructor', 'toString', '', name.toLowerCase(), name.toUpperCase(), `${name}x`])
}

function other(value: unknown, random: Random): unknown {
  const text = typeof value === 'string' ? value : 'x'
  return random.pick<unknown>([
    null,
    true,
    0,
    -1,
    1.5,
    1e300,
    2 ** 53,
    '',
    `${text}\n`,
    `${text}\0`,
    text.repeat(copies(random.scale(1000), text.length)),
    '__proto__',
    '\ud800',
    [],
    {},
    [value],
    { a: value },
    [null],
    DEEP,
  ])
}
