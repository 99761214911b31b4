import { CONTAINER, EXEC, type ExecFacts } from '../../../lib/audit/snapshot/container-schema.ts'
import { INFO, NETWORK, VERSION, VOLUME } from '../../../lib/audit/snapshot/daemon-schema.ts'
import { fillOmitted } from '../../../lib/audit/snapshot/omitted.ts'
import { redactContainer, redactVolume } from '../../../lib/audit/snapshot/redact.ts'
import { SNAPSHOT, type AuditedContainer, type Snapshot } from '../../../lib/audit/snapshot/snapshot.ts'
import { MASKED_BY_20_10 } from '../../support/masked-paths.ts'

export type Raw = Record<string, unknown>

export const ID = 'a'.repeat(64)
const IMAGE = `sha256:${'1'.repeat(64)}`
const NETWORK_ID = 'e'.repeat(64)

/** What a daemon answers about a container without a fault (Engine 26.1.5, without the fields that no check reads). */
const GOOD: Raw = {
  Id: ID,
  Name: '/web',
  Created: '2026-11-26T10:00:00.000000001Z',
  Image: IMAGE,
  AppArmorProfile: 'docker-default',
  ProcessLabel: '',
  State: {
    Status: 'running',
    Running: true,
    Restarting: false,
    StartedAt: '2026-11-26T10:00:00.000000001Z',
    Health: { Status: 'healthy' },
  },
  Config: {
    User: '65534:65534',
    Image: 'registry.example.com:5000/web:1.2.3',
    Env: ['PATH=/bin', 'POSTGRES_PASSWORD_FILE=/run/secrets/password'],
    Healthcheck: { Test: ['CMD', 'true'] },
  },
  HostConfig: {
    Privileged: false,
    CapAdd: null,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    ReadonlyRootfs: true,
    NetworkMode: 'own',
    PidMode: '',
    IpcMode: 'private',
    UTSMode: '',
    UsernsMode: '',
    CgroupnsMode: 'private',
    CgroupParent: '',
    Binds: ['/srv/web/conf:/conf:ro'],
    VolumesFrom: null,
    Devices: [],
    DeviceCgroupRules: null,
    DeviceRequests: null,
    Memory: 33_554_432,
    NanoCpus: 500_000_000,
    CpuShares: 0,
    CpuQuota: 0,
    CpusetCpus: '',
    PidsLimit: 50,
    OomKillDisable: null,
    OomScoreAdj: 0,
    Ulimits: [],
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
    PublishAllPorts: false,
    PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] },
    MaskedPaths: [...MASKED_BY_20_10, '/sys/devices/virtual/powercap'],
    ReadonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m' } },
  },
  Mounts: [bindMount('/srv/web/conf', '/conf', false), volumeMount('data', '/data')],
  NetworkSettings: {
    Ports: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] },
    Networks: { own: { NetworkID: NETWORK_ID } },
  },
  ExecIDs: null,
}

const GOOD_INFO: Raw = {
  OSType: 'linux',
  SecurityOptions: ['name=apparmor', 'name=seccomp,profile=builtin', 'name=selinux', 'name=userns', 'name=cgroupns'],
  DockerRootDir: '/var/lib/docker',
  CgroupVersion: '2',
  KernelVersion: '6.1.0-18-amd64',
  LiveRestoreEnabled: true,
  MemoryLimit: true,
  PidsLimit: true,
  CpuCfsQuota: true,
}
const GOOD_VERSION: Raw = { ApiVersion: '1.45', BuildTime: '2026-10-01T00:00:00.000000000+00:00' }
const GOOD_VOLUMES: readonly Raw[] = [{ Name: 'data', Driver: 'local', Options: null }]
const GOOD_NETWORKS: readonly Raw[] = [
  { Id: 'b'.repeat(64), Name: 'bridge', Driver: 'bridge', EnableIPv6: false, Options: {} },
  { Id: NETWORK_ID, Name: 'own', Driver: 'bridge', EnableIPv6: false, Options: {} },
]

/** What surrounds a container. Values replace those of a good daemon; null says that a part could not be read. */
export interface Surroundings {
  readonly info?: Raw | null
  readonly version?: Raw | null
  readonly volumes?: readonly Raw[] | null
  readonly networks?: readonly Raw[] | null
  readonly execs?: readonly Raw[] | null
  readonly commands?: readonly string[] | null
  readonly listedImage?: string | undefined
  /** Other containers by name, each with changes. */
  readonly others?: Readonly<Record<string, Raw | null>>
}

const UNREADABLE = { unknown: 'the test says so' }

/** A snapshot with one container, which differs from a good one, as the collector would make it. */
export function snapshotWith(changes: Raw | null = {}, around: Surroundings = {}): Snapshot {
  const beside = Object.entries(around.others ?? {}).map(([name, other], index) =>
    auditedContainer(other && { Id: String(index).repeat(64), Name: `/${name}`, ...other }, {}, name),
  )
  const others = Object.keys(SNAPSHOT.shape).map((name) => [name, UNREADABLE])
  return {
    ...(Object.fromEntries(others) as Snapshot),
    format: 1,
    at: '2026-11-27T00:00:00.000Z',
    target: 'tcp://build01.example.com:2376',
    apiVersion: '1.45',
    infoAt: 0,
    version: around.version === null ? UNREADABLE : { value: VERSION.parse({ ...GOOD_VERSION, ...around.version }) },
    info: around.info === null ? UNREADABLE : { value: INFO.parse({ ...GOOD_INFO, ...around.info }) },
    containers: { value: [auditedContainer(changes, around, 'web'), ...beside] },
    networks: part(around.networks, GOOD_NETWORKS, (raw) => NETWORK.parse(raw)),
    volumes: part(around.volumes, GOOD_VOLUMES, (raw) => VOLUME.parse(redactVolume(raw))),
  }
}

function auditedContainer(changes: Raw | null, around: Surroundings, name: string): AuditedContainer {
  const raw = changes === null ? undefined : merge(GOOD, changes)
  const commands = around.commands === undefined ? ['nginx'] : around.commands
  return {
    id: (raw?.['Id'] as string | undefined) ?? ID,
    name,
    inspect: raw === undefined ? UNREADABLE : { value: CONTAINER.parse(fillOmitted(redactContainer(raw))) },
    execs: part<ExecFacts>(around.execs, [], (exec) => EXEC.parse(exec)),
    commands: commands === null ? UNREADABLE : { value: [...commands] },
    listedImage: 'listedImage' in around ? around.listedImage : (raw?.['Config'] as { Image?: string })?.Image,
  }
}

function part<Type>(
  given: readonly Raw[] | null | undefined,
  good: readonly Raw[],
  parse: (raw: Raw) => Type,
): { value: Type[] } | { unknown: string } {
  return given === null ? UNREADABLE : { value: (given ?? good).map(parse) }
}

/** Merges two levels: `{ HostConfig: { Memory: 0 } }` changes only that. Undefined removes a field. */
function merge(base: Raw, changes: Raw): Raw {
  const merged: Raw = { ...base }
  for (const [name, value] of Object.entries(changes)) {
    const isGroup = ['State', 'Config', 'HostConfig', 'NetworkSettings'].includes(name) && isObject(value)
    merged[name] = isGroup ? { ...(base[name] as Raw), ...value } : value
  }
  return merged
}

function isObject(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An entry of `Mounts`. */
export function bindMount(source: string, destination: string, writable = true): Raw {
  return { Type: 'bind', Source: source, Destination: destination, Mode: '', RW: writable, Propagation: 'rprivate' }
}

/** An entry of `Mounts`. */
export function volumeMount(name: string, destination: string, driver = 'local'): Raw {
  const Source = `/var/lib/docker/volumes/${name}/_data`
  return {
    Type: 'volume',
    Name: name,
    Source,
    Destination: destination,
    Driver: driver,
    Mode: 'z',
    RW: true,
    Propagation: '',
  }
}
