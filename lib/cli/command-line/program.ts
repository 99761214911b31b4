import { Command, type OutputConfiguration } from 'commander'
import type { CommandSpec, Context } from '../command.ts'
import { COMMANDS, GROUPS, GROUP_NOTES, type Entry } from '../commands.ts'
import { hasColours, widthOf, wrap } from '../terminal/layout.ts'
import { packageVersion } from '../package-version.ts'
import { asTyped, isPlugin } from '../terminal/self.ts'

const DESCRIPTION =
  'Secures a Docker daemon and reaches it, with mutual TLS on both ends: makes the keys and certificates, renders the ' +
  "daemon's configuration, and connects. What would be weaker than verified TLS with a client certificate is refused."

const EXAMPLES = `
First steps:
  docker-mtls init build01.example.com 10.0.0.4
      keys, certificates and configuration, and what to do with them
  docker-mtls explain
      which daemon do my variables mean?
  docker-mtls ping
      does it work, and who answers?
  docker-mtls COMMAND --help
      all of one command, with examples

Exit codes: 0 done, 1 failed, 2 the command line is wrong.
With --json stdout is one JSON object; a failure is
{ error: { code, message, tried, got, todo } }. Where steps are shown, it is
JSON lines: { type: "step", ... } each, then "result" or "error".
`

/** The tree of commands. Only the one that is meant gets its options; the others are there by name. */
export function buildProgram(context: Context, meant?: { entry: Entry; spec: CommandSpec }): Command {
  const program = new Command(isPlugin(context.io.env) ? 'docker mtls' : 'docker-mtls')
    .description(DESCRIPTION)
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain, with examples')
    .helpCommand(false)
    .exitOverride()
    .configureOutput(outputOf(context))
    .configureHelp({
      styleTitle: (title) => context.paint('bold', title),
      // Defaults are in our own words.
      optionDescription: ({ description }) => description,
    })
    .addHelpText('after', EXAMPLES)
  for (const entry of COMMANDS) {
    const parent = entry.words.length === 1 ? program : groupOf(program, entry.words[0])
    const command = parent.command(entry.words.at(-1) ?? '').summary(entry.summary)
    if (entry === meant?.entry) complete(command, meant.spec, context)
  }
  return program
}

/** The command in the tree that stands for an entry. */
export function find(program: Command, { words }: Entry): Command {
  return words.reduce((parent, word) => parent.commands.find((command) => command.name() === word) ?? parent, program)
}

function groupOf(program: Command, name: string): Command {
  const there = program.commands.find((command) => command.name() === name)
  if (there !== undefined) return there
  const about = GROUPS[name] ?? ''
  return program
    .command(name)
    .helpCommand(false)
    .summary(about)
    .description([`Everything about ${about}.`, GROUP_NOTES[name] ?? ''].join(' ').trim())
    .addHelpText('after', `\nMore of each, with examples:  docker-mtls ${name} COMMAND --help`)
}

function complete(command: Command, spec: CommandSpec, context: Context): void {
  command.description(spec.description).allowExcessArguments(false).addHelpText('after', afterHelp(spec, context))
  spec.define(command, context)
}

function afterHelp({ examples, json }: CommandSpec, { io }: Context): string {
  const width = widthOf(io.stdout)
  const lines = examples.map(([line, does]) => `  ${line}\n${wrap(does, width, ' '.repeat(6))}`)
  const keys = json === undefined ? '' : `\n${wrap(`With --json: ${json.replaceAll(/\s+/g, ' ')}`, width)}\n`
  return `\nExamples:\n${lines.join('\n')}\n${keys}`
}

/** Commander's own words about mistakes are dropped: they become errors of ours. */
function outputOf({ io }: Context): OutputConfiguration {
  // As long as our own name, so that no line gets longer by it.
  const typed = (text: string): string => (isPlugin(io.env) ? asTyped(text, io.env) : text)
  return {
    writeOut: (text) => io.stdout.write(typed(text)),
    writeErr: (text) => io.stderr.write(typed(text)),
    outputError: () => undefined,
    getOutHelpWidth: () => widthOf(io.stdout),
    getErrHelpWidth: () => widthOf(io.stderr),
    getOutHasColors: () => hasColours(io.stdout, io.env),
    getErrHasColors: () => hasColours(io.stderr, io.env),
  }
}
