import { againCommand } from '../support/again.ts'
import { type FileResult, hasFailed, testsOf, type TestResult } from './results.ts'
import { tierOf, TIERS } from './tiers.ts'

const SLOWEST = 10

/** A line for a file that has ended. */
export function lineOf(result: FileResult): string {
  const { file, trouble } = result
  const tests = testsOf(result)
  const red = tests.filter(({ passed }) => !passed).length
  const what = trouble ?? (red > 0 ? `${red} of ${tests.length} failed` : `${tests.length}`)
  return `${hasFailed(result) ? 'FAIL' : 'ok  '} ${timeOf(result)}  ${file} (${what})`
}

function timeOf({ seconds, cpuSeconds }: FileResult): string {
  const wall = `${seconds.toFixed(1).padStart(6)} s`
  return cpuSeconds === undefined ? wall : `${wall} ${cpuSeconds.toFixed(1).padStart(6)} CPU`
}

export interface Summary {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export function summaryOf(results: readonly FileResult[]): Summary {
  const tests = results.flatMap(testsOf)
  const troubled = results.filter(({ trouble }) => trouble !== undefined).length
  const failed = tests.filter(({ passed }) => !passed).length + troubled
  const skipped = tests.filter((test) => test.passed && test.skipped !== undefined).length
  return { passed: tests.length - skipped - (failed - troubled), failed, skipped }
}

/** Everything that a person wants to know after a run. */
export function reportOf(results: readonly FileResult[], wallSeconds: number): string {
  const { passed, failed, skipped } = summaryOf(results)
  const sections = [timesOf(results), slowestOf(results), skippedOf(results), failuresOf(results)]
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0)
  const cpu = results.reduce((sum, result) => sum + (result.cpuSeconds ?? 0), 0)
  const total = `${results.length} file${results.length === 1 ? '' : 's'} in ${wallSeconds.toFixed(0)} s (${seconds.toFixed(0)} s of files, ${cpu.toFixed(0)} s of CPU)`
  return [
    ...sections.filter((text) => text !== ''),
    total,
    ...tiersOf(results),
    `${passed} passed, ${failed} failed, ${skipped} skipped`,
  ].join('\n\n')
}

/** A line for each tier, if files of several were run. */
function tiersOf(results: readonly FileResult[]): string[] {
  const lines = TIERS.flatMap((tier) => {
    const own = results.filter(({ file }) => tierOf(file) === tier)
    if (own.length === 0) return []
    const { passed, failed, skipped } = summaryOf(own)
    const cpu = own.reduce((sum, { cpuSeconds = 0 }) => sum + cpuSeconds, 0)
    return [`  ${tier}: ${passed} passed, ${failed} failed, ${skipped} skipped (${cpu.toFixed(0)} s of CPU)`]
  })
  return lines.length < 2 ? [] : [['By tier:', ...lines].join('\n')]
}

function timesOf(results: readonly FileResult[]): string {
  if (results.length <= SLOWEST) return ''
  const byName = results.toSorted((a, b) => (a.file < b.file ? -1 : 1))
  return ['The time of each file:', ...byName.map((result) => `  ${timeOf(result)}  ${result.file}`)].join('\n')
}

function slowestOf(results: readonly FileResult[]): string {
  if (results.length === 1) return ''
  const slowest = results.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST)
  return ['The slowest files:', ...slowest.map((result) => `  ${timeOf(result)}  ${result.file}`)].join('\n')
}

function skippedOf(results: readonly FileResult[]): string {
  const lines = results.flatMap((result) =>
    testsOf(result)
      .filter((test) => test.passed && test.skipped !== undefined)
      .map(({ path, skipped }) => `  ${result.file}: ${path.join(' > ')}: ${skipped}`),
  )
  return lines.length === 0 ? '' : [`Skipped: ${lines.length}`, ...lines].join('\n')
}

function failuresOf(results: readonly FileResult[]): string {
  return results.filter(hasFailed).map(failureOf).join('\n\n')
}

/** All that is red in a file, and how to see it again. */
function failureOf(result: FileResult): string {
  const { file, trouble, output } = result
  const red = testsOf(result).filter(({ passed }) => !passed)
  const whole = trouble === undefined ? [] : [`FAILED: ${file}: ${trouble}\n  again:  ${againCommand(file)}`]
  const said = output.trim() === '' ? [] : [`${file} printed:\n${indent(output.trimEnd())}`]
  return [...red.map((test) => redOf(file, test)), ...whole, ...said].join('\n\n')
}

function redOf(file: string, { path, error = '', at }: TestResult): string {
  const again = againCommand(file, path.at(-1))
  return [
    `FAILED: ${file} > ${path.join(' > ')}${at === undefined ? '' : ` (${at})`}`,
    indent(error),
    // A property has said it itself.
    ...(error.includes(again) ? [] : [`  again:  ${again}`]),
  ].join('\n')
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ')
}
