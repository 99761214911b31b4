import { COMMAND, TYPESCRIPT } from '../../support/programs.ts'
import { wordsThere, type Machine, type Ran, type Running, type RunOptions } from '../machine.ts'

/** The words after `node` that run our command line in a machine. */
export const COMMAND_THERE: readonly string[] = wordsThere(COMMAND)

/** Where commands run: root's home folder in the machine. */
export const HOME = '/root'

/** The words that run a file of TypeScript in the machine, in root's home folder. */
export function nodeIn(file: string, ...words: readonly string[]): string[] {
  return ['env', '--chdir', HOME, 'node', ...wordsThere([...TYPESCRIPT, file]), ...words]
}

/** The words that run our command line in the machine, in root's home folder. */
export function cliIn(...words: readonly string[]): string[] {
  return ['env', '--chdir', HOME, 'node', ...COMMAND_THERE, ...words]
}

/** Runs a command line of ours in the machine, as root. */
export function cli(machine: Machine, words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return machine.run(cliIn(...words), options)
}

/** The same, still running. */
export function cliRunning(machine: Machine, words: readonly string[], options: RunOptions = {}): Running {
  return machine.spawn(cliIn(...words), options)
}

/** The lines that a command printed with --json. */
export async function cliLines(
  machine: Machine,
  words: readonly string[],
): Promise<{ code: number; lines: Record<string, unknown>[]; result: Record<string, unknown>; stderr: string }> {
  const { code, stdout, stderr } = await cli(machine, [...words, '--json'])
  const lines = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { code, lines, result: lines.at(-1) ?? {}, stderr }
}

/** Runs a command line of ours as somebody else, in a folder that everybody may enter. */
export function cliAs(machine: Machine, user: string, words: readonly string[]): Promise<Ran> {
  return machine.run(['node', ...COMMAND_THERE, ...words], { user })
}
