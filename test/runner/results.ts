import { readFileSync } from 'node:fs'

/** What events.mjs writes of a test, or of a suite. */
export interface TestResult {
  /** The suites around it, and its own name. */
  readonly path: readonly string[]
  readonly isSuite: boolean
  readonly passed: boolean
  readonly ms: number
  /** Why it was skipped. */
  readonly skipped?: string
  readonly error?: string
  /** Of Node: `subtestsFailed` is a suite that only says so. */
  readonly kind?: string
  /** File and line. */
  readonly at?: string
}

/** What came of a file. */
export interface FileResult {
  readonly file: string
  readonly seconds: number
  /** CPU time of all its processes, where namespaces tell it. */
  readonly cpuSeconds?: number
  readonly tests: readonly TestResult[]
  /** What is wrong with the file besides its tests. */
  readonly trouble?: string
  /** What it printed. */
  readonly output: string
}

/** What Node 20 says of a test that --test-name-pattern leaves out; later ones say nothing. */
const UNWANTED = 'test name does not match pattern'

/** Reads what the reporter has written; `isWhole` where the file has come to its end. */
export function readResults(path: string): { tests: TestResult[]; isWhole: boolean } {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean)
  const parsed = lines.flatMap((line) => parseLine(line))
  const tests = parsed.filter((event): event is TestResult => 'path' in event && event.skipped !== UNWANTED)
  return { tests, isWhole: parsed.some((event) => 'ended' in event) }
}

/** The last line of a file that was killed may be cut. */
function parseLine(line: string): (TestResult | { ended: true })[] {
  try {
    return [JSON.parse(line) as TestResult | { ended: true }]
  } catch {
    return []
  }
}

/** Tests alone: a suite counts only where it failed by itself, as in a hook. */
export function testsOf({ tests }: FileResult): TestResult[] {
  return tests.filter(({ isSuite, passed, kind }) => !isSuite || (!passed && kind !== 'subtestsFailed'))
}

export function hasFailed(result: FileResult): boolean {
  return result.trouble !== undefined || result.tests.some(({ passed }) => !passed)
}

/** What the shell knows of the CPU time of its children: `times` (POSIX), `0m1.20s 0m0.30s`, theirs in the second line. */
export function parseTimes(text: string): number | undefined {
  const words = text.trim().split('\n')[1]?.split(' ') ?? []
  const seconds = words
    .map((word) => /^(\d+)m([\d.]+)s$/.exec(word))
    .map((match) => Number(match?.[1]) * 60 + Number(match?.[2]))
  return seconds.length === 2 ? seconds.reduce((sum, one) => sum + one, 0) : undefined
}
