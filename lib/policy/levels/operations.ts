import type { Level } from '../file/types.ts'

/** What the parameter of an operation's path names, if a level depends on it. `files`: those of a container, which dockerd itself uses. */
export type Target = 'container' | 'exec' | 'files'

/** Which levels allow an operation. */
export interface OperationLevel {
  /** The strictest level that allows it; all less strict ones do, too. */
  readonly strictest: Level
  /** It gets what this may do: a level allows it only if it would allow to create this. */
  readonly target?: Target
}

const looks: OperationLevel = { strictest: 'read-only' }
const works: OperationLevel = { strictest: 'restricted' }
const onContainer: OperationLevel = { strictest: 'restricted', target: 'container' }
const onFiles: OperationLevel = { strictest: 'restricted', target: 'files' }
const onExec: OperationLevel = { strictest: 'restricted', target: 'exec' }
const root: OperationLevel = { strictest: 'privileged' }

/** The levels of all operations. A test requires every operation of the Engine API. */
export const OPERATION_LEVELS = {
  // dockerd reads and writes files of the host for a checkpoint, by a path in the request.
  'checkpoints.create': root,
  'checkpoints.list': root,
  'checkpoints.remove': root,
  'configs.create': works,
  'configs.inspect': works,
  'configs.list': works,
  'configs.remove': works,
  'configs.update': works,
  'containers.archive.get': onFiles,
  'containers.archive.put': onFiles,
  'containers.archive.stat': onFiles,
  'containers.attach': onContainer,
  'containers.attachWebSocket': onContainer,
  'containers.changes': looks,
  'containers.create': works,
  'containers.export': onContainer,
  'containers.inspect': looks,
  'containers.kill': works,
  'containers.list': looks,
  'containers.logs': looks,
  'containers.pause': works,
  'containers.prune': works,
  'containers.remove': works,
  // Nobody may give a powerful container a name that a request meant for another one.
  'containers.rename': onContainer,
  'containers.resize': works,
  'containers.restart': onContainer,
  'containers.start': onContainer,
  'containers.stats': looks,
  'containers.stop': works,
  'containers.top': looks,
  'containers.unpause': works,
  'containers.update': onContainer,
  'containers.wait': looks,
  // dockerd connects to a registry of the caller's choice.
  'distribution.inspect': works,
  'exec.create': onContainer,
  'exec.inspect': looks,
  'exec.resize': works,
  'exec.start': onExec,
  'images.attestations': looks,
  'images.build': works,
  'images.cancelBuild': works,
  'images.buildPrune': works,
  // Its container is in the query, which is judged.
  'images.commit': works,
  'images.pull': works,
  'images.save': works,
  'images.history': looks,
  'images.import': works,
  'images.inspect': looks,
  'images.list': looks,
  'images.load': works,
  'images.prune': works,
  'images.push': works,
  'images.remove': works,
  'images.search': works,
  'images.tag': works,
  'networks.connect': works,
  'networks.create': works,
  'networks.disconnect': works,
  'networks.inspect': looks,
  'networks.list': looks,
  'networks.prune': works,
  'networks.remove': works,
  'nodes.inspect': looks,
  'nodes.list': looks,
  'nodes.remove': root,
  'nodes.update': root,
  // A plugin runs as root on the host.
  'plugins.create': root,
  'plugins.disable': root,
  'plugins.enable': root,
  'plugins.inspect': looks,
  'plugins.list': looks,
  'plugins.privileges': works,
  'plugins.pull': root,
  'plugins.push': root,
  'plugins.remove': root,
  'plugins.set': root,
  'plugins.upgrade': root,
  'secrets.create': works,
  'secrets.inspect': works,
  'secrets.list': works,
  'secrets.remove': works,
  'secrets.update': works,
  'services.create': works,
  'services.inspect': looks,
  'services.list': looks,
  'services.logs': looks,
  'services.remove': works,
  'services.update': works,
  'session.open': works,
  // Its answers hold the tokens with which a machine of one's own joins as a manager.
  'swarm.init': root,
  'swarm.inspect': root,
  'swarm.join': root,
  'swarm.leave': root,
  'swarm.unlock': root,
  'swarm.unlockKey': root,
  'swarm.update': root,
  'system.auth': works,
  'system.df': looks,
  'system.events': looks,
  'system.info': looks,
  'system.ping': looks,
  'system.pingHead': looks,
  'system.version': looks,
  'tasks.inspect': looks,
  'tasks.list': looks,
  'tasks.logs': looks,
  'volumes.create': works,
  'volumes.inspect': looks,
  'volumes.list': looks,
  'volumes.prune': works,
  'volumes.remove': works,
  // It changes a volume of a CSI plugin.
  'volumes.update': root,
} as const satisfies Readonly<Record<string, OperationLevel>>

/** The name of an operation, as policies write it. */
export type OperationName = keyof typeof OPERATION_LEVELS

/** The levels of an operation, if there is one of this name. */
export function levelOf(name: string): OperationLevel | undefined {
  return (OPERATION_LEVELS as Readonly<Record<string, OperationLevel>>)[name]
}
