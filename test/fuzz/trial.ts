import { closeSync, openSync, writeSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { REFUSED, Violation, type Target } from './target.ts'

const MIB = 1024 * 1024

/** The budget of an input: a floor for what any input may cost, and a part for each of its bytes. */
export const BUDGET = { floorMs: 600, pace: 1, floorBytes: 64 * MIB, bytesPerByte: 64 } as const

/** A loaded machine takes more CPU time for the same work. Quadratic time exceeds this, too. */
const LOADED = 2

/** The longest message of an error: it may quote an input, but not all of it. */
const LONGEST_MESSAGE = 16_384
/** What would control a terminal or disguise the message. */
const CONTROL = /(?!\n)[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u

/** Why an input is a finding. */
export interface Fault {
  readonly kind: 'error' | 'violation' | 'message' | 'stray' | 'time' | 'memory' | 'hang' | 'crash'
  readonly detail: string
}

/** What a reader did with an input. */
export interface Trial {
  readonly accepted: boolean
  /** The same for inputs that are refused for the same reason. */
  readonly reason: string
  readonly ms: number
  /** How much the process grew at most, in bytes. */
  readonly growth: number
  readonly fault?: Fault
}

/** Errors that no promise and no call has passed on. */
let stray: unknown
export function watchStrayErrors(): void {
  process.on('uncaughtException', (error) => (stray ??= { error }))
  process.on('unhandledRejection', (error) => (stray ??= { error }))
}

/** How often an input may exceed its budget until it is a finding: other programs run on the machine. */
const TRIES = 3

/** Tries an input, again and again if it exceeds its budget. */
export async function tryInput(target: Target, bytes: Buffer): Promise<Trial> {
  for (let tries = 1; ; tries++) {
    const trial = await once(target, bytes)
    const isOver = trial.fault?.kind === 'time' || trial.fault?.kind === 'memory'
    if (!isOver || tries === TRIES) return trial
    globalThis.gc?.()
  }
}

async function once(target: Target, bytes: Buffer): Promise<Trial> {
  resetPeak()
  const memory = peakMemory()
  const cpu = process.cpuUsage()
  const { fault, ...outcome } = await outcomeOf(target, bytes)
  const { user, system } = process.cpuUsage(cpu)
  const measured = { ms: (user + system) / 1000, growth: peakMemory() - memory }
  const found = strayFault() ?? fault ?? overBudget(target, bytes.length, measured)
  return { ...outcome, ...measured, ...(found && { fault: found }) }
}

async function outcomeOf(target: Target, bytes: Buffer): Promise<Pick<Trial, 'accepted' | 'reason' | 'fault'>> {
  try {
    let result = target.read(bytes)
    if (result instanceof Promise) {
      result = await result
      // A rejection that nobody handles is reported in the next turn.
      await nextTurn()
    }
    return { accepted: result !== REFUSED, reason: result === REFUSED ? 'refused' : '' }
  } catch (error) {
    const fault = faultOf(target, error)
    return { accepted: false, reason: reasonOf(error), ...(fault && { fault }) }
  }
}

function faultOf(target: Target, error: unknown): Fault | undefined {
  if (error instanceof Violation) return { kind: 'violation', detail: error.message }
  if (target.mayThrow?.(error) === true) return undefined
  if (!isDockerMtlsError(error)) return { kind: 'error', detail: describe(error) }
  if (error.message.length > LONGEST_MESSAGE)
    return { kind: 'message', detail: `${error.code}: its message has ${error.message.length} characters` }
  const control = CONTROL.exec(error.message)?.[0]
  if (control === undefined) return undefined
  return { kind: 'message', detail: `${error.code}: its message has U+${control.codePointAt(0)?.toString(16)}` }
}

function strayFault(): Fault | undefined {
  if (stray === undefined) return undefined
  const { error } = stray as { error: unknown }
  stray = undefined
  return { kind: 'stray', detail: describe(error) }
}

function describe(error: unknown): string {
  return (error instanceof Error ? (error.stack ?? error.message) : String(error)).slice(0, 2000)
}

/** Without what is quoted from the input. */
function reasonOf(error: unknown): string {
  const { code = '', got, message } = error as { code?: string; got?: string; message?: string }
  return `${code} ${(got ?? message ?? '').replaceAll(/"[^"]*"|\d+/g, '').slice(0, 60)}`
}

/** What the CPU time and the memory of an input may be. */
function overBudget(target: Target, size: number, { ms, growth }: Pick<Trial, 'ms' | 'growth'>): Fault | undefined {
  const mostMs = BUDGET.floorMs + (size / 1024) * (target.pace ?? BUDGET.pace) * LOADED
  if (ms > mostMs)
    return { kind: 'time', detail: `${size} bytes took ${Math.round(ms)} ms; allowed are ${Math.round(mostMs)} ms` }
  const most = BUDGET.floorBytes + size * BUDGET.bytesPerByte
  if (growth <= most) return undefined
  return { kind: 'memory', detail: `${size} bytes took ${mib(growth)} MiB; allowed are ${mib(most)} MiB` }
}

export function mib(bytes: number): number {
  return Math.round(bytes / MIB)
}

function peakMemory(): number {
  return process.resourceUsage().maxRSS * 1024
}

/** Forgets the peak so far (proc(5), clear_refs). Elsewhere than on Linux, only a new peak is noticed. */
function resetPeak(): void {
  try {
    const file = openSync('/proc/self/clear_refs', 'w')
    writeSync(file, '5')
    closeSync(file)
  } catch {
    // There is no such file.
  }
}
