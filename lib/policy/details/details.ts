import { isRollback } from '../judging/service-update.ts'
import { objectOf, stringsOf, textOf } from '../judging/values.ts'
import type { Json, ReadRequest } from '../request.ts'
import { boundDetails } from './bound.ts'
import { containerDetails } from './container.ts'
import { driverDetails } from './mounts.ts'
import { imageText, joinTag, leftOutName, optionName, platformText, remoteText, securityOptions } from './safe.ts'
import { serviceDetails } from './service.ts'
import type { RequestDetails } from './types.ts'

/**
 * What a request is about, for a log: without anything that may be a secret, and within limits.
 *
 * @param read - as it was read, or as it is sent
 * @param exec - what the daemon says of the exec in the path, if it was asked
 * @returns undefined if there is nothing to say, as for a ping
 */
export function detailsOf(read: ReadRequest, exec: Json = null): RequestDetails | undefined {
  const own = DETAILS[read.operation.name]?.(read)
  const named = inPath(read, exec)
  const leftOut = read.leftOut && { leftOut: [...new Set(read.leftOut.map(leftOutName))] }
  return own || named || leftOut ? boundDetails({ ...named, ...own, ...leftOut }) : undefined
}

/** What the first segment of a path has. */
const THINGS: Readonly<Record<string, keyof RequestDetails>> = {
  configs: 'config',
  containers: 'container',
  distribution: 'image',
  exec: 'exec',
  images: 'image',
  networks: 'network',
  nodes: 'node',
  plugins: 'plugin',
  secrets: 'secret',
  services: 'service',
  tasks: 'task',
  volumes: 'volume',
}

function inPath({ operation, parameters }: ReadRequest, exec: Json): RequestDetails | undefined {
  const name = parameters['id'] ?? parameters['name']
  const thing = name === undefined ? undefined : THINGS[operation.path.split('/', 2)[1] ?? '']
  if (name === undefined || thing === undefined) return undefined
  const { checkpoint } = parameters
  return {
    // Plugins have names like images.
    [thing]: thing === 'image' || thing === 'plugin' ? imageText(name) : name,
    ...(thing === 'exec' && { container: textOf(objectOf(exec)['ContainerID']) }),
    ...(checkpoint !== undefined && { checkpoint }),
  }
}

const first = ({ query }: ReadRequest, name: string): string => query.get(name)?.[0] ?? ''
const all = ({ query }: ReadRequest, name: string): readonly string[] => query.get(name) ?? []
const isForced = (read: ReadRequest): RequestDetails => ({ force: first(read, 'force') === 'true' })
const pathOf = (read: ReadRequest): RequestDetails => ({ path: first(read, 'path') })
const folderOf = (read: ReadRequest): RequestDetails => ({ folder: first(read, 'dir') })
const signalOf = (read: ReadRequest): RequestDetails => ({ signal: first(read, 'signal') })
const newImage = (read: ReadRequest): RequestDetails => ({ tags: [joinTag(first(read, 'repo'), first(read, 'tag'))] })
const platformOf = (read: ReadRequest): string => platformText(first(read, 'platform'))
const connected = ({ body }: ReadRequest): RequestDetails => ({ container: textOf(objectOf(body)['Container']) })

/** Of a secret or config. */
function secretDetails({ body }: ReadRequest): RequestDetails {
  const { Name, Driver } = objectOf(body)
  return { name: textOf(Name), driver: textOf(objectOf(Driver)['Name']) }
}

function swarmDetails({ body }: ReadRequest): RequestDetails {
  const { RemoteAddrs, Availability } = objectOf(body)
  return { managers: stringsOf(RemoteAddrs), availability: textOf(Availability) }
}

function pluginDetails(read: ReadRequest): RequestDetails {
  return { remote: imageText(first(read, 'remote')), name: first(read, 'name') }
}

/** dockerd removes either a link or the container. */
function removalDetails(read: ReadRequest): RequestDetails {
  const { alias } = read.parameters
  return alias === undefined ? { ...isForced(read), removeVolumes: first(read, 'v') === 'true' } : { link: alias }
}

/** The images of a JSON list in a query. */
function imagesIn(text: string): string[] {
  try {
    return stringsOf(JSON.parse(text || '[]') as Json).map(imageText)
  } catch {
    return []
  }
}

/** What the queries and bodies of operations say. Only what is named here gets into the log. */
export const DETAILS: Readonly<Record<string, (read: ReadRequest) => RequestDetails>> = {
  'checkpoints.create': ({ body }) => {
    const { CheckpointID, CheckpointDir } = objectOf(body)
    return { checkpoint: textOf(CheckpointID), folder: textOf(CheckpointDir) }
  },
  'checkpoints.list': folderOf,
  'checkpoints.remove': folderOf,
  'configs.create': secretDetails,
  'configs.update': secretDetails,
  'containers.archive.get': pathOf,
  'containers.archive.put': pathOf,
  'containers.archive.stat': pathOf,
  'containers.create': (read) => ({
    name: first(read, 'name'),
    platform: platformOf(read),
    ...containerDetails(read.body ?? null),
  }),
  'containers.kill': signalOf,
  'containers.remove': removalDetails,
  'containers.rename': (read) => ({ name: first(read, 'name') }),
  'containers.restart': signalOf,
  'containers.start': (read) => ({ checkpoint: first(read, 'checkpoint') }),
  'containers.stop': signalOf,
  'exec.create': ({ body }) => {
    const { Privileged, User } = objectOf(body)
    return { privileged: Privileged === true, user: textOf(User) }
  },
  'images.build': (read) => ({
    tags: all(read, 't').map(imageText),
    remote: remoteText(first(read, 'remote')),
    dockerfile: first(read, 'dockerfile'),
    networkMode: first(read, 'networkmode').replace(/^default$/, ''),
    platform: platformOf(read),
    cgroupParent: first(read, 'cgroupparent'),
    images: imagesIn(first(read, 'cachefrom')),
    securityOptions: securityOptions(all(read, 'securityopt').filter((one) => !['', '[]', 'null'].includes(one))),
  }),
  'images.commit': (read) => ({ container: first(read, 'container'), ...newImage(read) }),
  'images.import': (read) => ({
    remote: remoteText(first(read, 'fromSrc')),
    ...newImage(read),
    platform: platformOf(read),
  }),
  'images.pull': (read) => ({
    image: joinTag(first(read, 'fromImage'), first(read, 'tag')),
    platform: platformOf(read),
  }),
  'images.push': (read) => ({
    image: joinTag(read.parameters['name'] ?? '', first(read, 'tag')),
    platform: platformOf(read),
  }),
  'images.remove': isForced,
  'images.save': (read) => ({ images: all(read, 'names').map(imageText) }),
  'images.tag': newImage,
  'networks.connect': connected,
  'networks.create': ({ body }) => {
    const { Name, Driver, Options, Internal } = objectOf(body)
    return {
      name: textOf(Name),
      driver: textOf(Driver),
      driverOptions: Object.keys(objectOf(Options)).map(optionName),
      internal: Internal === true,
    }
  },
  'networks.disconnect': connected,
  'nodes.remove': isForced,
  'nodes.update': ({ body }) => {
    const { Role, Availability } = objectOf(body)
    return { role: textOf(Role), availability: textOf(Availability) }
  },
  'plugins.create': pluginDetails,
  'plugins.disable': isForced,
  'plugins.privileges': pluginDetails,
  'plugins.pull': pluginDetails,
  'plugins.remove': isForced,
  'plugins.upgrade': pluginDetails,
  'secrets.create': secretDetails,
  'secrets.update': secretDetails,
  'services.create': ({ body }) => serviceDetails(body ?? null),
  // A rollback ignores the body.
  'services.update': (read) => (isRollback(read) ? { rollback: true } : serviceDetails(read.body ?? null)),
  'swarm.init': swarmDetails,
  'swarm.join': swarmDetails,
  'swarm.leave': isForced,
  'volumes.create': ({ body }) => {
    const { Name, Driver, DriverOpts } = objectOf(body)
    const driver = textOf(Driver)
    return { name: textOf(Name), driver, ...driverDetails(driver, objectOf(DriverOpts)) }
  },
  'volumes.remove': isForced,
}
