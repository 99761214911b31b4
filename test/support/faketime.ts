import { runCommand, type CommandOptions, type CommandResult } from './command.ts'

/**
 * Runs a command with the clock of its process moved, by Debian's faketime. It names a semaphore after its own process id, which
 * another one has in another namespace at the same time: then it runs nothing.
 */
export async function runFaked(
  offset: string,
  argv: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  for (let attempt = 0; ; attempt++) {
    const result = await runCommand('faketime', ['-f', offset, ...argv], options)
    if (attempt === 10 || !result.stderr.startsWith('faketime: sem_open: File exists')) return result
  }
}
