/** `npm run fuzz`: tries mutated inputs on everything that reads foreign bytes. See {@link HELP}. */
import { randomInt } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { compileAll } from './compile.mjs'
import type { Report } from '../test/fuzz/job.ts'
import { fuzzTarget } from '../test/fuzz/supervise.ts'
import { loadTargets, type PlacedTarget } from '../test/fuzz/targets.ts'
import { mib } from '../test/fuzz/trial.ts'

const HELP = `npm run fuzz -- [OPTION...]

Tries mutated inputs on everything that reads foreign bytes. An input is a finding if its reader

  throws anything other than an error of docker-mtls, or throws where nobody catches it
  returns a result that contradicts the input
  exceeds a budget: 600 ms of CPU time + 2 ms per KiB, 64 MiB of memory + 64 bytes per byte, 20 s by the clock

  --seconds=N     the time for all targets together (default: 60)
  --target=NAME   only this target; may be repeated
  --seed=N        the seed of all choices (default: a fresh one, which is printed)
  --input=FILE    try only this input, on the one target named
  --jobs=N        how many targets run at the same time (default: 1)
  --list          list the targets

Findings are written to .cache/fuzz/. To keep one as a regression test, copy it to test/fuzz/corpus/TARGET/.
'npm run fuzz:properties' runs the property tests with a fresh seed.`

const FINDINGS = '.cache/fuzz'
/** Fewer inputs say nothing about the share that a reader accepts. */
const ENOUGH_INPUTS = 500

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    target: { type: 'string', multiple: true },
    seed: { type: 'string' },
    input: { type: 'string' },
    jobs: { type: 'string', default: '1' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

function whole(name: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`--${name}=${text}: expected a whole number`)
  return Number(text)
}

async function chosenTargets(): Promise<PlacedTarget[]> {
  const all = await loadTargets()
  const names = values.target ?? all.map(({ target }) => target.name)
  const unknown = names.find((name) => !all.some(({ target }) => target.name === name))
  if (unknown !== undefined) throw new Error(`there is no target ${unknown}; --list shows them`)
  return all.filter(({ target }) => names.includes(target.name))
}

/** One line for each target. */
interface Row {
  readonly name: string
  readonly report: Report
  readonly problem: string | undefined
}

async function fuzz({ file, target }: PlacedTarget, seed: number, seconds: number): Promise<Row> {
  const { name } = target
  const input = values.input === undefined ? {} : { input: values.input }
  const report = await fuzzTarget({ file, name, seed, seconds, ...input })
  const { finding, inputs, accepted } = report
  if (finding) return { name, report, problem: showFinding(name, seed, report) }
  const least = (target.accepts ?? 0.01) * inputs
  // Fewer inputs deviate more from the share that a long run shows: by three standard deviations of a Poisson distribution.
  if (inputs < ENOUGH_INPUTS || accepted >= least - 3 * Math.sqrt(least)) return { name, report, problem: undefined }
  const problem = `${name}: it accepts only ${accepted} of ${inputs} inputs, so they don't reach its inner code`
  console.log(`\n${problem}`)
  return { name, report, problem }
}

/** Saves the input, and prints how to try it again. */
function showFinding(name: string, seed: number, { finding }: Report): string {
  const { kind = '', detail = '', input = '' } = finding ?? {}
  const bytes = Buffer.from(input, 'base64')
  mkdirSync(FINDINGS, { recursive: true })
  const file = values.input ?? join(FINDINGS, `${name}-${seed}`)
  if (values.input === undefined) writeFileSync(file, bytes)
  const shown = JSON.stringify(bytes.subarray(0, 300).toString('latin1'))
  console.log(`\n${name}: ${kind}: ${detail}`)
  console.log(`  the input (${bytes.length} bytes): ${shown}`)
  console.log(`  again:  npm run fuzz -- --target=${name} --seed=${seed} --input=${relative('.', file)}`)
  return `${name}: ${kind}`
}

const COLUMNS = ['target', 'inputs', 'per s', 'accepted', 'slowest ms', 'growth MiB'] as const

function cells({ name, report }: Row): string[] {
  const { inputs, seconds, accepted, slowest, largest } = report
  const share = inputs === 0 ? 0 : (100 * accepted) / inputs
  const numbers = [inputs, Math.round(inputs / seconds), `${share.toFixed(1)} %`, slowest.toFixed(0), mib(largest)]
  return [name, ...numbers.map(String)]
}

function showTable(rows: readonly Row[]): void {
  const lines = [[...COLUMNS], ...rows.map(cells)]
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  console.log('')
  for (const line of lines) {
    const padded = line.map((cell, column) => {
      const width = widths[column] ?? 0
      return column === 0 ? cell.padEnd(width) : cell.padStart(width)
    })
    console.log(padded.join('  '))
  }
}

async function main(): Promise<void> {
  const targets = await chosenTargets()
  if (values.list) return targets.forEach(({ target }) => console.log(target.name))
  if (values.input !== undefined && targets.length !== 1) throw new Error('--input needs exactly one --target')
  const seed = values.seed === undefined ? randomInt(2 ** 31) : whole('seed', values.seed)
  const jobs = Math.max(1, whole('jobs', values.jobs))
  const seconds = (whole('seconds', values.seconds) * jobs) / targets.length
  console.log(
    `Seed ${seed}: ${targets.length} targets, ${seconds.toFixed(1)} s each. Again:  npm run fuzz -- --seed=${seed}`,
  )
  await compileAll()
  const queue = [...targets]
  const rows: Row[] = []
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) rows.push(await fuzz(next, seed, seconds))
  }
  await Promise.all(Array.from({ length: jobs }, worker))
  showTable(rows.toSorted((one, other) => one.name.localeCompare(other.name)))
  const problems = rows.flatMap(({ problem }) => problem ?? [])
  console.log(problems.length === 0 ? '\nNo findings.' : `\n${problems.length} findings:\n  ${problems.join('\n  ')}`)
  process.exitCode = problems.length === 0 ? 0 : 1
}

if (values.help) console.log(HELP)
else await main()
