import { Command, type OutputConfiguration } from 'commander'
import type { CommandSpec, Context } from '../command.ts'
import { COMMANDS, GROUPS, GROUP_NOTES, type Entry } from '../commands.ts'
import { hasColours, widthOf, wrap } from '../terminal/layout.ts'
import { packageVersion } from '../package-version.ts'
import { type Sentence, renderSentence, SELF, sentence } from '../../base/sentence.ts'
import { isPlugin } from '../terminal/self.ts'

const DESCRIPTION =
  'Secures a Docker daemon and reaches it, with mutual TLS on both ends: makes the keys and certificates, renders the ' +
  "daemon's configuration, and connects. What would be weaker than verified TLS with a client certificate is refused."

const EXAMPLES: Sentence = sentence`
First steps:
  ${SELF} init build01.example.com 10.0.0.4
      keys, certificates and configuration, and what to do with them
  ${SELF} explain
      which daemon do my variables mean?
  ${SELF} ping
      does it work, and who answers?
  ${SELF} COMMAND --help
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
    .addHelpText('after', helpText(EXAMPLES, context))
  for (const entry of COMMANDS) {
    const parent = entry.words.length === 1 ? program : groupOf(program, entry.words[0], context)
    const command = parent.command(entry.words.at(-1) ?? '').summary(entry.summary)
    if (entry === meant?.entry) complete(command, meant.spec, context)
  }
  return program
}

/** The command in the tree that stands for an entry. */
export function find(program: Command, { words }: Entry): Command {
  return words.reduce((parent, word) => parent.commands.find((command) => command.name() === word) ?? parent, program)
}

function groupOf(program: Command, name: string, context: Context): Command {
  const there = program.commands.find((command) => command.name() === name)
  if (there !== undefined) return there
  const about = GROUPS[name] ?? ''
  return program
    .command(name)
    .helpCommand(false)
    .summary(about)
    .description([`Everything about ${about}.`, GROUP_NOTES[name] ?? ''].join(' ').trim())
    .addHelpText('after', helpText(sentence`\nMore of each, with examples:  ${SELF} ${name} COMMAND --help`, context))
}

function complete(command: Command, spec: CommandSpec, context: Context): void {
  command
    .description(helpText(spec.description, context))
    .allowExcessArguments(false)
    .addHelpText('after', afterHelp(spec, context))
  spec.define(command, context)
}

function afterHelp({ examples, json }: CommandSpec, context: Context): string {
  const width = widthOf(context.io.stdout)
  const lines = examples.map(([line, does]) => `  ${helpText(line, context)}\n${wrap(does, width, ' '.repeat(6))}`)
  const keys = json === undefined ? '' : `\n${wrap(`With --json: ${json.replaceAll(/\s+/g, ' ')}`, width)}\n`
  return `\nExamples:\n${lines.join('\n')}\n${keys}`
}

/** Help that can be copied: as a plugin we are called by another name, which is as long as our own. */
function helpText(text: Sentence, { io }: Context): string {
  const self = isPlugin(io.env) ? 'docker mtls' : 'docker-mtls'
  const command = ([, ...words]: readonly string[]): string => [self, ...words].join(' ')
  return renderSentence(text, { command, option: ({ option }) => option })
}

/** Commander's own words about mistakes are dropped: they become errors of ours. */
function outputOf({ io }: Context): OutputConfiguration {
  return {
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
    outputError: () => undefined,
    getOutHelpWidth: () => widthOf(io.stdout),
    getErrHelpWidth: () => widthOf(io.stderr),
    getOutHasColors: () => hasColours(io.stdout, io.env),
    getErrHasColors: () => hasColours(io.stderr, io.env),
  }
}
