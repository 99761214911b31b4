import type { z } from 'zod'
import { evaluate } from '../../../lib/audit/report.ts'
import { CHECKS } from '../../../lib/audit/checks.ts'
import type { Finding } from '../../../lib/audit/check.ts'
import type { InfoFacts, NetworkFacts, VersionFacts } from '../../../lib/audit/snapshot/daemon-schema.ts'
import { SNAPSHOT, type Snapshot } from '../../../lib/audit/snapshot/snapshot.ts'
import type { SwarmFacts } from '../../../lib/audit/snapshot/swarm-schema.ts'
import type { Status } from '../../../lib/audit/verdict.ts'

/** The answers of a well configured docker-ce 29.9.3, by their names in the API. */
export const VERSION = {
  Platform: { Name: 'Docker Engine - Community' },
  Version: '29.9.3',
  GitCommit: '4d1b2f6',
  ApiVersion: '1.55',
  MinAPIVersion: '1.40',
  GoVersion: 'go1.26.10',
  KernelVersion: '6.12.48',
  Os: 'linux',
  Arch: 'amd64',
  BuildTime: '2026-11-20T10:00:00.000000000+00:00',
  Components: [
    { Name: 'Engine', Version: '29.9.3', Details: { GitCommit: '4d1b2f6' } },
    { Name: 'containerd', Version: 'v2.3.7', Details: { GitCommit: '7c3aca7a610df76212171d200ca3811ff6096eb8' } },
    { Name: 'runc', Version: '1.4.3', Details: { GitCommit: 'v1.4.3-0-g59923ef' } },
    { Name: 'docker-init', Version: '0.19.0', Details: { GitCommit: 'de40ad0' } },
  ],
}
export const INFO = {
  Name: 'build01',
  ServerVersion: '29.9.3',
  OperatingSystem: 'Debian GNU/Linux 13 (trixie)',
  OSType: 'linux',
  KernelVersion: '6.12.48',
  SystemTime: '2026-11-27T10:00:00.123456789Z',
  SecurityOptions: [
    'name=apparmor',
    'name=seccomp,profile=builtin',
    'name=userns',
    'name=cgroupns',
    'name=no-new-privileges',
  ],
  Warnings: null,
  Driver: 'overlay2',
  DriverStatus: [['Backing Filesystem', 'extfs']],
  DockerRootDir: '/var/lib/docker/100000.100000',
  LoggingDriver: 'journald',
  CgroupVersion: '2',
  LiveRestoreEnabled: true,
  Debug: false,
  ExperimentalBuild: false,
  MemoryLimit: true,
  PidsLimit: true,
  IPv4Forwarding: true,
  DefaultRuntime: 'runc',
  Runtimes: { 'io.containerd.runc.v2': { path: 'runc' }, runc: { path: 'runc' } },
  Plugins: { Authorization: ['policy'] },
  RegistryConfig: {
    InsecureRegistryCIDRs: ['::1/128', '127.0.0.0/8'],
    IndexConfigs: { 'docker.io': { Name: 'docker.io', Secure: true, Mirrors: [] } },
  },
  Swarm: { LocalNodeState: 'inactive', ControlAvailable: false },
  FirewallBackend: { Driver: 'nftables' },
  CDISpecDirs: ['/etc/cdi', '/var/run/cdi'],
  HttpProxy: '',
  HttpsProxy: '',
  NoProxy: '',
  NFd: 0,
}
export const BRIDGE = {
  Id: 'b'.repeat(64),
  Name: 'bridge',
  Driver: 'bridge',
  Scope: 'local',
  Internal: false,
  Ingress: false,
  EnableIPv6: false,
  Options: {
    'com.docker.network.bridge.default_bridge': 'true',
    'com.docker.network.bridge.enable_icc': 'false',
    'com.docker.network.bridge.host_binding_ipv4': '127.0.0.1',
  },
  Containers: {},
}
/** Options of a swarm's network, as `docker network create --driver overlay --opt encrypted` sets them. */
const OVERLAY = { ...BRIDGE, Id: 'o'.repeat(25), Name: 'web', Driver: 'overlay', Scope: 'swarm' }
const NO_MANAGER = { unknown: 'the node is not an active manager' }

/** A daemon in which nothing fails, as the collector would have recorded it. */
export const GOOD: Snapshot = SNAPSHOT.parse({
  format: 1,
  at: '2026-11-27T10:00:05.000Z',
  target: 'tcp://192.0.2.1:2376',
  apiVersion: '1.55',
  infoAt: Date.parse('2026-11-27T10:00:01.000Z'),
  version: { value: VERSION },
  info: { value: INFO },
  containers: { value: [] },
  networks: { value: [BRIDGE] },
  volumes: { value: [] },
  plugins: { value: [] },
  images: { value: [] },
  runningImages: { value: [] },
  tls: { value: null },
  gateway: { value: null },
  swarm: NO_MANAGER,
  nodes: NO_MANAGER,
  services: NO_MANAGER,
  configs: NO_MANAGER,
})

type Parts = z.infer<typeof SNAPSHOT>

/** What is different from {@link GOOD}: single fields of the version and of info, and whole other parts. */
export type Change = Partial<Omit<Parts, 'version' | 'info'>> & {
  readonly version?: Partial<VersionFacts>
  readonly info?: Partial<InfoFacts>
  /** A part that the daemon did not answer. */
  readonly unreadable?: 'version' | 'info'
}

export function changed({ version, info, unreadable, ...parts }: Change, base: Snapshot = GOOD): Snapshot {
  const snapshot = { ...base, ...parts, version: merged(base.version, version), info: merged(base.info, info) }
  return unreadable ? { ...snapshot, [unreadable]: { unknown: 'the daemon answered 500' } } : snapshot
}

function merged<Type extends object>(
  part: { readonly value: Type } | { readonly unknown: string },
  change: Partial<Type> = {},
): { readonly value: Type } | { readonly unknown: string } {
  return 'unknown' in part ? part : { value: { ...part.value, ...change } }
}

/** A change that makes networks of the default bridge with other options, or others with it. */
export function bridgeWith(options: Record<string, string>, more: Partial<NetworkFacts> = {}): Change {
  const Options = { ...BRIDGE.Options, ...prefixed(options) }
  return { networks: { value: [{ ...BRIDGE, Options, ...more }] } }
}

function prefixed(options: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [`com.docker.network.bridge.${name}`, value]),
  )
}

export function overlayWith(Options: Record<string, string>, more: Partial<NetworkFacts> = {}): Change {
  return { networks: { value: [{ ...OVERLAY, Options, ...more }] } }
}

const ACTIVE = { LocalNodeState: 'active', ControlAvailable: true, Nodes: 1, Managers: 1 }

/** A change that makes the daemon the manager of a swarm. */
export function swarmWith(parts: Omit<Change, 'swarm'> & { readonly swarm?: Partial<SwarmFacts> } = {}): Change {
  const { swarm, ...rest } = parts
  const spec = { EncryptionConfig: { AutoLockManagers: true }, CAConfig: { NodeCertExpiry: 90 * 86_400e9 } }
  return {
    info: { Swarm: ACTIVE, LiveRestoreEnabled: false },
    nodes: { value: [{ ID: 'n1', Spec: { Role: 'manager' } }] },
    services: { value: [] },
    configs: { value: [] },
    swarm: { value: { Spec: spec, TLSInfo: { TrustRoot: '' }, RootRotationInProgress: false, ...swarm } },
    ...rest,
  }
}

/** The findings of one check. */
export function findingsOf(id: string, snapshot: Snapshot): readonly Finding[] {
  const checks = CHECKS.filter((check) => check.id === id)
  return evaluate(snapshot, checks).findings
}

const WORST_FIRST: readonly Status[] = ['fail', 'warn', 'unknown', 'pass', 'not-applicable']

/** The worst status of the findings of one check. */
export function statusOf(id: string, change: Change): Status | undefined {
  const found = new Set(findingsOf(id, changed(change)).map(({ status }) => status))
  return WORST_FIRST.find((status) => found.has(status))
}
