import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Commands of a guide, and what it shows of their output. */
export interface Block {
  /** The line of the guide. */
  readonly line: number
  /** The machine that its first line names: `# on build01.example.com, as root`. */
  readonly where: string
  readonly script: string
  /** What is shown below them; undefined where nothing is. */
  readonly shown?: readonly string[]
  /** Are they to fail? Said behind the kind of what is shown: `text fails`. */
  readonly fails: boolean
}

/** What is below one heading. */
export interface Section {
  readonly title: string
  readonly blocks: readonly Block[]
}

const FENCE = /^```(?<kind>.*)\n(?<text>[^]*?)^```$/gm
const HEADING = /^##? (?<title>.*)$/gm
/** What is shown, or to be read. */
const KINDS = /^(?:text( fails)?|yaml|toml)$/
const HEADER = /^# on (?<where>[\w.-]+)(?:, .*)?$/m

/**
 * Reads the commands of a guide, `docs/guide-NAME.md`, with the sections that have any. Commands are blocks of `sh`, whose
 * first line says where they run; a block of `text` right below is what they print. Other blocks are for reading.
 */
export function readGuide(name: string): Section[] {
  const path = `docs/guide-${name}.md`
  const text = readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
  const fences = [...text.matchAll(FENCE)]
  const isInside = (at: number): boolean => fences.some(({ index, 0: { length } }) => index < at && at < index + length)
  const headings = [...text.matchAll(HEADING)].filter(({ index }) => !isInside(index))
  const sections = headings.map(({ index, groups = {} }, at) => {
    const end = headings[at + 1]?.index ?? text.length
    const own = fences.filter((fence) => index < fence.index && fence.index < end)
    return { title: groups['title'] ?? '', blocks: own.flatMap((fence, place) => blockOf(fence, own[place + 1], path)) }
  })
  return sections.filter(({ blocks }) => blocks.length > 0)
}

function blockOf(fence: RegExpExecArray, next: RegExpExecArray | undefined, path: string): Block[] {
  const { input, index, groups = {} } = fence
  const line = input.slice(0, index).split('\n').length
  if (KINDS.test(groups['kind'] ?? '')) return []
  if (groups['kind'] !== 'sh') throw new Error(`${path}:${line}: it is neither sh, text, yaml nor toml`)
  const script = groups['text'] ?? ''
  const where = HEADER.exec(script)
  if (where?.index !== 0) throw new Error(`${path}:${line}: it does not say where it runs:  # on MACHINE`)
  const block = { line, where: where.groups?.['where'] ?? '', script }
  const isBelow = next !== undefined && input.slice(index + fence[0].length, next.index).trim() === ''
  const kind = (isBelow ? next.groups?.['kind'] : undefined) ?? ''
  if (!kind.startsWith('text')) return [{ ...block, fails: false }]
  const shown = (next?.groups?.['text'] ?? '').trimEnd().split('\n')
  return [{ ...block, shown, fails: kind.endsWith('fails') }]
}

/** What is another one in each run, or with another Docker. */
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(?:-\d+)?/g, '<moment>'],
  [/\d{8}T\d{6}Z-[0-9a-f]{6}/g, '<apply>'],
  [/(?:\w{3} )?\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d)? UTC)?/g, '<date>'],
  [/(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/g, '<sha256>'],
  [/\b[0-9A-F]{40}\b/g, '<serial>'],
  [/ \d+(?:\.\d+)? m?s\b/g, ' <time>'],
  [/\bprocess \d+/g, 'process <pid>'],
  [/\b\d+\.\d+\.\d+(?:[+~-][\w.~+-]*)?(?=[\s,]|$)/g, '<version>'],
  [/\bAPI 1\.\d+/g, 'API <version>'],
  [/\b1\.\d+ \(the daemon serves 1\.\d+ to 1\.\d+\)/g, '<versions>'],
]

const AUTHORITY = /docker-mtls CA ([0-9a-f]{8})/g

function stable(line: string): string {
  const told = line.replaceAll(AUTHORITY, 'docker-mtls CA <id>')
  return VOLATILE.reduce((text, [pattern, name]) => text.replaceAll(pattern, name), told).trimEnd()
}

/** The authorities of a guide, by their names in it and by those that they have in a run. */
export type Authorities = Map<string, string>

/**
 * Says where what a guide shows is not what was printed. `...` stands for any number of lines, and at the end of a line
 * for the rest of it.
 *
 * @param known - gets the authorities that are named: each is one and the same in the whole guide
 * @returns what was looked for and not found; undefined where all of it is there
 */
export function differenceFrom(shown: readonly string[], printed: string, known: Authorities): string | undefined {
  const lines = printed.trimEnd().split('\n')
  let at = 0
  let gap = false
  for (const line of shown) {
    if (line.trim() === '...') {
      gap = true
      continue
    }
    const found = gap ? lines.findIndex((one, index) => index >= at && isSame(line, one)) : at
    const there = lines[found]
    if (there === undefined || !isSame(line, there))
      return `${line}\n${gap ? 'is nowhere below' : 'is shown, and printed'}: ${lines[at] ?? 'nothing'}`
    const other = otherAuthority(line, there, known)
    if (other !== undefined) return other
    at = found + 1
    gap = false
  }
  return gap || at === lines.length ? undefined : `printed, and not shown: ${lines.slice(at).join('\n')}`
}

/** Runs the script of a block, and fails if it does not end or print as the guide shows. */
export async function follow(
  guide: string,
  { where, script, shown, fails, line }: Block,
  known: Authorities,
  run: (where: string, script: string) => Promise<{ readonly code: number; readonly stdout: string }>,
): Promise<void> {
  const { code, stdout } = await run(where, script)
  const at = `docs/guide-${guide}.md:${line}:\n${script}\n${stdout}`
  assert.equal(code !== 0, fails, `${at}ended with ${code}`)
  if (shown === undefined) return
  const difference = differenceFrom(shown, stdout, known)
  assert.equal(difference, undefined, `${at}\n${difference}`)
}

function isSame(shown: string, printed: string): boolean {
  const [wanted, there] = [stable(shown), stable(printed)]
  return wanted.endsWith(' ...') ? there.startsWith(wanted.slice(0, -3)) : wanted === there
}

function authoritiesIn(line: string): string[] {
  return Array.from(line.matchAll(AUTHORITY), ([, id = '']) => id)
}

function otherAuthority(shown: string, printed: string, known: Authorities): string | undefined {
  const there = authoritiesIn(printed)
  for (const [index, name] of authoritiesIn(shown).entries()) {
    const id = there[index] ?? ''
    const before = known.get(name)
    if (before === undefined && [...known.values()].includes(id))
      return `${shown}\nnames another authority than: ${printed}`
    if (before !== undefined && before !== id) return `${shown}\nnames another authority than: ${printed}`
    known.set(name, id)
  }
  return undefined
}
