import { PassThrough } from 'node:stream'
import type { Command } from 'commander'
import { renderSentence, type Sentence } from '../lib/base/sentence.ts'
import { makeContext } from '../lib/cli/command.ts'
import { buildProgram, find, type Loaded } from '../lib/cli/command-line/program.ts'
import { COMMANDS } from '../lib/cli/commands.ts'
import { GROUPS } from '../lib/cli/groups.ts'
import { escaped } from '../scripts/check-pages.ts'
import type { NavLink, Page } from './page.ts'
import type { Screen } from './screens.ts'

const FOLDER = 'commands'
export const ALL_COMMANDS: NavLink = { title: 'All commands', source: `${FOLDER}/README.md` }

/** The pages of the commands, from their definitions, and the index of them. */
export async function commandPages(screens: readonly Screen[]): Promise<Page[]> {
  const loaded = await Promise.all(
    COMMANDS.map(async (entry): Promise<Loaded> => ({ entry, spec: await entry.load() })),
  )
  const output = { write: () => undefined, columns: 80 }
  const io = {
    stdin: new PassThrough(),
    stdout: output,
    stderr: output,
    env: {},
    signal: new AbortController().signal,
    root: '/',
  }
  const program = buildProgram(makeContext(io, { done: () => undefined, jsonLines: false }), loaded)
  const pages = loaded.map((one) =>
    pageOf(one.entry.words.join('-'), commandText(one, find(program, one.entry), screens)),
  )
  return [pageOf('README', indexText(program.description())), ...pages]
}

/** The commands, in the order in which one meets them. */
export function commandLinks(): NavLink[] {
  return COMMANDS.map(({ words }) => ({ title: words.join(' '), source: `${FOLDER}/${words.join('-')}.md` }))
}

function pageOf(name: string, text: string): Page {
  const page = { source: `${FOLDER}/${name}.md`, text, search: 'sections' } as const
  if (name === 'README') return { ...page, output: `${FOLDER}/index.html` }
  return { ...page, output: `${FOLDER}/${name}.html`, parent: ALL_COMMANDS }
}

function groupOf(words: readonly string[]): string {
  return words.length > 1 ? (words[0] ?? '') : ''
}

function indexText(description: string): string {
  const shown = [...new Set(COMMANDS.map(({ words }) => groupOf(words)))]
  const tables = shown.map((group) => {
    const rows = COMMANDS.filter(({ words }) => groupOf(words) === group).map(
      ({ words, summary }) => `| [\`${words.join(' ')}\`](${words.join('-')}.md) | ${prose(summary)} |`,
    )
    const intro = group === '' ? '' : `## ${group}\n\n${prose(GROUPS[group]?.description ?? '')}\n\n`
    return `${intro}| command | what it does |\n|---|---|\n${rows.join('\n')}\n`
  })
  return `# Commands\n\n${prose(description)}\n\n[Command line](../docs/command-line.md) has what all commands share: exit codes, JSON output, completion and the plugin.\n\n${tables.join('\n')}`
}

function commandText({ entry, spec }: Loaded, command: Command, screens: readonly Screen[]): string {
  const name = entry.words.join(' ')
  const examples = spec.examples.map(
    ([line, does]) => `${sentenceCase(prose(does))}${does.endsWith('?') ? '' : ':'}\n\n${fence('sh', typed(line))}`,
  )
  const shown = screens.filter((screen) => screen.command === name).map(({ html }) => html)
  return [
    `# docker-mtls ${name}`,
    prose(typed(spec.description)),
    fence('text', `docker-mtls ${name} ${command.usage()}`),
    section('Arguments', table('argument', argumentsOf(command))),
    section('Options', table('option', optionsOf(command))),
    section('Examples', examples.join('\n')),
    section('What it prints', shown.join('\n')),
    section('JSON', spec.json === undefined ? '' : jsonText(spec.json, spec.jsonLines === true)),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function argumentsOf(command: Command): (readonly [string, string])[] {
  const help = command.createHelp()
  return help.visibleArguments(command).map((argument) => [help.argumentTerm(argument), argument.description])
}

/** Their descriptions name the defaults. */
function optionsOf(command: Command): (readonly [string, string])[] {
  const help = command.createHelp()
  return help.visibleOptions(command).map((option) => {
    const unnamed = option.argChoices?.some((choice) => !option.description.includes(choice)) === true
    return [option.flags, option.description + (unnamed ? ` (${option.argChoices?.join(', ')})` : '')]
  })
}

/** In the help, two spaces are around what can be typed, and a paragraph that begins with them is a list in columns. */
const TYPED = / {2,}(\S.*?)(?: {2,}| (?=[.,;:](?: |$))|$)/g

function prose(text: string): string {
  const paragraphs = text.split('\n\n').map((part) => {
    if (part.startsWith('  ')) return fence('text', part)
    const pieces = part.split(TYPED).map((piece, index) => (index % 2 === 0 ? escaped(piece) : ` \`${piece}\` `))
    return pieces
      .join('')
      .replaceAll(/` (?=[.,;:](?: |$))/g, '`')
      .trim()
  })
  return paragraphs.join('\n\n')
}

function table(head: string, rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(([term, about]) => `| \`${term.replaceAll('|', String.raw`\|`)}\` | ${prose(about)} |`)
  return rows.length === 0 ? '' : `| ${head} | meaning |\n|---|---|\n${lines.join('\n')}`
}

function jsonText(shape: string, isLines: boolean): string {
  const what = isLines
    ? 'With `--json` it prints a line for each step, `{ "type": "step", ... }`, and at the end one with the type `"result"`, which has:'
    : 'With `--json` it prints one object:'
  return `${what}\n\n${fence('text', shape)}`
}

function section(title: string, text: string): string {
  return text === '' ? '' : `## ${title}\n\n${text}`
}

function fence(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\`\n`
}

function typed(text: Sentence): string {
  return renderSentence(text, { command: (words) => words.join(' '), option: ({ option }) => option })
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
