import type { Command } from 'commander'
import { SELF, sentence } from '../../base/sentence.ts'
import { operationsOf, type Preset } from '../../policy/presets/preset.ts'
import { PRESETS } from '../../policy/presets/presets.ts'
import type { Caller } from '../../policy/presets/render.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addJson, notAmong, once } from '../command-line/options.ts'
import { usageError } from '../errors.ts'
import { columns } from '../terminal/layout.ts'

interface PresetFlags {
  readonly as?: string
  readonly socket?: string
  readonly json?: true
}

const WHERE = sentence`${SELF} policy preset`
const NAMES = PRESETS.map(({ name }) => name)

async function runPreset(name: string | undefined, flags: PresetFlags, context: Context): Promise<void> {
  const preset = PRESETS.find((one) => one.name === name)
  if (preset !== undefined) return print(preset, flags, context)
  if (flags.as !== undefined || flags.socket !== undefined)
    throw usageError(
      WHERE,
      'the caller is given, but no preset',
      sentence`Add the name of a preset; ${SELF} policy preset lists them.`,
    )
  context.answer({ data: { presets: PRESETS.map(dataOf) }, text: listOf(context) }, flags)
}

async function print(preset: Preset, flags: PresetFlags, context: Context): Promise<void> {
  const { policyOf, renderPreset } = await import('../../policy/presets/render.ts')
  const { definePolicy } = await import('../../policy/file/parse.ts')
  const who = callerOf(preset, flags)
  const policy = policyOf(preset, who)
  // It refuses what can't be the name of a caller.
  definePolicy(policy)
  context.answer({ data: { ...dataOf(preset), notes: preset.notes, policy }, text: renderPreset(preset, who) }, flags)
}

function callerOf({ name }: Preset, { as, socket }: PresetFlags): Caller {
  if (as !== undefined && socket !== undefined)
    throw usageError(WHERE, '--as and --socket are both given', 'Give one of them.')
  return socket === undefined ? { commonName: as ?? name } : { socket }
}

function dataOf(preset: Preset): object {
  const { name, purpose, level } = preset
  return { name, purpose, level, operations: operationsOf(preset) ?? null }
}

function listOf({ paint, width }: Context): string {
  const rows = PRESETS.map((preset) => {
    const { name, purpose, level } = preset
    return [name, level, String(operationsOf(preset)?.length ?? 'all'), purpose]
  })
  const [head = '', ...lines] = columns([['PRESET', 'LEVEL', 'OPERATIONS', 'FOR'], ...rows], width)
  return `${[paint('bold', head), ...lines].join('\n')}\n`
}

function readName(value: string): string {
  if (NAMES.includes(value)) return value
  throw notAmong('the argument preset', value, NAMES)
}

function define(command: Command, context: Context): void {
  const preset = command.createArgument('[preset]', 'the name of a preset').choices(NAMES).argParser(readName)
  command
    .addArgument(preset)
    .option('--as <name>', 'the common name of the caller (default: the name of the preset)', once('--as'))
    .option('--socket <name>', 'the name of the local socket that the caller uses, instead of --as', once('--socket'))
  addJson(command).action((name: string | undefined, flags: PresetFlags) => runPreset(name, flags, context))
}

export const policyPreset: CommandSpec = {
  description:
    'Lists presets: policies for tools, which allow the operations that the tool needs, and no others. With the name of one, prints ' +
    'it as a policy file with comments. Change what you need, and check it with  policy check .',
  examples: [
    [sentence`${SELF} policy preset`, 'list the presets'],
    [sentence`${SELF} policy preset compose --as ann > policy.yaml`, 'Compose, for the client certificate ann'],
    [sentence`${SELF} policy preset traefik --socket traefik > policy.yaml`, 'Traefik, for a local socket'],
  ],
  json: '{ presets: [{ name, purpose, level, operations }] }, or { name, purpose, level, operations, notes, policy } of one; operations are null if the level decides alone',
  define,
}
