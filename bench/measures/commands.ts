import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plan } from '../plan.ts'
import { timeCommand } from '../processes.ts'
import { inRounds, mapSamples, summarize, type Line, type Named, type Problem } from '../rounds.ts'

const MAIN: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** It prints a line, as every command does: `timeCommand` waits for that. */
export const BARE_NODE = 'node that prints a line'

/** Command lines that only read or render. `KEYS` stands for a folder with a CA, a server and two clients. */
const COMMAND_LINES: readonly string[] = [
  '--version',
  '--help',
  'cert list --help',
  'cert list --dir KEYS',
  'cert show KEYS/server/server-cert.pem',
  'client env alice --dir KEYS',
  'context ls',
  'explain',
  'daemon render',
  'completion bash',
]

interface CommandLine extends Named {
  readonly args: readonly string[]
}

/** Measures each command of the built package from its start to its end, in turns with a Node process that does nothing. */
export async function measureCommands(plan: Plan, problems: Problem[]): Promise<Line[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-commands-'))
  const env = { HOME: folder }
  try {
    const keys = join(folder, 'keys')
    const init = ['init', 'build01.example.com', '--client', 'alice', '--client', 'ci', '--out', keys]
    await timeCommand([process.execPath, MAIN, ...init], env)
    const commands: CommandLine[] = COMMAND_LINES.map((name) => ({
      name: name.replace(/ --dir KEYS$/, '').replace(/KEYS\/.*/, 'FILE'),
      args: [MAIN, ...name.replace('KEYS', keys).split(' ')],
    }))
    const all = [{ name: BARE_NODE, args: ['-e', 'console.log(0)'] }, ...commands]
    const outcomes = await inRounds(
      all,
      plan.commandRounds,
      ({ args }) => timeCommand([process.execPath, ...args], env),
      problems,
    )
    return summarize(
      mapSamples(outcomes, ({ total }) => total),
      BARE_NODE,
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
