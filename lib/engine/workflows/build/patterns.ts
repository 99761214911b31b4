import { posix } from 'node:path'
import { BuildError } from '../../../base/errors.ts'
import { matcherOf, WILD } from './pattern-matcher.ts'

/**
 * Patterns that name paths of a build context, as Docker reads them: those of a `.dockerignore`, and those that BuildKit
 * asks with. A pattern names a path and all below it, one with `!` takes that back, and the last that fits decides
 * (moby/patternmatcher).
 *
 * No library does that: `@balena/dockerignore` 1.0.2 sends `key.pem` in spite of `**.pem`, `a(1)` in spite of `a(1)`, and
 * a file by the name of `constructor` in spite of everything.
 */
export class Patterns {
  readonly #rules: readonly Rule[]

  /** @throws {@link BuildError} ERR_BUILD_IGNORE_INVALID for what is no pattern */
  constructor(patterns: readonly string[]) {
    this.#rules = patterns
      .map((text) => text.trim())
      .filter((text) => text !== '')
      .map(parseRule)
  }

  /**
   * Whether a path is named.
   *
   * @param path - from the root, with `/`, and without one at its begin
   * @param above - what this gave for the folder that the path is in; nothing for what is in the root
   */
  match(path: string, above?: PatternMatch): PatternMatch {
    let matches = false
    const hits = this.#rules.map((rule, index) => {
      // A rule that would change nothing isn't asked, and then counts as no hit for what is below, too: `a/b` with `!a`
      // after it names a/b, as it does for Docker.
      const hit = above?.hits[index] === true || (rule.negative === matches && rule.test(path))
      if (hit) matches = !rule.negative
      return hit
    })
    return { matches, hits }
  }

  /** Whether something below a folder that isn't named may be. */
  mayMatchBelow(folder: string): boolean {
    return this.#rules.some((rule) => !rule.negative && rule.mayMatchBelow(folder))
  }

  /** Whether something below a folder that is named may not be. */
  mayExceptBelow(folder: string): boolean {
    return this.#rules.some((rule) => rule.negative && rule.mayMatchBelow(folder))
  }
}

/** Whether a path is named, and by which patterns it or a folder above it was hit. */
export interface PatternMatch {
  readonly matches: boolean
  readonly hits: readonly boolean[]
}

interface Rule {
  readonly negative: boolean
  test(path: string): boolean
  mayMatchBelow(folder: string): boolean
}

const SPECIAL = /[*?[\]^\\]/

function parseRule(text: string): Rule {
  const cleaned = clean(text)
  const negative = cleaned.startsWith('!')
  const pattern = negative ? cleaned.slice(1) : cleaned
  if (pattern === '') throw invalid(text, 'it is only a !')
  const start = pattern.replace(/\/\*\*?$/, '')
  return {
    negative,
    test: compile(pattern),
    mayMatchBelow: (folder) => SPECIAL.test(start) || `${start}/`.startsWith(`${folder}/`),
  }
}

/** The pattern that names one path and nothing else. */
export function escapePattern(path: string): string {
  return process.platform === 'win32' ? path : path.replace(/[*?[\]\\]/g, '\\$&').replace(/\s/g, '[$&]')
}

/** Go's filepath.Clean. On Windows a backslash is a separator, and there is no escaping. */
function clean(path: string): string {
  const slashed = process.platform === 'win32' ? path.replaceAll('\\', '/') : path
  return posix.normalize(slashed).replace(/(?<=.)\/$/, '')
}

/** `**` and an ending without anything special names all that ends so: `**.pem`. */
const ANY_WITH_ENDING = /^\*\*(?!\/)([^*?[\]\\]+)$/

function compile(pattern: string): (path: string) => boolean {
  const ending = ANY_WITH_ENDING.exec(pattern)?.[1]
  return matcherOf(ending === undefined ? partsOf(pattern) : [WILD.any, literal(ending)])
}

function partsOf(pattern: string): string[] {
  const parts: string[] = []
  for (let rest = pattern; rest !== '';) {
    const [token, made] = nextToken(rest) ?? bad(pattern)
    parts.push(made)
    rest = rest.slice(token.length)
  }
  return parts
}

function nextToken(rest: string): [token: string, source: string] | undefined {
  if (/^\*\*\/?$/.test(rest)) return [rest, WILD.any]
  const stars = /^\*\*\/?/.exec(rest)?.[0]
  if (stars !== undefined) return [stars, WILD.folders]
  if (rest.startsWith('*')) return ['*', WILD.name]
  if (rest.startsWith('?')) return ['?', '[^/]']
  if (rest.startsWith('[')) return nextClass(rest)
  const plain = /^(?:\\(.)|([^\\]))/su.exec(rest)
  return plain ? [plain[0], literal(plain[1] ?? plain[2] ?? '')] : undefined
}

/** `[a-z]`, `[^a-z]`, with a backslash before what would be special (Go's filepath.Match). */
function nextClass(rest: string): [token: string, source: string] | undefined {
  const found = /^\[(\^|(?!\^))((?:\\.|[^\\\]])+)\]/su.exec(rest)
  const [token = '', not = '', body = ''] = found ?? []
  const ranges = [...body.matchAll(/(\\.|[^\\-])(?:-(\\.|[^\\-]))?|-/gsu)]
  if (!found || ranges.some(([whole]) => whole === '-')) return undefined
  const members = ranges.map(([, low = '', high]) => span(bare(low), bare(high ?? low)))
  return [token, `[${not}${members.join('')}]`]
}

const bare = (character: string): string => character.replace(/^\\(?=.)/s, '')

/** A range from a later to an earlier one is empty. */
function span(low: string, high: string): string {
  return (low.codePointAt(0) ?? 0) > (high.codePointAt(0) ?? 0) ? '' : `${literal(low)}-${literal(high)}`
}

function literal(text: string): string {
  return Array.from(text, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`).join('')
}

function bad(pattern: string): never {
  throw invalid(pattern, 'a bracket is not closed, or it ends with a backslash')
}

function invalid(pattern: string, got: string): BuildError {
  return new BuildError('ERR_BUILD_IGNORE_INVALID', {
    tried: `reading the pattern ${JSON.stringify(pattern)}`,
    got,
    todo: 'Correct it in .dockerignore. Its syntax:  https://docs.docker.com/build/concepts/context/#syntax',
  })
}

/** The patterns of a `.dockerignore`: one a line, without comments, `/` at the begin meaning nothing. */
export function readIgnoreFile(text: string): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => (line.startsWith('!') ? `!${rooted(line.slice(1).trim())}` : rooted(line)))
}

function rooted(pattern: string): string {
  return pattern === '' ? '' : clean(pattern).replace(/^\/(?=.)/, '')
}
