import { z } from 'zod'
import { count, field, list, map, orElse, text, truth } from './fields.ts'

const COMPONENT = z.object({
  Name: z.string(),
  Version: z.string(),
  Details: orElse(z.record(z.string(), z.string()), {}),
})

/** The fields of `GET /version` that checks read. */
export const VERSION = z.object({
  /** Who built the engine: empty if a distribution did. */
  Platform: field(z.object({ Name: text })),
  Version: text,
  /** Some distributions write the version of their package there. */
  GitCommit: text,
  ApiVersion: text,
  MinAPIVersion: text,
  GoVersion: text,
  KernelVersion: text,
  Os: text,
  Arch: text,
  BuildTime: text,
  Components: list(COMPONENT),
})

const INDEX = z.object({ Name: text, Secure: truth, Mirrors: list(z.string()) })

/** The fields of `GET /info` that checks read. */
export const INFO = z.object({
  Name: text,
  ServerVersion: text,
  OperatingSystem: text,
  OSType: text,
  KernelVersion: text,
  SystemTime: text,
  SecurityOptions: list(z.string()),
  Warnings: list(z.string()),
  Driver: text,
  DriverStatus: list(z.array(z.string())),
  DockerRootDir: text,
  LoggingDriver: text,
  CgroupVersion: text,
  LiveRestoreEnabled: truth,
  Debug: truth,
  ExperimentalBuild: truth,
  MemoryLimit: truth,
  PidsLimit: truth,
  CpuCfsQuota: truth,
  IPv4Forwarding: truth,
  DefaultRuntime: text,
  Runtimes: map(z.object({ path: text, runtimeType: text })),
  Plugins: field(z.object({ Authorization: list(z.string()) })),
  RegistryConfig: field(z.object({ InsecureRegistryCIDRs: list(z.string()), IndexConfigs: map(INDEX) })),
  Swarm: field(z.object({ LocalNodeState: text, ControlAvailable: truth, Nodes: count, Managers: count })),
  FirewallBackend: field(z.object({ Driver: text })),
  /** Only sent if it is enabled. Since API 1.53. */
  NRI: orElse(z.union([z.object({}), z.null()]), null),
  /** Since API 1.44. */
  CDISpecDirs: list(z.string()),
  /** Since API 1.50. Left out if there are none. */
  DiscoveredDevices: orElse(z.array(z.object({ Source: text, ID: text })), []),
  /** Without passwords: the collector removes them. */
  HttpProxy: text,
  HttpsProxy: text,
  NoProxy: text,
  NFd: count,
})

/** The fields of `GET /networks/ID` that checks read. */
export const NETWORK = z.object({
  Id: text,
  Name: text,
  Driver: text,
  Scope: text,
  Internal: truth,
  Ingress: orElse(z.boolean(), false),
  EnableIPv6: truth,
  Options: map(z.string()),
  Containers: map(z.object({ Name: text })),
})

/** The fields of `GET /volumes` that checks read. */
export const VOLUME = z.object({
  Name: text,
  Driver: text,
  /** Where it is on the host, if its driver says so. */
  Mountpoint: text.optional(),
  Options: orElse(z.record(z.string(), z.string()), {}),
})

export type VersionFacts = z.infer<typeof VERSION>
export type InfoFacts = z.infer<typeof INFO>
export type NetworkFacts = z.infer<typeof NETWORK>
export type VolumeFacts = z.infer<typeof VOLUME>
