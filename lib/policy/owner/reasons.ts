import type { Facts, Need } from '../facts.ts'
import { objectOf, textOf } from '../judging/values.ts'
import { namesOtherPlatform } from '../platform.ts'
import type { Json, ReadRequest, Reason } from '../request.ts'
import { isPredefinedName, isUsable, nameTaken, notFound, ownerOf } from './belonging.ts'
import { faultsOfFilters } from './filters.ts'
import { faultsOfLabels } from './labelling.ts'
import { faultsOfLeaving, isGraphDriver } from './manifests.ts'
import { absentText } from './missing.ts'
import { OWNED_OPERATIONS } from './operations.ts'
import type { Use } from './uses.ts'

interface Asking {
  readonly facts: Facts
  readonly need: (need: Need) => void
}

/** Why an owner may not send a request, by everything that it names. */
export function ownerReasons(read: ReadRequest, owner: string, asking: Asking): readonly Reason[] {
  const { name } = read.operation
  const operation = Object.hasOwn(OWNED_OPERATIONS, name) ? OWNED_OPERATIONS[name] : undefined
  if (operation === undefined) return [refusedFor(read)]
  const found = [
    ...(operation.uses ?? []).flatMap((uses) => [...uses(read)]),
    ...(operation.joinsNetworks ? networksOf(read, owner, asking) : []),
  ]
  return [
    ...platformFaults(read, found, asking),
    ...(operation.isFiltered ? faultsOfFilters(read) : []),
    ...(operation.removesByLabel ? faultsOfImagePrune(read, asking) : []),
    ...faultsOfLabels(read.body, owner),
    ...found.flatMap((one) => ('as' in one ? reasonsOfUse(one, owner, asking) : [one])),
  ]
}

/** `docker inspect NAME` asks for every kind of thing with that name, and goes on only if there is none. */
function refusedFor({ operation: { name }, parameters }: ReadRequest): Reason {
  const absent = /^(config|node|plugin|secret|service|task)s\.inspect$/.exec(name)?.[1]
  if (absent === undefined) return unsupported(name, 'it would reach things of other owners')
  const [named = ''] = Object.values(parameters)
  return { code: 'NOT_FOUND', where: 'the path', got: absentText(absent, named) }
}

const unsupported = (where: string, got: string): Reason => ({ code: 'OWNER_UNSUPPORTED', where, got })

function platformFaults(read: ReadRequest, found: readonly (Use | Reason)[], asking: Asking): readonly Reason[] {
  const images = found.flatMap((one) => ('as' in one && one.kind === 'image' ? [asking.facts.get(one)] : []))
  return (['platform', 'platforms'] as const)
    .filter((name) => namesOtherPlatform(read, name, images, asking))
    .map((name) => unsupported(name, 'only images for the platform of the daemon have a known owner'))
}

/** The networks of an own container. Since it was created, one of them may have been removed, and another owner have its name. */
function networksOf({ parameters }: ReadRequest, owner: string, { facts }: Asking): Use[] {
  const inspect = facts.get({ kind: 'container', name: parameters['id'] ?? '' })
  if (inspect === undefined || ownerOf('container', inspect) !== owner) return []
  const networks = objectOf(objectOf(objectOf(inspect)['NetworkSettings'])['Networks'])
  return Object.entries(networks)
    .filter(([name]) => !isPredefinedName(name))
    .map(([name, endpoint]) => {
      const id = textOf(objectOf(endpoint)['NetworkID'])
      return { kind: 'network', as: 'use', name: id === '' ? name : id, where: `its network ${name}` }
    })
}

function reasonsOfUse(use: Use, owner: string, asking: Asking): readonly Reason[] {
  const { kind, name, where, as } = use
  const fact = ask({ kind, name }, asking)
  if (fact === undefined) return []
  if (as === 'take' || as === 'refresh') return isFree(use, fact, owner) ? [] : [nameTaken(use, where)]
  if (fact === null) return [notFound(use, where)]
  if (kind === 'exec') return reasonsOfExec(use, fact, owner, asking)
  const isAllowed = as === 'use' ? isUsable(kind, fact, owner) : ownerOf(kind, fact) === owner
  if (!isAllowed) return [notFound(use, where)]
  return use.leaves ? faultsOfLeaving(use, fact, () => ask(INFO, asking)) : []
}

const INFO: Need = { kind: 'daemon', name: 'info' }

/** In containerd, an image has the labels of all its manifests for dockerd's filter: it would remove those of others. */
function faultsOfImagePrune({ operation: { name } }: ReadRequest, asking: Asking): readonly Reason[] {
  const info = ask(INFO, asking)
  if (info === undefined || isGraphDriver(info)) return []
  return [unsupported(name, 'with images in containerd, it could remove those of others. Remove images by name')]
}

function isFree({ kind, as }: Use, fact: Json, owner: string): boolean {
  if (fact === null) return true
  const found = ownerOf(kind, fact)
  return found === owner || (as === 'refresh' && found === undefined)
}

/** An exec is of whoever owns its container. */
function reasonsOfExec(use: Use, fact: Json, owner: string, asking: Asking): readonly Reason[] {
  const container = ask({ kind: 'container', name: textOf(objectOf(fact)['ContainerID']) }, asking)
  if (container === undefined) return []
  return container !== null && ownerOf('container', container) === owner ? [] : [notFound(use, use.where)]
}

function ask(need: Need, { facts, need: needed }: Asking): Json | undefined {
  const fact = facts.get(need)
  if (fact === undefined) needed(need)
  return fact
}
