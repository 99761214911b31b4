import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeRequest } from '../../../lib/policy/judging/judge.ts'
import type { Judged } from '../../../lib/policy/judging/finding.ts'
import { OPERATION_LEVELS } from '../../../lib/policy/levels/operations.ts'
import type { Json, ReadRequest } from '../../../lib/policy/request.ts'
import { MASKED_BY_20_10 } from '../../support/masked-paths.ts'
import { OPERATION_NAMES } from '../../../lib/policy/operations.ts'

function read(name: string, body: Json, query: Record<string, string> = {}): ReadRequest {
  return {
    operation: { name, method: 'POST', path: '/' },
    parameters: {},
    query: new Map(Object.entries(query).map(([key, value]) => [key, [value]])),
    body,
  }
}

const judge = (name: string, body: Json, query?: Record<string, string>): Judged[] => [
  ...judgeRequest(read(name, body, query)),
]

/** `CODE from where`, of what `baseline` refuses; then what it names. */
function summary(name: string, body: Json, query?: Record<string, string>): string[] {
  return judge(name, body, query).flatMap((one) => {
    // Every container has some, of which a rule decides.
    if (one.kind === 'capabilities') return []
    if (one.kind !== 'finding') return `${one.kind} ${one.name}`
    return one.from === 'baseline' ? `${one.code} ${one.where}` : []
  })
}

/** Without the network that a container has unless it names another. */
const inHostConfig = (HostConfig: Json): string[] =>
  summary('containers.create', { HostConfig }).filter((one) => one !== 'network bridge')

const withTask = (TaskTemplate: Json): Json => ({ TaskTemplate })
const service = (ContainerSpec: Record<string, Json>, rest: Record<string, Json> = {}): Json =>
  withTask({ ContainerSpec, ...rest })

test('a field that has no judge is refused', () => {
  assert.deepEqual(
    inHostConfig({ Frobnicate: true }).filter((one) => one.startsWith('F')),
    ['FIELD_UNKNOWN HostConfig.Frobnicate'],
  )
})

test('every value of a list in the query is judged', () => {
  const request = { ...read('images.build', null), query: new Map([['securityopt', ['', 'seccomp=unconfined']]]) }
  assert.deepEqual(
    [...judgeRequest(request)].map((one) => one.kind),
    ['network', 'finding'],
  )
})

test('every operation has a level', () => {
  assert.ok(OPERATION_NAMES.length > 100)
  assert.deepEqual(Object.keys(OPERATION_LEVELS).toSorted(), OPERATION_NAMES)
})

/** dockerd downloads these itself, as a Dockerfile or an archive. */
const DOWNLOADS = [
  'https://example.com/Dockerfile',
  'http://ci:token@example.com/context.tar.gz',
  'https://github.com/corp/app/archive/main.tar.gz',
  'https://example.com/.git/context.tar',
]

/** For these it runs git, which may run ssh. */
const REPOSITORIES = [
  'git@github.com:corp/secret.git',
  'git@github.com:corp/secret.git#main:sub',
  'ssh://git@github.com/corp/secret.git',
  'git+ssh://git@github.com/corp/secret',
  'SSH://git@github.com/corp/secret',
  'ann@10.0.0.1:secret',
  '10.0.0.1:secret',
  'git://example.com/app',
  'github.com/corp/app',
  'HTTPS://example.com/app',
  ' https://example.com/app',
  'file:///srv/app',
  '/srv/app',
  // Their submodules may be elsewhere.
  'https://github.com/corp/app.git',
  'https://github.com/corp/app.git#main:sub',
  'https://github.com/corp/app.GIT?branch=main',
  'https://example.com/digit',
  'https://example.com/app.gi%74',
  'https://example.com/app%2eGIT?x',
]

const remotes = (names: readonly string[], ...found: string[]): [string, Json, string[], Record<string, string>][] =>
  names.map((remote) => ['images.build', null, found, { networkmode: 'none', remote }])

/** HostConfig of a container, and what `baseline` refuses in it or must know first. */
const HOST_CONFIGS: readonly (readonly [config: Record<string, Json>, ...found: string[]])[] = [
  [{ Privileged: true }, 'PRIVILEGED HostConfig.Privileged'],
  [{ Privileged: false, Init: true, Memory: 1e9, RestartPolicy: { Name: 'always' }, Umask: 0 }],
  [{ Binds: ['/:/h'] }, 'HOST_PATH HostConfig.Binds.0'],
  [{ Binds: ['/a:/b:ro', 'data:/d:rw', '/x'] }, 'HOST_PATH HostConfig.Binds.0', 'volume data'],
  [{ Binds: ['../up:/b'] }, 'HOST_PATH HostConfig.Binds.0'],
  [{ Binds: ['data:/d:rshared'] }, 'volume data', 'HOST_PATH HostConfig.Binds.0'],
  [{ Binds: ['data:/d:Z'] }, 'volume data', 'HOST_PATH HostConfig.Binds.0'],
  [{ Mounts: [{ Type: 'bind', Source: '/etc' }] }, 'HOST_PATH HostConfig.Mounts.0.Source'],
  [{ Mounts: [{ Type: 'BIND', Source: '/etc' }] }, 'HOST_PATH HostConfig.Mounts.0.Source'],
  [{ Mounts: [{ Source: '/etc' }] }, 'HOST_PATH HostConfig.Mounts.0'],
  [
    { Mounts: [{ Type: 'constructor', Source: 'x' }, { Type: '__proto__' }] },
    'HOST_PATH HostConfig.Mounts.0',
    'HOST_PATH HostConfig.Mounts.1',
  ],
  [
    { SecurityOpt: ['__proto__=x', 'hasOwnProperty=seccomp'] },
    'CONFINEMENT HostConfig.SecurityOpt',
    'CONFINEMENT HostConfig.SecurityOpt',
  ],
  [{ LogConfig: { Type: '', Config: { 'gelf-address': 'udp://x:1' } } }, 'LOG_DRIVER HostConfig.LogConfig'],
  [{ Mounts: [{ Type: 'npipe', Source: 'x' }] }, 'HOST_PATH HostConfig.Mounts.0'],
  [{ Mounts: [{ Type: 'cluster', Source: 'x' }] }, 'HOST_PATH HostConfig.Mounts.0'],
  [{ Mounts: [{ Type: 'volume', Source: '/etc', Target: '/v' }] }, 'HOST_PATH HostConfig.Mounts.0.Source'],
  [
    {
      Mounts: [
        { Type: 'tmpfs', Target: '/t' },
        { Type: 'tmpfs', Target: '/u', TmpfsOptions: { SizeBytes: 4096, Options: [['exec'], ['noexec']] } },
        { Type: 'volume', Target: '/v' },
      ],
    },
  ],
  [
    { Mounts: [{ Type: 'tmpfs', Target: '/t', TmpfsOptions: { Options: [['noexec'], ['remount', '']] } }] },
    'HOST_PATH HostConfig.Mounts.0.TmpfsOptions',
  ],
  [
    { Mounts: [{ Type: 'tmpfs', Target: '/t', TmpfsOptions: { Options: [['size', '1,remount']] } }] },
    'HOST_PATH HostConfig.Mounts.0.TmpfsOptions',
  ],
  [
    {
      Tmpfs: {
        '/a': '',
        '/b': null,
        '/c': 'defaults,rw,noexec,nosuid,nodev,size=64k,mode=1777,uid=1,gid=2',
        '/d': 'exec,suid,dev,ro,noatime,nr_inodes=5,nomand,rprivate',
      },
    },
  ],
  ...[
    'remount',
    'size=1m,remount',
    'size=1,remount,rw',
    'bind',
    'rbind',
    'shared',
    'rslave',
    'tmpcopyup',
    'mand',
    'size',
    'REMOUNT',
  ].map((options): [Record<string, Json>, string] => [{ Tmpfs: { '/t': options } }, 'HOST_PATH HostConfig.Tmpfs./t']),
  [{ Mounts: [{ Type: 'image', Source: 'alpine', Target: '/i' }] }, 'image alpine'],
  [
    { Mounts: [inline({ Options: { type: 'none', o: 'bind', device: '/etc' } })] },
    'HOST_PATH HostConfig.Mounts.0.VolumeOptions.DriverConfig',
  ],
  [
    { Mounts: [inline({ Options: { type: 'overlay', o: 'lowerdir=/etc:/usr', device: 'overlay' } })] },
    'HOST_PATH HostConfig.Mounts.0.VolumeOptions.DriverConfig',
    'HOST_PATH HostConfig.Mounts.0.VolumeOptions.DriverConfig',
  ],
  [
    { Mounts: [inline({ Options: { type: 'ext4', device: '/dev/sda1' } })] },
    'HOST_PATH HostConfig.Mounts.0.VolumeOptions.DriverConfig',
  ],
  [
    { Mounts: [inline({ Options: { type: 'proc', device: 'proc' } })] },
    'HOST_PATH HostConfig.Mounts.0.VolumeOptions.DriverConfig',
  ],
  [
    { Mounts: [inline({ Options: { type: 'nfs', o: 'addr=10.0.0.1', device: ':/x' } })] },
    'VOLUME_DRIVER HostConfig.Mounts.0.VolumeOptions.DriverConfig',
  ],
  [{ Mounts: [inline({ Options: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' } })] }],
  // The same as of a tmpfs.
  [{ Mounts: [inline({ Options: { type: 'tmpfs', device: 'tmpfs', o: 'defaults,nodiratime,mpol=local,rprivate' } })] }],
  ...['remount', 'size=1,remount,rw', 'shared', 'mand', 'size', 'BIND'].map((o): [Record<string, Json>, string] => [
    { Mounts: [inline({ Options: { type: 'tmpfs', device: 'tmpfs', o } })] },
    'VOLUME_DRIVER HostConfig.Mounts.0.VolumeOptions.DriverConfig',
  ]),
  // With bind, mount(2) ignores the type.
  [
    { Mounts: [inline({ Options: { type: 'tmpfs', device: '/etc', o: 'size=1m,bind' } })] },
    'HOST_PATH HostConfig.Mounts.0.VolumeOptions.DriverConfig',
  ],
  [
    { Mounts: [inline({ Options: { type: 'tmpfs', device: 'tmpfs', o: 'rshared' } })] },
    'VOLUME_DRIVER HostConfig.Mounts.0.VolumeOptions.DriverConfig',
  ],
  [{ Mounts: [inline({ Name: 'vieux/sshfs' })] }, 'VOLUME_DRIVER HostConfig.Mounts.0.VolumeOptions.DriverConfig'],
  [{ VolumeDriver: 'vieux/sshfs' }, 'VOLUME_DRIVER HostConfig.VolumeDriver'],
  [{ VolumeDriver: 'local' }],
  [{ VolumesFrom: ['one', 'two:ro'] }, 'container one', 'container two'],
  [{ Links: ['db:db'] }, 'container db'],
  [{ PidMode: 'host' }, 'HOST_NAMESPACE HostConfig.PidMode'],
  [{ PidMode: 'container:one' }, 'container one'],
  [{ IpcMode: 'host' }, 'HOST_NAMESPACE HostConfig.IpcMode'],
  [{ IpcMode: 'shareable' }],
  [{ UTSMode: 'host' }, 'HOST_NAMESPACE HostConfig.UTSMode'],
  [{ UsernsMode: 'host' }, 'HOST_NAMESPACE HostConfig.UsernsMode'],
  [{ CgroupnsMode: 'host' }, 'HOST_NAMESPACE HostConfig.CgroupnsMode'],
  // Only these can be joined: dockerd has no such mode of the others.
  [{ IpcMode: 'container:one' }, 'container one'],
  ...['UTSMode', 'UsernsMode', 'CgroupnsMode'].map(
    (name) => [{ [name]: 'container:one' }, `HOST_NAMESPACE HostConfig.${name}`] as const,
  ),
  [{ NetworkMode: 'host' }, 'HOST_NAMESPACE HostConfig.NetworkMode'],
  [{ NetworkMode: 'web' }, 'network web'],
  [{ NetworkMode: 'container:one' }, 'container one'],
  [{ Cgroup: 'container:one' }, 'HOST_NAMESPACE HostConfig.Cgroup'],
  [{ CgroupParent: '/system.slice' }, 'RESOURCES HostConfig.CgroupParent'],
  [{ CapAdd: ['cap_sys_admin', 'NET_RAW'] }, 'CAPABILITY HostConfig.CapAdd.0'],
  [{ CapAdd: ['ALL'] }, 'CAPABILITY HostConfig.CapAdd.0'],
  [{ Capabilities: ['SYS_ADMIN'] }, 'CAPABILITY HostConfig.Capabilities'],
  [
    { Devices: [{ PathOnHost: '/dev/sda', PathInContainer: '/d', CgroupPermissions: 'r' }] },
    'HOST_DEVICE HostConfig.Devices.0.PathOnHost',
  ],
  [{ DeviceCgroupRules: ['a *:* rwm'] }, 'HOST_DEVICE HostConfig.DeviceCgroupRules.0'],
  [{ DeviceRequests: [{ Driver: 'cdi', DeviceIDs: ['x'] }] }, 'HOST_DEVICE HostConfig.DeviceRequests.0'],
  [{ SecurityOpt: ['seccomp=unconfined'] }, 'CONFINEMENT HostConfig.SecurityOpt'],
  [{ SecurityOpt: ['seccomp:unconfined'] }, 'CONFINEMENT HostConfig.SecurityOpt'],
  [{ SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'] }, 'CONFINEMENT HostConfig.SecurityOpt'],
  [
    { SecurityOpt: ['apparmor=unconfined', 'label=disable'] },
    'CONFINEMENT HostConfig.SecurityOpt',
    'CONFINEMENT HostConfig.SecurityOpt',
  ],
  [{ SecurityOpt: ['writable-cgroups=true'] }, 'CONFINEMENT HostConfig.SecurityOpt'],
  [{ SecurityOpt: ['no-new-privileges', 'no-new-privileges=true', 'apparmor=docker-default'] }],
  [{ SecurityOpt: ['no-new-privileges=false', 'no-new-privileges:TRUE'] }],
  // Whether they weaken something, depends on the daemon.
  [{ SecurityOpt: ['seccomp=builtin'] }, 'daemon info'],
  [{ SecurityOpt: ['seccomp:builtin', 'no-new-privileges:0'] }, 'daemon info', 'daemon info'],
  [{ Runtime: 'kata' }, 'daemon info'],
  [{ Runtime: 'runc' }, 'daemon info'],
  [{ Runtime: '' }],
  [{ MaskedPaths: [] }, 'CONFINEMENT HostConfig.MaskedPaths'],
  [{ MaskedPaths: MASKED_BY_20_10 }, 'CONFINEMENT HostConfig.MaskedPaths'],
  [{ MaskedPaths: [...MASKED_BY_20_10, '/sys/devices/virtual/powercap'] }, 'CONFINEMENT HostConfig.MaskedPaths'],
  [{ MaskedPaths: [...MASKED_BY_20_10, '/proc/interrupts', '/sys/devices/virtual/powercap', '/proc/uptime'] }],
  [{ ReadonlyPaths: ['/proc/sys'] }, 'CONFINEMENT HostConfig.ReadonlyPaths'],
  [{ ReadonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'] }],
  [{ Annotations: { 'run.oci.x': '1' } }, 'RUNTIME HostConfig.Annotations'],
  [{ Sysctls: { 'kernel.shm_rmid_forced': '1', 'net.ipv4.ip_forward': '1' } }, 'KERNEL_PARAMETER HostConfig.Sysctls'],
  [
    { LogConfig: { Type: 'syslog', Config: { 'syslog-address': 'unix:///run/docker.sock' } } },
    'LOG_DRIVER HostConfig.LogConfig',
  ],
  [{ LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', labels: 'a', tag: 'b' } } }],
  [{ LogConfig: { Type: 'journald', Config: { labels: 'CONTAINER_ID_FULL' } } }, 'LOG_DRIVER HostConfig.LogConfig'],
  [{ LogConfig: { Type: '', Config: { tag: 'b' } } }, 'LOG_DRIVER HostConfig.LogConfig'],
  [{ OomScoreAdj: -1 }, 'RESOURCES HostConfig.OomScoreAdj'],
  [{ CpuRealtimeRuntime: 1 }, 'RESOURCES HostConfig.CpuRealtimeRuntime'],
  [{ Ulimits: [{ Name: 'nofile' }, { Name: 'rtprio', Hard: 9 }] }, 'RESOURCES HostConfig.Ulimits.1'],
  [{ Ulimits: [{ Name: 'NICE', Hard: 40 }] }, 'RESOURCES HostConfig.Ulimits.0'],
  [
    { Ulimits: [{ Name: 'n\u0131ce' }, { Name: 'rtpr\u0131o' }] },
    'RESOURCES HostConfig.Ulimits.0',
    'RESOURCES HostConfig.Ulimits.1',
  ],
  [
    {
      BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 1 }],
      BlkioWeightDevice: [{ Path: '/dev/disk/by-id/x', Weight: 10 }],
    },
  ],
  ...[
    'BlkioDeviceReadBps',
    'BlkioDeviceWriteBps',
    'BlkioDeviceReadIOps',
    'BlkioDeviceWriteIOps',
    'BlkioWeightDevice',
  ].flatMap((name) =>
    ['/root/.ssh/id_rsa', '/dev/../root', '', 'dev/sda'].map(
      (Path) => [{ [name]: [{ Path }] }, `HOST_DEVICE HostConfig.${name}.0.Path`] as const,
    ),
  ),
  [{ StorageOpt: { size: '1G' } }],
  [{ PortBindings: { '80/tcp': [{ HostPort: '80' }] }, PublishAllPorts: true }],
]

function inline(DriverConfig: Json): Json {
  return { Type: 'volume', Source: 'v', Target: '/v', VolumeOptions: { DriverConfig } }
}

test('what baseline refuses in the settings of a container', () => {
  for (const [config, ...found] of HOST_CONFIGS) {
    const got = inHostConfig(config).filter((one) => one !== 'volume v')
    assert.deepEqual(got, found, JSON.stringify(config))
  }
})

/** What only `restricted` refuses. */
function ofRestricted(body: Json, name = 'containers.create'): string[] {
  return judge(name, body).flatMap((one) =>
    one.kind === 'finding' && one.from === 'restricted' ? `${one.code} ${one.where}` : [],
  )
}

const HARDENED = { CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges:true'] }

test('what restricted requires of a container', () => {
  assert.deepEqual(ofRestricted({}), [
    'NOT_HARDENED HostConfig.CapDrop',
    'NOT_HARDENED HostConfig.SecurityOpt',
    'ROOT_USER User',
  ])
  assert.deepEqual(ofRestricted({ User: '1000:1000', HostConfig: HARDENED }), [])
  for (const User of ['', '0', '0:1000', 'root', 'app', '00', '+0', '-1', ' 1000'])
    assert.deepEqual(ofRestricted({ User, HostConfig: HARDENED }), ['ROOT_USER User'], User)
  const last = { ...HARDENED, SecurityOpt: ['no-new-privileges', 'no-new-privileges=false'] }
  assert.deepEqual(ofRestricted({ User: '1', HostConfig: last }), ['NOT_HARDENED HostConfig.SecurityOpt'])
  const more = { ...HARDENED, CapAdd: ['NET_BIND_SERVICE', 'CHOWN'], OomKillDisable: true }
  assert.deepEqual(ofRestricted({ User: '1', HostConfig: more }), [
    'CAPABILITY HostConfig.CapAdd.1',
    'RESOURCES HostConfig.OomKillDisable',
  ])
  const ports = {
    '80/tcp': [{ HostPort: '80' }, { HostPort: '8080' }, { HostPort: '' }, { HostPort: '80-90' }, { HostPort: '0-80' }],
  }
  assert.deepEqual(ofRestricted({ User: '1', HostConfig: { ...HARDENED, PortBindings: ports } }), [
    'HOST_NETWORK HostConfig.PortBindings.80/tcp',
    'HOST_NETWORK HostConfig.PortBindings.80/tcp',
    'HOST_NETWORK HostConfig.PortBindings.80/tcp',
  ])
})

test('what baseline refuses in other requests', () => {
  const SYSCTLS = 'com.docker.network.endpoint.sysctls'
  const MODE = 'com.docker.network.bridge.gateway_mode_ipv6'
  type Row = readonly [name: string, body: Json, found: string[], query?: Record<string, string>]
  const rows: readonly Row[] = [
    ['containers.update', { Memory: 1 }, []],
    ['containers.update', { Devices: [{ PathOnHost: '/dev/sda' }] }, ['HOST_DEVICE Devices.0.PathOnHost']],
    ['exec.create', { Privileged: true, Cmd: ['sh'] }, ['PRIVILEGED Privileged']],
    ['exec.create', { Cmd: ['sh'] }, []],
    ['images.commit', {}, ['container one', 'image web:1'], { container: 'one', repo: 'web', tag: '1' }],
    ['images.pull', null, ['image alpine@sha256:ab'], { fromImage: 'alpine', tag: 'sha256:ab' }],
    [
      'networks.create',
      { Name: 'a', Driver: 'macvlan', Options: { parent: 'eth0' } },
      ['networkName a', 'HOST_NETWORK Driver', 'HOST_NETWORK Options.parent'],
    ],
    [
      'networks.create',
      { Name: 'a', IPAM: { Config: [{ Subnet: '10.1.0.0/16' }, { Subnet: '172.20.0.0/16' }] } },
      ['networkName a'],
    ],
    ['networks.create', { Name: 'a', IPAM: { Config: [{ Subnet: 'fd00:1::/64' }] } }, ['networkName a']],
    [
      'networks.create',
      { Name: 'a', IPAM: { Config: [{ Subnet: '8.8.8.0/24' }] } },
      ['networkName a', 'HOST_NETWORK IPAM.Config.0.Subnet'],
    ],
    [
      'networks.create',
      { Name: 'a', IPAM: { Config: [{ Subnet: '10.0.0.0/7' }] } },
      ['networkName a', 'HOST_NETWORK IPAM.Config.0.Subnet'],
    ],
    [
      'networks.create',
      { Name: 'a', IPAM: { Config: [{ Subnet: '2000::/3' }] } },
      ['networkName a', 'HOST_NETWORK IPAM.Config.0.Subnet'],
    ],
    ['networks.create', { Name: 'a', Ingress: true }, ['networkName a', 'HOST_NETWORK Ingress']],
    [
      'networks.connect',
      { Container: 'one', EndpointConfig: { DriverOpts: { a: 'b' } } },
      ['network ', 'container one', 'HOST_NETWORK EndpointConfig.DriverOpts.a'],
    ],
    [
      'networks.connect',
      { Container: 'one', EndpointConfig: { DriverOpts: { 'com.docker.network.endpoint.ifname': 'web0' } } },
      ['network ', 'container one'],
    ],
    [
      'networks.connect',
      { Container: 'one', EndpointConfig: { DriverOpts: { [SYSCTLS]: 'net.ipv4.conf.IFNAME.forwarding=1' } } },
      ['network ', 'container one', `KERNEL_PARAMETER EndpointConfig.DriverOpts.${SYSCTLS}`],
    ],
    ['networks.create', { Name: 'a', Options: { [MODE]: 'nat' } }, ['networkName a']],
    ['networks.create', { Name: 'a', Options: { [MODE]: 'isolated' } }, ['networkName a']],
    ...['routed', 'nat-unprotected', '', 'Nat', 'toString'].map((mode): Row => {
      return [
        'networks.create',
        { Name: 'a', Options: { [MODE]: mode } },
        ['networkName a', `HOST_NETWORK Options.${MODE}`],
      ]
    }),
    [
      'volumes.create',
      { Driver: 'local', DriverOpts: { type: 'none', o: 'bind', device: '/etc' } },
      ['HOST_PATH DriverOpts'],
    ],
    ['volumes.create', { Driver: 'local', DriverOpts: { device: '/etc' } }, ['HOST_PATH DriverOpts']],
    ['volumes.create', { Name: 'v' }, []],
    ['volumes.create', { Driver: 'x' }, ['VOLUME_DRIVER Driver']],
    ['services.create', service({ Image: 'a' }), ['image a', 'network bridge']],
    [
      'services.create',
      service({ Image: 'a' }, { Networks: [{ Target: 'host' }] }),
      ['image a', 'HOST_NAMESPACE TaskTemplate.Networks.0.Target'],
    ],
    ['services.create', { Networks: [{ Target: 'host' }] }, ['HOST_NAMESPACE Networks.0.Target']],
    [
      'services.create',
      service({ Mounts: [{ Type: 'bind', Source: '/' }] }),
      ['HOST_PATH TaskTemplate.ContainerSpec.Mounts.0.Source', 'network bridge'],
    ],
    [
      'services.create',
      service({ CapabilityAdd: ['CAP_SYS_ADMIN'] }),
      ['CAPABILITY TaskTemplate.ContainerSpec.CapabilityAdd.0', 'network bridge'],
    ],
    [
      'services.create',
      service({ Privileges: { Seccomp: { Mode: 'unconfined' }, AppArmor: { Mode: 'disabled' } } }),
      [
        'CONFINEMENT TaskTemplate.ContainerSpec.Privileges.Seccomp',
        'CONFINEMENT TaskTemplate.ContainerSpec.Privileges.AppArmor',
        'network bridge',
      ],
    ],
    [
      'services.create',
      { TaskTemplate: { PluginSpec: { Remote: 'x' }, Runtime: 'plugin' } },
      ['SWARM_PLUGIN TaskTemplate.PluginSpec', 'SWARM_PLUGIN TaskTemplate.Runtime', 'network bridge'],
    ],
    ['services.update', null, ['network bridge', 'service '], { rollback: 'previous' }],
    [
      'services.create',
      service({ Mounts: [{ Type: 'volume', Source: '{{"etc"}}', Target: '/h' }] }),
      ['HOST_PATH TaskTemplate.ContainerSpec.Mounts.0', 'volume {{"etc"}}', 'network bridge'],
    ],
    ['secrets.create', { Name: 's', Data: 'eA==', Labels: { a: 'b' }, Driver: {}, Templating: null }, []],
    ['secrets.create', { Name: 's', Driver: { Name: 'vault' } }, ['SWARM_PLUGIN Driver']],
    ['secrets.update', { Name: 's', Templating: { Name: 'golang' } }, ['SWARM_PLUGIN Templating']],
    ['configs.create', { Name: 'c', Data: 'eA==', Templating: { Name: 'golang' } }, ['SWARM_PLUGIN Templating']],
    ['configs.update', { Name: 'c', Labels: {}, Templating: { Options: { a: 'b' } } }, ['SWARM_PLUGIN Templating']],
    [
      'services.create',
      service({ Secrets: [{ SecretName: 's', SecretID: 'x' }], Configs: [{ ConfigName: 'c', ConfigID: 'y' }] }),
      ['network bridge'],
    ],
    [
      'services.create',
      service({
        Privileges: { NoNewPrivileges: false, Seccomp: { Mode: 'default' }, AppArmor: { Mode: 'default' } },
      }),
      ['network bridge'],
    ],
    ['images.build', null, ['HOST_NAMESPACE networkmode'], { networkmode: 'host' }],
    ['images.build', null, ['container one'], { networkmode: 'container:one' }],
    ['images.build', null, ['network bridge', 'BUILD_OPTION securityopt'], { securityopt: '["seccomp=unconfined"]' }],
    ['images.build', null, ['network bridge', 'BUILD_OPTION cgroupparent'], { cgroupparent: 'default' }],
    ['images.build', null, ['network bridge', 'BUILD_OPTION cgroupparent'], { cgroupparent: 'null' }],
    ['images.build', null, ['network bridge', 'BUILD_OPTION isolation'], { isolation: '[]' }],
    ['images.build', null, ['network bridge'], { cgroupparent: '', ulimits: 'null', isolation: 'default' }],
    ['images.build', null, ['network bridge', 'image a'], { t: 'a', version: '2' }],
    ['images.build', null, [], { networkmode: 'none' }],
    ...remotes(['', 'client-session', ...DOWNLOADS]),
    ...remotes(REPOSITORIES, 'BUILD_OPTION remote'),
    ['containers.start', null, ['RUNTIME checkpoint'], { checkpoint: 'x' }],
    ['containers.start', null, []],
  ]
  for (const [name, body, found, query] of rows)
    assert.deepEqual(summary(name, body, query), found, `${name} ${JSON.stringify(body)}`)
})
