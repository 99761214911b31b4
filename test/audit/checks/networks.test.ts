import { NETWORKS } from '../../../lib/audit/checks/networks.ts'
import { runCases, type Cases } from '../support/cases.ts'
import { bridgeWith, changed, overlayWith, type Change } from '../support/daemon-snapshot.ts'

const GOOD: Change = {}
const UNREADABLE: Change = { networks: { unknown: 'the daemon answered 500' } }
const noOptions = bridgeWith({}, { Options: undefined })
/** The default bridge, and one network more. */
const also = (driver: string, Options: Record<string, string>): Change => {
  const { networks } = changed(GOOD)
  const other = changed(overlayWith(Options, { Driver: driver })).networks
  if ('unknown' in networks || 'unknown' in other) return UNREADABLE
  return { networks: { value: [...networks.value, ...other.value] } }
}

const CASES: Cases = {
  'D-ICC': [
    ['pass', 'off', GOOD],
    ['fail', 'on', bridgeWith({ enable_icc: 'true' })],
    ['not-applicable', 'no default bridge', { networks: { value: [] } }],
    ['unknown', 'an answer without options', noOptions],
    ['unknown', 'not readable', UNREADABLE],
  ],
  'D-BINDIP': [
    ['pass', 'loopback', GOOD],
    ['warn', 'all interfaces', bridgeWith({ host_binding_ipv4: '0.0.0.0' })],
    ['unknown', 'an answer without options', noOptions],
  ],
  'N-UNPROTECTED': [
    ['pass', 'nat', GOOD],
    ['pass', 'nat, said so', bridgeWith({ gateway_mode_ipv4: 'nat', gateway_mode_ipv6: 'isolated' })],
    ['warn', 'routed', bridgeWith({ gateway_mode_ipv6: 'routed' })],
    ['fail', 'nat-unprotected', bridgeWith({ gateway_mode_ipv4: 'routed', gateway_mode_ipv6: 'nat-unprotected' })],
    ['not-applicable', 'no bridge', overlayWith({})],
    ['unknown', 'an answer without options', noOptions],
    ['unknown', 'not readable', UNREADABLE],
  ],
  'N-TRUSTED': [
    ['pass', 'none', GOOD],
    ['warn', 'an interface', bridgeWith({ trusted_host_interfaces: 'vxlan.1:eth3' })],
    ['unknown', 'an answer without options', noOptions],
  ],
  'N-MACVLAN': [
    ['pass', 'a bridge', GOOD],
    ['pass', 'a macvlan that leads nowhere', also('macvlan', {})],
    ['warn', 'a macvlan on an interface', also('macvlan', { parent: 'eth0' })],
    ['warn', 'an ipvlan on an interface', also('ipvlan', { parent: 'eth0.10' })],
    ['unknown', 'an answer without a driver', bridgeWith({}, { Driver: undefined })],
  ],
}

runCases(NETWORKS, CASES)
