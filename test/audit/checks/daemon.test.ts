import { DAEMON_ISOLATION } from '../../../lib/audit/checks/daemon-isolation.ts'
import { DAEMON_PARTS } from '../../../lib/audit/checks/daemon-parts.ts'
import { DAEMON_PLUGINS } from '../../../lib/audit/checks/daemon-plugins.ts'
import { DAEMON_SETTINGS } from '../../../lib/audit/checks/daemon-settings.ts'
import { DAEMON_TLS } from '../../../lib/audit/checks/daemon-tls.ts'
import type { AccessFacts, HostFacts } from '../../../lib/audit/snapshot/host/schema.ts'
import type { PluginFacts } from '../../../lib/audit/snapshot/plugin-schema.ts'
import { runCases, type Cases, type Row } from '../support/cases.ts'
import type { Change } from '../support/daemon-snapshot.ts'
import { hostWith, SETTINGS as HOST_SETTINGS } from '../support/host-snapshots.ts'

const GOOD: Change = {}
const AT = Date.parse('2026-11-27T10:00:00Z')

/** A field of info that the daemon left out. */
const missing = (...names: readonly string[]): Row => [
  'unknown',
  `${names.join(', ')} left out`,
  { info: Object.fromEntries(names.map((name) => [name, undefined])) },
]
const options = (...SecurityOptions: string[]): Change => ({ info: { SecurityOptions } })

/** As dockerd words them (moby, daemon/info.go): 20.10 to 26, and 27 on. */
const WARNINGS = {
  plain: `WARNING: API is accessible on http://0.0.0.0:2375 without encryption.\n         Access to the remote API is equivalent to root access on the host.`,
  plainLater: `[DEPRECATION NOTICE]: API is accessible on http://127.0.0.1:2375 without encryption.\n         Access to the remote API is equivalent to root access on the host.`,
  unverified: `[DEPRECATION NOTICE]: API is accessible on https://0.0.0.0:2376 without TLS client verification.\n         Access to the remote API is equivalent to root access on the host.`,
  other: 'WARNING: No swap limit support',
}

const PLUGIN: PluginFacts = {
  Id: 'p1',
  Name: 'volumes:latest',
  Enabled: true,
  PluginReference: `docker.io/example/volumes@sha256:${'a'.repeat(64)}`,
  Settings: { Mounts: [], Devices: [] },
  Config: {
    Network: { Type: 'none' },
    Linux: { Capabilities: [], AllowAllDevices: false },
    IpcHost: false,
    PidHost: false,
  },
}
const pluginWith = (change: Partial<PluginFacts>): Change => ({ plugins: { value: [{ ...PLUGIN, ...change }] } })
type PluginMount = NonNullable<NonNullable<PluginFacts['Settings']>['Mounts']>[number]
const pluginMount = (...Mounts: PluginMount[]): Change => pluginWith({ Settings: { Mounts, Devices: [] } })
const mounting = (...sources: string[]): Change => pluginMount(...sources.map((Source) => ({ Source })))
const UNSET = { Mounts: [{ Source: '' }], Devices: [{ Path: '' }] }
const config = (change: Partial<PluginFacts['Config']>): Change =>
  pluginWith({ Config: { ...PLUGIN.Config, ...change } as PluginFacts['Config'] })
const linux = (Capabilities: string[], AllowAllDevices = false): Change =>
  pluginWith({ Config: { ...PLUGIN.Config, Linux: { Capabilities, AllowAllDevices } } as PluginFacts['Config'] })

const UNREADABLE = { unknown: 'nobody knows' }
const OF_SOCKET = { value: ['0.0.0.0:2375 (docker.socket)'] }

/** A host where dockerd has these listeners, and these settings of TLS. */
function listening(
  listeners: AccessFacts['listeners'],
  tls: Partial<Extract<HostFacts['settings'], { readonly value: unknown }>['value']> = {},
): Change {
  return hostWith({
    access: { value: { services: [], listeners, arePluginsHidden: false } },
    settings: { value: { ...HOST_SETTINGS, tls: null, tlsverify: null, ...tls } },
  })
}

const TLS: Cases = {
  'D-TLS-PLAIN': [
    ['pass', 'no warnings', GOOD],
    ['pass', 'another warning', { info: { Warnings: [WARNINGS.other, WARNINGS.unverified] } }],
    ['fail', 'a listener without TLS', { info: { Warnings: [WARNINGS.other, WARNINGS.plain] } }],
    ['fail', 'a listener without TLS, as newer engines say it', { info: { Warnings: [WARNINGS.plainLater] } }],
    ['fail', 'a port of docker.socket', listening(OF_SOCKET)],
    ['fail', 'a port of docker.socket, with TLS off', listening(OF_SOCKET, { tls: false, tlsverify: false })],
    ['fail', 'a port of docker.socket, without warnings', { ...listening(OF_SOCKET), ...missing('Warnings')[2] }],
    ['pass', 'a port of docker.socket, with tlsverify', listening(OF_SOCKET, { tlsverify: true })],
    ['pass', 'a port of docker.socket, with tls', listening(OF_SOCKET, { tls: true })],
    ['pass', 'a port of dockerd itself, which would warn', listening({ value: ['tcp://0.0.0.0:2375'] })],
    ['pass', 'no warnings, and sockets that nobody could see', listening(UNREADABLE)],
    ['pass', 'no warnings, and services that nobody could see', hostWith({ access: UNREADABLE })],
    ['pass', 'no warnings, and a host that nobody could read', { host: UNREADABLE }],
    [
      'pass',
      'a port of docker.socket, and settings that nobody could read',
      hostWith({
        access: { value: { services: [], listeners: OF_SOCKET, arePluginsHidden: false } },
        settings: UNREADABLE,
      }),
    ],
    missing('Warnings'),
  ],
  'D-TLS-NOVERIFY': [
    ['pass', 'no warnings', GOOD],
    ['pass', 'a listener without TLS', { info: { Warnings: [WARNINGS.plain] } }],
    ['fail', 'a listener that verifies no client', { info: { Warnings: [WARNINGS.unverified] } }],
    missing('Warnings'),
  ],
  'T-SKEW': [
    ['pass', 'a second', GOOD],
    ['pass', 'another time zone', { infoAt: AT, info: { SystemTime: '2026-11-27T11:00:00.5+01:00' } }],
    ['fail', '61 s behind', { infoAt: AT + 61_200 }],
    ['fail', '61 s ahead', { infoAt: AT - 61_200 }],
    ['unknown', 'no time', { info: { SystemTime: 'soon' } }],
    missing('SystemTime'),
  ],
}

const ISOLATION: Cases = {
  'D-USERNS': [
    ['pass', 'remapped', GOOD],
    ['pass', 'rootless', options('name=rootless')],
    ['fail', 'neither', options('name=seccomp,profile=builtin')],
    ['not-applicable', 'Windows', { info: { OSType: 'windows', SecurityOptions: [] } }],
    missing('SecurityOptions'),
  ],
  'D-ROOTLESS': [['pass', 'rootless', options('name=rootless')], ['warn', 'root', GOOD], missing('SecurityOptions')],
  'D-NNP': [
    ['pass', 'set', GOOD],
    ['fail', 'not set', options('name=userns')],
    ['fail', 'a name that only begins so', options('name=no-new-privileges2')],
    missing('SecurityOptions'),
  ],
  'D-SECCOMP': [
    ['pass', 'builtin', GOOD],
    ['pass', 'default, as engine 20.10 says', options('name=seccomp,profile=default')],
    ['warn', 'a profile of its own', options('name=seccomp,profile=/etc/docker/seccomp.json')],
    ['fail', 'unconfined', options('name=seccomp,profile=unconfined')],
    ['fail', 'a kernel without it', options('name=apparmor')],
    missing('SecurityOptions'),
  ],
  'D-MAC': [
    ['pass', 'AppArmor', GOOD],
    ['pass', 'SELinux', options('name=selinux')],
    ['fail', 'neither', options('name=seccomp,profile=builtin')],
    ['not-applicable', 'rootless', options('name=rootless')],
    missing('SecurityOptions'),
  ],
  'D-CGROUP1': [['pass', 'v2', GOOD], ['warn', 'v1', { info: { CgroupVersion: '1' } }], missing('CgroupVersion')],
}

const SETTINGS: Cases = {
  'D-DEBUG': [['pass', 'off', GOOD], ['fail', 'on', { info: { Debug: true } }], missing('Debug')],
  'D-EXP': [['pass', 'off', GOOD], ['fail', 'on', { info: { ExperimentalBuild: true } }], missing('ExperimentalBuild')],
  'D-LIVE': [
    ['pass', 'on', GOOD],
    ['warn', 'off', { info: { LiveRestoreEnabled: false } }],
    ['not-applicable', 'in a swarm', { info: { LiveRestoreEnabled: false, Swarm: swarm('active') } }],
    missing('LiveRestoreEnabled'),
  ],
  'D-LOG': [
    ['pass', 'journald', GOOD],
    ['warn', 'json-file', { info: { LoggingDriver: 'json-file' } }],
    ['warn', 'local', { info: { LoggingDriver: 'local' } }],
    ['fail', 'none', { info: { LoggingDriver: 'none' } }],
    ['unknown', 'empty', { info: { LoggingDriver: '' } }],
    missing('LoggingDriver'),
  ],
  'D-INSECREG': [
    ['pass', 'loopback alone', GOOD],
    ['pass', 'a registry on the host', registries(['127.0.0.0/8'], 'localhost:5000', '[::1]:5000', '127.0.0.1:5000')],
    ['fail', 'a registry', registries(['127.0.0.0/8'], 'registry.example.com:5000')],
    // Since Engine 29.10, a list has loopback only if someone names it.
    ['fail', 'a registry, in a list without loopback', registries([], 'registry.example.com:5000')],
    ['pass', 'a list without loopback', registries([])],
    ['fail', 'a name that only looks like loopback', registries([], '127.0.0.1.example.com')],
    ['fail', 'a range', registries(['10.0.0.0/8'])],
    ['fail', 'everything', registries(['0.0.0.0/0'])],
    ['fail', 'a range that contains loopback', registries(['127.0.0.0/1'])],
    [
      'unknown',
      'a registry without Secure',
      indexes({ 'a.example.com': { Name: 'a.example.com', Secure: undefined, Mirrors: [] } }),
    ],
    ['fail', 'a mirror without TLS', mirrored('http://mirror.example.com:5000/')],
    ['pass', 'a mirror with TLS, and one on the host', mirrored('https://mirror.example.com', 'http://127.0.0.1:5000')],
    [
      'unknown',
      'mirrors that are not shown',
      indexes({ 'docker.io': { Name: 'docker.io', Secure: true, Mirrors: undefined } }),
    ],
    missing('RegistryConfig'),
  ],
  'D-PROXYCRED': [
    ['pass', 'none', GOOD],
    ['pass', 'a proxy without a password', { info: { HttpProxy: 'http://proxy.example.com:3128' } }],
    ['warn', 'encrypted', { info: { HttpsProxy: 'https://***@proxy.example.com:3128' } }],
    ['fail', 'in clear', { info: { HttpsProxy: 'http://***@proxy.example.com:3128' } }],
    ['fail', 'without a scheme', { info: { HttpProxy: 'ann:xxxxx@proxy.example.com:3128' } }],
    missing('HttpProxy'),
    missing('HttpsProxy'),
  ],
  'D-MINAPI': [
    ['pass', '29.9', GOOD],
    ['pass', '29.0', { version: { Version: '29.0.1', MinAPIVersion: '1.44' } }],
    ['pass', '26.1', { version: { Version: '26.1.5+dfsg1', MinAPIVersion: '1.24' } }],
    ['pass', '20.10', { version: { Version: '20.10.24', MinAPIVersion: '1.12' } }],
    ['warn', '29.0, lowered', { version: { Version: '29.0.1', MinAPIVersion: '1.24' } }],
    ['warn', '29.9, lowered', { version: { MinAPIVersion: '1.24' } }],
    ['unknown', 'left out', { version: { MinAPIVersion: undefined } }],
    ['unknown', 'a build without a version', { version: { Version: 'dev' } }],
  ],
}

const PARTS: Cases = {
  'D-AUFS': [
    ['pass', 'overlay2', GOOD],
    ['pass', 'the containerd image store', { info: { Driver: 'overlayfs' } }],
    ['fail', 'devicemapper', { info: { Driver: 'devicemapper' } }],
    ['fail', 'aufs', { info: { Driver: 'aufs' } }],
    missing('Driver'),
  ],
  'D-STORE': [
    ['not-applicable', 'with user namespaces', GOOD],
    ['pass', 'a graph driver', options()],
    [
      'warn',
      'the containerd image store',
      { info: { SecurityOptions: [], DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']] } },
    ],
    missing('DriverStatus'),
  ],
  'D-NRI': [
    ['pass', 'off', { info: { NRI: null } }],
    ['warn', 'on', { info: { NRI: {} } }],
    ['not-applicable', 'an older engine', { apiVersion: '1.45', version: { ApiVersion: '1.45' }, info: { NRI: null } }],
    ['unknown', 'an older request', { apiVersion: '1.45', info: { NRI: null } }],
    missing('NRI'),
  ],
  'D-CDI': [
    ['pass', 'no devices', GOOD],
    ['warn', 'a device', { info: { DiscoveredDevices: [{ Source: 'cdi', ID: 'vendor.com/gpu=0' }] } }],
    ['pass', 'CDI is off', { apiVersion: '1.45', info: { CDISpecDirs: [] } }],
    ['unknown', 'CDI is on in an older engine', { apiVersion: '1.45', version: { ApiVersion: '1.45' } }],
    [
      'not-applicable',
      'an engine without CDI',
      { apiVersion: '1.41', version: { ApiVersion: '1.41' }, info: { CDISpecDirs: undefined } },
    ],
    missing('DiscoveredDevices'),
  ],
  'D-RUNTIME': [
    ['pass', 'runc', GOOD],
    ['pass', 'runc by the name of its shim', { info: { DefaultRuntime: 'io.containerd.runc.v2' } }],
    ['warn', 'another', { info: { DefaultRuntime: 'nvidia' } }],
    ['fail', 'one in /tmp', { info: { Runtimes: { mine: { path: '/tmp/runc', runtimeType: undefined } } } }],
    missing('Runtimes'),
    missing('DefaultRuntime'),
  ],
}

const PLUGINS: Cases = {
  'D-AUTHZ': [
    ['pass', 'a plugin', GOOD],
    ['warn', 'none', { info: { Plugins: { Authorization: [] } } }],
    missing('Plugins'),
  ],
  'D-PLUGINS': [
    ['not-applicable', 'none', GOOD],
    ['not-applicable', 'disabled', pluginWith({ Enabled: false })],
    ['pass', 'without privileges', pluginWith({})],
    ['warn', 'by tag', pluginWith({ PluginReference: 'docker.io/example/volumes:latest' })],
    ['pass', 'a mount and a device that nobody has set', pluginWith({ Settings: UNSET })],
    ['warn', 'a capability', linux(['CAP_CHOWN'])],
    ['warn', 'a folder', mounting('/srv/volumes')],
    ['pass', 'a file system in memory', pluginMount({ Source: 'tmpfs', Type: 'tmpfs' })],
    [
      'warn',
      'a folder of programs, read-only',
      pluginMount({ Source: '/usr', Type: 'bind', Options: ['rbind', 'ro'] }),
    ],
    ['warn', 'the network of the host', config({ Network: { Type: 'host' } })],
    ['warn', 'a device', pluginWith({ Settings: { Mounts: [], Devices: [{ Path: '/dev/fuse' }] } })],
    ['fail', 'all devices', linux([], true)],
    ['fail', 'a capability of the host', linux(['CAP_SYS_ADMIN'])],
    ['fail', 'the processes of the host', config({ PidHost: true })],
    ['fail', 'the IPC of the host', config({ IpcHost: true })],
    ['fail', 'a disk', pluginWith({ Settings: { Mounts: [], Devices: [{ Path: '/dev/sda' }] } })],
    ['fail', 'the kernel', pluginMount({ Source: 'proc', Type: 'proc' })],
    ...[
      '/proc',
      '/var',
      '/var/lib',
      '/usr',
      '/run/docker/plugins',
      '/etc/cron.d',
      '/run/podman/podman.sock',
      '/etc/../etc',
    ].map((path) => ['fail', path, mounting(path)] as const),
    ['fail', 'the root folder', mounting('/srv', '/')],
    ['fail', "the daemon's socket", mounting('/var/run/docker.sock')],
    ['unknown', 'no settings', pluginWith({ Settings: undefined })],
    ['unknown', 'not readable', { plugins: { unknown: 'the daemon answered 500' } }],
  ],
}

function swarm(LocalNodeState: string): NonNullable<NonNullable<Change['info']>['Swarm']> {
  return { LocalNodeState, ControlAvailable: true, Nodes: 1, Managers: 1 }
}

type Indexes = NonNullable<NonNullable<NonNullable<Change['info']>['RegistryConfig']>['IndexConfigs']>

function indexes(IndexConfigs: Indexes, InsecureRegistryCIDRs: string[] = []): Change {
  return { info: { RegistryConfig: { InsecureRegistryCIDRs, IndexConfigs } } }
}

function registries(ranges: string[], ...names: string[]): Change {
  const insecure = Object.fromEntries(names.map((Name) => [Name, { Name, Secure: false, Mirrors: [] }]))
  return indexes({ 'docker.io': { Name: 'docker.io', Secure: true, Mirrors: [] }, ...insecure }, ranges)
}

function mirrored(...Mirrors: string[]): Change {
  return indexes({ 'docker.io': { Name: 'docker.io', Secure: true, Mirrors } })
}

runCases([...DAEMON_TLS, ...DAEMON_ISOLATION, ...DAEMON_SETTINGS, ...DAEMON_PARTS, ...DAEMON_PLUGINS], {
  ...TLS,
  ...ISOLATION,
  ...SETTINGS,
  ...PARTS,
  ...PLUGINS,
})
