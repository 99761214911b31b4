import type { Command } from 'commander'
import { SELF, sentence } from '../../base/sentence.ts'
import type { Policy, PolicyRule } from '../../policy/file/types.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addJson } from '../command-line/options.ts'
import { readPolicyFile } from '../inputs/policy-file.ts'
import { policyWarnings } from '../reports/policy-warnings.ts'
import { columns } from '../terminal/layout.ts'

interface CheckFlags {
  readonly json?: true
}

const HEADS = ['RULE', 'WHO', 'LEVEL', 'ALLOW', 'DENY', 'ONLY']

async function runCheck(file: string, flags: CheckFlags, context: Context): Promise<void> {
  const policy = await readPolicyFile(file, context)
  context.answer({ data: dataOf(policy), text: tableOf(policy, context), warnings: policyWarnings(policy) }, flags)
}

function dataOf({ version, rules }: Policy): object {
  return { version, rules }
}

function tableOf({ rules }: Policy, { paint, width }: Context): string {
  const [head = '', ...lines] = columns([HEADS, ...rules.map(cells)], width).map((line) => line.trimEnd())
  return `${[paint('bold', head), ...lines].join('\n')}\n`
}

function cells({ name, who, level, until, owner, renew, allow, deny, only }: PolicyRule): string[] {
  const more = [
    level.audit && `audit: ${level.audit}`,
    level.warn && `warn: ${level.warn}`,
    until && `until: ${until}`,
    owner && `owner: ${owner}`,
    renew && `renew: ${renew.for} s`,
  ].filter(Boolean)
  return [
    name,
    conditions(who),
    [level.enforce, ...more].join(', '),
    list([
      ...allow.operations,
      ...allow.hostPaths.map(({ path, readOnly }) => (readOnly ? `${path} (read-only)` : path)),
      ...allow.capabilities,
      ...allow.devices,
    ]),
    list([
      ...deny.operations,
      ...deny.images.map(({ text }) => text),
      ...deny.networks,
      ...deny.labels,
      ...deny.capabilities,
    ]),
    list([
      ...(only.operations ?? []),
      ...(only.images ?? []).map(({ text }) => text),
      ...(only.networks ?? []),
      ...(only.labels ?? []),
    ]),
  ]
}

const list = (items: readonly string[]): string => items.join(', ')

function conditions(who: PolicyRule['who']): string {
  if (who.any) return 'anyone'
  return Object.entries(who)
    .map(([key, values]) => `${key} ${(values as readonly string[]).join(' or ')}`)
    .join(', ')
}

function define(command: Command, context: Context): void {
  command.argument('<policy>', 'the policy file, or - for stdin')
  addJson(command).action((file: string, flags: CheckFlags) => runCheck(file, flags, context))
}

export const policyCheck: CommandSpec = {
  description:
    'Checks a policy file, and shows its rules. The first rule that fits a caller decides; a caller that no rule fits may do ' +
    'nothing. It names up to 20 mistakes at once, with line and column.',
  examples: [
    [sentence`${SELF} policy check policy.yaml`, 'show the rules, or the mistakes'],
    [sentence`${SELF} policy check policy.yaml --json`, 'for a program'],
  ],
  json: '{ version, rules: [{ name, who, level: { enforce, audit, warn, version }, until, owner, renew: { for }, allow, deny, only }], warnings }',
  define,
}
