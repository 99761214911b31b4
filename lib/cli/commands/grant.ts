import type { Command } from 'commander'
import { resolve } from 'node:path'
import { DAY_MS } from '../../base/expiry.ts'
import { isThere } from '../../base/files.ts'
import { SELF, sentence } from '../../base/sentence.ts'
import { quoted } from '../../base/text.ts'
import { LEVELS, type HostPath, type Level } from '../../policy/file/types.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addFolder, addJson, addPassphraseFile, choice, many, once } from '../command-line/options.ts'
import { usageError } from '../errors.ts'
import { hostPathOf } from '../inputs/bind.ts'
import { onlyHost } from '../inputs/client-folder.ts'
import { refuseUntrusted } from '../inputs/found.ts'
import { withFolder, type FolderFlags } from '../inputs/key-folder.ts'
import { keptAsideWarnings } from '../reports/crl.ts'
import { endData, endText, endWarnings, grantData, grantText, listData, listText } from '../reports/grants.ts'
import { policyWarnings } from '../reports/policy-warnings.ts'
import { withPassphrase, type PassphraseFlags } from '../terminal/passphrase.ts'

interface GrantFlags extends FolderFlags, PassphraseFlags {
  readonly for?: string
  readonly level?: Level
  readonly bind?: readonly string[]
  readonly owner?: string
  readonly policy?: string
  readonly json?: true
}

const WHERE = sentence`${SELF} grant`
const DEFAULT_POLICY = 'policy.yaml'
/** Words that stand in the place of a name. */
const ACTIONS = { list: 'list', end: 'end' }

async function runGrant(name: string, target: string | undefined, flags: GrantFlags, context: Context): Promise<void> {
  const policy = flags.policy ?? DEFAULT_POLICY
  if (flags.policy === undefined && (await isThere(policy)))
    await refuseUntrusted({ path: policy, option: '--policy' }, context.io.env)
  if (name === ACTIONS.end) return end(target, policy, flags, context)
  if (target !== undefined) throw usageError(WHERE, `${quoted(target)} is one argument too many`, 'Name one grant.')
  return name === ACTIONS.list ? list(policy, flags, context) : issue(name, policy, flags, context)
}

async function issue(name: string, policy: string, given: GrantFlags, context: Context): Promise<void> {
  const { level, owner, bind = [] } = given
  const lifetime = readLifetime(given.for)
  if (level === undefined)
    throw usageError(
      WHERE,
      'nothing says what the grant allows',
      sentence`For example:  ${SELF} grant ${name} --for 2h --level restricted`,
    )
  const hostPaths = await Promise.all(bind.map((text) => hostPathOf(text)))
  for (const warning of await warningsOf(level, owner, hostPaths)) context.warn(warning)
  const { grant } = await import('../../grants/grant.ts')
  const flags = await withFolder(given, context)
  const { dir } = flags
  const options = { folder: dir, name, policy, lifetime, level, hostPaths, ...(owner !== undefined && { owner }) }
  const run = (passphrase: string | undefined) => grant({ ...options, ...(passphrase !== undefined && { passphrase }) })
  const report = await withPassphrase({ folder: dir, flags, run }, context)
  const asked = { policy: resolve(policy), dir, lifetime, level, hostPaths, owner, host: await onlyHost(dir) }
  context.answer({ data: grantData(report, asked), text: grantText(report, asked, context) }, flags)
}

/** Of a policy with this rule alone, which is refused if the rule is. */
async function warningsOf(level: Level, owner: string | undefined, hostPaths: readonly HostPath[]): Promise<string[]> {
  const { definePolicy } = await import('../../policy/file/parse.ts')
  const allow = hostPaths.length > 0 ? { allow: { hostPaths } } : {}
  const rule = { name: 'grant', who: { any: true }, level, ...(owner !== undefined && { owner }), ...allow }
  return policyWarnings(definePolicy({ version: 1, rules: [rule] }))
}

async function end(name: string | undefined, policy: string, given: GrantFlags, context: Context): Promise<void> {
  refuseLimits(given, ACTIONS.end)
  if (name === undefined)
    throw usageError(WHERE, 'the name of the grant is missing', sentence`Write  ${SELF} grant end NAME .`)
  const { endGrant } = await import('../../grants/end.ts')
  const flags = await withFolder(given, context)
  const { dir } = flags
  const run = (passphrase: string | undefined) =>
    endGrant({ folder: dir, name, policy, ...(passphrase !== undefined && { passphrase }) })
  const report = await withPassphrase({ folder: dir, flags, run }, context)
  const aside = report.revoked.flatMap(({ crl }) => keptAsideWarnings(crl ?? {}))
  const warnings = [...endWarnings(report, policy, dir), ...aside]
  const text = endText(report, policy, context)
  // The rule may still be somewhere.
  context.answer({ data: endData(report), text, warnings, failed: !report.hasPolicy || !report.hasRule }, flags)
}

async function list(policy: string, flags: GrantFlags, context: Context): Promise<void> {
  refuseLimits(flags, ACTIONS.list)
  const { listGrants } = await import('../../grants/list.ts')
  const { dir } = await withFolder(flags, context)
  const grants = await listGrants(dir, policy)
  const data = { folder: resolve(dir), policy: resolve(policy), grants: listData(grants) }
  context.answer({ data, text: listText(grants, context) }, flags)
}

function refuseLimits(flags: GrantFlags, action: string): void {
  const given = (['for', 'level', 'bind', 'owner'] as const).find((key) => flags[key] !== undefined)
  if (given === undefined) return
  const got = `--${given} has no effect with ${action}`
  throw usageError(WHERE, got, 'Leave it out. A grant is never changed: end it, and grant again.')
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS }
/** Clocks differ by seconds. */
const LEAST_MS = 60_000
/** Whoever needs access for longer has a standing rule. */
const MOST_MS = 7 * DAY_MS

function readLifetime(text: string | undefined): number {
  if (text === undefined)
    throw usageError(WHERE, 'nothing says when the grant ends', 'Add  --for 2h . Units are s, m, h and d.')
  const [, digits = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const lifetime = Number(digits) * (UNITS[unit] ?? 0)
  const where = `the option --for ${quoted(text)}`
  if (unit === '')
    throw usageError(where, 'it is not a length of time', 'Give a number with its unit, such as 90m, 2h or 1d.')
  if (lifetime < LEAST_MS) throw usageError(where, 'it is less than a minute', 'Give a minute or more, such as 10m.')
  if (lifetime <= MOST_MS) return lifetime
  throw usageError(
    where,
    'it is more than 7 days, which is no grant any more',
    sentence`Give at most 7d. For longer, issue a certificate and write a rule for it:  ${SELF} cert client NAME --days 30`,
  )
}

function define(command: Command, context: Context): void {
  command
    .argument('<name>', 'who gets the grant; or  list , or  end')
    .argument('[grant]', 'with  end : the grant to end')
    .option('--for <time>', 'how long a new one lasts: 1m to 7d (required)', once('--for'))
    .addOption(choice('--level <level>', 'what a new one allows (required)', LEVELS))
    .option('--bind <path>', 'a folder that containers may mount, or PATH:ro; repeatable', many('--bind'))
    .option('--owner <name>', 'let it see only the things of this owner', once('--owner'))
    .option('--policy <file>', `the policy file of the gateway (default: ./${DEFAULT_POLICY})`, once('--policy'))
  addFolder(command)
  addPassphraseFile(command)
  addJson(command).action((name: string, target: string | undefined, flags: GrantFlags) =>
    runGrant(name, target, flags, context),
  )
}

export const grant: CommandSpec = {
  description:
    'Grants access for a while, behind a gateway: issues a client certificate, and writes the rule for it into the policy file, ' +
    'before all other rules. Both end by themselves, at the same moment. The next grant takes rules that ended a day before or ' +
    'earlier out of the file. A client certificate and a rule that exist already stay as they are.\n\n' +
    'list  shows the grants;  end  ends one early: it revokes the certificate, and its rule allows nothing any more. A daemon without a gateway ' +
    'or plugin knows no rules: there, whoever has the certificate is root until it expires.',
  examples: [
    [
      sentence`${SELF} grant ann --for 2h --level restricted --bind .`,
      'two hours, with containers that mount this folder',
    ],
    [sentence`${SELF} grant list --policy /etc/docker-mtls/policy.yaml`, 'who has a grant, and until when'],
    [sentence`${SELF} grant end ann`, 'end it now'],
  ],
  json: '{ name, commonName, fingerprint256, until, rule, files, removed, policy, level, owner, hostPaths }; with list: { folder, policy, grants: [{ name, state, until, fingerprint256, files, rule, level, owner, hostPaths }] }; with end: { name, revoked, removed, kept, hasPolicy, hasRule, unreadable: { path, rules }, crl: { path, nextUpdate } }',
  define,
}
