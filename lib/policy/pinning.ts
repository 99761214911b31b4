import type { Facts } from './facts.ts'
import { containerIn, isObject, listOf, objectOf, stringsOf, textOf } from './judging/values.ts'
import { isPredefinedName } from './owner/belonging.ts'
import type { Json, JsonObject, ReadRequest } from './request.ts'

/**
 * The request with the ids of the containers, networks and mounted images that were inspected, in the place of their names: a name could
 * be given to another one before dockerd reads it. And the id of the service in the path.
 */
export function pinNames(read: ReadRequest, facts: Facts): ReadRequest {
  const idOfKind: IdOfKind = (kind, name) => {
    const { Id, ID } = objectOf(facts.get({ kind, name }))
    return textOf(Id ?? ID) || name
  }
  const idOf = (name: string): string => idOfKind('container', name)
  const { query, body } = read
  const pinned = new Map(query)
  const [container] = query.get('container') ?? []
  const [mode] = query.get('networkmode') ?? []
  if (container !== undefined) pinned.set('container', [idOf(container)])
  if (mode !== undefined)
    pinned.set('networkmode', [isPredefinedName(mode) ? mode : idOfKind('network', pinMode(mode, idOf))])
  return {
    ...read,
    parameters: 'alias' in read.parameters ? pinLinkPath(read, facts) : pinPath(read, idOfKind),
    query: pinned,
    ...(isObject(body) && { body: pinNetworks(read, pinBody(body, idOfKind), facts) }),
  }
}

type IdOf = (name: string) => string
type IdOfKind = (kind: 'container' | 'image' | 'network' | 'service', name: string) => string

function pinPath({ operation, parameters }: ReadRequest, idOf: IdOfKind): ReadRequest['parameters'] {
  const { id } = parameters
  const kind = (['container', 'network', 'service'] as const).find((one) => operation.path.startsWith(`/${one}s/`))
  return id === undefined || kind === undefined ? parameters : { ...parameters, id: idOf(kind, id) }
}

/** dockerd finds a link by the name of its container alone, and would take the beginning of an id for the name of another one. */
function pinLinkPath({ parameters }: ReadRequest, facts: Facts): ReadRequest['parameters'] {
  const { id = '' } = parameters
  const { Name } = objectOf(facts.get({ kind: 'container', name: id }))
  return { ...parameters, id: textOf(Name).replace(/^\//, '') || id }
}

/** dockerd keeps the names of networks until it starts a container, and takes an id if there is one. */
function pinNetworks({ operation, parameters }: ReadRequest, body: JsonObject, facts: Facts): JsonObject {
  if (operation.name === 'networks.connect') {
    const endpoint = pinEndpoint(parameters['id'] ?? '', body['EndpointConfig'], facts)
    return { ...body, ...(endpoint !== null && { EndpointConfig: endpoint }) }
  }
  if (operation.name !== 'containers.create') return body
  const { HostConfig, NetworkingConfig } = body
  const given = Object.entries(objectOf(objectOf(NetworkingConfig)['EndpointsConfig']))
  const mode = textOf(objectOf(HostConfig)['NetworkMode'])
  const endpoint = pinEndpoint(mode, null, facts)
  if (given.length === 0 && endpoint === null) return body
  // dockerd would take the beginning of an id for another network than that of this id.
  const { Name, Id = '' } = objectOf(facts.get({ kind: 'network', name: mode }))
  const key = Name === mode ? mode : textOf(Id)
  const endpoints = given.map(([name, one]) => [name, pinEndpoint(name, one, facts)])
  return {
    ...body,
    ...(given.length === 0 && { HostConfig: { ...objectOf(HostConfig), NetworkMode: key } }),
    NetworkingConfig: {
      ...objectOf(NetworkingConfig),
      EndpointsConfig: given.length === 0 ? { [key]: endpoint } : (Object.fromEntries(endpoints) as JsonObject),
    },
  }
}

/** With the id of its network, if that was inspected. dockerd ignores one beside a predefined name (moby, daemon: getNetworkID). */
function pinEndpoint(name: string, endpoint: Json = null, facts: Facts): Json {
  if (isPredefinedName(name)) return endpoint
  const network = textOf(objectOf(endpoint)['NetworkID']) || name
  const { Id } = objectOf(facts.get({ kind: 'network', name: network }))
  return textOf(Id) === '' ? endpoint : { ...objectOf(endpoint), NetworkID: textOf(Id) }
}

function pinBody(body: JsonObject, idOf: IdOfKind): JsonObject {
  const { HostConfig, Container } = body
  return {
    ...body,
    ...(isObject(HostConfig) && { HostConfig: pinHostConfig(HostConfig, idOf) }),
    ...(typeof Container === 'string' && { Container: idOf('container', Container) }),
  }
}

const MODES = ['IpcMode', 'NetworkMode', 'PidMode']

function pinHostConfig(config: JsonObject, idOfKind: IdOfKind): JsonObject {
  const idOf: IdOf = (name) => idOfKind('container', name)
  const pinned = new Map<string, Json>(Object.entries(config))
  for (const name of MODES.filter((one) => one in config)) pinned.set(name, pinMode(textOf(config[name]), idOf))
  const { Links, Mounts, VolumesFrom } = config
  if (Links !== undefined)
    pinned.set(
      'Links',
      stringsOf(Links).map((link) => pinLink(link, idOf)),
    )
  if (VolumesFrom !== undefined)
    pinned.set(
      'VolumesFrom',
      stringsOf(VolumesFrom).map((one) => pinContainer(one.replace(/^\//, ''), idOf)),
    )
  if (Mounts !== undefined)
    pinned.set(
      'Mounts',
      listOf(Mounts).map((mount) => pinImage(mount, idOfKind)),
    )
  return Object.fromEntries(pinned)
}

function pinImage(mount: Json, idOf: IdOfKind): Json {
  const { Type, Source } = objectOf(mount)
  return Type === 'image' ? { ...objectOf(mount), Source: idOf('image', textOf(Source)) } : mount
}

function pinMode(mode: string, idOf: IdOf): string {
  return mode.replace(/^container:(.+)$/s, (_, name: string) => `container:${idOf(name)}`)
}

/** Without an alias, the name is the alias. After a slash, dockerd takes only the end of the alias. */
function pinLink(link: string, idOf: IdOf): string {
  const name = containerIn(link)
  return link.includes(':') ? pinContainer(link, idOf) : `${idOf(name)}:${name}`
}

/** Of a link, or a value of `VolumesFrom`. */
function pinContainer(text: string, idOf: IdOf): string {
  const name = containerIn(text)
  return text.replace(name, () => idOf(name))
}
