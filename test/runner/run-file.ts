import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { onInterrupt } from '../../scripts/interrupt.ts'
import { type NamespacedCommand, spawnInNamespaces } from '../../scripts/namespaces.ts'
import { type FileResult, parseTimes, readResults } from './results.ts'

/** Longer than any file takes: one that hangs, or leaves a server open when it fails, must end, and be named. */
const TIMEOUT_MS = 10 * 60_000
/** A file that prints without end must not fill our memory. */
const OUTPUT_BYTES = 1_000_000

export interface FileOptions {
  /** Options of Node's own test runner. */
  readonly options: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** In namespaces of its own: they cost 40 ms, and no file meets what another one left. */
  readonly enclosed: boolean
}

/** Runs a test file as a process of its own, and ends everything that it started. */
export async function runFile(file: string, { options, env, enclosed }: FileOptions): Promise<FileResult> {
  const notes = mkdtempSync(join(tmpdir(), 'docker-mtls-run-'))
  const [events, times] = [join(notes, 'events'), join(notes, 'times')]
  const started = performance.now()
  try {
    const reporter = ['--test-reporter=./test/runner/events.mjs', `--test-reporter-destination=${events}`]
    const command = [process.execPath, '--import', './scripts/typescript.mjs', ...reporter, ...options, file]
    const start = enclosed ? spawnInNamespaces : spawnHere
    const run = start(command, { ...env, DOCKER_MTLS_TIMES: times }, ['ignore', 'pipe', 'pipe'])
    const { code, late, output } = await untilEnd(run)
    const { tests, isWhole } = existsSync(events) ? readResults(events) : { tests: [], isWhole: false }
    const cpuSeconds = existsSync(times) ? parseTimes(readFileSync(times, 'utf8')) : undefined
    const trouble = late ? lateness(tests) : troubleOf(code, tests, isWhole)
    return {
      file,
      seconds: (performance.now() - started) / 1000,
      ...(cpuSeconds !== undefined && { cpuSeconds }),
      tests,
      ...(trouble !== undefined && { trouble }),
      output,
    }
  } finally {
    rmSync(notes, { recursive: true, force: true })
  }
}

function lateness(tests: FileResult['tests']): string {
  const last = tests.findLast(({ isSuite }) => !isSuite)
  const where = last === undefined ? 'before a test ended' : `after the test: ${last.path.join(' > ')}`
  return `it was killed after ${TIMEOUT_MS / 1000} s, ${where}`
}

function troubleOf(code: number, tests: FileResult['tests'], isWhole: boolean): string | undefined {
  if (tests.length === 0 && code === 0) return 'there is no test in it, or none that is to be run'
  if (!isWhole) return `it ended with ${code} before its tests had ended`
  const isRed = tests.some(({ passed }) => !passed)
  return code !== 0 && !isRed ? `it ended with ${code}, though no test failed` : undefined
}

async function untilEnd({
  child,
  closed,
  kill,
}: NamespacedCommand): Promise<{ code: number; late: boolean; output: string }> {
  let output = ''
  const keep = (chunk: string): void => {
    if (output.length < OUTPUT_BYTES) output += chunk
  }
  for (const stream of [child.stdout, child.stderr] as (Readable | null)[]) stream?.setEncoding('utf8').on('data', keep)
  let late = false
  const timer = setTimeout(() => {
    late = true
    void kill()
  }, TIMEOUT_MS)
  const forget = onInterrupt(kill)
  const code = await closed.finally(() => {
    clearTimeout(timer)
    forget()
  })
  return { code, late, output }
}

/** Where namespaces can't be made: in a folder and a process group of its own. */
function spawnHere(command: readonly string[], env: NodeJS.ProcessEnv): NamespacedCommand {
  const folder = mkdtempSync(join(tmpdir(), 'docker-mtls-'))
  const [file = '', ...args] = command
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, HOME: folder, TMPDIR: folder },
    detached: true,
  })
  const endAll = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // All have ended.
    }
  }
  const closed = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    // What it left running would keep its output open.
    child.once('exit', endAll)
    child.once('close', (code) => resolve(code ?? 1))
  }).finally(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  const kill = async (): Promise<void> => {
    endAll()
    await closed
  }
  return { child, closed, kill }
}
