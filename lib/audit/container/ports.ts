import type { ContainerFacts } from '../snapshot/container-schema.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { reported } from '../verdict.ts'

/** A port of a container on the host. */
export interface PublishedPort {
  /** `80/tcp`. */
  readonly containerPort: string
  /** Undefined for a port that the daemon chooses at the start. */
  readonly hostPort: number | undefined
  /** An address of the host; `0.0.0.0` or `::` for all of them. */
  readonly address: string
}

/** Where the daemon binds a port if the container names no address (moby, libnetwork: DefaultBindingIP). */
const BINDING_OPTION = 'com.docker.network.bridge.host_binding_ipv4'

/**
 * Whether the ports of a container are in force. While the daemon restarts it, it counts as running, but has released them
 * (moby, daemon/monitor.go; executed: 26.1.5).
 */
export function arePortsInForce({ State }: ContainerFacts): boolean {
  return reported(State?.Running, 'State.Running') && !reported(State?.Restarting, 'State.Restarting')
}

/**
 * The published ports: those in force if the container runs, otherwise those that its next start publishes.
 */
export function publishedPorts(inspect: ContainerFacts, snapshot: Snapshot): readonly PublishedPort[] {
  const ports = arePortsInForce(inspect)
    ? reported(inspect.NetworkSettings?.Ports, 'NetworkSettings.Ports')
    : reported(inspect.HostConfig?.PortBindings, 'HostConfig.PortBindings')
  return Object.entries(ports).flatMap(([containerPort, bindings]) =>
    reported(bindings, `bindings of ${containerPort}`).map(({ HostIp, HostPort }) => ({
      containerPort,
      hostPort: parsePort(reported(HostPort, 'HostPort')),
      address: reported(HostIp, 'HostIp') || defaultAddress(inspect, snapshot),
    })),
  )
}

/** `0.0.0.0:8080 for 80/tcp`, for a detail. */
export function describePort({ containerPort, hostPort, address }: PublishedPort): string {
  const host = address.includes(':') && !address.startsWith('[') ? `[${address}]` : address
  return `${host}:${hostPort ?? 'any port'} for ${containerPort}`
}

function parsePort(text: string): number | undefined {
  const port = Number.parseInt(text, 10)
  return port > 0 ? port : undefined
}

function defaultAddress({ HostConfig }: ContainerFacts, { networks }: Snapshot): string {
  const mode = HostConfig?.NetworkMode ?? ''
  const name = mode === '' || mode === 'default' ? 'bridge' : mode
  const all = 'value' in networks ? networks.value : []
  return all.find((network) => network.Name === name || network.Id === name)?.Options?.[BINDING_OPTION] || '0.0.0.0'
}
