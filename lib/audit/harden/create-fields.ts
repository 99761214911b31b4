import { z } from 'zod'
import type { ContainerConfig } from '../../engine/containers/types/config.ts'
import type { HostConfig } from '../../engine/containers/types/host-config.ts'

type Fields = Readonly<Record<string, unknown>>

const text = z.string()
const number = z.number()
const truth = z.boolean()
const texts = z.array(z.string())
const textMap = z.record(z.string(), z.string())
const emptyMap = z.record(z.string(), z.object({}))
/** Objects whose fields are checked where they are written. */
const objects = z.array(z.record(z.string(), z.unknown()))

/** The fields of a container's configuration that a new container gets, with their types. Others are of docker's own. */
const CONFIG: Readonly<Partial<Record<keyof ContainerConfig, z.ZodType>>> = {
  Hostname: text,
  Domainname: text,
  User: text,
  ExposedPorts: emptyMap,
  Tty: truth,
  OpenStdin: truth,
  StdinOnce: truth,
  Env: texts,
  Cmd: texts,
  Healthcheck: z.object({
    Test: texts.optional(),
    Interval: number.optional(),
    Timeout: number.optional(),
    Retries: number.optional(),
    StartPeriod: number.optional(),
    StartInterval: number.optional(),
  }),
  Image: text,
  Volumes: emptyMap,
  WorkingDir: text,
  Entrypoint: texts,
  NetworkDisabled: truth,
  Labels: textMap,
  StopSignal: text,
  StopTimeout: number,
  Shell: texts,
}

/** The same for the settings that depend on the host. Undefined: a new container doesn't get it. */
const HOST_CONFIG: Readonly<Record<keyof HostConfig, z.ZodType | undefined>> = {
  Annotations: textMap,
  AutoRemove: truth,
  Binds: texts,
  BlkioDeviceReadBps: objects,
  BlkioDeviceReadIOps: objects,
  BlkioDeviceWriteBps: objects,
  BlkioDeviceWriteIOps: objects,
  BlkioWeight: number,
  BlkioWeightDevice: objects,
  CapAdd: texts,
  CapDrop: texts,
  Cgroup: text,
  CgroupParent: text,
  CgroupnsMode: text,
  ConsoleSize: undefined,
  ContainerIDFile: undefined,
  CpuCount: undefined,
  CpuPercent: undefined,
  CpuPeriod: number,
  CpuQuota: number,
  CpuRealtimePeriod: number,
  CpuRealtimeRuntime: number,
  CpuShares: number,
  CpusetCpus: text,
  CpusetMems: text,
  DeviceCgroupRules: texts,
  DeviceRequests: objects,
  Devices: objects,
  Dns: texts,
  DnsOptions: texts,
  DnsSearch: texts,
  ExtraHosts: texts,
  GroupAdd: texts,
  IOMaximumBandwidth: undefined,
  IOMaximumIOps: undefined,
  Init: truth,
  IpcMode: text,
  Isolation: undefined,
  Links: texts,
  LogConfig: z.object({ Type: text, Config: textMap.nullish().transform((options) => options ?? {}) }),
  MaskedPaths: texts,
  Memory: number,
  MemoryReservation: number,
  MemorySwap: number,
  MemorySwappiness: number,
  Mounts: objects,
  NanoCpus: number,
  NetworkMode: text,
  OomKillDisable: truth,
  OomScoreAdj: number,
  PidMode: text,
  PidsLimit: number,
  PortBindings: z.record(
    z.string(),
    z
      .array(z.object({ HostIp: text.optional(), HostPort: text.optional() }))
      .nullish()
      .transform((bindings) => bindings ?? []),
  ),
  Privileged: truth,
  PublishAllPorts: truth,
  ReadonlyPaths: texts,
  ReadonlyRootfs: truth,
  RestartPolicy: z.object({ Name: text, MaximumRetryCount: number.optional() }),
  Runtime: text,
  SecurityOpt: texts,
  ShmSize: number,
  StorageOpt: textMap,
  Sysctls: textMap,
  Tmpfs: textMap,
  UTSMode: text,
  Umask: number,
  Ulimits: z.array(z.object({ Name: text, Soft: number, Hard: number })),
  UsernsMode: text,
  VolumeDriver: text,
  VolumesFrom: texts,
}

/** An empty list of masked paths masks none. */
const MEANT_EMPTY: ReadonlySet<string> = new Set([
  'MaskedPaths',
  'ReadonlyPaths',
  'MemorySwappiness',
  'StopTimeout',
  'Umask',
])

/** What can be taken over from an inspected container. */
export interface CreateFields {
  readonly config: ContainerConfig
  readonly hostConfig: HostConfig
  /** Names of fields with a value that isn't taken over: newer than this version, or of another type. */
  readonly leftOut: readonly string[]
}

/** Reads the fields that `create` accepts. Fields without a value are dropped: they mean the default. */
export function readCreateFields(config: unknown, hostConfig: unknown): CreateFields {
  const ofConfig = readFields(config, CONFIG, OWN_OF_CONFIG)
  const ofHost = readFields(hostConfig, HOST_CONFIG, new Set())
  return {
    config: ofConfig.fields,
    hostConfig: ofHost.fields,
    leftOut: [...ofConfig.leftOut, ...ofHost.leftOut.map((name) => `HostConfig.${name}`)],
  }
}

/** Fields without a meaning for a new container. */
const OWN_OF_CONFIG: ReadonlySet<string> = new Set([
  'AttachStdin',
  'AttachStdout',
  'AttachStderr',
  'OnBuild',
  'ArgsEscaped',
  'MacAddress',
])

function readFields(
  value: unknown,
  types: Readonly<Record<string, z.ZodType | undefined>>,
  own: ReadonlySet<string>,
): { fields: Fields; leftOut: string[] } {
  const fields: Record<string, unknown> = {}
  const leftOut: string[] = []
  for (const [name, given] of Object.entries(isObject(value) ? value : {})) {
    const isKnown = Object.hasOwn(types, name)
    if (own.has(name) || (isKnown && types[name] === undefined) || isEmpty(given, MEANT_EMPTY.has(name))) continue
    const parsed = isKnown ? types[name]?.safeParse(given) : undefined
    if (parsed?.success) fields[name] = parsed.data
    else leftOut.push(name)
  }
  return { fields, leftOut }
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Go sends null, or its zero value, for a field without a value. */
function isEmpty(value: unknown, mayBeEmpty: boolean): boolean {
  if (value === null || value === undefined) return true
  if (mayBeEmpty) return false
  if (value === '' || value === 0 || value === false) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
