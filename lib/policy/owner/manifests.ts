import { compareVersions } from '../../base/api-version.ts'
import type { Facts } from '../facts.ts'
import { renderJson } from '../json.ts'
import { isObject, listOf, objectOf, stringsOf, textOf } from '../judging/values.ts'
import type { Json, JsonObject, ReadRequest, Reason } from '../request.ts'
import type { Use, Uses } from './uses.ts'

/**
 * Whether `/info` says that the daemon keeps its images in a graph driver. In containerd, an image can be an index: a list of
 * manifests for several platforms, written by whoever pushed it. It can name manifests of others, and dockerd inspects only the one
 * for its own platform.
 */
export function isGraphDriver(info: Json): boolean {
  const { Driver, DriverStatus } = objectOf(info)
  const isContainerd = listOf(DriverStatus).some((pair) => stringsOf(pair).join(' ') === SNAPSHOTTER)
  return textOf(Driver) !== '' && !isContainerd
}

const SNAPSHOTTER = 'driver-type io.containerd.snapshotter.v1'

/**
 * The platform of the only manifest that the daemon can give away: its labels are those of the image. Undefined: there are others, or
 * nobody knows. An image without `Os` was inspected without its settings, which the daemon lacks.
 */
function onlyPlatform(inspect: Json): JsonObject | undefined {
  const { Os, Manifests } = objectOf(inspect)
  // With a platform, dockerd never sends attestations (moby, daemon/containerd: getPushDescriptor).
  const others = listOf(Manifests)
    .map(objectOf)
    .filter(({ Available, Kind }) => Available !== false && Kind !== 'attestation')
  const { Kind, ImageData } = others[0] ?? {}
  const { Platform } = objectOf(ImageData)
  const isKnown = others.length === 1 && Kind === 'image' && textOf(Os) !== ''
  return isKnown && isObject(Platform) ? Platform : undefined
}

/**
 * Why an image may not leave the daemon, although the caller may read it.
 *
 * @param askInfo - what `/info` says; undefined if it isn't known yet
 */
export function faultsOfLeaving(
  { name, where }: Use,
  inspect: Json,
  askInfo: () => Json | undefined,
): readonly Reason[] {
  if (onlyPlatform(inspect)) return []
  const refuse = (got: string): Reason[] => [{ code: 'OWNER_UNSUPPORTED', where, got }]
  if ('Manifests' in objectOf(inspect))
    return refuse(`the daemon has ${name} for several platforms, and only the image for its own has a known owner`)
  const info = askInfo()
  if (info === undefined || isGraphDriver(info)) return []
  return refuse(`before API 1.48, the daemon does not say for which platforms it has ${name}`)
}

/** The first version whose requests to save have a platform; those to push have one since 1.46. */
const WITH_PLATFORM = '1.48'

/** With the platform of what was judged. Without it, dockerd sends everything that an index lists, also layers by themselves. */
export const withPlatform =
  (uses: Uses) =>
  (read: ReadRequest, _: string, facts: Facts): ReadRequest => {
    const image = [...uses(read)].find((one) => 'as' in one)
    const platform = image && onlyPlatform(facts.get(image) ?? null)
    if (platform === undefined) return read
    const { version, query } = read
    const isOld = version !== undefined && compareVersions(version, WITH_PLATFORM) < 0
    return {
      ...read,
      ...(isOld && { version: WITH_PLATFORM }),
      query: new Map(query).set('platform', [renderJson(platform)]),
    }
  }
