import { ours, SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { DaemonStatus } from '../../apply/status.ts'
import type { CommandSpec, Context } from '../command.ts'
import { noteShown } from '../inputs/note-connection.ts'
import { certificateData } from '../reports/data.ts'
import { listenerData, listenerText } from '../reports/listener.ts'
import { addJson } from '../command-line/options.ts'
import { printableLines } from '../../base/text.ts'
import { facts } from '../terminal/layout.ts'
import { until } from '../reports/time-left.ts'

interface StatusFlags {
  readonly json?: true
}

async function runStatus(flags: StatusFlags, context: Context): Promise<void> {
  const { daemonStatus: inspect } = await import('../../apply/status.ts')
  const { localShell } = await import('../../host/local-shell.ts')
  const status = await inspect(localShell(), context.io.signal)
  for (const { seen } of status.listeners)
    if (seen?.certificate !== undefined) await noteShown(seen.certificate.fingerprint256, context)
  const failed = status.problems.length > 0
  context.answer(
    { data: statusData(status, context), text: statusText(status, context), warnings: status.problems, failed },
    flags,
  )
}

function statusData(
  { certificate, authorities, listeners, problems, ...status }: DaemonStatus,
  { typed }: Context,
): object {
  return {
    ...status,
    problems: problems.map(typed),
    ...(certificate && { certificate: certificateData(certificate) }),
    ...(authorities && { authorities: authorities.map(certificateData) }),
    listeners: listeners.map(listenerData),
  }
}

function statusText(status: DaemonStatus, context: Context): string {
  const { state, since, pid, enabled, unit, listeners, certificate, usernsRemap, ranges } = status
  const rows: [string, string][] = [
    [
      'Service',
      [
        `${state}${since === '' ? '' : ` since ${since}`}`,
        `${pid === undefined ? '' : `process ${pid}, `}${enabled ? 'starts with the machine' : 'does not start with the machine'}`,
      ].join('\n'),
    ],
    ['Configured', [configured(status), ...unit].join('\n')],
    [
      'Listens',
      listeners.map(listenerText).join('\n') ||
        unreadableOr(status, 'listeners', `on no network address${status.gateway ? ', behind a gateway' : ''}`),
    ],
    [
      'Certificate',
      certificate === undefined
        ? unreadableOr(status, 'certificate', 'none')
        : `${[...certificate.names.dns, ...certificate.names.ip].join(', ')}\n${until(certificate.validTo)}, issued by ${certificate.issuer}`,
    ],
    [
      'User namespaces',
      usernsRemap === undefined
        ? 'off'
        : [
            usernsRemap,
            ...ranges.subuid.map((line) => `${line} in /etc/subuid`),
            ...ranges.subgid.map((line) => `${line} in /etc/subgid`),
          ].join('\n'),
    ],
    ['Live restore', `${status.liveRestore ? 'on' : unreadableOr(status, 'daemonJson', 'off')}${runningText(status)}`],
    ['Rollback', rollbackText(status, context)],
  ]
  // Names in certificates, and what listeners send, may come from others.
  const shown = rows.map(([label, value]) => [label, printableLines(value)] as const)
  return `${facts(shown, context)}\n`
}

/** Where dockerd's settings are. */
function configured(status: DaemonStatus): string {
  const { form, unit, unreadable } = status
  if (unreadable.includes('daemonJson'))
    return `${unit.length > 1 ? 'in the drop-in' : 'in the unit'}; daemon.json: not readable without root`
  if (form === 'daemon-json') return 'in daemon.json'
  return unit.length > 1 ? 'in the drop-in' : 'in the unit'
}

/** An unreadable value is reported as such, never as the default. */
function unreadableOr(
  { unreadable }: DaemonStatus,
  name: DaemonStatus['unreadable'][number],
  otherwise: string,
): string {
  return unreadable.includes(name) ? 'not readable without root' : otherwise
}

function runningText(status: DaemonStatus): string {
  const running = status.running === undefined ? unreadableOr(status, 'running', '') : String(status.running)
  return running === '' ? '' : `; running containers: ${running}`
}

function rollbackText(status: DaemonStatus, { typed }: Context): string {
  const { wayBack: kind } = status
  if (kind === undefined || kind === 'none') return unreadableOr(status, 'wayBack', 'none')
  return typed(
    kind === 'pending' ? 'an apply did not finish' : [ours(kind === 'gateway' ? kind : 'daemon', 'rollback')],
  )
}

function define(command: Command, context: Context): void {
  addJson(command).action((flags: StatusFlags) => runStatus(flags, context))
}

export const daemonStatus: CommandSpec = {
  description:
    'Shows the state of the daemon on this server, and changes nothing: the service, the addresses that dockerd listens on ' +
    'and whom it accepts (tested by connecting), when its certificate expires, the subordinate ids of its user namespaces, ' +
    'and whether a rollback is available. Exit code 1 if there is a problem, or if something could not be read. Run it as ' +
    'root to see everything.',
  examples: [
    [sentence`${SELF} daemon status`, 'as root, to see everything'],
    [sentence`${SELF} daemon status --json`, 'for monitoring'],
  ],
  json: '{ active, state, since, pid, enabled, unit, form, listeners: [{ listener, isSecure, plaintext, protocols, clientCertificate, acceptedAuthorities }], certificate, authorities, showsOther, usernsRemap, ranges: { subuid, subgid }, liveRestore, running, wayBack, gateway, unreadable, problems }',
  define,
}
