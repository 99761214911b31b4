import { isAnyAddress } from '../addresses.ts'
import { containerCheck, type Check } from '../check.ts'
import { cisItems, dockerDocs, manPage } from '../container/documents.ts'
import { arePortsInForce, describePort, publishedPorts, type PublishedPort } from '../container/ports.ts'
import { sharedWith } from '../container/shared-namespace.ts'
import { worst } from '../worst.ts'
import type { ContainerFacts } from '../snapshot/container-schema.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { fail, notApplicable, pass, reported, unknown, warn, type Verdict } from '../verdict.ts'

const PUBLISHING = dockerDocs('engine/network/port-publishing/')

const addresses = containerCheck({
  id: 'C-PORT',
  title: 'No published port is bound to all addresses',
  severity: 'medium',
  cis: cisItems('5.14'),
  why: 'Attackers on every network of the host reach a port that is bound to all addresses. Rules of ufw and firewalld do not stop them, because Docker adds its own rules before them.',
  remedy:
    'Create the container again with an address: -p 127.0.0.1:8080:80, or the address of the one network that needs it.',
  references: [PUBLISHING, dockerDocs('engine/network/packet-filtering-firewalls/')],
  windows: true,
  test: (inspect, snapshot) => {
    const none = withoutPorts(inspect)
    if (none) return none
    const isLater = !arePortsInForce(inspect)
    if (isLater && inspect.HostConfig?.PublishAllPorts) return fail('PublishAllPorts: true')
    const open = publishedPorts(inspect, snapshot).filter(({ address }) => isAnyAddress(address))
    const undecided = isLater ? portsWithoutBinding(inspect) : []
    return worst([
      ...open.map((port) => fail(describePort(port))),
      ...undecided.map((port) =>
        warn(`the binding of ${port} is empty: some engines then publish it on all addresses`),
      ),
    ])
  },
})

/**
 * Whether an empty list publishes the port depends on the engine: 26.1 does not (executed), and 29 may fill it in
 * (moby#50874).
 */
function portsWithoutBinding({ HostConfig }: ContainerFacts): string[] {
  const bindings = Object.entries(reported(HostConfig?.PortBindings, 'HostConfig.PortBindings'))
  return bindings.filter(([, list]) => list?.length === 0).map(([port]) => port)
}

const lowPorts = containerCheck({
  id: 'C-LOWPORT',
  title: 'The container does not use a port of a host service',
  severity: 'low',
  cis: cisItems('5.8'),
  why: 'Ports below 1024 are for services of the host. An attacker in a container on port 22 or 53 receives passwords or DNS queries that are meant for the host.',
  remedy: 'Create the container again with a host port of 1024 or higher: -p 127.0.0.1:8022:22.',
  references: [PUBLISHING],
  windows: true,
  test: (inspect, snapshot) => {
    const none = withoutPorts(inspect)
    if (none) return none
    const low = publishedPorts(inspect, snapshot).filter(({ hostPort }) => hostPort !== undefined && hostPort < 1024)
    // Where web servers have to be.
    const unusual = low.filter(({ hostPort }) => hostPort !== 80 && hostPort !== 443)
    return worst(unusual.map((port) => warn(describePort(port))))
  },
})

const daemonPorts = containerCheck({
  id: 'C-2375',
  title: 'The container does not offer the Docker API on the network',
  severity: 'critical',
  cis: {},
  why: 'Port 2375 is the Docker API without TLS. Docker in Docker and proxies of the socket often listen there. Anyone who reaches it may become root on the host.',
  remedy: 'Create the container again without this port. Let clients use mutual TLS on port 2376.',
  references: [dockerDocs('engine/security/protect-access/')],
  windows: true,
  test: (inspect, snapshot) => {
    const none = withoutPorts(inspect)
    if (none) return none
    const inNetwork = arePortsInForce(inspect) ? Object.keys(inspect.NetworkSettings?.Ports ?? {}) : []
    return worst([
      ...publishedPorts(inspect, snapshot).map(judgeDaemonPort),
      ...(inNetwork.includes('2375/tcp') ? [warn('2375/tcp is open to containers in its networks')] : []),
    ])
  },
})

const defaultBridge = containerCheck({
  id: 'C-BRIDGE',
  title: 'The container is not in the default bridge network',
  severity: 'medium',
  cis: cisItems('5.30'),
  why: 'All containers without a network of their own are in the default bridge network. An attacker in one of them reaches all ports of the others.',
  remedy: 'docker network create NAME, and create the container again with --network NAME.',
  references: [dockerDocs('engine/network/drivers/bridge/')],
  test: ({ HostConfig, NetworkSettings }, { networks }) => {
    const mode = reported(HostConfig?.NetworkMode, 'HostConfig.NetworkMode')
    const joined = Object.keys(reported(NetworkSettings?.Networks, 'NetworkSettings.Networks'))
    const isInBridge = ['', 'default', 'bridge'].includes(mode) || joined.includes('bridge')
    if (!isInBridge) return pass()
    const bridge = 'value' in networks ? networks.value.find(({ Name }) => Name === 'bridge') : undefined
    const isSeparated = bridge?.Options?.['com.docker.network.bridge.enable_icc'] === 'false'
    return isSeparated ? warn('bridge, where containers do not reach each other') : fail('bridge')
  },
})

const ipv6 = containerCheck({
  id: 'N-V6',
  title: 'No port is published on IPv6 by mistake',
  severity: 'medium',
  cis: {},
  why: 'The daemon also publishes a port without an address on IPv6, even if the container has only IPv4. Attackers then get past firewall rules and address lists that cover only IPv4.',
  remedy: 'Create the container again with an IPv4 address for each port: -p 127.0.0.1:8080:80',
  references: [PUBLISHING, manPage('ipv6.7')],
  onlyRunning: true,
  test: (inspect, snapshot) => {
    const none = withoutPorts(inspect)
    if (none) return none
    const ports = publishedPorts(inspect, snapshot)
    const onIpv6 = ports.filter(({ address }) => address.includes(':') && isAnyAddress(address))
    if (onIpv6.length === 0) return pass()
    const isMeant = hasIpv6(inspect, snapshot)
    return isMeant ?? worst(onIpv6.map((port) => judgeIpv6(port, ports)))
  },
})

/** A port of IPv6 next to a limited one of IPv4 is a gap; next to an open one, it may be meant. */
function judgeIpv6(port: PublishedPort, all: readonly PublishedPort[]): Verdict {
  const sameOnIpv4 = all.filter((one) => one.containerPort === port.containerPort && !one.address.includes(':'))
  const isLimited = sameOnIpv4.length > 0 && !sameOnIpv4.some(({ address }) => isAnyAddress(address))
  return isLimited
    ? fail(`${describePort(port)}, although IPv4 is limited to ${sameOnIpv4.map(({ address }) => address).join(', ')}`)
    : warn(`${describePort(port)}, although the container has no IPv6`)
}

/** A verdict if the container has IPv6, or if that is unknown. */
function hasIpv6({ NetworkSettings }: ContainerFacts, { networks }: Snapshot): Verdict | undefined {
  if ('unknown' in networks) return unknown(networks.unknown)
  const joined = Object.values(reported(NetworkSettings?.Networks, 'NetworkSettings.Networks'))
  const own = networks.value.filter(({ Id }) => joined.some(({ NetworkID }) => NetworkID === Id))
  return own.some(({ EnableIPv6 }) => reported(EnableIPv6, 'Networks[].EnableIPv6')) ? pass() : undefined
}

function judgeDaemonPort(port: PublishedPort): Verdict {
  const isPlain = port.containerPort === '2375/tcp' || port.hostPort === 2375
  const isTls = port.containerPort === '2376/tcp' || port.hostPort === 2376
  if (!isPlain && !isTls) return pass()
  if (isTls && !isPlain)
    return warn(`${describePort(port)}; run docker-mtls audit on it to see whether it requires certificates`)
  const isLocal = /^(?:127\.|\[?::1\]?$)/.test(port.address)
  return isLocal ? warn(`${describePort(port)}, on loopback`) : fail(describePort(port))
}

/** A verdict if the ports of a container are not its own. */
function withoutPorts({ HostConfig }: ContainerFacts): Verdict | undefined {
  const mode = reported(HostConfig?.NetworkMode, 'HostConfig.NetworkMode')
  if (mode === 'host') return notApplicable('the container uses the network of the host')
  if (mode === 'none') return notApplicable('the container has no network')
  return sharedWith(mode) === undefined ? undefined : notApplicable(`the container uses the network of ${mode}`)
}

/** Ports and networks of a container. */
export const CONTAINER_PORTS: readonly Check[] = [addresses, lowPorts, daemonPorts, defaultBridge, ipv6]
