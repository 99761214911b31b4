import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { TYPESCRIPT } from '../support/programs.ts'
import { INPUT_AT, type Job, type Report } from './job.ts'

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url))
const WATCH_MS = 100
/** How long a target may take to make its seeds. */
const START_MS = 60_000
/** A reader that needs more than this ends its process, which is a finding as well. In MiB. */
const HEAP_MIB = 512

/** What to try. */
export interface Assignment extends Pick<Job, 'file' | 'name' | 'seed' | 'seconds' | 'input'> {
  /** How long one input may take by the clock, in seconds. Default: 20. */
  readonly hangSeconds?: number
}

/** Tries inputs on a target in a process of its own, which may hang or run out of memory. */
export async function fuzzTarget({ hangSeconds = 20, ...assignment }: Assignment): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'mtls-fuzz-'))
  const job = { ...assignment, noteFile: join(folder, 'note'), reportFile: join(folder, 'report') }
  const options = [...TYPESCRIPT, '--expose-gc', '--no-warnings', `--max-old-space-size=${HEAP_MIB}`]
  const env = { ...process.env, TMPDIR: folder }
  const child = spawn(process.execPath, [...options, CHILD, JSON.stringify(job)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env,
  })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-4000)))
  try {
    const ended = once(child, 'close') as Promise<[number | null, string | null]>
    const hung = await watch(child, job.noteFile, hangSeconds * 1000)
    const [code, signal] = await ended
    return readReport(job.reportFile) ?? lost(job, hung, `exit code ${code}, signal ${signal}: ${stderr}`)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Kills the child if it makes no progress. Returns for how long it had made none, in milliseconds. */
async function watch(child: ChildProcess, note: string, patience: number): Promise<number | undefined> {
  let [seen, since] = [0, Date.now()]
  while (child.exitCode === null && child.signalCode === null) {
    await delay(WATCH_MS)
    const { number } = readNote(note)
    if (number !== seen) [seen, since] = [number, Date.now()]
    if (Date.now() - since > (seen > 0 ? patience : START_MS)) {
      child.kill('SIGKILL')
      return patience
    }
  }
  return undefined
}

function readNote(path: string): { readonly number: number; readonly input: Buffer } {
  try {
    const bytes = readFileSync(path)
    return { number: bytes.readUInt32LE(0), input: bytes.subarray(INPUT_AT, INPUT_AT + bytes.readUInt32LE(4)) }
  } catch {
    return { number: 0, input: Buffer.alloc(0) }
  }
}

function readReport(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report
  } catch {
    return undefined
  }
}

/** The report of a child that couldn't write its own. */
function lost({ noteFile, seconds }: Job, hung: number | undefined, ended: string): Report {
  const { number, input } = readNote(noteFile)
  if (number === 0) throw new Error(`the process of the target ended before its first input: ${ended}`)
  const detail = hung === undefined ? ended : `an input took longer than ${hung / 1000} s`
  const finding = { kind: hung === undefined ? 'crash' : 'hang', detail, input: input.toString('base64') } as const
  return { inputs: number, accepted: 0, seconds, slowest: hung ?? 0, largest: 0, finding }
}
