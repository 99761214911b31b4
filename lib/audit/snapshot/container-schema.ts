import { z } from 'zod'
import { ENDPOINT_SYSCTLS } from '../../container/endpoint-options.ts'
import { count, field, list, map, nullAs, orElse, text, truth } from './fields.ts'

const DEVICE = z.object({ PathOnHost: text, PathInContainer: text, CgroupPermissions: text })
const DRIVER_CONFIG = nullAs(z.object({ Name: text, Options: nullAs(z.record(z.string(), z.string()), {}) }), {
  Name: '',
  Options: {},
})
/** A mount as the container was created with. */
const REQUESTED_MOUNT = z.object({
  Type: text,
  Source: text,
  Target: text,
  ReadOnly: nullAs(z.boolean(), false),
  BindOptions: nullAs(
    z.object({ Propagation: text, NonRecursive: truth, ReadOnlyNonRecursive: truth, ReadOnlyForceRecursive: truth }),
    {} as never,
  ),
  VolumeOptions: nullAs(z.object({ DriverConfig: DRIVER_CONFIG }), {} as never),
})
/** A mount as it is. */
const MOUNT = z.object({
  Type: text,
  Name: text,
  Source: text,
  Destination: text,
  Driver: text,
  RW: truth,
  Propagation: text,
})
/** Other options of the driver may be secrets. */
const ENDPOINT = z.object({
  NetworkID: text,
  DriverOpts: orElse(z.object({ [ENDPOINT_SYSCTLS]: orElse(z.string(), '') }), { [ENDPOINT_SYSCTLS]: '' }),
})
const PORT = z.object({ HostIp: text, HostPort: text })
const PORTS = nullAs(z.record(z.string(), nullAs(z.array(PORT), [])), {})

/** The fields of `GET /containers/ID/json` that checks read. */
export const CONTAINER = z.object({
  Id: text,
  Name: text,
  Created: text,
  Image: text,
  AppArmorProfile: text,
  ProcessLabel: text,
  State: field(
    z.object({
      Status: text,
      Running: truth,
      /** Between two tries, `Running` is true as well. */
      Restarting: truth,
      StartedAt: text,
      Health: nullAs(z.object({ Status: text }), {} as never),
    }),
  ),
  Config: field(
    z.object({
      User: text,
      Image: text,
      /** Names alone, except for values that checks read: the collector removes the others. */
      Env: list(z.string()),
      Healthcheck: nullAs(z.object({ Test: list(z.string()) }), {} as never),
    }),
  ),
  HostConfig: field(
    z.object({
      Privileged: truth,
      CapAdd: list(z.string()),
      CapDrop: list(z.string()),
      SecurityOpt: list(z.string()),
      ReadonlyRootfs: truth,
      NetworkMode: text,
      PidMode: text,
      IpcMode: text,
      UTSMode: text,
      UsernsMode: text,
      CgroupnsMode: text,
      CgroupParent: text,
      Binds: list(z.string()),
      Mounts: nullAs(z.array(REQUESTED_MOUNT), []),
      VolumesFrom: list(z.string()),
      Tmpfs: nullAs(z.record(z.string(), z.string()), {}),
      Devices: list(DEVICE),
      DeviceCgroupRules: list(z.string()),
      DeviceRequests: list(z.object({ Driver: text, DeviceIDs: orElse(z.array(z.string()), []) })),
      Memory: count,
      NanoCpus: count,
      CpuShares: count,
      CpuQuota: count,
      CpusetCpus: text,
      /** Null: no limit. */
      PidsLimit: nullAs(z.number(), 0),
      OomKillDisable: nullAs(z.boolean(), false),
      OomScoreAdj: count,
      Ulimits: list(z.object({ Name: text, Soft: count, Hard: count })),
      Sysctls: nullAs(z.record(z.string(), z.string()), {}),
      RestartPolicy: field(z.object({ Name: text, MaximumRetryCount: count })),
      PublishAllPorts: truth,
      PortBindings: PORTS,
      MaskedPaths: list(z.string()),
      ReadonlyPaths: list(z.string()),
      Init: nullAs(z.boolean(), false),
      Runtime: text,
      LogConfig: field(z.object({ Type: text, Config: map(z.string()) })),
    }),
  ),
  Mounts: list(MOUNT),
  NetworkSettings: field(z.object({ Ports: PORTS, Networks: map(ENDPOINT) })),
  ExecIDs: list(z.string()),
})

/** The fields of `GET /exec/ID/json` that checks read. */
export const EXEC = z.object({
  ID: text,
  Running: truth,
  ProcessConfig: field(z.object({ privileged: truth, user: text })),
})

export type ContainerFacts = z.infer<typeof CONTAINER>
export type ExecFacts = z.infer<typeof EXEC>
