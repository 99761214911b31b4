import { resolve } from 'node:path'
import { renderClientEnv } from '../../endpoint/client-env.ts'
import { formatEndpoint } from '../../endpoint/endpoint.ts'
import { STATE_FOLDER } from '../../host/facts-script.ts'
import type { ReachedHost, SetUpHost } from '../../setup/apply-to-hosts.ts'
import type { InspectedHost } from '../../setup/inspect-hosts.ts'
import type { IssuedCertificates } from '../../setup/issue-certificates.ts'
import { isSuccess, type Outcome } from '../../setup/for-each-host.ts'
import type { PlannedHost } from '../../setup/plan-hosts.ts'
import type { SetupTarget } from '../../setup/target.ts'
import { applyData, planData, planText, resultRows, serverRow, type Row } from './apply.ts'
import type { Context } from '../command.ts'
import { issuedData } from './data.ts'
import { errorReport, errorText } from '../errors.ts'
import { Interrupted } from '../terminal/io.ts'
import { painter } from '../../base/terminal/colours.ts'
import { facts } from '../terminal/layout.ts'
import { wrap } from '../../base/wrap.ts'
import { knownShell } from '../terminal/shell.ts'
import { keyName } from './dates.ts'
import { until } from './time-left.ts'
import { printable, enumerate } from '../../base/text.ts'
import { shellWord } from '../../base/quoting/posix.ts'

/** Turns the value of a host into its result for --json. */
export type Data<Value> = (value: Value, context: Context) => object

/** The results of all hosts, for --json. */
export function hostsData<Value extends SetupTarget>(
  outcomes: readonly Outcome<Value>[],
  targets: readonly SetupTarget[],
  dataOf: Data<Value>,
  context: Context,
): object[] {
  const { io } = context
  return outcomes.map((outcome) => {
    const { host } = outcome
    const endpoint = targets.find((target) => target.host === host)?.endpoint
    const ssh = endpoint === undefined ? host : formatEndpoint(endpoint)
    if (isSuccess(outcome)) return { host, ssh, ok: true, ...dataOf(outcome.value, context) }
    return { host, ssh, ok: false, ...errorReport(outcome.error, io.env) }
  })
}

/** A host of a dry run, which has only a plan. */
export function plannedData({ url, names, plan }: PlannedHost, context: Context): object {
  return { url, names: names.all, ...planData(plan, context) }
}

/** {@link setData} and {@link setText} for hosts whose dockerd listens on the network. */
export const OF_DAEMON: ApplyRows<SetUpHost> & { readonly data: Data<SetUpHost> } = {
  server: ({ plan }) => serverRow(plan),
  result: ({ plan, report }) => resultRows(plan, report),
  // The script that the apply left there: the host needs no docker-mtls.
  rollBack: ({ endpoint }, id) => sshLine(endpoint, '', `sh ${STATE_FOLDER}/${id}/rollback.sh asked`),
  data: ({ plan, report }, context) => applyData(plan, report, context),
}

/** A host that was set up, with dockerd or a gateway on the network. */
export type ReachedSetup = InspectedHost & ReachedHost & { readonly report: { readonly id?: string } }

/** A host that was set up, with what its plan and report contain. */
export function setData<Host extends ReachedSetup>(certified: IssuedCertificates, ofApply: Data<Host>): Data<Host> {
  const certPath = resolve(certified.client.paths.folder)
  return (one, context) => {
    const { url, names, version, contextResult, host } = one
    const server = certified.servers.get(host)
    return {
      url,
      names: names.all,
      ...(version !== undefined && { version }),
      ...ofApply(one, context),
      ...(server && { server: issuedData(server) }),
      ...(contextResult && { context: contextResult }),
      variables: { DOCKER_TLS_VERIFY: '1', DOCKER_HOST: url, DOCKER_HOST_IP: url, DOCKER_CERT_PATH: certPath },
    }
  }
}

/** Prints each failure once on stderr, with its host and the remedy. */
export function failureReporter({ io, say }: Context): (outcomes: readonly Outcome<unknown>[]) => void {
  const reported = new Set<unknown>()
  return (outcomes) => {
    for (const outcome of outcomes) {
      if (isSuccess(outcome) || outcome.error instanceof Interrupted || reported.has(outcome.error)) continue
      reported.add(outcome.error)
      const { code, text } = errorText(outcome.error, io.env)
      say(`${painter(io.stderr, io.env)('red', `${code}:`)} ${outcome.host}: ${text}`)
    }
  }
}

/** The plans of all hosts that have one, each under its name. */
export function plansText(planned: readonly PlannedHost[], context: Context, isAll: boolean): string {
  const blocks = planned.map(({ host, plan }) => `${context.paint('bold', host)}\n${planText(plan, context, isAll)}`)
  return blocks.join('\n')
}

/** How to report what an apply has changed and verified. */
export interface ApplyRows<Host> {
  readonly server: (host: Host) => Row
  readonly result: (host: Host) => readonly Row[]
  /** The command that rolls back an apply of the host. */
  readonly rollBack: (host: Host, id: string) => string
}

/** The report for a person, and how to use the hosts. */
export function setText<Host extends ReachedSetup>(
  hosts: readonly Host[],
  certified: IssuedCertificates,
  rows: ApplyRows<Host>,
  context: Context,
): string {
  const texts = hosts.map((one) => hostText(one, certified, rows, context))
  return [...texts, ...newCaText(certified, context)].join('\n')
}

/** Setup creates the CA without being asked, so the report says where it is. */
function newCaText({ authority: { action, facts: of, paths } }: IssuedCertificates, context: Context): string[] {
  if (action !== 'created') return []
  const text = `Created the CA ${of.commonName ?? of.subject} in ${paths.folder}. Anyone with its key can become root on these hosts: keep that folder and a backup of it secret. Later runs of setup need that folder.`
  return [`${wrap(text, context.width)}\n`]
}

function hostText<Host extends ReachedSetup>(
  one: Host,
  { client }: IssuedCertificates,
  { server, result, rollBack }: ApplyRows<Host>,
  context: Context,
): string {
  const { host, report, url, version, contextResult } = one
  const certPath = resolve(client.paths.folder)
  const rows: Row[] = [
    [
      'Reached',
      version === undefined ? `${url}, whose policy refuses this client` : `${url}, Docker ${printable(version)}`,
    ],
    server(one),
    [
      'Client',
      `${client.facts.commonName ?? ''}, ${keyName(client.facts)}, ${until(client.facts.validTo)}\n${certPath}`,
    ],
    ...result(one),
    ...(contextResult === undefined
      ? []
      : [['Context', `${contextResult.name} (${contextResult.action})`] satisfies Row]),
  ]
  const lines = [
    ...(contextResult === undefined ? [] : [`docker --context ${contextResult.name} ps`]),
    ...renderClientEnv({ host: url, certPath }, knownShell(context.io.env)).trimEnd().split('\n'),
  ]
  const use = contextResult === undefined ? 'To use it:' : 'To use it, either of:'
  const blocks = [
    facts(rows, context),
    toCopy(use, lines, context),
    ...(report.id === undefined ? [] : [toCopy('To roll back:', [rollBack(one, report.id)], context)]),
  ]
  return `${context.paint('bold', host)}\n${blocks.join('\n')}\n`
}

/** Lines to copy are not wrapped, however long they are. */
function toCopy(head: string, lines: readonly string[], { paint }: Context): string {
  return [paint('bold', head), ...lines.map((line) => `  ${line}`)].join('\n')
}

/** A command for root on a host. */
export function sshLine(endpoint: SetupTarget['endpoint'], options: '' | '-t ', line: string): string {
  return `ssh ${options}${shellWord(formatEndpoint(endpoint))} ${endpoint.user === 'root' ? '' : 'sudo '}${line}`
}

/** The same for an unfinished apply, whatever its id is. */
export function rollBackNowLine({ endpoint }: SetupTarget): string {
  const script = `sh ${STATE_FOLDER}/$(cat ${STATE_FOLDER}/pending)/rollback.sh now`
  const line = endpoint.user === 'root' ? script : `sudo sh -c "${script.replace('$', String.raw`\$`)}"`
  return `ssh ${shellWord(formatEndpoint(endpoint))} '${line}'`
}

/** `build01 and build02` */
export function hostList(hosts: readonly SetupTarget[]): string {
  return enumerate(hosts.map(({ host }) => host))
}
