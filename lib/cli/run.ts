import type { Command } from 'commander'
import { makeContext, type Context } from './command.ts'
import { asksForJson, normaliseArgv } from './argv.ts'
import { COMMANDS, type Entry } from './commands.ts'
import { errorReport, errorText, exitCodeOf, usageError, USAGE } from './errors.ts'
import { Interrupted, type Io } from './io.ts'
import { isCommanderError, isHelp, usageErrorFrom } from './mistakes.ts'
import { painter } from './output.ts'
import { buildProgram, find } from './program.ts'

/**
 * Runs one command line. Nothing of the process is touched but through `io`, and nothing is thrown.
 *
 * @param argv - without node and the script
 * @param io - streams, environment, signal
 * @returns the exit code: 0 done, 1 failed, 2 the command line is wrong, 128 and more: a signal came
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let exitCode = 0
  const context = makeContext(io, (code) => (exitCode = code))
  try {
    await parse(argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv, context)
  } catch (error) {
    return fail(error, argv, io)
  }
  return io.signal.reason instanceof Interrupted ? io.signal.reason.exitCode : exitCode
}

async function parse(argv: readonly string[], context: Context): Promise<void> {
  const entry = COMMANDS.find(({ words }) => words.every((word, index) => argv[index] === word))
  const spec = await entry?.load()
  const program = buildProgram(context, entry && spec && { entry, spec })
  const where = ['docker-mtls', ...(entry?.words ?? groupOf(argv))].join(' ')
  const command = entry && find(program, entry)
  try {
    await program.parseAsync(normalised(argv, entry, command, where, context), { from: 'user' })
  } catch (error) {
    if (!isCommanderError(error) || isHelp(error)) throw error
    throw usageErrorFrom(error, { where, ...(spec && { spec }), ...(command && { command }) })
  }
}

function normalised(
  argv: readonly string[],
  entry: Entry | undefined,
  command: Command | undefined,
  where: string,
  { say }: Context,
): readonly string[] {
  if (entry === undefined || command === undefined) return argv
  // Only init takes words beside such a flag; elsewhere a word too many is a mistake that says so itself.
  const notes = command.registeredArguments.length === 0 ? () => undefined : say
  return [...entry.words, ...normaliseArgv(argv.slice(entry.words.length), command.options, where, notes)]
}

/** `cert` of `cert sho`, for a mistake inside a group. */
function groupOf([first = '']: readonly string[]): string[] {
  return COMMANDS.some(({ words }) => words.length === 2 && words[0] === first) ? [first] : []
}

function fail(error: unknown, argv: readonly string[], io: Io): number {
  // Help that nobody asked for (no command at all) went to stderr, and is a mistake.
  if (isHelp(error)) return error.exitCode === 0 ? 0 : failedHelp(argv, io)
  const interruption = [error, io.signal.reason].find((reason) => reason instanceof Interrupted)
  if (interruption !== undefined) {
    reportJson(interruption, argv, io)
    return exitCodeOf(interruption)
  }
  const { code, text } = errorText(error, io.env)
  io.stderr.write(`${painter(io.stderr, io.env)('red', `${code}:`)} ${text}\n`)
  reportJson(error, argv, io)
  return exitCodeOf(error)
}

/** Whoever reads JSON gets an object, whatever happened. */
function reportJson(error: unknown, argv: readonly string[], io: Io): void {
  if (asksForJson(argv)) io.stdout.write(`${JSON.stringify(errorReport(error, io.env), undefined, 2)}\n`)
}

function failedHelp(argv: readonly string[], io: Io): number {
  const where = ['docker-mtls', ...groupOf(argv)].join(' ')
  reportJson(usageError(where, 'there is no command', `All of them:  ${where} --help`), argv, io)
  return USAGE
}
