import { effectiveCapabilities } from '../../container/capabilities.ts'
import { ENDPOINT_IFNAME, ENDPOINT_SYSCTLS, endpointSysctls } from '../../container/endpoint-options.ts'
import type { Json, JsonObject } from '../request.ts'
import { judgeHardening, judgeUser as judgeUserOf } from './confinement.ts'
import { fieldsOf, HARMLESS, judgeFields, OPTION_UNKNOWN, whateverIn, type Judges } from './fields.ts'
import { fromBaseline, type Judge, type Judged } from './finding.ts'
import { HOST_CONFIG, judgeContainers } from './host-config.ts'
import { judgeNetworkMode, judgeNetworkName } from './namespaces.ts'
import { judgeSysctl } from './sysctls.ts'
import { objectOf, stringsOf, textOf } from './values.ts'

const judgeImage: Judge = function* (value, where) {
  if (textOf(value) !== '') yield { kind: 'image', name: textOf(value), where }
}

/** `DriverOpts` of a connection to a network: dockerd's own, and those of the network's driver. */
export const judgeEndpointOptions: Judge = function* (value, where) {
  for (const [name, option] of Object.entries(objectOf(value))) {
    const place = `${where}.${name}`
    if (name === ENDPOINT_SYSCTLS) {
      for (const [sysctl] of endpointSysctls(textOf(option))) yield* judgeSysctl(sysctl, place)
    } else if (name !== ENDPOINT_IFNAME) yield fromBaseline('HOST_NETWORK', place, OPTION_UNKNOWN)
  }
}

/** How a container is connected to one network. */
const ENDPOINT: Judges = {
  ...whateverIn(
    [
      'Aliases',
      'DNSNames',
      'EndpointID',
      'Gateway',
      'GlobalIPv6Address',
      'GlobalIPv6PrefixLen',
      'GwPriority',
      'IPAMConfig',
      'IPAddress',
      'IPPrefixLen',
      'IPv6Gateway',
      'MacAddress',
    ],
    HARMLESS,
  ),
  DriverOpts: judgeEndpointOptions,
  // The container gets the environment of the other.
  Links: judgeContainers,
  NetworkID: function* (value, where) {
    if (textOf(value) !== '') yield { kind: 'network', name: textOf(value), where }
  },
}

/** `EndpointConfig` of a connection to one network. */
export const judgeEndpoint = fieldsOf(ENDPOINT)

const judgeNetworking: Judge = function* (value, where) {
  for (const [network, endpoint] of Object.entries(objectOf(objectOf(value)['EndpointsConfig']))) {
    const place = `${where}.EndpointsConfig.${network}`
    yield* judgeNetworkName(network, place)
    yield* judgeEndpoint(endpoint, place)
  }
}

/** How each field of a container's own configuration is judged: that of an image, and of a commit. */
const CONFIG: Judges = {
  ...whateverIn(
    [
      'ArgsEscaped',
      'AttachStderr',
      'AttachStdin',
      'AttachStdout',
      'Cmd',
      'Domainname',
      'Entrypoint',
      'Env',
      'ExposedPorts',
      'Healthcheck',
      'Hostname',
      'Labels',
      'MacAddress',
      'NetworkDisabled',
      'OnBuild',
      'OpenStdin',
      'Shell',
      'StdinOnce',
      'StopSignal',
      'StopTimeout',
      'Tty',
      'User',
      'Volumes',
      'WorkingDir',
    ],
    HARMLESS,
  ),
  Image: judgeImage,
}

const CREATE: Judges = { ...CONFIG, HostConfig: fieldsOf(HOST_CONFIG), NetworkingConfig: judgeNetworking }

function capabilitiesOf({ Privileged, CapAdd, CapDrop }: JsonObject): Judged {
  const settings = { privileged: Privileged === true, added: stringsOf(CapAdd), dropped: stringsOf(CapDrop) }
  return { kind: 'capabilities', names: effectiveCapabilities(settings), where: 'HostConfig.CapDrop' }
}

/** The body of containers.create: what the container could do. */
export function* judgeContainer(body: Json): Iterable<Judged> {
  yield* judgeFields(CREATE, body, '')
  yield* judgeHardening(objectOf(body))
  yield capabilitiesOf(objectOf(objectOf(body)['HostConfig']))
  const { HostConfig, NetworkDisabled } = objectOf(body)
  // A mode that is there has been judged with the other fields.
  if (!('NetworkMode' in objectOf(HostConfig)) && NetworkDisabled !== true) {
    yield* judgeNetworkMode('', 'HostConfig.NetworkMode')
  }
}

/** The body of containers.update: its settings are those of HostConfig, at the top. */
export const judgeUpdate = (body: Json): Iterable<Judged> => judgeFields(HOST_CONFIG, body, '')

/** The body of images.commit. */
export const judgeCommit = (body: Json): Iterable<Judged> => judgeFields(CONFIG, body, '')

/** The body of exec.create. */
export function* judgeExec(body: Json): Iterable<Judged> {
  const { Privileged, User } = objectOf(body)
  if (Privileged === true) yield fromBaseline('PRIVILEGED', 'Privileged', 'it is true')
  // Without one, it is the user of the container, which is judged with the container.
  if (textOf(User) !== '') yield* judgeUserOf(User ?? '', 'User')
}
