import { posix } from 'node:path'
import { BuildError } from '../../../base/errors.ts'
import { matcherOf, WILD } from './pattern-matcher.ts'

/**
 * Patterns for paths of a build context, as Docker interprets them: those of a `.dockerignore`, and those that BuildKit
 * sends. A pattern matches a path and everything below it. `!` makes an exception. The last matching pattern decides
 * (moby/patternmatcher).
 *
 * No library does that: `@balena/dockerignore` 1.0.2 sends `key.pem` despite `**.pem`, `a(1)` despite `a(1)`, and a
 * file called `constructor` despite `*`.
 */
export class Patterns {
  readonly #rules: readonly Rule[]

  /** @throws {@link BuildError} ERR_BUILD_IGNORE_INVALID for an invalid pattern */
  constructor(patterns: readonly string[]) {
    this.#rules = patterns
      .map((text) => text.trim())
      .filter((text) => text !== '')
      .map(parseRule)
  }

  /**
   * Matches a path.
   *
   * @param path - from the root, with `/`, but without a leading one
   * @param above - the result for the folder of the path; omitted in the root
   */
  match(path: string, above?: PatternMatch): PatternMatch {
    let matches = false
    const hits = this.#rules.map((rule, index) => {
      // A rule that would change nothing isn't tested, and so isn't a hit for the paths below either: `a/b` followed by
      // `!a` matches a/b, as in Docker.
      const hit = above?.hits[index] === true || (rule.negative === matches && rule.test(path))
      if (hit) matches = !rule.negative
      return hit
    })
    return { matches, hits }
  }

  /** Whether paths below a folder that doesn't match may match. */
  mayMatchBelow(folder: string): boolean {
    return this.#rules.some((rule) => !rule.negative && rule.mayMatchBelow(folder))
  }

  /** Whether there may be exceptions below a folder that matches. */
  mayExceptBelow(folder: string): boolean {
    return this.#rules.some((rule) => rule.negative && rule.mayMatchBelow(folder))
  }
}

/** Whether a path matches, and which patterns hit it or a folder above it. */
export interface PatternMatch {
  readonly matches: boolean
  readonly hits: readonly boolean[]
}

interface Rule {
  readonly negative: boolean
  test(path: string): boolean
  mayMatchBelow(folder: string): boolean
}

/** The longest path of Linux. V8 has no regular expression for a pattern of ten thousand characters. */
const LONGEST_PATTERN = 4096

const SPECIAL = /[*?[\]^\\]/

function parseRule(text: string): Rule {
  const cleaned = clean(text)
  const negative = cleaned.startsWith('!')
  const pattern = negative ? cleaned.slice(1) : cleaned
  if (pattern === '') throw invalid(text, 'it is only a !')
  if (pattern.length > LONGEST_PATTERN) throw invalid(text, `it is longer than ${LONGEST_PATTERN} characters`)
  const start = pattern.replace(/\/\*\*?$/, '')
  return {
    negative,
    test: compile(pattern),
    mayMatchBelow: (folder) => SPECIAL.test(start) || `${start}/`.startsWith(`${folder}/`),
  }
}

/** A pattern that matches only this path. */
export function escapePattern(path: string): string {
  return process.platform === 'win32' ? path : path.replace(/^!|[*?[\]\\]/g, '\\$&').replace(/\s/g, '[$&]')
}

/** Go's filepath.Clean. On Windows a backslash is a separator, and there is no escaping. */
function clean(path: string): string {
  const slashed = process.platform === 'win32' ? path.replaceAll('\\', '/') : path
  return posix.normalize(slashed).replace(/(?<=.)\/$/, '')
}

/** `**` followed by plain text matches every path with this ending: `**.pem`. */
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

/** `[a-z]`, `[^a-z]`; a backslash escapes special characters (Go's filepath.Match). */
function nextClass(rest: string): [token: string, source: string] | undefined {
  const found = /^\[(\^|(?!\^))((?:\\.|[^\\\]])+)\]/su.exec(rest)
  const [token = '', not = '', body = ''] = found ?? []
  const ranges = [...body.matchAll(/(\\.|[^\\-])(?:-(\\.|[^\\-]))?|-/gsu)]
  if (!found || ranges.some(([whole]) => whole === '-')) return undefined
  const members = ranges.map(([, low = '', high]) => span(bare(low), bare(high ?? low)))
  return [token, `[${not}${members.join('')}]`]
}

const bare = (character: string): string => character.replace(/^\\(?=.)/s, '')

/** A range whose first character comes after its last is empty. */
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

/** The patterns of a `.dockerignore`: one per line, without comments. A leading `/` has no meaning. */
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
