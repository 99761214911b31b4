import { shellLine } from '../../base/quoting/posix.ts'
import { ours, sentence, type Sentence } from '../../base/sentence.ts'
import { enumerate, printable } from '../../base/text.ts'
import { wrap } from '../../base/wrap.ts'
import type { EndReport, UnreadableGrant } from '../../grants/end.ts'
import type { GrantReport } from '../../grants/grant.ts'
import type { ListedGrant } from '../../grants/list.ts'
import { formatDate, inWords } from '../../base/dates.ts'
import type { HostPath, Level } from '../../policy/file/types.ts'
import type { Context } from '../command.ts'
import { folderFlags } from '../command-line/options.ts'
import { columns } from '../terminal/layout.ts'
import { testStep } from './client-steps.ts'
import { ON_GATEWAY } from './crl.ts'
import { day } from './dates.ts'
import { summaryText } from './summary.ts'

/** What was asked for. */
export interface Granting {
  readonly policy: string
  readonly dir: string
  /** In milliseconds. */
  readonly lifetime: number
  readonly level: Level
  readonly hostPaths: readonly HostPath[]
  readonly owner?: string | undefined
  /** The daemon, as far as it is known. */
  readonly host?: string | undefined
}

export function grantData(report: GrantReport, { policy, level, hostPaths, owner }: Granting): object {
  return { ...report, policy, level, ...(owner !== undefined && { owner }), hostPaths }
}

export function grantText(report: GrantReport, asked: Granting, context: Context): string {
  const { name, commonName, until, rule, files, removed } = report
  const { policy, lifetime, level, hostPaths, owner, host } = asked
  const about = [
    `until ${formatDate(until)} (${inWords(lifetime)}), as ${commonName}`,
    `level ${level}${owner === undefined ? '' : `, owner ${owner}`}${hostPaths.length === 0 ? '' : `, may mount ${pathsText(hostPaths)}`}`,
    `rule ${rule} in ${policy}`,
    ...(removed.length === 0 ? [] : [`rules of grants that had ended were taken out: ${removed.join(', ')}`]),
  ]
  const client = { name, folder: files, dir: asked.dir, host, hasEnv: false }
  return `${[
    summaryText({ action: 'created', path: `${files}/`, about }, context),
    copyStep([[policy, 'policy.yaml']], context),
    testStep(client, context),
    step(
      'To hand the files over, which contain a key:',
      `(umask 077 && ${shellLine('tar', '-C', files, '-cf', `${name}.tar`, 'ca.pem', 'cert.pem', 'key.pem')})`,
      context,
    ),
  ].join('\n\n')}\n`
}

/** Files of a gateway, by their names there. */
type Changed = readonly (readonly [path: string, name: 'policy.yaml' | 'crl.pem'])[]

function copyStep(files: Changed, context: Context): string {
  const [what, them] = files.length === 1 ? ['this file', 'it'] : ['these files', 'them']
  const heading = `A gateway that reads ${what} follows the change within a second. To copy ${them} to the machine of a gateway:`
  const lines = files.map(([path, name]) => shellLine('scp', path, `${ON_GATEWAY}${name}`))
  return step(heading, lines.join('\n  '), context)
}

function step(heading: string, line: string, { paint, width }: Context): string {
  return `${paint('bold', wrap(heading, width))}\n  ${line}`
}

const pathsText = (paths: readonly HostPath[]): string =>
  paths.map(({ path, readOnly }) => printable(readOnly ? `${path} (read-only)` : path)).join(', ')

export function endData({ name, revoked, removed, kept, hasPolicy, hasRule, unreadable }: EndReport): object {
  const crl = revoked.at(-1)?.crl
  const fingerprints = revoked.flatMap(({ revocable }) => revocable.map(({ fingerprint256 }) => fingerprint256))
  return {
    name,
    revoked: fingerprints,
    removed,
    kept,
    hasPolicy,
    hasRule,
    ...(unreadable && { unreadable }),
    ...(crl && { crl: { path: crl.path, nextUpdate: crl.nextUpdate } }),
  }
}

export function endText(report: EndReport, policy: string, context: Context): string {
  const { name, revoked, removed, kept, unreadable } = report
  const { paint, width } = context
  const crl = revoked.at(-1)?.crl
  const list = crl && `${crl.path}${crl.nextUpdate ? `, until ${day(crl.nextUpdate)}` : ''}`
  const lines = [
    unreadable
      ? 'Its files are deleted.'
      : revoked.length === 0
        ? 'Its certificate had expired.'
        : `Its certificate is revoked: ${list ?? ''}.`,
    ...(removed.length === 0 ? [] : [`${policy} has no rule for it any more: ${removed.join(', ')} is gone.`]),
    ...(kept.length === 0 ? [] : [`Its rule ${kept.join(', ')} stays in ${policy}, and allows nothing.`]),
  ]
  const files: Changed = [
    ...(crl ? ([[crl.path, 'crl.pem']] as const) : []),
    ...(removed.length + kept.length === 0 ? [] : ([[policy, 'policy.yaml']] as const)),
  ]
  const next = files.length === 0 ? [] : ['', copyStep(files, context)]
  const head = `${paint('green', 'ended')}  ${paint('bold', name)}`
  return `${[head, ...lines.map((line) => wrap(`       ${line}`, width, '       ')), ...next].join('\n')}\n`
}

/** Where a policy has been read without the list, its rule still counts. */
export function endWarnings(report: EndReport, policy: string, dir: string): Sentence[] {
  const { name, hasPolicy, hasRule, unreadable } = report
  if (unreadable) return [unreadableText(unreadable, hasPolicy, policy)]
  if (hasPolicy && hasRule) return []
  const found = hasPolicy
    ? `The policy ${policy} has no rule for the certificate of the grant: it may be in another file.`
    : `There is no policy ${policy}, so nobody has looked for the rule of the grant.`
  const again = ours('grant', 'end', name, '--policy', 'FILE', ...folderFlags(dir))
  return [sentence`${found} A gateway without the new revocation list still follows it. To end it:  ${again}`]
}

function unreadableText({ path, rules }: UnreadableGrant, hasPolicy: boolean, policy: string): string {
  const found = hasPolicy
    ? rules.length === 0
      ? `${policy} has no rule of this name that still allows something.`
      : `Take ${enumerate(rules)} out of ${policy} by hand.`
    : 'Take its rule out of the policy of each gateway by hand.'
  return `${path} could not be read, and the ledger has no valid certificate of this grant, so this command revoked none. ${found}`
}

export function listData(grants: readonly ListedGrant[]): object[] {
  return grants.map(({ rule, ...one }) => ({
    ...one,
    ...(rule && {
      rule: rule.name,
      level: rule.level.enforce,
      ...(rule.owner !== undefined && { owner: rule.owner }),
      hostPaths: rule.allow.hostPaths,
    }),
  }))
}

const HEADS = ['NAME', 'STATE', 'UNTIL', 'LEVEL', 'OWNER', 'MAY MOUNT']

export function listText(grants: readonly ListedGrant[], { paint, width }: Context): string {
  if (grants.length === 0) return 'There are no grants.\n'
  const rows = grants.map(({ name, state, until, rule }) => [
    name,
    state,
    until === undefined ? '' : formatDate(until),
    rule?.level.enforce ?? '',
    rule?.owner ?? '',
    pathsText(rule?.allow.hostPaths ?? []),
  ])
  const [head = '', ...lines] = columns([HEADS, ...rows], width).map((line) => line.trimEnd())
  return `${[paint('bold', head), ...lines].join('\n')}\n`
}
