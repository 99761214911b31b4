/** A version, read. */
export interface Version {
  /** `[1, 4, 0]` */
  readonly numbers: readonly number[]
  /** `rc.3` as `['rc', 3]`; undefined for a release. */
  readonly pre: readonly [tag: string, number: number] | undefined
  /** What its builder appended: `+dfsg1`, `-0ubuntu2`, `.el9`. Empty for a build of the project itself. */
  readonly suffix: string
}

/** An epoch of a package, and the prefixes of Go, of tags, and of moby's tags. */
const PREFIX = /^(?:\d+:)?(?:go|docker-v|v)?/
const NUMBERS = /^\d+(?:\.\d+){1,3}/
const PRE_RELEASE = /^[-~.]?(alpha|beta|rc)[-.]?(\d+)?/i
/** Suffixes of the projects themselves: Docker's until 18.09, and the experiments of a build of Go. */
const OWN_SUFFIX = /^(?:-ce)?(?:[ -]X:\S*)?$/

/** Undefined for text that is no version: `dev`, `library-import`. */
export function parseVersion(text: string): Version | undefined {
  const bare = text.trim().replace(PREFIX, '')
  const [matched] = NUMBERS.exec(bare) ?? []
  if (matched === undefined) return undefined
  const rest = bare.slice(matched.length)
  const [whole = '', tag, number] = PRE_RELEASE.exec(rest) ?? []
  const suffix = rest.slice(whole.length)
  return {
    numbers: matched.split('.').map(Number),
    pre: tag === undefined ? undefined : [tag.toLowerCase(), Number(number ?? 0)],
    suffix: OWN_SUFFIX.test(suffix) ? '' : suffix,
  }
}

/** Negative if the left version is older. A pre-release is older than its release. Suffixes don't count. */
export function compare(left: Version, right: Version): number {
  const longest = Math.max(left.numbers.length, right.numbers.length)
  for (let index = 0; index < longest; index++) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0)
    if (difference !== 0) return difference
  }
  if (!left.pre || !right.pre) return Number(!left.pre) - Number(!right.pre)
  return left.pre[0] === right.pre[0] ? left.pre[1] - right.pre[1] : left.pre[0] < right.pre[0] ? -1 : 1
}

/**
 * Compares a version with the first fixed version of each release line. On a line without a fix, it has the flaw if a newer
 * line has a fix.
 *
 * @param fixed - `['1.2.8', '1.3.3', '1.4.0-rc.3']`
 * @param depth - how many numbers name a release line: 1 for `28`, 2 for `1.7`
 */
export function isFixed(version: Version, fixed: readonly Version[], depth: number): boolean {
  const ofItsLine = fixed.find((first) => lineOf(first, depth) === lineOf(version, depth))
  if (ofItsLine) return compare(version, ofItsLine) >= 0
  return fixed.every((first) => compare(version, first) > 0)
}

/** `28`, `1.7` */
export function lineOf({ numbers }: Version, depth: number): string {
  return numbers.slice(0, depth).join('.')
}
