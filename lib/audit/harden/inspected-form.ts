import type { ContainerCreateRequest } from '../../engine/containers/types/create.ts'
import { refuseOtherCase } from './key-case.ts'
import { parseBind } from '../../container/bind.ts'
import { DEFAULT_MASKED_PATHS, DEFAULT_READONLY_PATHS } from '../../container/masks.ts'
import { isLocalDriver } from '../container/mounts.ts'
import { infoOf } from '../container/user-namespace.ts'
import { CONTAINER, type ContainerFacts } from '../snapshot/container-schema.ts'
import { fillOmitted } from '../snapshot/omitted.ts'
import { redactContainer } from '../snapshot/redact.ts'
import { SNAPSHOT, SNAPSHOT_FORMAT, type Snapshot } from '../snapshot/snapshot.ts'

/** The id of a container that does not exist yet. */
export const REQUESTED = 'requested'

/** What dockerd fills in (moby, daemon/create.go and api/server/router/container), as far as the image doesn't decide it. */
const DEFAULTS = {
  Privileged: false,
  CapAdd: [],
  CapDrop: [],
  SecurityOpt: [],
  ReadonlyRootfs: false,
  NetworkMode: 'default',
  PidMode: '',
  IpcMode: 'private',
  UTSMode: '',
  UsernsMode: '',
  CgroupParent: '',
  Binds: [],
  VolumesFrom: [],
  Devices: [],
  DeviceCgroupRules: [],
  DeviceRequests: [],
  Memory: 0,
  NanoCpus: 0,
  CpuShares: 0,
  CpuQuota: 0,
  PidsLimit: 0,
  OomKillDisable: false,
  OomScoreAdj: 0,
  Ulimits: [],
  PublishAllPorts: false,
  PortBindings: {},
  MaskedPaths: DEFAULT_MASKED_PATHS,
  ReadonlyPaths: DEFAULT_READONLY_PATHS,
}

type Fields = Record<string, unknown>

/** Where a review finds what the daemon has already: without it, that is unknown. */
export function nothingKnown(): Snapshot {
  const parts = Object.keys(SNAPSHOT.shape).map((name) => [name, { unknown: 'the daemon was not asked' }])
  const rest = { format: SNAPSHOT_FORMAT, at: '', target: '', apiVersion: '', infoAt: 0 } as const
  return { ...(Object.fromEntries(parts) as Snapshot), ...rest, containers: { value: [] } }
}

/** What a request is checked against. */
export interface Reviewed {
  readonly daemon?: Snapshot | undefined
  /** Does the request have the settings of the image? Otherwise, a user or healthcheck that it leaves open is unknown. */
  readonly isWhole?: boolean | undefined
}

/**
 * A snapshot with the container that a request would create. What the image decides, and the request leaves open, is missing:
 * the user and the healthcheck.
 */
export function snapshotOfRequest(
  body: ContainerCreateRequest,
  { daemon = nothingKnown(), isWhole = false }: Reviewed = {},
): Snapshot {
  const value = inspectedForm(body, daemon, isWhole)
  const unseen = { unknown: 'the container does not exist yet' }
  const container = {
    id: REQUESTED,
    name: REQUESTED,
    inspect: { value },
    execs: unseen,
    commands: unseen,
    listedImage: undefined,
  }
  refuseOtherCase(body)
  const others = 'value' in daemon.containers ? daemon.containers.value : []
  return { ...daemon, containers: { value: [container, ...others] }, volumes: withNewVolumes(value, daemon) }
}

function inspectedForm(body: ContainerCreateRequest, daemon: Snapshot, isWhole: boolean): ContainerFacts {
  const { HostConfig, NetworkingConfig, ...config } = body
  const given = Object.fromEntries(
    Object.entries(HostConfig ?? {}).filter(([, value]) => value !== null && value !== undefined),
  )
  const onCgroup2 = infoOf(daemon)?.CgroupVersion === '2'
  const hostConfig: Fields = {
    ...DEFAULTS,
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    ...(infoOf(daemon)?.LoggingDriver && { LogConfig: { Type: infoOf(daemon)?.LoggingDriver, Config: {} } }),
    ...(onCgroup2 && { CgroupnsMode: 'private' }),
    ...given,
    PortBindings: bindingsOf(HostConfig?.PortBindings),
  }
  const inspect: Fields = {
    Name: `/${REQUESTED}`,
    AppArmorProfile: '',
    State: { Running: false },
    Config: {
      Image: '',
      Env: [],
      ...config,
      User: (config.User ?? '') === '' && !isWhole ? undefined : (config.User ?? ''),
    },
    HostConfig: hostConfig,
    Mounts: mountsOf(body),
    NetworkSettings: {
      Ports: {},
      Networks: networksOf(NetworkingConfig),
    },
  }
  const { Config, ...facts } = CONTAINER.parse(fillOmitted(redactContainer(inspect)))
  // The healthcheck of the image applies if the request has none.
  const hasTest = isWhole || (body.Healthcheck?.Test?.length ?? 0) > 0
  return { ...facts, Config: Config && (hasTest ? Config : { ...Config, Healthcheck: undefined }) }
}

function networksOf(networking: ContainerCreateRequest['NetworkingConfig']): Fields {
  const all = Object.entries(networking?.EndpointsConfig ?? {})
  return Object.fromEntries(all.map(([name, endpoint]) => [name, { DriverOpts: endpoint?.DriverOpts }]))
}

/** The mounts as the daemon would report them. Those of other containers have no type: they are unknown. */
function mountsOf({ HostConfig }: ContainerCreateRequest): Fields[] {
  const requested = listOf(HostConfig?.Mounts).map(
    ({ Type, Source, Target, ReadOnly, BindOptions, VolumeOptions }) => ({
      Type,
      Name: Source || Target,
      Source,
      Destination: Target,
      Driver: VolumeOptions?.DriverConfig?.Name ?? '',
      RW: ReadOnly !== true,
      Propagation: Type === 'bind' ? (BindOptions?.Propagation ?? 'rprivate') : '',
    }),
  )
  const binds = listOf(HostConfig?.Binds).map((bind) => mountOfBind(bind, HostConfig?.VolumeDriver ?? ''))
  return [...binds, ...requested, ...listOf(HostConfig?.VolumesFrom).map(() => ({}))]
}

/** JavaScript may pass anything; the schema of the inspected form finds it. */
function listOf<Item>(value: readonly Item[] | null | undefined): readonly Item[] {
  return Array.isArray(value) ? (value as readonly Item[]).filter((item) => item !== null && item !== undefined) : []
}

/** The daemon reports the fields that a request leaves out. */
function bindingsOf(ports: NonNullable<ContainerCreateRequest['HostConfig']>['PortBindings']): Fields {
  return Object.fromEntries(
    Object.entries(ports ?? {}).map(([port, bindings]) => [
      port,
      listOf(bindings).map((binding) => ({ HostIp: '', HostPort: '', ...binding })),
    ]),
  )
}

function mountOfBind(bind: unknown, driver: string): Fields {
  if (typeof bind !== 'string') return {}
  const { source, destination, options } = parseBind(bind)
  const isPath = source.startsWith('/')
  return {
    Type: isPath ? 'bind' : 'volume',
    Name: source,
    Source: source,
    Destination: destination,
    Driver: driver,
    RW: !options.some((word) => word === 'ro' || word === 'rro'),
    Propagation: options.find((word) => /^r?(?:shared|slave|private)$/.test(word)) ?? (isPath ? 'rprivate' : ''),
  }
}

/** With the volumes that the request would create: the daemon makes those that it hasn't got. */
function withNewVolumes({ Mounts = [], HostConfig }: ContainerFacts, { volumes }: Snapshot): Snapshot['volumes'] {
  const known = 'value' in volumes ? volumes.value : []
  const inline = (HostConfig?.Mounts ?? []).flatMap(({ Source = '', Target = '', VolumeOptions }) => {
    const { Name = '', Options = {} } = VolumeOptions?.DriverConfig ?? {}
    return Object.keys(Options).length > 0 ? [{ Name: Source === '' ? Target : Source, Driver: Name, Options }] : []
  })
  if ('unknown' in volumes)
    return inline.length > 0 && Mounts.every((mount) => isInline(mount, inline)) ? { value: inline } : volumes
  const names = Mounts.filter(({ Type, Driver = '' }) => Type === 'volume' && isLocalDriver(Driver)).map(
    ({ Name }) => Name,
  )
  const fresh = names.filter((name) => ![...known, ...inline].some((volume) => volume.Name === name))
  return { value: [...known, ...inline, ...fresh.map((Name) => ({ Name, Driver: 'local', Options: {} }))] }
}

function isInline(
  { Type, Name }: NonNullable<ContainerFacts['Mounts']>[number],
  inline: readonly { Name: string }[],
): boolean {
  return Type !== 'volume' || inline.some((volume) => volume.Name === Name)
}
