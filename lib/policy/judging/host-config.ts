import { judgeCapAdd, judgeMaskedPaths, judgeReadonlyPaths, judgeSecurityOpt } from './confinement.ts'
import { judgeRuntime } from './daemon-defaults.ts'
import { judgeBlkio, judgeDeviceRequests, judgeDeviceRules, judgeDevices } from './devices.ts'
import { HARMLESS, oneOf } from './fields.ts'
import { fromBaseline, fromRestricted, type Finding, type Judge } from './finding.ts'
import { judgeBinds, judgeMounts, judgeTmpfs } from './mounts.ts'
import {
  judgeCgroupnsMode,
  judgeIpcMode,
  judgeNetworkMode,
  judgePidMode,
  judgeUsernsMode,
  judgeUtsMode,
} from './namespaces.ts'
import { judgePorts } from './ports.ts'
import { judgeSysctls } from './sysctls.ts'
import { containerIn, isEmpty, listOf, objectOf, stringsOf, textOf } from './values.ts'

/** Whatever it is, it is refused. */
function refusedUnlessEmpty(code: Finding['code'], got: string): Judge {
  return function* (value, where) {
    if (!isEmpty(value)) yield fromBaseline(code, where, got)
  }
}

const judgeOptions: Judge = function* (value, where) {
  for (const name of Object.keys(objectOf(value))) {
    if (name !== 'size') yield fromBaseline('RUNTIME', where, `it sets the option ${name} of the storage driver`)
  }
}

export const judgeContainers: Judge = function* (value, where) {
  for (const [index, one] of stringsOf(value).entries()) {
    yield { kind: 'container', name: containerIn(one), where: `${where}.${index}` }
  }
}

/** `json-file` and the like stay in dockerd. Others send the daemon's bytes to wherever the container wants. */
export const judgeLogDriver: Judge = function* (value, where) {
  const { Type, Name, Config, Options } = objectOf(value)
  const driver = textOf(Type ?? Name)
  if (!['', 'json-file', 'local', 'journald', 'none'].includes(driver)) {
    const got = `dockerd itself would connect to a server or socket, by the log driver ${driver}`
    yield fromBaseline('LOG_DRIVER', where, got)
    return
  }
  // Without a name it is the daemon's default, which may be one that connects elsewhere.
  for (const name of Object.keys(objectOf(Config ?? Options))) {
    const isKnown = LOG_OPTIONS.has(name) || (WITH_FIELDS.has(driver) && FIELD_OPTIONS.has(name))
    if (!isKnown) yield fromBaseline('LOG_DRIVER', where, `it sets the option ${name} of a log driver`)
  }
}

/** Options of the log drivers that keep logs on the host. */
const LOG_OPTIONS: ReadonlySet<string> = new Set('compress max-buffer-size max-file max-size mode'.split(' '))

/** These add fields. In the journal, a field can take the place of the id of the container whose line it is. */
const FIELD_OPTIONS: ReadonlySet<string> = new Set('env env-regex labels labels-regex tag'.split(' '))
const WITH_FIELDS: ReadonlySet<string> = new Set(['json-file', 'local'])

export const judgeOomScoreAdj: Judge = function* (value, where) {
  if (typeof value === 'number' && value < 0) {
    yield fromBaseline('RESOURCES', where, 'the kernel would end processes of the host before those of the container')
  }
}

/** For real-time scheduling, and for a higher priority, a process needs one of these limits, or a capability (sched(7)). */
export const judgeUlimits: Judge = function* (value, where) {
  for (const [index, one] of listOf(value).entries()) {
    // As dockerd does, for which a dotless i is an I, too.
    const name = textOf(objectOf(one)['Name']).toUpperCase()
    if (name === 'RTPRIO' || name === 'NICE') yield fromBaseline('RESOURCES', `${where}.${index}`, FIRST)
  }
}

const FIRST = 'it takes CPU time before processes of the host'

const realtime = refusedUnlessEmpty('RESOURCES', FIRST)

/** How each setting of a container is judged. A test requires all fields of the API. */
export const HOST_CONFIG: Readonly<Record<string, Judge>> = {
  Annotations: refusedUnlessEmpty('RUNTIME', 'a runtime may take annotations for settings'),
  AutoRemove: HARMLESS,
  Binds: judgeBinds,
  BlkioDeviceReadBps: judgeBlkio,
  BlkioDeviceReadIOps: judgeBlkio,
  BlkioDeviceWriteBps: judgeBlkio,
  BlkioDeviceWriteIOps: judgeBlkio,
  BlkioWeight: HARMLESS,
  BlkioWeightDevice: judgeBlkio,
  CapAdd: judgeCapAdd,
  CapDrop: HARMLESS,
  Capabilities: refusedUnlessEmpty('CAPABILITY', 'it sets all capabilities at once, which only API 1.40 had'),
  Cgroup: refusedUnlessEmpty('HOST_NAMESPACE', 'it joins the control group of another container'),
  CgroupParent: refusedUnlessEmpty('RESOURCES', 'it chooses a control group of the host'),
  CgroupnsMode: judgeCgroupnsMode,
  ConsoleSize: HARMLESS,
  ContainerIDFile: HARMLESS,
  CpuCount: HARMLESS,
  CpuPercent: HARMLESS,
  CpuPeriod: HARMLESS,
  CpuQuota: HARMLESS,
  CpuRealtimePeriod: realtime,
  CpuRealtimeRuntime: realtime,
  CpuShares: HARMLESS,
  CpusetCpus: HARMLESS,
  CpusetMems: HARMLESS,
  DeviceCgroupRules: judgeDeviceRules,
  DeviceRequests: judgeDeviceRequests,
  Devices: judgeDevices,
  DiskQuota: HARMLESS,
  Dns: HARMLESS,
  DnsOptions: HARMLESS,
  DnsSearch: HARMLESS,
  ExtraHosts: HARMLESS,
  GroupAdd: HARMLESS,
  IOMaximumBandwidth: HARMLESS,
  IOMaximumIOps: HARMLESS,
  Init: HARMLESS,
  IpcMode: judgeIpcMode,
  Isolation: oneOf('CONFINEMENT', ['', 'default', 'hyperv'], 'the isolation is'),
  KernelMemory: HARMLESS,
  KernelMemoryTCP: HARMLESS,
  // The container gets the environment of the other.
  Links: judgeContainers,
  LogConfig: judgeLogDriver,
  MaskedPaths: judgeMaskedPaths,
  Memory: HARMLESS,
  MemoryReservation: HARMLESS,
  MemorySwap: HARMLESS,
  MemorySwappiness: HARMLESS,
  Mounts: judgeMounts,
  NanoCpus: HARMLESS,
  NetworkMode: judgeNetworkMode,
  OomKillDisable: function* (value, where) {
    if (value === true) yield fromRestricted('RESOURCES', where, 'the kernel could not end it when memory is short')
  },
  OomScoreAdj: judgeOomScoreAdj,
  PidMode: judgePidMode,
  PidsLimit: HARMLESS,
  PortBindings: judgePorts,
  Privileged: function* (value, where) {
    if (value === true) yield fromBaseline('PRIVILEGED', where, 'it is true')
  },
  PublishAllPorts: HARMLESS,
  ReadonlyPaths: judgeReadonlyPaths,
  ReadonlyRootfs: HARMLESS,
  RestartPolicy: HARMLESS,
  Runtime: judgeRuntime,
  SecurityOpt: judgeSecurityOpt,
  ShmSize: HARMLESS,
  StorageOpt: judgeOptions,
  Sysctls: judgeSysctls,
  Tmpfs: judgeTmpfs,
  UTSMode: judgeUtsMode,
  Ulimits: judgeUlimits,
  // It takes permissions from files that the container creates, as its own programs can do at any time (umask(2)).
  Umask: HARMLESS,
  UsernsMode: judgeUsernsMode,
  VolumeDriver: oneOf('VOLUME_DRIVER', ['', 'local'], 'the volumes are of the driver'),
  VolumesFrom: judgeContainers,
}
