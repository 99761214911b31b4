/**
 * Tries inputs on one target: `child.ts JOB`, where JOB is a {@link Job} as JSON. It writes each input to a file before it
 * tries it, so that the parent knows which one has hung or killed this process, and its report to another.
 */
import { openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { seedsOf } from './corpus.ts'
import { mutate, type Material } from './mutate.ts'
import { Random } from './random.ts'
import type { Job, Report } from './job.ts'
import { INPUT_AT } from './job.ts'
import type { Target } from './target.ts'
import { tryInput, watchStrayErrors, type Trial } from './trial.ts'

const MIB = 1024 * 1024
const MOST_IN_POOL = 200
/** The number of inputs after which a target may end, if its time is up. */
const LEAST_INPUTS = 100
/** Inputs grow from one to the next. In bytes. */
const LONGEST_IN_POOL = 20_000

const job = JSON.parse(process.argv[2] ?? '') as Job
const { targets } = (await import(pathToFileURL(job.file).href)) as { targets: readonly Target[] }
const target = targets.find(({ name }) => name === job.name)
if (target === undefined) throw new Error(`no target ${job.name} in ${job.file}`)
async function explore(one: Target): Promise<Report> {
  const random = new Random(job.seed)
  const seeds = await seedsOf(one)
  const accepted = [...seeds]
  const refused: Buffer[] = []
  const material: Material = {
    pool: accepted,
    words: (one.words ?? []).map((word) => Buffer.from(word as Uint8Array)),
    format: one.format,
    longest: one.longest ?? MIB,
  }
  const reasons = new Set<string>()
  const tally = new Tally(one)
  const deadline = performance.now() + job.seconds * 1000
  // A slow target, or a busy machine, must not make this a run of nothing.
  const least = job.seconds > 0 ? LEAST_INPUTS : 0
  for (let index = 0; index < Math.max(seeds.length, least) || performance.now() < deadline; index++) {
    // Most inputs are made from accepted ones, since what is refused early never reaches the inner code.
    const base = random.pick(refused.length > 0 && random.chance(0.15) ? refused : accepted)
    const bytes = seeds[index] ?? mutate(base, random, material)
    if (await tally.add(bytes)) break
    const { last } = tally
    if (index < seeds.length || bytes.length > LONGEST_IN_POOL) continue
    const isNew = !reasons.has(last.reason)
    reasons.add(last.reason)
    if (last.accepted && random.chance(0.02)) keep(accepted, bytes, seeds.length, random)
    else if (isNew && !last.accepted) keep(refused, bytes, 0, random)
  }
  return tally.report()
}

/** Adds an input to a pool; a full pool loses another one, but none of its first. */
function keep(pool: Buffer[], bytes: Buffer, first: number, random: Random): void {
  if (pool.length < first + MOST_IN_POOL) pool.push(bytes)
  else pool[first + random.below(MOST_IN_POOL)] = bytes
}

async function replay(one: Target, bytes: Buffer): Promise<Report> {
  // The first input also pays for modules and compilation.
  const [seed] = await seedsOf(one)
  if (seed) await tryInput(one, seed)
  const tally = new Tally(one)
  await tally.add(bytes)
  return tally.report()
}

class Tally {
  last: Trial = { accepted: false, reason: '', ms: 0, growth: 0 }
  readonly #target: Target
  readonly #note: number = openSync(job.noteFile, 'w+')
  #inputs = 0
  #accepted = 0
  #slowest = 0
  #largest = 0
  #found: Report['finding']
  readonly #started: number = performance.now()

  constructor(one: Target) {
    this.#target = one
  }

  /** Tries an input. Returns whether it is a finding. */
  async add(bytes: Buffer): Promise<boolean> {
    this.#write(bytes)
    const trial = await tryInput(this.#target, Buffer.from(bytes))
    this.last = trial
    this.#inputs++
    if (trial.accepted) this.#accepted++
    this.#slowest = Math.max(this.#slowest, trial.ms)
    this.#largest = Math.max(this.#largest, trial.growth)
    if (trial.fault) this.#found = { ...trial.fault, input: bytes.toString('base64') }
    return trial.fault !== undefined
  }

  report(): Report {
    return {
      inputs: this.#inputs,
      accepted: this.#accepted,
      seconds: (performance.now() - this.#started) / 1000,
      slowest: this.#slowest,
      largest: this.#largest,
      ...(this.#found && { finding: this.#found }),
    }
  }

  /** The number of the input, its length, and the input. */
  #write(bytes: Buffer): void {
    const head = Buffer.alloc(INPUT_AT)
    head.writeUInt32LE(this.#inputs + 1, 0)
    head.writeUInt32LE(bytes.length, 4)
    writeSync(this.#note, Buffer.concat([head, bytes]), 0, INPUT_AT + bytes.length, 0)
  }
}

async function main(one: Target): Promise<void> {
  // A promise that is never settled would end this process; the parent has to see a hang.
  const alive = setInterval(() => {}, 1000)
  const end = await one.start?.()
  watchStrayErrors()
  const report = await (job.input === undefined ? explore(one) : replay(one, readFileSync(job.input)))
  writeFileSync(job.reportFile, JSON.stringify(report))
  clearInterval(alive)
  await end?.()
}

main(target).then(
  () => process.exit(),
  (error: unknown) => {
    process.stderr.write(inspect(error))
    process.exit(1)
  },
)
