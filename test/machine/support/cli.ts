import { fileURLToPath } from 'node:url'
import type { Machine, Ran, Running, RunOptions } from '../machine.ts'

export const MAIN = fileURLToPath(new URL('../../../lib/cli/main.ts', import.meta.url))
/** By its whole path: the working directory is another. */
const TSX = import.meta.resolve('tsx')

/** Where commands run: root's home folder in the machine. */
export const HOME = '/root'

/** The words that run a file of TypeScript in the machine, in root's home folder. */
export function nodeIn(file: string, ...words: readonly string[]): string[] {
  return ['env', '--chdir', HOME, 'node', '--import', TSX, file, ...words]
}

function argvOf(words: readonly string[]): string[] {
  return nodeIn(MAIN, ...words)
}

/** Runs a command line of ours in the machine, as root. */
export function cli(machine: Machine, words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return machine.run(argvOf(words), options)
}

/** The same, still running. */
export function cliRunning(machine: Machine, words: readonly string[], options: RunOptions = {}): Running {
  return machine.spawn(argvOf(words), options)
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
  return machine.run(['node', '--import', TSX, MAIN, ...words], { user })
}
