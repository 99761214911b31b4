import type { Facts } from './facts.ts'
import { listOf, isObject, objectOf, textOf } from './judging/values.ts'
import type { Json, JsonObject, ReadRequest } from './request.ts'

/**
 * The request with the ids of the containers that were inspected, in the place of their names: a name could be given to
 * another container before dockerd reads it.
 */
export function pinContainers(read: ReadRequest, facts: Facts): ReadRequest {
  const idOf = (name: string): string => textOf(objectOf(facts.get({ kind: 'container', name }))['Id']) || name
  const { operation, parameters, query, body } = read
  const { id } = parameters
  const [container] = query.get('container') ?? []
  return {
    ...read,
    parameters:
      id === undefined || !operation.path.startsWith('/containers/') ? parameters : { ...parameters, id: idOf(id) },
    query: container === undefined ? query : new Map(query).set('container', [idOf(container)]),
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
const LISTS = ['Links', 'VolumesFrom']

function pinHostConfig(config: JsonObject, idOf: IdOf): JsonObject {
  const pinned = new Map<string, Json>(Object.entries(config))
  for (const name of MODES) {
    const [, other] = /^container:(.+)$/s.exec(textOf(config[name])) ?? []
    if (other !== undefined) pinned.set(name, `container:${idOf(other)}`)
  }
  for (const name of LISTS.filter((one) => one in config)) {
    pinned.set(
      name,
      listOf(config[name]).map((one) => textOf(one).replace(/^[^:]+/, idOf)),
    )
  }
  return Object.fromEntries(pinned)
}
