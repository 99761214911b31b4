import { textFile } from '../../base/text-file.ts'
import { singleQuoted } from '../../base/quoting/posix.ts'
import { fillIn } from './fill-in.ts'
import type { KnownCommand, KnownOption, ValueKind } from './tree.ts'

const SCRIPT = textFile(new URL('./script.zsh', import.meta.url))

/** The specs of `_arguments` and `_describe` (zshcompsys(1)). */
export function renderZsh(commands: readonly KnownCommand[]): string {
  const groups = commands.filter((command) => command.commands.length > 0)
  return fillIn(SCRIPT, {
    COMMANDS: groups.map((group) => row(group, group.commands.map(describe))),
    SPECS: commands.map((command) => row(command, [...command.options.map(optionSpec), ...operandSpecs(command)])),
  })
}

function row({ words }: KnownCommand, specs: readonly string[]): string {
  return `    ${singleQuoted(words.join(' '))})\n${specs.map((spec) => `      reply+=(${singleQuoted(spec)})`).join('\n')}\n      ;;`
}

function describe({ name, summary }: KnownCommand['commands'][number]): string {
  return `${name}:${summary.replaceAll('\\', '\\\\')}`
}

function optionSpec({ flag, description, value }: KnownOption): string {
  const about = `[${description.replaceAll(/[\\[\]]/g, '\\$&')}]`
  if (value === undefined) return `${flag}${about}`
  const message = value.name.replaceAll(':', '\\:')
  // An optional value has to follow the = in the same word.
  if (value.optional) return `${flag}=-${about}::${message}: `
  return `*${flag}=${about}:${message}:${actionOf(value.kind)}`
}

/** For all arguments together: few commands have several, and their files can be told from names. */
function operandSpecs({ operands }: KnownCommand): string[] {
  const kinds = operands.filter(({ kind }) => kind !== 'text').map(({ kind }) => kind)
  if (operands.length === 0) return []
  if (kinds.length <= 1) return [`*:${operands.map(({ name }) => name).join(' or ')}:${actionOf(kinds[0] ?? 'text')}`]
  return operands.map(({ name, kind }) => `:${name}:${actionOf(kind)}`)
}

const ACTIONS = {
  file: '_files',
  folder: '_files -/',
  client: '_docker_mtls_clients',
  server: '_docker_mtls_servers',
  context: '_docker_mtls_contexts',
  text: ' ',
} as const

function actionOf(kind: ValueKind): string {
  return typeof kind === 'string' ? ACTIONS[kind] : `(${kind.join(' ')})`
}
