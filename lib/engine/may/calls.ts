import type { Checkpoints } from '../checkpoints/checkpoints.ts'
import type { Configs } from '../configs/configs.ts'
import type { ContainerArchive } from '../containers/archive.ts'
import type { Containers } from '../containers/containers.ts'
import type { Distribution } from '../distribution/distribution.ts'
import type { Exec } from '../exec/exec.ts'
import type { Images } from '../images/images.ts'
import type { Networks } from '../networks/networks.ts'
import type { Nodes } from '../nodes/nodes.ts'
import type { Plugins } from '../plugins/plugins.ts'
import type { Secrets } from '../secrets/secrets.ts'
import type { Services } from '../services/services.ts'
import type { Session } from '../session/session.ts'
import type { Swarm } from '../swarm/swarm.ts'
import type { System } from '../system/system.ts'
import type { Tasks } from '../tasks/tasks.ts'
import type { Volumes } from '../volumes/volumes.ts'

type Method = (...args: never[]) => unknown

/** The methods of a resource, by their whole names. */
type MethodsOf<Resource, Prefix extends string> = {
  readonly [
    Name in keyof Resource & string as Resource[Name] extends Method ? `${Prefix}.${Name}` : never
  ]: Resource[Name]
}

/** Methods that send several requests. */
type Several =
  | 'containers.copyFrom'
  | 'containers.copyTo'
  | 'containers.waitHealthy'
  | 'exec.run'
  | 'system.followEvents'
  | `${string}.ensure${string}`

type All = MethodsOf<Checkpoints, 'checkpoints'> &
  MethodsOf<Configs, 'configs'> &
  MethodsOf<Containers, 'containers'> &
  MethodsOf<ContainerArchive, 'containers.archive'> &
  MethodsOf<Distribution, 'distribution'> &
  MethodsOf<Exec, 'exec'> &
  MethodsOf<Images, 'images'> &
  MethodsOf<Networks, 'networks'> &
  MethodsOf<Nodes, 'nodes'> &
  MethodsOf<Plugins, 'plugins'> &
  MethodsOf<Secrets, 'secrets'> &
  MethodsOf<Services, 'services'> &
  MethodsOf<Session, 'session'> &
  MethodsOf<Swarm, 'swarm'> &
  MethodsOf<System, 'system'> &
  MethodsOf<Tasks, 'tasks'> &
  MethodsOf<Volumes, 'volumes'>

/** The calls that {@link DockerClient.may} can ask about, by their names: all methods that send one request. */
export type AskableCalls = { readonly [Name in keyof All as Name extends Several ? never : Name]: All[Name] }
