import { createHash } from 'node:crypto'
import { wrap } from '../../base/wrap.ts'
import { Refused } from '../file/values/value.ts'
import { NAME } from '../file/values/who.ts'
import { operationsOf, type Preset } from './preset.ts'

/** Who a preset is for: a common name, or the name of a local socket. */
export type Caller = { readonly commonName: string } | { readonly socket: string }

/** A preset as a policy with one rule, in the form of `definePolicy()`. */
export function policyOf(preset: Preset, who: Caller): { readonly version: 1; readonly rules: readonly object[] } {
  const { level, owner } = preset
  const name = ruleName(preset, who)
  const operations = operationsOf(preset)
  const rule = { name, who, level, ...(owner && { owner: name }), ...(operations && { only: { operations } }) }
  return { version: 1, rules: [rule] }
}

/**
 * That of the caller, if it can be the name of a rule. Otherwise what remains of it, and a digest: callers that differ never have the same
 * name, as it is also their owner.
 */
function ruleName({ name }: Preset, who: Caller): string {
  const [caller = ''] = Object.values(who)
  if (!(NAME.read(caller) instanceof Refused) && !WITH_DIGEST.test(caller)) return caller
  const rest = caller
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, 40)
    .replace(/-$/, '')
  return `${rest || name}-${createHash('sha256').update(caller).digest('hex').slice(0, DIGITS)}`
}

const DIGITS = 16
/** Nobody has such a name as it is, so that nobody can choose that of another caller. */
const WITH_DIGEST = new RegExp(`-[0-9a-f]{${DIGITS}}$`)

const WIDTH = 100

/** A preset as a policy file, with comments. */
export function renderPreset(preset: Preset, who: Caller): string {
  const { purpose, level, notes } = preset
  const name = scalar(ruleName(preset, who))
  return [
    ...comment(`For ${purpose}.`, ''),
    ...comment('In a policy that you have, put this rule before others for the same caller.', ''),
    ...notes.flatMap((note) => comment(note, '', '- ')),
    'version: 1',
    'rules:',
    `  - name: ${name}`,
    ...Object.entries(who).map(([key, value]) => `    who: { ${key}: ${scalar(value)} }`),
    `    level: ${level}`,
    ...ownerLines(preset, name),
    ...hostPathLines(preset),
    ...onlyLines(preset),
    '',
  ].join('\n')
}

/** Whether it creates containers. */
const runs = (preset: Preset): boolean => operationsOf(preset)?.includes('containers.create') ?? true

function ownerLines(preset: Preset, name: string): string[] {
  if (preset.owner) return [`    owner: ${name}`]
  if (!runs(preset)) return []
  return [
    ...comment(
      'It can use and change what others run on this daemon. To keep it to its own things, without builds:',
      INDENT,
    ),
    `    # owner: ${name}`,
  ]
}

function hostPathLines(preset: Preset): string[] {
  if (!runs(preset)) return []
  return [
    ...comment('Its containers can mount volumes, but no folder of the host. To allow one, and none below it:', INDENT),
    '    # allow: { hostPaths: [{ path: /srv/data }] }',
  ]
}

function onlyLines({ operations }: Preset): string[] {
  if (operations === undefined) return []
  const groups = Object.entries(operations)
  return [
    '    # It needs these operations. All others are refused.',
    '    only:',
    '      operations:',
    ...groups.flatMap(([why, names]) => [...comment(why, '        '), ...names.map((one) => `        - ${one}`)]),
  ]
}

const INDENT = '    '

function comment(text: string, indent: string, mark = ''): string[] {
  const lines = wrap(`${mark}${text}`, WIDTH - indent.length, ' '.repeat(mark.length)).split('\n')
  return lines.map((line, index) => `${indent}# ${index === 0 ? line.trimStart() : line}`)
}

/** JSON is YAML. Plain words need no quotes, unless YAML takes them for something else than text. */
function scalar(text: string): string {
  return /^[A-Za-z][\w-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text)
}
