import { Command, type OutputConfiguration } from 'commander'
import type { CommandSpec, Context } from '../command.ts'
import { COMMANDS, type Entry } from '../commands.ts'
import { GROUPS } from '../groups.ts'
import { hasColours } from '../../base/terminal/colours.ts'
import { widthOf } from '../terminal/layout.ts'
import { wrap } from '../../base/wrap.ts'
import { packageVersion } from '../../base/package-version.ts'
import { type Sentence, renderSentence, SELF, sentence } from '../../base/sentence.ts'
import { isPlugin } from '../terminal/self.ts'

const DESCRIPTION =
  'Secures a Docker daemon with mutual TLS and connects to it: creates keys and certificates, configures dockerd, and ' +
  'tests the connection. Anything weaker than verified TLS with a client certificate is refused.'

const FIRST_STEPS: CommandSpec['examples'] = [
  [
    sentence`${SELF} init build01.example.com 10.0.0.4`,
    'create keys, certificates and configuration; shows the next steps',
  ],
  [sentence`${SELF} explain`, 'show which daemon your environment selects, and why'],
  [sentence`${SELF} ping`, 'connect to it, and show who answered'],
  [sentence`${SELF} COMMAND --help`, 'options and examples of one command'],
]

const OUTPUT = [
  'Exit codes: 0 done, 1 failed, 2 wrong command line, 3 findings of an audit.',
  'With --json, stdout is one JSON object; a failure is { error: { code, message, tried, got, todo } }. Commands that show ' +
    'steps print JSON lines: { type: "step", ... } for each step, then "result" or "error".',
]

/** A description in fewer columns is hard to read. */
const LEAST_WIDTH = 30

/** A command that has been loaded. */
export interface Loaded {
  readonly entry: Entry
  readonly spec: CommandSpec
}

/**
 * The tree of commands. Only loaded ones get their options; the others have just a name and a summary. A tree for one command
 * contains no others, because it takes milliseconds to create them.
 */
export function buildProgram(context: Context, loaded: readonly Loaded[]): Command {
  const program = new Command(isPlugin(context.io.env) ? 'docker mtls' : 'docker-mtls')
    .description(DESCRIPTION)
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help with examples')
    .helpCommand(false)
    .exitOverride()
    .configureOutput(outputOf(context))
    .configureHelp({
      styleTitle: (title) => context.paint('bold', title),
      // Our descriptions name the defaults.
      optionDescription: ({ description }) => description,
      formatItem: (term, termWidth, description) => helpItem(term, termWidth, description, widthOf(context.io.stdout)),
    })
    .addHelpText('after', programHelp(context))
  const entries = loaded.length === 1 ? loaded.map(({ entry }) => entry) : COMMANDS
  for (const entry of entries) {
    const parent = entry.words.length === 1 ? program : groupOf(program, entry.words[0], context)
    const command = parent.command(entry.words.at(-1) ?? '').summary(entry.summary)
    const spec = loaded.find((one) => one.entry === entry)?.spec
    if (spec !== undefined) complete(command, spec, context)
  }
  return program
}

/** An option or command, and its description: beside it, or below it if the terminal is too narrow. */
function helpItem(term: string, termWidth: number, description: string, width: number): string {
  const column = termWidth + 4
  if (width - column < LEAST_WIDTH) return `  ${term}\n${wrap(description, width, ' '.repeat(6))}`
  return `  ${term.padEnd(termWidth)}  ${wrap(description, width, ' '.repeat(column)).trimStart()}`.trimEnd()
}

/** The command in the tree that stands for an entry. */
export function find(program: Command, { words }: Entry): Command {
  return words.reduce((parent, word) => parent.commands.find((command) => command.name() === word) ?? parent, program)
}

function groupOf(program: Command, name: string, context: Context): Command {
  const there = program.commands.find((command) => command.name() === name)
  if (there !== undefined) return there
  const { summary = '', description = '' } = GROUPS[name] ?? {}
  return program
    .command(name)
    .helpCommand(false)
    .summary(summary)
    .description(description)
    .addHelpText(
      'after',
      helpText(sentence`\nOptions and examples of a command:\n  ${SELF} ${name} COMMAND --help`, context),
    )
}

function complete(command: Command, spec: CommandSpec, context: Context): void {
  command
    .description(helpText(spec.description, context))
    .allowExcessArguments(false)
    .addHelpText('after', afterHelp(spec, context))
  spec.define(command, context)
}

function programHelp(context: Context): string {
  const width = widthOf(context.io.stdout)
  const output = OUTPUT.map((text) => wrap(text, width)).join('\n')
  return `\nFirst steps:\n${exampleLines(FIRST_STEPS, context)}\n\n${output}\n`
}

function afterHelp({ examples, json }: CommandSpec, context: Context): string {
  const width = widthOf(context.io.stdout)
  const keys = json === undefined ? '' : `\n${wrap(`With --json: ${json.replaceAll(/\s+/g, ' ')}`, width)}\n`
  return `\nExamples:\n${exampleLines(examples, context)}\n${keys}`
}

/** The commands stay whole, so that they can be copied. */
function exampleLines(examples: CommandSpec['examples'], context: Context): string {
  const width = widthOf(context.io.stdout)
  return examples.map(([line, does]) => `  ${helpText(line, context)}\n${wrap(does, width, ' '.repeat(6))}`).join('\n')
}

/** Renders help that can be copied: as a plugin, we have another name, of the same length. */
function helpText(text: Sentence, { io }: Context): string {
  const self = isPlugin(io.env) ? 'docker mtls' : 'docker-mtls'
  const command = ([, ...words]: readonly string[]): string => [self, ...words].join(' ')
  return renderSentence(text, { command, option: ({ option }) => option })
}

/** Commander's own error texts are dropped: `usageErrorFrom` writes ours. */
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
