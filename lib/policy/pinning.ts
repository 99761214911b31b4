import type { Facts } from './facts.ts'
import { isObject, objectOf, stringsOf, textOf } from './judging/values.ts'
import type { Json, JsonObject, ReadRequest } from './request.ts'

/**
 * The request with the ids of the containers that were inspected, in the place of their names: a name could be given to
 * another container before dockerd reads it.
 */
export function pinContainers(read: ReadRequest, facts: Facts): ReadRequest {
  const idOf = (name: string): string => textOf(objectOf(facts.get({ kind: 'container', name }))['Id']) || name
  const { operation, parameters, query, body } = read
  const { id } = parameters
  const pinned = new Map(query)
  const [container] = query.get('container') ?? []
  const [mode] = query.get('networkmode') ?? []
  if (container !== undefined) pinned.set('container', [idOf(container)])
  if (mode !== undefined) pinned.set('networkmode', [pinMode(mode, idOf)])
  return {
    ...read,
    parameters:
      id === undefined || !operation.path.startsWith('/containers/') ? parameters : { ...parameters, id: idOf(id) },
    query: pinned,
    ...(isObject(body) && { body: pinBody(body, idOf) }),
  }
}

type IdOf = (name: string) => string

function pinBody(body: JsonObject, idOf: IdOf): JsonObject {
  const { HostConfig, Container } = body
  return {
    ...body,
    ...(isObject(HostConfig) && { HostConfig: pinHostConfig(HostConfig, idOf) }),
    ...(typeof Container === 'string' && { Container: idOf(Container) }),
  }
}

const MODES = ['IpcMode', 'NetworkMode', 'PidMode']

function pinHostConfig(config: JsonObject, idOf: IdOf): JsonObject {
  const pinned = new Map<string, Json>(Object.entries(config))
  for (const name of MODES.filter((one) => one in config)) pinned.set(name, pinMode(textOf(config[name]), idOf))
  const { Links, VolumesFrom } = config
  if (Links !== undefined)
    pinned.set(
      'Links',
      stringsOf(Links).map((link) => pinLink(link, idOf)),
    )
  if (VolumesFrom !== undefined) {
    pinned.set(
      'VolumesFrom',
      stringsOf(VolumesFrom).map((one) => one.replace(/^[^:]+/, idOf)),
    )
  }
  return Object.fromEntries(pinned)
}

function pinMode(mode: string, idOf: IdOf): string {
  return mode.replace(/^container:(.+)$/s, (_, name: string) => `container:${idOf(name)}`)
}

/** Without an alias, the name is the alias. */
function pinLink(link: string, idOf: IdOf): string {
  return link.includes(':') ? link.replace(/^[^:]+/, idOf) : `${idOf(link)}:${link}`
}
