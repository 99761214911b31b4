import { connect } from '../engine/connect.ts'
import { ConnectionError, isDockerMtlsError } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'
import { formatEndpoint } from '../endpoint/endpoint.ts'
import { serverPaths } from '../keystore/layout.ts'
import { noteDelivered } from '../keystore/presented.ts'
import { writeSetupRecord, type SetupRecord } from '../keystore/setup-record.ts'
import { carryOut, type ApplyReport, type CarryOutOptions } from '../apply/carry-out.ts'
import { runStep } from '../base/progress.ts'
import { readListener } from '../daemon-config/listener-target.ts'
import type { IssuedCertificates } from './issue-certificates.ts'
import { ensureContext, type SetupContextResult } from './context.ts'
import { continueWith, type Outcome } from './for-each-host.ts'
import type { InspectedHost } from './inspect-hosts.ts'
import type { SetupOptions } from './options.ts'
import { labelSteps, type PlannedHost } from './plan-hosts.ts'

/** A host that was set up, and whose dockerd has answered over mTLS. */
export interface SetUpHost extends PlannedHost, ReachedHost {
  readonly report: ApplyReport
}

/** The ways to a host that was set up. */
export interface ReachedHost {
  /** The version that dockerd reports over mTLS. Absent: the policy of the gateway in front of it refuses the client. */
  readonly version?: string
  /** Absent if no context was requested. */
  readonly contextResult?: SetupContextResult
}

/**
 * Applies the plans with automatic rollback. For each host it then verifies the daemon from this machine, connects as the
 * client, and creates the context.
 *
 * @returns the outcome of each host. A host whose apply failed is in its previous state, unless its error says otherwise
 */
export function applyToHosts(
  planned: readonly Outcome<PlannedHost>[],
  issued: IssuedCertificates,
  options: SetupOptions,
): Promise<Outcome<SetUpHost>[]> {
  return continueWith(planned, async (one) => {
    const report = await carryOut(one.plan, applyOptions(one, issued, options))
    return { ...one, report, ...(await reachHost(one, issued, options)) }
  })
}

/** How the plan for a host is applied. */
export function applyOptions(
  { shell, names, host, url }: InspectedHost,
  { identity }: IssuedCertificates,
  { rollbackAfter, signal, onStep }: SetupOptions,
): CarryOutOptions {
  return {
    shell,
    // Verify with the client that will use the daemon. Its key is on this machine.
    probe: identity,
    address: names.reach.value,
    rollbackAfter,
    signal,
    onStep: labelSteps(host, onStep),
    explainUnreachable: (error) => blockedPort(error, url),
  }
}

/** Connects to a host whose plan was applied and verified, creates the context, and notes how the host was set up. */
export async function reachHost(
  one: InspectedHost,
  issued: IssuedCertificates,
  options: SetupOptions,
): Promise<ReachedHost> {
  await noteDelivered(serverPaths(options.dir, one.folder).folder)
  const version = await verify(one, issued, options)
  const contextResult = await createContext(one, issued, options)
  await writeSetupRecord(options.dir, one.folder, recordOf(one, options))
  return { ...(version !== undefined && { version }), ...(contextResult && { contextResult }) }
}

function recordOf({ endpoint }: InspectedHost, { client, names, config, context, gateway }: SetupOptions): SetupRecord {
  const requested = config === undefined ? false : context
  return {
    ssh: formatEndpoint(endpoint),
    client,
    names,
    ...(requested !== undefined && { context: requested }),
    gateway: gateway !== undefined,
  }
}

const BLOCKED = ['ERR_CONNECT_TIMEOUT', 'ERR_CONNECTION_REFUSED', 'ERR_HOST_UNREACHABLE'] as const

/** Replaces an error by one about a firewall: systemd has confirmed that dockerd listens, and ssh reaches the host. */
function blockedPort(cause: unknown, url: string): unknown {
  if (!isDockerMtlsError(cause, ...BLOCKED)) return cause
  const { port } = readListener(url)
  return new ConnectionError(cause.code, {
    tried: `connecting to ${url}`,
    got: `ssh reaches that host, but port ${port} can't be reached (${cause.got})`,
    todo: sentence`Open port ${port} for this machine in the firewall of the host, with ufw:  ${command('ufw', 'allow', `${port}/tcp`)}  , and in the firewall of its network or cloud. If the host has another address for clients, name that:  ${command('--name', 'ADDRESS')}`,
    cause,
  })
}

/**
 * Connects as the client's programs will, with the host and the files that their variables name.
 *
 * @returns the version of dockerd; undefined if the policy of a gateway refuses the client
 */
function verify(
  { url, host }: InspectedHost,
  { identity }: IssuedCertificates,
  options: SetupOptions,
): Promise<string | undefined> {
  const { client, signal, onStep } = options
  const { ca, cert, key } = identity
  const title = `connect to ${url} as ${client}`
  return runStep(onStep, { step: 'verify', title, subject: host }, async ({ result }) => {
    const stop = signal && { signal }
    try {
      const docker = await connect({ host: url, ca, cert, key, ...stop }, {})
      try {
        const { Version, ApiVersion } = await docker.version({ ...stop })
        result(`Docker ${Version}, API ${ApiVersion}`)
        return Version
      } finally {
        await docker.close()
      }
    } catch (error) {
      if (!isDockerMtlsError(error, 'ERR_API_FORBIDDEN') || options.gateway === undefined) throw error
      result('the gateway answers, and its policy refuses this client')
      return undefined
    }
  })
}

async function createContext(
  { context, host }: InspectedHost,
  { client }: IssuedCertificates,
  { onStep }: SetupOptions,
): Promise<SetupContextResult | undefined> {
  if (context === undefined) return undefined
  const title = `create the docker context ${context.name}`
  return runStep(onStep, { step: 'context', title, subject: host }, async ({ result }) => {
    const contextResult = await ensureContext(context, client.paths.folder)
    result(contextResult.action)
    return contextResult
  })
}
