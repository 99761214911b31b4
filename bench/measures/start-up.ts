import { OURS, type Contender } from '../contenders.ts'
import type { Plan } from '../plan.ts'
import { runProgram, timeCommand, type DaemonEnv, type Outcome } from '../processes.ts'
import { inRounds, mapSamples, summarize, type Line, type Problem } from '../rounds.ts'
import { median } from '../statistics.ts'

/** The time until the first answer, in milliseconds. */
export interface StartLine extends Line {
  /** The time until the process has ended, which a command line's user waits for. */
  readonly ended: number
}

interface Start {
  readonly name: string
  readonly run: () => Promise<Outcome>
}

/** Measures the import of each client, in a fresh process each time. */
export async function measureImports(
  contenders: readonly Contender[],
  plan: Plan,
  problems: Problem[],
): Promise<Line[]> {
  return summarize(await inRounds(contenders, plan.importRounds, importTime, problems), OURS)
}

async function importTime({ entry }: Contender): Promise<number> {
  return Number((await runProgram('import-time', [entry], {})).output)
}

/**
 * Measures from the start of a process to the daemon's first answer. For comparison, also Node alone and the Docker
 * CLI.
 */
export async function measureFirstPings(
  contenders: readonly Contender[],
  daemon: DaemonEnv,
  plan: Plan,
  problems: Problem[],
): Promise<StartLine[]> {
  const starts: Start[] = [
    ...contenders.map((contender) => ({ name: contender.name, run: () => firstPing(contender, daemon) })),
    { name: 'node without a client', run: () => runProgram('nothing', [], {}) },
    { name: 'docker version (Docker CLI)', run: () => dockerVersion(daemon) },
  ]
  const samples = await inRounds(starts, plan.firstPingRounds, ({ run }) => run(), problems)
  const answered = mapSamples(samples, ({ milliseconds }) => milliseconds)
  const ended = mapSamples(samples, ({ total }) => total)
  return summarize(answered, OURS).map((line) => ({ ...line, ended: median(ended.get(line.name) ?? []) }))
}

async function firstPing({ module, entry, env }: Contender, daemon: DaemonEnv): Promise<Outcome> {
  return checkOutput(await runProgram('first-ping', [module, entry], { ...daemon, ...env }), /^OK$/)
}

async function dockerVersion(daemon: DaemonEnv): Promise<Outcome> {
  return checkOutput(
    await timeCommand(['docker', 'version', '--format', '{{.Server.Version}}'], daemon),
    /^\d+\.\d+\.\d+/,
  )
}

function checkOutput(outcome: Outcome, pattern: RegExp): Outcome {
  if (pattern.test(outcome.output)) return outcome
  throw new Error(`it printed ${JSON.stringify(outcome.output)}`)
}
