import type { Command } from 'commander'
import { metricsUrl } from '../../apply/gateway/metrics.ts'
import { gatewayStatus as inspect, type GatewayStatus } from '../../apply/gateway/status.ts'
import { enumerateListeners } from '../../base/ports.ts'
import { ours, SELF, sentence } from '../../base/sentence.ts'
import { enumerate, printableLines } from '../../base/text.ts'
import { parsePolicy } from '../../policy/file/parse.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addJson } from '../command-line/options.ts'
import { certificateData } from '../reports/data.ts'
import { until } from '../reports/time-left.ts'
import { listenerData, listenerText } from '../reports/listener.ts'
import { facts } from '../terminal/layout.ts'

interface StatusFlags {
  readonly json?: true
}

function countRules(text: string, path: string): number {
  return parsePolicy(text, path).rules.length
}

async function runStatus(flags: StatusFlags, context: Context): Promise<void> {
  const { localShell } = await import('../../host/local-shell.ts')
  const status = await inspect(localShell(), countRules, context.io.signal)
  const failed = status.problems.length > 0
  const text = status.installed ? statusText(status, context) : ''
  context.answer({ data: statusData(status, context), text, warnings: status.problems, failed }, flags)
}

function statusData(
  { state, listener, certificate, authorities, issuer, lists, problems, ...status }: GatewayStatus,
  { typed }: Context,
): object {
  const { active, sub, pid, since, ...service } = state
  return {
    ...status,
    ...service,
    active: active === 'active',
    state: `${active} (${sub})`,
    ...(pid > 0 && { pid }),
    since,
    ...(listener && { listener: listenerData(listener) }),
    ...(certificate && { certificate: certificateData(certificate) }),
    authorities: authorities.map(certificateData),
    ...(issuer && { issuer: certificateData(issuer) }),
    ...(lists && { lists }),
    problems: problems.map(typed),
  }
}

function statusText(status: GatewayStatus, context: Context): string {
  const { state, listener, daemonListeners, certificate, lists } = status
  const { active, sub, since, pid, enabled } = state
  const rows: [string, string][] = [
    [
      'Service',
      [
        `${active} (${sub})${since === '' ? '' : ` since ${since}`}`,
        `${pid === 0 ? '' : `process ${pid}, `}${enabled ? 'starts with the machine' : 'does not start with the machine'}`,
      ].join('\n'),
    ],
    ['Listens', listener === undefined ? 'unknown' : listenerText(listener)],
    ['dockerd', daemonText(daemonListeners)],
    ['Policy', policyText(status)],
    ...(status.older === undefined
      ? []
      : [
          ['In force', status.older.length === 0 ? 'all its files' : `all but ${enumerate(status.older)}`] satisfies [
            string,
            string,
          ],
        ]),
    [
      'Certificate',
      certificate === undefined
        ? 'none that can be read'
        : `${[...certificate.names.dns, ...certificate.names.ip].join(', ')}\n${until(certificate.validTo)}, issued by ${certificate.issuer}`,
    ],
    [
      'Revocation',
      lists === undefined ? 'no list: a certificate works until it expires' : lists.map(listText).join('\n'),
    ],
    ...('issuer' in status ? [['Issuer', issuerText(status)] satisfies [string, string]] : []),
    ...(status.metrics === undefined ? [] : [['Metrics', metricsUrl(status.metrics)] satisfies [string, string]]),
    ['Rollback', rollbackText(status, context)],
  ]
  const shown = rows.map(([label, value]) => [label, printableLines(value)] as const)
  return `${facts(shown, context)}\n`
}

function daemonText(listeners: GatewayStatus['daemonListeners']): string {
  if (listeners === undefined) return 'not visible without root'
  return listeners.length === 0 ? 'on its local socket alone' : `also on ${enumerateListeners(listeners)}`
}

function policyText({ policy }: GatewayStatus): string {
  if (policy === undefined) return 'none'
  if ('fault' in policy) return `${policy.path}: can't be used`
  return `${policy.path}: ${policy.rules === 1 ? '1 rule' : `${policy.rules} rules`}`
}

function issuerText({ issuer }: GatewayStatus): string {
  if (issuer === undefined) return 'none that can be read'
  return `${issuer.commonName ?? issuer.subject}\n${until(issuer.validTo)}, issued by ${issuer.issuer}`
}

function listText({ nextUpdate, revoked }: NonNullable<GatewayStatus['lists']>[number]): string {
  const count = revoked === 1 ? '1 revoked certificate' : `${revoked} revoked certificates`
  return nextUpdate === undefined ? `${count}, without an end` : `${count}, ${until(nextUpdate)}`
}

function rollbackText({ rollback }: GatewayStatus, { typed }: Context): string {
  if (rollback === 'none') return 'none'
  return typed(
    rollback === 'pending'
      ? 'an apply did not finish'
      : [ours(rollback === 'gateway' ? 'gateway' : 'daemon', 'rollback')],
  )
}

function define(command: Command, context: Context): void {
  addJson(command).action((flags: StatusFlags) => runStatus(flags, context))
}

export const gatewayStatus: CommandSpec = {
  description:
    'Shows the state of the gateway on this server, and changes nothing: the service, its listener and whom it accepts (tested by ' +
    'connecting), whether dockerd listens on the network beside it, whether the policy is valid, whether the gateway uses its files as they are, ' +
    'when certificates and revocation lists expire, and whether a rollback is available. Exit code 1 if there is a problem, or if something could not be read. Run ' +
    'it as root to see everything.',
  examples: [
    [sentence`${SELF} gateway status`, 'as root, to see everything'],
    [sentence`${SELF} gateway status --json`, 'for monitoring'],
  ],
  json: '{ installed, active, state, pid, since, enabled, restarts, listener: { listener, isSecure, plaintext, protocols, clientCertificate, acceptedAuthorities }, daemonListeners, policy: { path, rules } or { path, fault }, certificate, authorities, issuer, lists: [{ nextUpdate, isExpired, revoked }], unlisted, ending: [{ ca, from, to, endsWithCa }], older, metrics, rollback, unfinished, problems }',
  define,
}
