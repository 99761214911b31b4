import { join } from 'node:path'
import { ours, sentence, type Sentence } from '../base/sentence.ts'
import type { Command } from 'commander'
import type { ArgumentError } from '../base/errors.ts'
import { makeContext, type Context } from './command.ts'
import { asksForJson, normaliseArgv } from './command-line/argv.ts'
import { COMMANDS, type Entry } from './commands.ts'
import { GROUPS } from './groups.ts'
import { Declined } from './terminal/confirm.ts'
import { optionsFromDocker } from './command-line/docker-flags.ts'
import { errorReport, errorText, exitCodeOf, usageError, USAGE, type ErrorReport, type KnownCas } from './errors.ts'
import { refuseForeignRuntime } from '../base/runtime.ts'
import { escapeText } from '../base/text.ts'
import type { Environment } from '../endpoint/environment.ts'
import type { FailedCall } from './inputs/missing-ca.ts'
import { Interrupted, type Io } from './terminal/io.ts'
import { writeLine } from './terminal/json-lines.ts'
import { writeAbove } from '../base/terminal/live.ts'
import { renderTyped } from './terminal/sentence-style.ts'
import { isCommanderError, isHelp, usageErrorFrom } from './command-line/usage-errors.ts'
import { painter } from '../base/terminal/colours.ts'
import { buildProgram, find, type Loaded } from './command-line/program.ts'

/**
 * Runs one command line. It touches the process only through `io`, and throws nothing.
 *
 * @param argv - without node and the script
 * @param io - streams, environment, signal
 * @returns the exit code: 0 done, 1 failed, 2 wrong command line, 128 and more: stopped by a signal
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let exitCode = 0
  let jsonLines = false
  let meant: Loaded | undefined
  let folder: string | undefined
  const words = withCommand(withHelpOption(argv))
  try {
    refuseForeignRuntime('running docker-mtls')
    meant = await findMeant(words)
    jsonLines = meant?.spec.jsonLines === true
    const ending = {
      jsonLines,
      done: (code: number) => (exitCode = code),
      usesFolder: (used: string) => (folder = used),
    }
    await parse(words, meant, makeContext(io, ending))
  } catch (error) {
    const rest = words.slice(meant?.entry.words.length)
    const hint = meant?.spec.hint?.(error, rest)
    const improved = meant?.spec.improve?.(error, rest) ?? error
    const call = { words: meant?.entry.words ?? [], rest, folder, env: io.env }
    const explained = await explain(improved, call)
    return fail(explained.error, argv, { io, jsonLines, hint, known: explained.known })
  } finally {
    if (folder !== undefined && meant?.spec.reads !== true) await rememberCa(folder, io.env)
  }
  return io.signal.reason instanceof Interrupted ? io.signal.reason.exitCode : exitCode
}

/** `help cert sign` and `cert help sign` are `cert sign --help`. */
function withHelpOption(argv: readonly string[]): readonly string[] {
  const [first = '', second, ...rest] = argv
  if (first === 'help') return [...argv.slice(1), '--help']
  return second === 'help' && groupOf(argv).length > 0 ? [first, ...rest, '--help'] : argv
}

/** `gateway --socket PATH` is `gateway run --socket PATH`; `gateway --help` stays the help of the group. */
function withCommand(argv: readonly string[]): readonly string[] {
  const [group = '', option = ''] = argv
  const command = Object.hasOwn(GROUPS, group) ? GROUPS[group]?.byOptions : undefined
  if (command === undefined || !/^--?[a-z]/.test(option) || ['-h', '--help'].includes(option)) return argv
  return [group, command, ...argv.slice(1)]
}

/** The command may have created the CA, even if it failed later: the next command finds it by itself. */
async function rememberCa(folder: string, env: Environment): Promise<void> {
  const { casOf, remember } = await import('./inputs/known.ts')
  await remember(await casOf({ path: join(folder, 'ca') }), env)
}

/** Only a command that used a folder can have missed its CA. */
async function explain(
  error: unknown,
  { folder, ...call }: Omit<FailedCall, 'folder'> & { readonly folder: string | undefined },
): Promise<{ readonly error: unknown; readonly known?: KnownCas }> {
  if (folder === undefined) return { error }
  const { explainMissingCa } = await import('./inputs/missing-ca.ts')
  return explainMissingCa(error, { ...call, folder })
}

async function findMeant(argv: readonly string[]): Promise<Loaded | undefined> {
  const entry = COMMANDS.find(({ words }) => words.every((word, index) => argv[index] === word))
  return entry && load(entry)
}

async function load(entry: Entry): Promise<Loaded> {
  return { entry, spec: await entry.load() }
}

async function parse(argv: readonly string[], meant: Loaded | undefined, context: Context): Promise<void> {
  const { entry, spec } = meant ?? {}
  const loaded =
    (await spec?.needsAllCommands?.()) === true ? await Promise.all(COMMANDS.map(load)) : meant ? [meant] : []
  const program = buildProgram(context, loaded)
  const words = entry?.words ?? groupOf(argv)
  const command = entry && find(program, entry)
  try {
    await program.parseAsync(normalised(argv, entry, command, context), { from: 'user' })
  } catch (error) {
    if (!isCommanderError(error) || isHelp(error)) throw error
    throw usageErrorFrom(error, { words, argv, ...(spec && { spec }), ...(command && { command }) })
  }
}

function normalised(
  argv: readonly string[],
  entry: Entry | undefined,
  command: Command | undefined,
  { say, io: { docker = [] } }: Context,
): readonly string[] {
  if (entry === undefined || command === undefined) return argv
  // Only init accepts arguments beside such a flag; elsewhere the argument itself is refused.
  const notes = command.registeredArguments.length === 0 ? () => undefined : say
  const { options } = command
  const long = options.map((option) => option.long ?? '')
  const where = ours(...entry.words)
  const words = normaliseArgv(argv.slice(entry.words.length), options, [where], notes)
  return [...entry.words, ...optionsFromDocker(docker, long, where), ...words]
}

/** `cert` of `cert sho`, for a mistake inside a group. */
function groupOf([first = '']: readonly string[]): string[] {
  return COMMANDS.some(({ words }) => words.length === 2 && words[0] === first) ? [first] : []
}

/** How a failure is reported. */
interface Reporting {
  readonly io: Io
  readonly jsonLines: boolean
  /** See {@link CommandSpec.hint}. */
  readonly hint: Sentence | undefined
  /** The CAs near a folder without one. */
  readonly known: KnownCas | undefined
}

function fail(error: unknown, argv: readonly string[], { io, jsonLines, hint, known }: Reporting): number {
  const reportJson = (reason: unknown): void => {
    if (asksForJson(argv)) writeReport(errorReport(reason, io.env, known), io, jsonLines)
  }
  // Commander showed help because the command is missing: that is a mistake.
  if (isHelp(error)) {
    if (error.exitCode === 0) return 0
    reportJson(noCommand(argv))
    return USAGE
  }
  const interruption = [error, io.signal.reason].find((reason) => reason instanceof Interrupted)
  if (interruption === undefined) writeAbove(io.stderr, `${failureText(error, io)}${hintText(hint, io)}`)
  reportJson(interruption ?? error)
  return exitCodeOf(interruption ?? error)
}

function failureText(error: unknown, io: Io): string {
  if (error instanceof Declined) return `${error.message}\n`
  const { code, text } = errorText(error, io.env)
  return `${painter(io.stderr, io.env)('red', `${code}:`)} ${text}\n`
}

function hintText(hint: Sentence | undefined, { env }: Io): string {
  return hint === undefined ? '' : `${escapeText(renderTyped(hint, env))}\n`
}

/** A program that asked for JSON gets an object after every failure. */
function writeReport(report: ErrorReport, { stdout }: Io, jsonLines: boolean): void {
  if (jsonLines) writeLine(stdout, 'error', report)
  else stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
}

function noCommand(argv: readonly string[]): ArgumentError {
  const where = ours(...groupOf(argv))
  return usageError([where], 'the command is missing', sentence`See:  ${where} --help`)
}
