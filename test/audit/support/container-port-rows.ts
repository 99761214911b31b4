import { restarting, WINDOWS } from './container-changes.ts'
import type { Raw, Surroundings } from './containers.ts'
import { host, rows, type Row } from './row.ts'

const published = (ports: Raw): Raw => ({ NetworkSettings: { Ports: ports } })
const port = (HostIp: string, HostPort = '8080'): Raw[] => [{ HostIp, HostPort }]
const stopped = (HostConfig: Raw): Raw => ({ State: { Running: false }, HostConfig, NetworkSettings: { Ports: {} } })

const V6 = { Id: 'e'.repeat(64), Name: 'own', Driver: 'bridge', EnableIPv6: true, Options: {} }
const bound = (address: string): Surroundings => ({
  networks: [{ ...V6, EnableIPv6: false, Options: { 'com.docker.network.bridge.host_binding_ipv4': address } }],
})

/** Ports and networks. */
export const PORT_ROWS: readonly Row[] = [
  ...rows(
    'C-PORT',
    ['pass', {}],
    ['pass', published({ '80/tcp': null })],
    ...['0.0.0.0', '::', '0:0:0:0:0:0:0:0', '[::]', ''].map(
      (address) => ['fail', published({ '80/tcp': port(address) })] as const,
    ),
    ['pass', published({ '80/tcp': port('::1') })],
    ['pass', published({ '80/tcp': port('10.0.0.5') })],
    ['fail', stopped({ PortBindings: { '80/tcp': port('') } })],
    ['pass', stopped({ PortBindings: { '80/tcp': port('') } }), bound('127.0.0.1')],
    ['fail', stopped({ PortBindings: {}, PublishAllPorts: true })],
    ['not-applicable', host({ NetworkMode: 'host' })],
    ['not-applicable', host({ NetworkMode: 'container:db' })],
    ['fail', published({ '80/tcp': port('0::0') })],
    ['fail', restarting({ '80/tcp': port('') }, null)],
    ['pass', restarting({ '80/tcp': port('127.0.0.1') })],
    ['fail', { State: { Restarting: true }, ...host({ PortBindings: {}, PublishAllPorts: true }) }],
    ['warn', stopped({ PortBindings: { '80/tcp': [] } }), {}, '80/tcp is empty'],
    ['pass', published({ '80/tcp': [] })],
    ['fail', published({ '80/tcp': port('') }), WINDOWS],
    ['unknown', { State: { Restarting: undefined } }],
    ['unknown', published({ '80/tcp': 'all' })],
    ['unknown', { NetworkSettings: { Ports: undefined } }],
  ),
  ...rows(
    'C-LOWPORT',
    ['pass', {}],
    ['pass', published({ '80/tcp': port('127.0.0.1', '443') })],
    ['warn', published({ '22/tcp': port('127.0.0.1', '22') }), {}, '127.0.0.1:22 for 22/tcp'],
    ['not-applicable', host({ NetworkMode: 'none' })],
    ['warn', restarting({ '22/tcp': port('127.0.0.1', '22') })],
    ['unknown', { NetworkSettings: { Ports: undefined } }],
  ),
  ...rows(
    'C-2375',
    ['pass', {}],
    ['fail', published({ '2375/tcp': port('0.0.0.0', '32768') })],
    ['fail', published({ '80/tcp': port('10.0.0.5', '2375') })],
    ['warn', published({ '2375/tcp': port('127.0.0.1', '2375') })],
    ['warn', published({ '2376/tcp': port('0.0.0.0', '2376') })],
    ['warn', published({ '2375/tcp': null }), {}, 'networks'],
    ['fail', restarting({ '2375/tcp': port('', '2375') }, null)],
    ['fail', published({ '2375/tcp': port('0.0.0.0', '2375') }), WINDOWS],
    ['unknown', { NetworkSettings: { Ports: undefined } }],
  ),
  ...rows(
    'C-BRIDGE',
    ['pass', {}],
    ['fail', host({ NetworkMode: 'bridge' })],
    ['fail', host({ NetworkMode: 'default' })],
    ['fail', { NetworkSettings: { Networks: { own: {}, bridge: {} } } }],
    [
      'warn',
      host({ NetworkMode: 'bridge' }),
      { networks: [{ Name: 'bridge', Options: { 'com.docker.network.bridge.enable_icc': 'false' } }] },
    ],
    ['unknown', { NetworkSettings: { Networks: undefined } }],
  ),
  ...rows(
    'N-V6',
    ['pass', {}],
    ['pass', published({ '80/tcp': [...port('0.0.0.0'), ...port('::')] }), { networks: [V6] }],
    ['warn', published({ '80/tcp': [...port('0.0.0.0'), ...port('::')] })],
    ['fail', published({ '80/tcp': [...port('127.0.0.1'), ...port('::')] }), {}, '127.0.0.1'],
    ['not-applicable', { State: { Running: false } }],
    ['unknown', restarting({ '80/tcp': port('') }), {}, 'restarting'],
    ['unknown', published({ '80/tcp': port('::') }), { networks: null }],
    ['unknown', { NetworkSettings: { Ports: undefined } }],
  ),
]
