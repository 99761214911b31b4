import { isAnyAddress } from '../addresses.ts'
import { daemonCheck, type Check, type Subject } from '../check.ts'
import type { NetworkFacts } from '../snapshot/daemon-schema.ts'
import { fail, notApplicable, pass, reported, warn, type Verdict } from '../verdict.ts'
import { eachCheck } from './each.ts'

const BRIDGE = 'com.docker.network.bridge.'
const BRIDGE_DOCS = 'https://docs.docker.com/engine/network/drivers/bridge/'

function subject({ Id = '', Name = '' }: NetworkFacts): Subject {
  return { kind: 'network', id: Id, name: Name }
}

/** Runs a test on the network `bridge`, which dockerd creates unless it was told not to. */
function onDefaultBridge(networks: readonly NetworkFacts[], test: (network: NetworkFacts) => Verdict): Verdict {
  const bridge = networks.find(({ Name }) => Name === 'bridge')
  return bridge ? test(bridge) : notApplicable('there is no default bridge')
}

function optionOf({ Options, Name }: NetworkFacts, name: string): string | undefined {
  return reported(Options, `Options of the network ${Name}`)[`${BRIDGE}${name}`]
}

const betweenContainers = daemonCheck({
  id: 'D-ICC',
  title: 'Containers on the default bridge cannot reach each other',
  family: 'network',
  severity: 'medium',
  cis: { '1.6': ['2.2'], '1.8': ['2.2'] },
  why: 'Every container that names no network is on the default bridge, and reaches all ports of the others there. An attacker in one container can attack them all.',
  remedy:
    'Give containers that need each other a network of their own. Then set "icc": false in daemon.json, and restart the daemon.',
  fix: {
    settings: { icc: false },
    trap: 'Containers on the default bridge no longer reach each other. Those that need each other have to share a network of their own.',
  },
  references: [BRIDGE_DOCS],
  needs: ['networks'],
  test: ({ networks }) =>
    onDefaultBridge(networks, (bridge) =>
      reported(optionOf(bridge, 'enable_icc'), `${BRIDGE}enable_icc`) === 'false' ? pass() : fail('enable_icc: true'),
    ),
})

const publishAddress = daemonCheck({
  id: 'D-BINDIP',
  title: 'The default bridge does not publish ports on all interfaces by default',
  family: 'network',
  severity: 'medium',
  cis: { '1.6': ['5.14'], '1.8': ['5.14'] },
  why: 'docker run -p 5432:5432 opens the port to attackers on every network of the host, even if ufw or firewalld blocks it.',
  remedy:
    'Set "ip": "127.0.0.1" in daemon.json, and restart the daemon. Publish ports that other hosts need with an address: -p 192.0.2.1:443:443',
  fix: {
    settings: { ip: '127.0.0.1' },
    trap: 'Ports that are published without an address are reachable from the host only, once their containers start again.',
  },
  references: ['https://docs.docker.com/engine/network/port-publishing/', BRIDGE_DOCS],
  needs: ['networks'],
  test: ({ networks }) =>
    onDefaultBridge(networks, (bridge) => {
      const address = reported(optionOf(bridge, 'host_binding_ipv4'), `${BRIDGE}host_binding_ipv4`)
      return address === '' || isAnyAddress(address) ? warn(`host_binding_ipv4: ${address}`) : pass(address)
    }),
})

/** How packets from other hosts are treated (moby, drivers/bridge/labels.go). */
const GATEWAY_MODES = ['gateway_mode_ipv4', 'gateway_mode_ipv6']

const unprotected = eachCheck({
  id: 'N-UNPROTECTED',
  title: 'Other hosts cannot reach unpublished ports of the network',
  family: 'network',
  severity: 'high',
  cis: {},
  why: 'In the gateway mode nat-unprotected, attackers on other hosts reach all ports of its containers, published or not. In the mode routed, they reach the published ones without NAT, even those published on 127.0.0.1 only.',
  remedy:
    'Create the network again without the options com.docker.network.bridge.gateway_mode_ipv4 and gateway_mode_ipv6: docker network rm NAME, then docker network create NAME',
  references: ['https://docs.docker.com/engine/network/port-publishing/', BRIDGE_DOCS],
  of: 'networks',
  only: ({ Driver }) => Driver === 'bridge' || Driver === undefined,
  none: 'there is no bridge network',
  subject,
  test: (network) => {
    const modes = new Set(GATEWAY_MODES.map((name) => optionOf(network, name)))
    if (modes.has('nat-unprotected')) return fail('gateway mode: nat-unprotected')
    return modes.has('routed') ? warn('gateway mode: routed') : pass()
  },
})

const trusted = eachCheck({
  id: 'N-TRUSTED',
  title: 'No interface of the host is trusted to reach containers directly',
  family: 'network',
  severity: 'medium',
  cis: {},
  why: 'Attackers on hosts behind a trusted interface reach the addresses of containers directly, including ports that are published only on the loopback address.',
  remedy:
    'Create the network again without the option com.docker.network.bridge.trusted_host_interfaces: docker network rm NAME, then docker network create NAME',
  references: [BRIDGE_DOCS],
  of: 'networks',
  only: ({ Driver }) => Driver === 'bridge' || Driver === undefined,
  none: 'there is no bridge network',
  subject,
  test: (network) => {
    const interfaces = optionOf(network, 'trusted_host_interfaces') ?? ''
    return interfaces === '' ? pass() : warn(`trusted_host_interfaces: ${interfaces}`)
  },
})

const onLan = eachCheck({
  id: 'N-MACVLAN',
  title: 'The network does not attach containers to a network of the host',
  family: 'network',
  severity: 'medium',
  cis: {},
  why: 'In a macvlan or ipvlan network, a container is a machine of its own on the network of the host. Attackers there reach all of its ports, past the firewall of the host and the rules of dockerd.',
  remedy:
    'Use a bridge network and publish the ports (docker network create --driver bridge NAME), or filter the traffic at the switch.',
  references: ['https://docs.docker.com/engine/network/drivers/macvlan/'],
  of: 'networks',
  none: 'there is no network',
  subject,
  test: (network) => {
    const driver = reported(network.Driver, 'Driver')
    if (!['macvlan', 'ipvlan'].includes(driver)) return pass()
    // Without a parent, dockerd creates an interface that leads nowhere.
    const { parent = '' } = reported(network.Options, 'Options')
    return parent === '' ? pass() : warn(`${driver} on ${parent}`)
  },
})

/** The networks of the daemon. */
export const NETWORKS: readonly Check[] = [betweenContainers, publishAddress, unprotected, trusted, onLan]
