import { capabilityName } from '../../container/capabilities.ts'
import { ENDPOINT_SYSCTLS, endpointSysctls } from '../../container/endpoint-options.ts'
import { listOf, objectOf, stringsOf, textOf } from '../judging/values.ts'
import type { Json, JsonObject } from '../request.ts'
import { mountDetails } from './mounts.ts'
import { HIDDEN, imageText, optionName, securityOptions } from './safe.ts'
import type { RequestDetails } from './types.ts'

/** The body of containers.create. */
export function containerDetails(body: Json): RequestDetails {
  const { Image, User, HostConfig, NetworkingConfig } = objectOf(body)
  const host = objectOf(HostConfig)
  const { driver, ...mounts } = mountDetails(host['Binds'], host['Mounts'])
  return {
    image: imageText(textOf(Image)),
    user: textOf(User),
    privileged: host['Privileged'] === true,
    ...modes(host),
    ...mounts,
    driver: textOf(host['VolumeDriver']) || (driver ?? ''),
    volumesFrom: stringsOf(host['VolumesFrom']),
    capAdd: stringsOf(host['CapAdd']).map(capabilityName),
    devices: devices(host),
    securityOptions: securityOptions(stringsOf(host['SecurityOpt'])),
    unmasked: Array.isArray(host['MaskedPaths']) || Array.isArray(host['ReadonlyPaths']),
    runtime: textOf(host['Runtime']),
    cgroupParent: textOf(host['CgroupParent']),
    sysctls: [...Object.keys(objectOf(host['Sysctls'])), ...interfaceSysctls(NetworkingConfig)].map(optionName),
    ports: ports(objectOf(host['PortBindings'])),
    publishAll: host['PublishAllPorts'] === true,
    // Docker's own client also names the network of the mode there.
    networks: Object.keys(objectOf(objectOf(NetworkingConfig)['EndpointsConfig'])).filter(
      (name) => name !== host['NetworkMode'],
    ),
    logDriver: textOf(objectOf(host['LogConfig'])['Type']),
  }
}

/** Kernel parameters of its interfaces. */
const interfaceSysctls = (networking: Json | undefined): string[] =>
  Object.values(objectOf(objectOf(networking)['EndpointsConfig']))
    .flatMap((endpoint) => endpointSysctls(textOf(objectOf(objectOf(endpoint)['DriverOpts'])[ENDPOINT_SYSCTLS])))
    .map(([name]) => name)

/** Docker's own client sends `default` for the network of each container. */
function modes(host: JsonObject): RequestDetails {
  const mode = (name: string): string => (host[name] === 'default' ? '' : textOf(host[name]))
  return {
    networkMode: mode('NetworkMode'),
    pidMode: mode('PidMode'),
    ipcMode: mode('IpcMode'),
    utsMode: mode('UTSMode'),
    usernsMode: mode('UsernsMode'),
    cgroupnsMode: mode('CgroupnsMode'),
  }
}

function devices({ Devices, DeviceCgroupRules, DeviceRequests }: JsonObject): string[] {
  return [
    ...listOf(Devices).map((device) => textOf(objectOf(device)['PathOnHost'])),
    ...stringsOf(DeviceCgroupRules),
    ...listOf(DeviceRequests).flatMap((request) => {
      const { Driver, DeviceIDs } = objectOf(request)
      const ids = stringsOf(DeviceIDs)
      return ids.length > 0 ? ids : [textOf(Driver) || 'any driver']
    }),
  ]
}

/** As `docker ps` shows them. */
function ports(bindings: JsonObject): string[] {
  return Object.entries(bindings).flatMap(([given, hosts]) => {
    const port = /^[\d-]+(?:\/\w+)?$/.test(given) ? given : HIDDEN
    return listOf(hosts).map((host) => {
      const { HostIp, HostPort } = objectOf(host)
      const ip = textOf(HostIp)
      return `${ip && `${ip.includes(':') ? `[${ip}]` : ip}:`}${textOf(HostPort)}->${port}`
    })
  })
}
