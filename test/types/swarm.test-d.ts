/** Judged by tsc alone: what an update needs is required, what inspect gives can be sent back, and nothing is `any`. */
import type {
  OutputOpening,
  ClusterVolumeSpec,
  ConfigSpec,
  ContainerSpec,
  DockerClient,
  EndpointSpec,
  Node,
  NodeSpec,
  Secret,
  SecretSpec,
  Service,
  ServiceSpec,
  SwarmInitRequest,
  SwarmInspect,
  SwarmSpec,
  Task,
  TaskSpec,
} from '../../lib/index.ts'

type Equal<Left, Right> = (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : never
type IsAny<T> = 0 extends 1 & T ? true : false

declare const docker: DockerClient
const { configs, nodes, secrets, services, swarm, tasks } = docker

export const service: ServiceSpec = {
  Name: 'web',
  TaskTemplate: {
    ContainerSpec: {
      Image: 'registry.example.com/web:1',
      Privileges: { Seccomp: { Mode: 'default' }, AppArmor: { Mode: 'disabled' }, NoNewPrivileges: true },
      Mounts: [{ Type: 'cluster', Source: 'group:data', Target: '/data' }],
      Healthcheck: { Test: ['CMD', 'true'] },
      OomScoreAdj: -500,
    },
    Resources: {
      Limits: { Pids: 100 },
      Reservations: { GenericResources: [{ DiscreteResourceSpec: { Kind: 'SSD', Value: 3 } }] },
      SwapBytes: -1,
    },
    RestartPolicy: { Condition: 'on-failure', Delay: 1e9 },
    Placement: { Constraints: ['node.role==worker'], Preferences: [{ Spread: { SpreadDescriptor: 'node.labels.a' } }] },
  },
  Mode: { ReplicatedJob: { MaxConcurrent: 2, TotalCompletions: 10 } },
  UpdateConfig: { Order: 'start-first', FailureAction: 'rollback' },
  RollbackConfig: { FailureAction: 'pause' },
  EndpointSpec: { Ports: [{ Protocol: 'sctp', TargetPort: 80, PublishMode: 'host' }] },
}

// A misspelt limit is no limit, and a misspelt right is one that stays.
// @ts-expect-error the API's name is MemoryBytes
export const limit: TaskSpec = { Resources: { Limits: { Memory: 1 } } }
// @ts-expect-error the API's name is CapabilityDrop
export const capabilities: ContainerSpec = { CapDrop: ['ALL'] }
// @ts-expect-error the API's name is NoNewPrivileges
export const privileges: ContainerSpec = { Privileges: { NoNewPrivs: true } }
// @ts-expect-error a rollback can't be rolled back
export const rollback: ServiceSpec = { RollbackConfig: { FailureAction: 'rollback' } }
// @ts-expect-error the names of containers' policies are others
export const policy: TaskSpec = { RestartPolicy: { Condition: 'always' } }
// @ts-expect-error there is no such mode
export const mode: EndpointSpec = { Mode: 'dns' }
// @ts-expect-error a secret without a file would be nowhere
export const secret: ContainerSpec = { Secrets: [{ SecretID: 'a', SecretName: 'b' }] }
// @ts-expect-error permissions are a number
export const permissions: ContainerSpec['Configs'] = [{ ConfigID: 'a', ConfigName: 'b', File: { Mode: '0400' } }]
// @ts-expect-error there is no such availability
export const availability: NodeSpec = { Availability: 'drained' }
// @ts-expect-error an address is needed
export const init: SwarmInitRequest = { AdvertiseAddr: 'eth0' }
// @ts-expect-error a boolean
export const lock: SwarmSpec = { EncryptionConfig: { AutoLockManagers: 'yes' } }
// @ts-expect-error there is no such sharing
export const sharing: ClusterVolumeSpec = { AccessMode: { Sharing: 'some' } }

// @ts-expect-error the version is needed
void swarm.update({}, { rotateWorkerToken: true })
// @ts-expect-error the version is needed
void nodes.update('x', {}, {})
// @ts-expect-error the version is needed
void services.update('x', service)
// @ts-expect-error the version is the number, and not the object
void secrets.update('x', { Name: 'y' }, { version: { Index: 1 } })
// @ts-expect-error previous is the only one
void services.update('x', service, { version: 1, rollback: 'first' })
// @ts-expect-error a token is needed
void swarm.join({ ListenAddr: '0.0.0.0', RemoteAddrs: [] })
// @ts-expect-error the key is a field
void swarm.unlock('SWMKEY-1-x')
// @ts-expect-error a config has data
void configs.create({ Name: 'x' })
// @ts-expect-error bytes, or their base64
void secrets.create({ Name: 'x', Data: { password: 'y' } })
// @ts-expect-error no such filter
void tasks.list({ filters: { state: 'running' } })
// @ts-expect-error no such filter
void nodes.list({ filters: { availability: 'drain' } })

/** What inspect gives can be changed and sent back, and what comes has its types. */
export async function visit(): Promise<void> {
  const { Version, Spec } = await services.inspect('web')
  await services.update('web', { ...Spec, Mode: { Global: {} } }, { version: Version.Index, auth: undefined })
  const cluster = await swarm.inspect()
  await swarm.update({ ...cluster.Spec, Raft: { ElectionTick: 3 } }, { version: cluster.Version.Index })
  const node = await nodes.inspect('build01')
  await nodes.update(node.ID, { ...node.Spec, Availability: 'drain' }, { version: node.Version.Index })
  const { Spec: kept } = await secrets.inspect('token')
  // @ts-expect-error the daemon never sends data back
  void kept.Data
  const { Spec: config } = await configs.inspect('site')
  const text: string | undefined = config.Data
  void text
  const data: Buffer | Uint8Array = new Uint8Array()
  await secrets.create({ Name: 'x', Data: data })
  for await (const { stream, data: chunk } of services.logs('web', { follow: true, since: new Date() })) {
    const one: Equal<typeof chunk, Buffer> = true
    void [one, stream]
  }
}

export const known: [
  Equal<Awaited<ReturnType<typeof swarm.init>>, string>,
  Equal<Awaited<ReturnType<typeof nodes.list>>, readonly Node[]>,
  Equal<Awaited<ReturnType<typeof services.list>>, readonly Service[]>,
  Equal<Awaited<ReturnType<typeof tasks.list>>, readonly Task[]>,
  Equal<Awaited<ReturnType<typeof secrets.list>>, readonly Secret[]>,
  Equal<ReturnType<typeof tasks.logs>, OutputOpening>,
  IsAny<Service['Spec']['TaskTemplate']>,
  IsAny<Task['Status']['State']>,
  IsAny<SwarmInspect['JoinTokens']>,
  IsAny<SecretSpec['Driver']>,
  IsAny<ConfigSpec['Data']>,
] = [true, true, true, true, true, true, false, false, false, false, false]
