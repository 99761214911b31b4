import { listOf, objectOf, textOf } from '../judging/values.ts'
import type { ReadRequest, Reason } from '../request.ts'
import { changesFault } from './changes.ts'
import { readFilters } from './filters.ts'
import { first, isWholeRepository, readTag, type Tagged } from './image-names.ts'
import type { Thing } from './missing.ts'

/**
 * How a request names something. `own`: it has to be the owner's. `use`: it may also be shared. `take`: a name for something
 * new, which only something of the owner may have. `refresh`: the same, or something shared.
 */
export interface Use extends Thing {
  readonly as: 'own' | 'use' | 'take' | 'refresh'
  readonly where: string
  /** The daemon gives away what its store has of the image: only what was judged may leave. */
  readonly leaves?: true
}

/** Finds what a request names, and what is wrong with it whatever exists. */
export type Uses = (read: ReadRequest) => Iterable<Use | Reason>

const pathOf = ({ parameters }: ReadRequest): string => Object.values(parameters)[0] ?? ''

/** What the path names. */
export const inPath =
  (kind: Thing['kind'], as: Use['as'] = 'own'): Uses =>
  (read) => [{ kind, as, name: pathOf(read), where: 'the path' }]

/** Whether such a name is free would say how the ids of others begin. */
const LIKE_ID = /^[0-9a-f]+$/
const likeId = (where: string, name: string): Reason => unclear(where, `${name} could be the beginning of an id`)

/** The name of something new, in the query. */
export function* takesContainerName(read: ReadRequest): Iterable<Use | Reason> {
  const name = first(read, 'name').replace(/^\//, '')
  if (LIKE_ID.test(name)) yield likeId('name', name)
  else if (name !== '') yield { kind: 'container', as: 'take', name, where: 'name' }
}

/** The name of something new, in the body. Only volumes have no ids. */
export const takesBodyName = (kind: 'network' | 'volume'): Uses =>
  function* ({ body }) {
    const name = textOf(objectOf(body)['Name'])
    if (kind === 'network' && LIKE_ID.test(name)) yield likeId('Name', name)
    else if (name !== '') yield { kind, as: 'take', name, where: 'Name' }
  }

/** The images of a container, beside what its settings name: that is judged with them. */
export function* imagesOfContainer({ body }: ReadRequest): Iterable<Use> {
  const { Image, HostConfig } = objectOf(body)
  if (textOf(Image) !== '') yield { kind: 'image', as: 'use', name: textOf(Image), where: 'Image' }
  for (const [index, mount] of listOf(objectOf(HostConfig)['Mounts']).entries()) {
    const { Type, Source } = objectOf(mount)
    if (textOf(Type).toLowerCase() !== 'image') continue
    yield { kind: 'image', as: 'use', name: textOf(Source), where: `HostConfig.Mounts.${index}.Source` }
  }
}

/** The container of a disconnection. */
export function* containerOfBody({ body }: ReadRequest): Iterable<Use> {
  yield { kind: 'container', as: 'own', name: textOf(objectOf(body)['Container']), where: 'Container' }
}

/** Sizes that images share with those of others. */
export function* sharedSizes(read: ReadRequest): Iterable<Reason> {
  if (!['', '0', 'false'].includes(first(read, 'shared-size')))
    yield unclear('shared-size', 'images of others would count')
}

/** Filters of a list that name things. */
export const filtersName = (kind: Thing['kind'], as: Use['as']): Uses =>
  function* (read) {
    for (const where of ['before', 'since']) {
      const names = [...(readFilters(read)?.get(where) ?? []), first(read, where)].filter((name) => name !== '')
      for (const name of names) yield { kind, as, name, where }
    }
  }

/** The tag that an image gets. */
export const takesTag = (parameter: string, as: 'take' | 'refresh' = 'take'): Uses =>
  function* (read) {
    const [name, tag] = [first(read, parameter), first(read, 'tag')]
    if (name === '') return
    const target = readTag(name, tag)
    if (target === undefined) yield unclear(parameter, `${name} is not the name of an image`)
    // A digest moves no tag.
    else if (!target.full.includes('@')) yield* tagUses(target, as, parameter)
  }

/** A repository that is called like the beginning of an id, or like its algorithm, would be found in the place of that image. */
function* tagUses({ full, familiar }: Tagged, as: Use['as'], where: string): Iterable<Use | Reason> {
  const repository = familiar.replace(/:[^:/]*$/, '')
  if (LIKE_ID.test(repository) || repository === 'sha256') yield likeId(where, repository)
  else yield { kind: 'image', as, name: full, where }
}

/** One tag to pull or push, and not all of a repository. */
export const oneTag = (nameOf: (read: ReadRequest) => string, where: string): Uses =>
  function* (read) {
    const name = nameOf(read)
    if (isWholeRepository(name, first(read, 'tag'))) yield wholeRepository(where, name)
  }

/** The image to push. */
export function* pushed(read: ReadRequest): Iterable<Use | Reason> {
  const target = readTag(pathOf(read), first(read, 'tag'))
  if (target === undefined) yield unclear('the path', `${pathOf(read)} is not the name of an image`)
  else yield { kind: 'image', as: 'own', name: target.full, where: 'the path', leaves: true }
  yield* oneTag(pathOf, 'the path')(read)
}

/** The images to save, in the path or the query. */
export function* saved(read: ReadRequest): Iterable<Use | Reason> {
  const named = [...Object.values(read.parameters), ...(read.query.get('names') ?? [])]
  for (const name of named) {
    if (isWholeRepository(name)) yield wholeRepository('names', name)
    else yield { kind: 'image', as: 'use', name, where: 'names', leaves: true }
  }
}

/** Instructions that change the settings of an image. */
export function* changes({ query }: ReadRequest): Iterable<Reason> {
  const fault = changesFault(query.get('changes') ?? [])
  if (fault !== undefined) yield { code: 'OWNER_LABEL', where: 'changes', got: fault }
}

const unclear = (where: string, got: string): Reason => ({ code: 'TARGET_UNKNOWN', where, got })

function wholeRepository(where: string, name: string): Reason {
  const got = `${name} stands for all tags of the repository, which may be of several owners: name one tag`
  return { code: 'OWNER_UNSUPPORTED', where, got }
}
