import { TLS_PORT } from '../base/ports.ts'
import { gatherFacts, type HostFacts } from '../host/facts.ts'
import type { SshShell } from '../host/ssh-shell.ts'
import { refuseHost } from '../host/preconditions.ts'
import { runStep } from '../base/progress.ts'
import type { SettingsInForce } from '../daemon-config/settings-in-force.ts'
import { formatTarget, readListener } from '../daemon-config/listener-target.ts'
import { inForceOf } from '../apply/unit.ts'
import { renderFlags } from '../daemon-config/render-flags.ts'
import { parseRequested } from '../daemon-config/requested-settings.ts'
import { gatewayCa, gatewayListener, inspectForGateway, refuseGateway, type GatewayHost } from './gateway/inspect.ts'
import { contextNameFor, refuseForeignContext, type RequestedContext } from './context.ts'
import { forEachHost, type Outcome } from './for-each-host.ts'
import { refuseForeignCa } from './known-ca.ts'
import { hostNames, requireResolvable, type HostNames } from './host-names.ts'
import type { SetupOptions } from './options.ts'
import { openHost, type Addresses } from './open-host.ts'
import type { SetupTarget } from './target.ts'

/** A host that was inspected and can be set up. */
export interface InspectedHost extends SetupTarget {
  readonly shell: SshShell
  readonly names: HostNames
  /** `tcp://HOST:PORT`, for clients. */
  readonly url: string
  readonly context?: RequestedContext
  /** What a gateway needs there, if one was requested. */
  readonly gateway?: GatewayHost
}

/**
 * Inspects each host: whether ssh can log in as root, whether Docker is installed and can be configured, by which names
 * clients connect to it, and whether its context would replace another one. Nothing is changed on any machine.
 *
 * @throws for invalid options, before it contacts any host
 */
export async function inspectHosts(
  targets: readonly SetupTarget[],
  options: SetupOptions,
): Promise<Outcome<InspectedHost>[]> {
  parseRequested(options.requested)
  if (options.config !== undefined) for (const { folder } of targets) contextNameFor(folder, options.context)
  const byAddress: Addresses = new Map()
  return forEachHost(targets, (target) =>
    runStep(options.onStep, { step: 'look', title: 'inspect it over ssh', subject: target.host }, ({ result }) =>
      inspectHost(target, options, { byAddress, result }),
    ),
  )
}

/** What a man in the middle would get from a setup: he could impersonate the host from then on. */
const CERTIFICATE_DANGER = 'a man in the middle could get a certificate for its name'

interface Inspection {
  readonly byAddress: Addresses
  readonly result: (note: string) => void
}

async function inspectHost(
  target: SetupTarget,
  options: SetupOptions,
  { byAddress, result }: Inspection,
): Promise<InspectedHost> {
  const { folder } = target
  const { shell, hostname } = await openHost(target, byAddress, CERTIFICATE_DANGER)
  const facts = await gatherFacts(shell, options.signal)
  await refuse({ ...target, shell }, facts, options)
  const sources = { hostname, address: shell.address(), requested: options.names }
  const names = await hostNames(options.dir, folder, sources)
  await requireResolvable(names.reach)
  const inForce = await inspectInForce({ ...target, shell, names }, facts, options)
  result(hostSummary(facts))
  return { ...target, shell, names, ...inForce }
}

/**
 * Inspects a host again, after a rollback there: dockerd or its gateway may listen on another port now, with another CA.
 *
 * @throws as {@link inspectHosts}
 */
export async function inspectAgain(one: InspectedHost, options: SetupOptions): Promise<InspectedHost> {
  const facts = await gatherFacts(one.shell, options.signal)
  await refuse(one, facts, options)
  return { ...one, ...(await inspectInForce(one, facts, options)) }
}

type Reached = SetupTarget & Pick<InspectedHost, 'shell'>

async function refuse(one: Reached, facts: HostFacts, { gateway, requested, signal }: SetupOptions): Promise<void> {
  refuseHost(facts, one.shell.name, gateway === undefined ? 'change' : 'gateway', renderFlags(requested))
  if (gateway === undefined) await refuseGateway(facts, one, signal)
}

/** What depends on the configuration that is in force there. */
async function inspectInForce(
  { folder, shell, names }: Reached & Pick<InspectedHost, 'names'>,
  facts: HostFacts,
  options: SetupOptions,
): Promise<Pick<InspectedHost, 'url' | 'context' | 'gateway'>> {
  const { inForce } = inForceOf(facts, shell)
  const url = formatTarget({ host: names.reach.value, port: portOf(inForce, facts, options) })
  const context = await contextFor(folder, { url, names: names.all }, options)
  await refuseForeignCa(shell, facts, caInForce(inForce, facts), folder, options)
  const gateway = options.gateway && (await inspectForGateway(shell, facts, options.gateway, options.signal))
  return { url, ...(context && { context }), ...(gateway && { gateway }) }
}

/** The CAs whose clients the host accepts; undefined if nothing listens on the network. */
function caInForce({ settings, tlsFiles }: SettingsInForce, facts: HostFacts): string | undefined {
  const ofGateway = gatewayCa(facts)
  if (ofGateway !== undefined) return ofGateway
  return settings.listen.length === 0 ? undefined : tlsFiles.ca
}

/** The port on which dockerd or its gateway will listen: the requested one, else the one in force. */
function portOf({ settings }: SettingsInForce, facts: HostFacts, { requested }: SetupOptions): number {
  const own = gatewayListener(facts)
  const [first] = parseRequested(requested).listen ?? (own === undefined ? settings.listen : [own])
  return first === undefined ? TLS_PORT : readListener(first).port
}

async function contextFor(
  folder: string,
  target: Pick<RequestedContext, 'url' | 'names'>,
  options: SetupOptions,
): Promise<RequestedContext | undefined> {
  const { config, context, client, force } = options
  if (config === undefined) return undefined
  const requested = { config, name: contextNameFor(folder, context), ...target, client, force }
  await refuseForeignContext(requested)
  return requested
}

function hostSummary(facts: HostFacts): string {
  const system = /^PRETTY_NAME="?(.*?)"?$/m.exec(facts.file('/etc/os-release')?.text ?? '')?.[1]
  const version = facts.info?.['ServerVersion']
  const state = facts.property('service', 'ActiveState')
  const docker = typeof version === 'string' ? `Docker ${version}` : `docker is ${state}`
  return [system, docker].filter((part) => part !== undefined).join(', ')
}
