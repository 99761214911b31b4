import type { KnownMessage } from './daemon-messages.ts'
import type { Sentence } from '../base/sentence.ts'
import * as said from '../base/wordings/one-call.ts'
import type { Wording } from '../base/wordings/wording.ts'

/** What the daemon may refuse in one operation: the first row that fits has the remedy. `id` is the object of the call. */
type Refusals = (id: string) => readonly KnownMessage[]

const row = (status: number, wording: Wording, todo: KnownMessage['todo']): KnownMessage => ({ status, wording, todo })
/** A status that has only one meaning in an operation, whatever the message says. */
const always = (status: number, todo: Sentence): KnownMessage => ({ status, todo })

const UNPAUSE = row(
  409,
  said.PAUSED,
  ([, id = '']) => `Unpause the container first:  docker.containers.unpause('${id}')`,
)
const OTHER_NAME = row(
  409,
  said.CONTAINER_NAME_IN_USE,
  ([, name = '']) =>
    `Choose another name. If you no longer need the container that has it, remove it first:  docker.containers.remove('${name}', { force: true })`,
)
const NAME_RULE = row(
  400,
  said.INVALID_CONTAINER_NAME,
  'Choose a name of at least two letters, digits, _, . or -, which begins with a letter or a digit.',
)
const OTHER_PLATFORM = row(
  404,
  said.OTHER_PLATFORM,
  ([, image = '', platform = 'PLATFORM']) =>
    `Pull it for that platform:  docker.images.pull('${image}', { platform: '${platform}' })  Or omit the option platform.`,
)
/** 400 of kill, 500 of stop and restart. */
const SIGNALS: KnownMessage = {
  wording: said.INVALID_SIGNAL,
  todo: "Set killSignal to a signal of Linux, such as 'SIGTERM', or to its number.",
}
const TOO_LITTLE_MEMORY = row(400, said.TOO_LITTLE_MEMORY, 'Memory counts bytes, and has to be at least  6 * 1024 ** 2')
const incompleteTar = (todo: string): KnownMessage => ({
  wording: said.INCOMPLETE_TAR,
  todo,
})
const INCOMPLETE_FILES = incompleteTar(
  'Pass a complete tar of a file system, as docker.containers.export() or docker export writes it.',
)
/** The daemon fetches a URL of the caller. */
const UNREACHABLE_URL: KnownMessage = {
  wording: said.UNREACHABLE_URL,
  todo: "Correct the URL: the daemon's host can't fetch it.",
}
/** moby, image/tarexport: a tar without the files of `docker save`. With the containerd store, image/archive. */
const NO_SAVED_IMAGE: KnownMessage = {
  wording: said.NO_SAVED_IMAGE,
  todo: 'Pass a tar of docker.images.save() or docker save. For the files of docker.containers.export() or docker export, call docker.images.import().',
}
/** 404, or 500 from a manager of a swarm. */
const OTHER_NETWORK: KnownMessage = {
  wording: said.NO_SUCH_NETWORK,
  todo: ([, name = '']) =>
    `Correct the name of the network, or create it first:  docker.networks.create({ Name: '${name}' })`,
}
const PRUNES = row(409, said.PRUNE_RUNS, 'Wait until the other prune has ended, and call again.')
const IN_SWARM = row(
  503,
  said.IN_SWARM,
  'There is nothing to do for this swarm. To join or create another one, leave it first:  docker.swarm.leave()',
)
/** moby, plugin/errors.go: a plugin is in use, or enabled or disabled. */
const NOTHING_TO_DO = row(409, said.PLUGIN_IN_THIS_STATE, 'There is nothing to do: it is in this state already.')
const pluginInUse = (id: string, call: string): KnownMessage =>
  row(
    409,
    said.IN_USE,
    `Remove what uses the plugin first, or set the option force:  docker.plugins.${call}('${id}', { force: true })`,
  )
const disableFirst = (id: string, status: number, wording: Wording): KnownMessage =>
  row(status, wording, `Disable the plugin first:  docker.plugins.disable('${id}')`)
const usedByServices = (what: string): KnownMessage =>
  row(
    400,
    said.IN_USE_BY_SERVICES,
    `Remove the ${what} from these services with docker.services.update(), or remove the services.`,
  )

/** By operation, since the same status means something else in each of them. */
export const REFUSALS: Readonly<Record<string, Refusals>> = {
  'containers.create': () => [
    OTHER_NETWORK,
    OTHER_NAME,
    NAME_RULE,
    OTHER_PLATFORM,
    row(
      400,
      said.NO_BIND_SOURCE,
      ([, path = '']) =>
        `Create ${path} on the daemon's host first, or mount it with HostConfig.Binds, which creates it.`,
    ),
    TOO_LITTLE_MEMORY,
    row(400, said.NO_CONFIG, 'Set Image in the body.'),
    row(400, said.NO_COMMAND, 'Set Image, and Cmd if the image has no command of its own.'),
    row(400, said.SHORT_HEALTHCHECK, 'Healthcheck counts nanoseconds; 10 seconds are  10 * 1e9'),
    row(400, said.INVALID_VOLUME_NAME, "Use the name of a volume, or an absolute path on the daemon's host."),
  ],
  'containers.update': () => [TOO_LITTLE_MEMORY],
  'containers.rename': () => [OTHER_NAME, NAME_RULE],
  'containers.top': () => [
    row(500, said.PS_FAILED, "Correct ps_args: they are options of ps(1) on the daemon's host, such as 'aux'."),
  ],
  'containers.stop': () => [SIGNALS],
  'containers.restart': () => [SIGNALS],
  'containers.remove': (id) => [
    row(409, said.REMOVAL_RUNS, `Wait until it is gone:  docker.containers.wait('${id}', { condition: 'removed' })`),
    row(
      409,
      said.REMOVES_PAUSED,
      `Unpause the container first:  docker.containers.unpause('${id}')  Or remove it as it is:  docker.containers.remove('${id}', { force: true })`,
    ),
    row(
      409,
      said.REMOVES_RUNNING,
      `Stop the container first, or remove it while it runs:  docker.containers.remove('${id}', { force: true })`,
    ),
  ],
  'containers.start': (id) => [
    OTHER_NETWORK,
    row(409, said.STARTS_PAUSED, `Unpause the container instead:  docker.containers.unpause('${id}')`),
    row(
      409,
      said.JOINS_STOPPED,
      ([, other = '']) => `Start the other container first:  docker.containers.start('${other}')`,
    ),
  ],
  'containers.kill': () => [
    SIGNALS,
    row(
      409,
      said.KILLS_STOPPED,
      'There is nothing to do: the container has no process. docker.containers.ensureStopped() accepts that.',
    ),
  ],
  'containers.pause': () => [row(409, said.PAUSED_BEFORE, 'There is nothing to do: the container is paused.')],
  'containers.unpause': () => [row(500, said.NOT_PAUSED, 'There is nothing to do: the container is not paused.')],
  'containers.attach': () => [UNPAUSE],
  'containers.attachWebSocket': () => [UNPAUSE],
  'containers.prune': () => [PRUNES],
  'exec.create': () => [UNPAUSE, row(400, said.NO_EXEC_COMMAND, "Set Cmd in the body:  { Cmd: ['ls', '-l'] }")],
  'exec.start': () => [UNPAUSE],
  'images.remove': (id) => [
    row(
      409,
      said.IMAGE_IN_USE,
      ([, user = '']) => `Remove the container first:  docker.containers.remove('${user}', { force: true })`,
    ),
    row(
      409,
      said.IMAGE_IN_USE_UNLESS_FORCED,
      ([, user = '']) =>
        `Remove container ${user} first. To remove the image all the same:  docker.images.remove('${id}', { force: true })`,
    ),
    row(
      409,
      said.SEVERAL_REPOSITORIES,
      `Remove one of its names at a time, or all of them:  docker.images.remove('${id}', { force: true })`,
    ),
    row(409, said.CHILD_IMAGES, 'Remove the images that were made from this one first.'),
  ],
  'images.load': () => [
    incompleteTar('Pass a complete tar, as docker.images.save() or docker save writes it.'),
    NO_SAVED_IMAGE,
  ],
  'images.import': () => [INCOMPLETE_FILES, UNREACHABLE_URL],
  'images.create': () => [INCOMPLETE_FILES],
  'images.build': () => [
    incompleteTar('Pass a complete tar of the context.'),
    {
      wording: said.NO_DOCKERFILE,
      todo: 'Correct the option dockerfile: the tar has no file of this name.',
    },
    {
      wording: said.NETWORK_MODE_OF_BUILD,
      todo: "Set networkmode to 'default', 'host' or 'none', or set { builder: 'classic' } for another network.",
    },
  ],
  'containers.archive.put': () => [
    incompleteTar('Pass a complete tar. A single file is copied by docker.containers.copyTo().'),
  ],
  'images.prune': () => [PRUNES],
  'images.buildPrune': () => [PRUNES],
  'networks.create': () => [
    row(409, said.EXISTS, 'Choose another name. To use the network that exists, call docker.networks.ensure().'),
  ],
  'networks.remove': (id) => [
    row(
      403,
      said.ACTIVE_ENDPOINTS,
      ([, name = 'ID']) =>
        `Disconnect its containers first:  docker.networks.disconnect('${id}', { Container: '${name}' })  docker.networks.inspect('${id}') lists them.`,
    ),
    row(
      400,
      said.IN_USE_BY_SERVICE,
      'Remove the network from this service, or remove the service:  docker.services.remove(ID)',
    ),
  ],
  'networks.connect': (id) => [
    row(
      403,
      said.CONNECTED_BEFORE,
      ([, name = '']) =>
        `There is nothing to do. To connect it with other settings, disconnect it first:  docker.networks.disconnect('${id}', { Container: '${name}' })`,
    ),
  ],
  'networks.disconnect': () => [
    row(500, said.NOT_CONNECTED, 'There is nothing to do: the container is not connected to this network.'),
  ],
  'networks.prune': () => [PRUNES],
  'volumes.create': () => [
    row(
      400,
      said.INVALID_VOLUME_NAME,
      'Choose a name of at least two letters, digits, _, . or -, which begins with a letter or a digit.',
    ),
    row(409, said.EXISTS, 'Choose another name: a volume with other settings has this one.'),
  ],
  'volumes.remove': (id) => [
    row(
      409,
      said.IN_USE,
      `Remove the containers that use it first. docker.containers.list({ all: true, filters: { volume: '${id}' } }) lists them.`,
    ),
  ],
  'volumes.prune': () => [PRUNES],
  'plugins.create': () => [incompleteTar('Pass a complete tar with config.json and the folder rootfs.')],
  'plugins.enable': () => [NOTHING_TO_DO],
  'plugins.disable': (id) => [NOTHING_TO_DO, pluginInUse(id, 'disable')],
  'plugins.remove': (id) => [disableFirst(id, 409, said.PLUGIN_ENABLED), pluginInUse(id, 'remove')],
  'plugins.set': (id) => [disableFirst(id, 500, said.PLUGIN_ACTIVE)],
  'secrets.create': () => [always(409, "Choose another name: the data of a secret can't be changed.")],
  'configs.create': () => [always(409, "Choose another name: the data of a config can't be changed.")],
  'secrets.remove': () => [usedByServices('secret')],
  'configs.remove': () => [usedByServices('config')],
  'services.create': () => [
    row(409, said.EXISTS, 'Choose another name, or change the service that has it:  docker.services.update()'),
  ],
  'nodes.remove': () => [
    row(
      400,
      said.IS_MANAGER,
      "Demote the node first:  docker.nodes.update(id, { ...Spec, Role: 'worker' }, { version })",
    ),
  ],
  'swarm.init': () => [IN_SWARM],
  'swarm.join': () => [IN_SWARM],
  'swarm.leave': () => [
    row(
      503,
      said.LEAVES_AS_MANAGER,
      'Demote this node first. If the swarm may end with it, and lose its services:  docker.swarm.leave({ force: true })',
    ),
  ],
  'swarm.unlock': () => [row(409, said.NOT_LOCKED, 'There is nothing to do: the swarm is not locked.')],
}

/** The refusals of an operation that have a remedy of their own. */
export function refusalsOf(operation: string, [id = 'ID']: readonly string[] = []): readonly KnownMessage[] {
  return Object.hasOwn(REFUSALS, operation) ? (REFUSALS[operation]?.(id) ?? []) : []
}
