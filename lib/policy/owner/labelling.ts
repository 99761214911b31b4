import { parseBind } from '../../container/bind.ts'
import { compareVersions } from '../../base/api-version.ts'
import type { Facts } from '../facts.ts'
import { MOST_FOUND } from '../judging/finding.ts'
import { fieldsIn, isObject, listOf, objectOf, stringsOf, textOf } from '../judging/values.ts'
import type { Json, JsonObject, ReadRequest, Reason } from '../request.ts'
import { OWNER_LABEL } from './belonging.ts'

/** Places in a body where the label has another value. No field of the API has its name. */
export function faultsOfLabels(body: Json | undefined, owner: string): Reason[] {
  const found: Reason[] = []
  for (const { name, value, where } of fieldsIn(body)) {
    if (found.length > MOST_FOUND) break
    if (name === OWNER_LABEL && value !== owner)
      found.push({ code: 'OWNER_LABEL', where, got: `the label ${OWNER_LABEL} can only be ${owner}` })
  }
  return found
}

const labelled = (labels: Json | undefined, owner: string): JsonObject => ({
  ...objectOf(labels),
  [OWNER_LABEL]: owner,
})

/** The label in the body's own labels. */
export function labelledBody(read: ReadRequest, owner: string): ReadRequest {
  const body = objectOf(read.body)
  return { ...read, body: { ...body, Labels: labelled(body['Labels'], owner) } }
}

/** The label of an image: the last instruction wins. */
export function labelledChanges(read: ReadRequest, owner: string): ReadRequest {
  const changes = [...(read.query.get('changes') ?? []), `LABEL ${OWNER_LABEL}=${owner}`]
  return { ...read, query: new Map(read.query).set('changes', changes) }
}

/** The label of a container, and of the volumes that dockerd will create for it. */
export function labelledContainer(read: ReadRequest, owner: string, facts: Facts): ReadRequest {
  const sent = labelledBody(read, owner)
  const { HostConfig, ...body } = objectOf(sent.body)
  if (!isObject(HostConfig)) return sent
  const isNew = (name: string): boolean => facts.get({ kind: 'volume', name }) === null
  const binds = stringsOf(HostConfig['Binds'])
  const added = new Set(binds.filter((bind) => isVolume(bind) && isNew(parseBind(bind).source)))
  const mounts = [
    ...listOf(HostConfig['Mounts']).map((mount) => labelledMount(mount, owner)),
    ...[...added].map((bind) => labelledMount(mountOf(bind), owner)),
  ]
  return {
    ...sent,
    body: {
      ...body,
      HostConfig: {
        ...HostConfig,
        ...(added.size > 0 && { Binds: binds.filter((bind) => !added.has(bind)) }),
        ...(mounts.length > 0 && { Mounts: mounts }),
      },
    },
  }
}

function isVolume(bind: string): boolean {
  const { source } = parseBind(bind)
  return source !== '' && !source.startsWith('/')
}

/** A bind of a volume in the form that has labels. */
function mountOf(bind: string): JsonObject {
  const { source, destination, options } = parseBind(bind)
  return {
    Type: 'volume',
    Source: source,
    Target: destination,
    ReadOnly: options.includes('ro'),
    VolumeOptions: { NoCopy: options.includes('nocopy') },
  }
}

function labelledMount(mount: Json, owner: string): Json {
  const { VolumeOptions, ...rest } = objectOf(mount)
  if (textOf(rest['Type']).toLowerCase() !== 'volume') return mount
  const options = objectOf(VolumeOptions)
  return { ...rest, VolumeOptions: { ...options, Labels: labelled(options['Labels'], owner) } }
}

/** dockerd would also remove untagged images on which the image is based, whose owner nobody has looked at. */
export function withoutParents(read: ReadRequest): ReadRequest {
  return { ...read, query: new Map(read.query).set('noprune', ['true']) }
}

/** The last version whose answer lists everything: {@link filterDiskUsage} computes the newer form from it. */
const WITH_LISTS = '1.51'

/** Asks for the form of the disk usage in which all things are listed. */
export function withOldDiskUsage(read: ReadRequest): ReadRequest {
  const { version, query } = read
  const rest = new Map([...query].filter(([name]) => name !== 'verbose'))
  return { ...read, query: rest, ...(version !== undefined && isNewForm(version) && { version: WITH_LISTS }) }
}

/** Does a version of the API sum the disk usage up instead of listing things? */
export const isNewForm = (version: string): boolean => compareVersions(version, WITH_LISTS) > 0
