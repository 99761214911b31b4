import { OURS, type Contender } from '../contenders.ts'
import type { Plan } from '../plan.ts'
import { runProgram, timeCommand, type DaemonEnv } from '../processes.ts'
import { inRounds, summarize, type Line, type Problem } from '../rounds.ts'

interface Start {
  readonly name: string
  readonly milliseconds: () => Promise<number>
}

/** How long the import of each takes, in a fresh process each time. */
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

/** From the start of a process to the daemon's first answer to it; beside them Node by itself and Docker's own client. */
export async function measureFirstPings(
  contenders: readonly Contender[],
  daemon: DaemonEnv,
  plan: Plan,
  problems: Problem[],
): Promise<Line[]> {
  const starts: Start[] = [
    ...contenders.map(({ name, module, entry, env }) => ({
      name,
      milliseconds: async () => {
        const outcome = await runProgram('first-ping', [module, entry], { ...daemon, ...env })
        return asExpected(outcome.output, /^OK$/, outcome.milliseconds)
      },
    })),
    { name: 'node, no client at all', milliseconds: async () => (await runProgram('nothing', [], {})).milliseconds },
    { name: 'docker version (Docker CLI)', milliseconds: () => dockerVersion(daemon) },
  ]
  return summarize(await inRounds(starts, plan.firstPingRounds, ({ milliseconds }) => milliseconds(), problems), OURS)
}

async function dockerVersion(daemon: DaemonEnv): Promise<number> {
  const { output, milliseconds } = await timeCommand(['docker', 'version', '--format', '{{.Server.Version}}'], daemon)
  return asExpected(output, /^\d+\.\d+\.\d+/, milliseconds)
}

function asExpected(output: string, pattern: RegExp, milliseconds: number): number {
  if (pattern.test(output)) return milliseconds
  throw new Error(`it printed ${JSON.stringify(output)}`)
}
