import { isObject, listOf, objectOf } from '../judging/values.ts'
import type { Json, JsonObject, ReadRequest } from '../request.ts'
import { OWNER_LABEL } from './belonging.ts'
import { isNewForm } from './labelling.ts'

/** What `/info` counts is of everyone. */
export function filterInfo(answer: Json): Json {
  const counts = ['Containers', 'ContainersRunning', 'ContainersPaused', 'ContainersStopped', 'Images']
  return { ...objectOf(answer), ...Object.fromEntries(counts.map((name) => [name, 0])) }
}

const ownOf = (list: Json | undefined, owner: string): JsonObject[] =>
  listOf(list)
    .map(objectOf)
    .filter((one) => objectOf(one['Labels'])[OWNER_LABEL] === owner)

/** On a manager of a swarm, dockerd adds its volumes without looking at the filter (moby, daemon/cluster/volumes.go). */
export const filterVolumes = (answer: Json, owner: string): Json => ({
  ...objectOf(answer),
  Volumes: ownOf(objectOf(answer)['Volumes'], owner),
})

/** The networks of a swarm come from elsewhere than the daemon's own, as its volumes do. */
export const filterNetworks = (answer: Json, owner: string): Json => ownOf(answer, owner)

/** In containerd, dockerd's filter also takes an image one of whose other manifests has the label (moby, daemon/containerd/image_list.go). */
export const filterImages = (answer: Json, owner: string): Json => ownOf(answer, owner).map(withoutUsers)

/** An image without the ids of the containers that use it, which are everyone's. */
export function withoutUsers(answer: Json): JsonObject {
  const { Manifests, ...image } = objectOf(answer)
  if (Manifests === undefined) return image
  const manifests = listOf(Manifests).map((one) => {
    const { ImageData, ...manifest } = objectOf(one)
    const { Containers: _, ...data } = objectOf(ImageData)
    return { ...manifest, ...(isObject(ImageData) && { ImageData: data }) }
  })
  return { ...image, Manifests: manifests }
}

/** The disk usage of what is the owner's, in the form of the version that the request has. */
export function filterDiskUsage(answer: Json, owner: string, { version }: ReadRequest): Json {
  const { Images, Containers, Volumes } = objectOf(answer)
  const own = (list: Json | undefined): JsonObject[] => ownOf(list, owner)
  // How much of an image others use, too, is of others.
  const images = own(Images).map((image) => ({ ...image, SharedSize: 0 }))
  const [containers, volumes] = [own(Containers), own(Volumes)]
  const lists = {
    LayersSize: sum(images.map(sizeOfImage)),
    Images: images,
    Containers: containers,
    Volumes: volumes,
    BuildCache: [],
    BuilderSize: 0,
  }
  if (version === undefined || !isNewForm(version)) return lists
  return {
    ImageUsage: summary(images, sizeOfImage, ({ Containers: users }) => numberOf(users) > 0),
    ContainerUsage: summary(containers, sizeOfContainer, ({ State }) => State === 'running'),
    VolumeUsage: summary(volumes, sizeOfVolume, ({ UsageData }) => numberOf(objectOf(UsageData)['RefCount']) > 0),
    BuildCacheUsage: summary([], () => 0, Boolean),
  }
}

const numberOf = (value: Json | undefined): number => (typeof value === 'number' ? Math.max(value, 0) : 0)
const sum = (sizes: readonly number[]): number => sizes.reduce((total, one) => total + one, 0)

const sizeOfImage = ({ Size }: JsonObject): number => numberOf(Size)
const sizeOfContainer = ({ SizeRw }: JsonObject): number => numberOf(SizeRw)
const sizeOfVolume = ({ UsageData }: JsonObject): number => numberOf(objectOf(UsageData)['Size'])

/** The form of API 1.52, with its items. */
function summary(
  items: readonly JsonObject[],
  sizeOf: (item: JsonObject) => number,
  isActive: (item: JsonObject) => boolean,
): JsonObject {
  const active = items.filter(isActive)
  return {
    ActiveCount: active.length,
    TotalCount: items.length,
    TotalSize: sum(items.map(sizeOf)),
    Reclaimable: sum(items.filter((one) => !active.includes(one)).map(sizeOf)),
    Items: items,
  }
}
