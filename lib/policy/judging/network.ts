import type { Json } from '../request.ts'
import { judgeEndpoint } from './container.ts'
import { eachOf, fieldsOf, HARMLESS, judgeFields, OPTION_UNKNOWN, whateverIn, type Judges } from './fields.ts'
import { fromBaseline, type Judge, type Judged } from './finding.ts'
import { isEmpty, objectOf, textOf } from './values.ts'

/** Options of the bridge and overlay drivers whose effect stays in the network. */
const HARMLESS_OPTIONS: ReadonlySet<string> = new Set([
  'com.docker.network.bridge.enable_icc',
  'com.docker.network.bridge.enable_ip_masquerade',
  'com.docker.network.driver.mtu',
  'com.docker.network.enable_ipv4',
  'com.docker.network.enable_ipv6',
  'encrypted',
])

/** How other hosts reach the containers of a bridge. The other modes are `nat`, and `isolated` without a gateway (moby, drivers/bridge). */
const GATEWAY_MODE = /^com\.docker\.network\.bridge\.gateway_mode_ipv[46]$/
const GATEWAY_MODES: Readonly<Record<string, string | undefined>> = {
  nat: undefined,
  isolated: undefined,
  'nat-unprotected': 'other hosts would reach all ports of its containers, published or not',
  routed: 'other hosts would reach published ports directly, even those published on 127.0.0.1 only',
}

const judgeOptions: Judge = function* (value, where) {
  for (const [name, option] of Object.entries(objectOf(value))) {
    const mode = textOf(option)
    const got = GATEWAY_MODE.test(name) && Object.hasOwn(GATEWAY_MODES, mode) ? GATEWAY_MODES[mode] : OPTION_UNKNOWN
    if (!HARMLESS_OPTIONS.has(name) && got !== undefined) yield fromBaseline('HOST_NETWORK', `${where}.${name}`, got)
  }
}

/** For private networks (RFC 1918, RFC 4193). Of any other one, the bridge would take the host's traffic. */
const judgeSubnet: Judge = function* (value, where) {
  const subnet = textOf(value)
  if (subnet !== '' && !isPrivate(subnet)) {
    yield fromBaseline('HOST_NETWORK', where, `the host would send its own packets for ${subnet} to this network`)
  }
}

function isPrivate(subnet: string): boolean {
  const [, first, second, length] =
    /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}\/(\d{1,2})$/.exec(subnet)?.map(Number) ?? []
  if (first === undefined || second === undefined || length === undefined) {
    return /^f[cd][0-9a-f]{2}:[0-9a-f:]*\/(?:[1-9]\d|1[01]\d|12[0-8]|[89])$/i.test(subnet)
  }
  if (first === 10) return length >= 8
  if (first === 172) return second >= 16 && second < 32 && length >= 12
  return first === 192 && second === 168 && length >= 16
}

const IPAM: Judges = {
  Config: eachOf(fieldsOf({ AuxiliaryAddresses: HARMLESS, Gateway: HARMLESS, IPRange: HARMLESS, Subnet: judgeSubnet })),
  Driver: function* (value, where) {
    if (!['', 'default', 'null'].includes(textOf(value))) {
      yield fromBaseline('HOST_NETWORK', where, `${textOf(value)} is a plugin, which runs as root`)
    }
  },
  Options: function* (value, where) {
    if (!isEmpty(value)) yield fromBaseline('HOST_NETWORK', where, 'it sets options of the IPAM driver')
  },
}

const CREATE: Judges = {
  ...whateverIn(['Attachable', 'CheckDuplicate', 'EnableIPv4', 'EnableIPv6', 'Internal', 'Labels', 'Scope'], HARMLESS),
  ConfigFrom: function* (value, where) {
    const name = textOf(objectOf(value)['Network'])
    if (name !== '') yield { kind: 'network', name, where: `${where}.Network` }
  },
  ConfigOnly: function* (value, where) {
    if (value === true) yield fromBaseline('HOST_NETWORK', where, 'it is a template for the networks of each node')
  },
  Driver: function* (value, where) {
    const driver = textOf(value)
    if (!['', 'default', 'bridge', 'overlay'].includes(driver)) {
      yield fromBaseline('HOST_NETWORK', where, `the driver ${driver} connects containers to networks of the host`)
    }
  },
  IPAM: fieldsOf(IPAM),
  Ingress: function* (value, where) {
    if (value === true) yield fromBaseline('HOST_NETWORK', where, 'it would be the network of all published ports')
  },
  Name: function* (value, where) {
    yield { kind: 'networkName', name: textOf(value), where }
  },
  Options: judgeOptions,
}

/** The body of networks.create. */
export const judgeNetwork = (body: Json): Iterable<Judged> => judgeFields(CREATE, body, '')

const CONNECT: Judges = {
  Container: function* (value, where) {
    yield { kind: 'container', name: textOf(value), where }
  },
  EndpointConfig: judgeEndpoint,
}

/** The body of networks.connect. */
export const judgeConnection = (body: Json): Iterable<Judged> => judgeFields(CONNECT, body, '')
