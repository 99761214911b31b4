import { bindMount, volumeMount, type Raw, type Surroundings } from './containers.ts'
import { host, NO_INFO, ROOTFUL, ROOTLESS, rows, type Row } from './row.ts'

const bind = (source: string, writable = true): Raw => ({ Mounts: [bindMount(source, '/mnt', writable)] })
const IN_VOLUME: Raw = { Mounts: [volumeMount('hidden', '/mnt')] }
const volumeOf = (o: string, device: string, type = 'none'): Surroundings => ({
  ...ROOTFUL,
  volumes: [{ Name: 'hidden', Driver: 'local', Options: { type, o, device } }],
})
const NO_VOLUMES: Surroundings = { ...ROOTFUL, volumes: null }
const env = (...Env: readonly string[]): Raw => ({ Config: { Env } })
const published = (ports: Raw): Raw => ({ NetworkSettings: { Ports: ports } })
const port = (HostIp: string, HostPort = '8080'): Raw[] => [{ HostIp, HostPort }]
const stopped = (HostConfig: Raw): Raw => ({ State: { Running: false }, HostConfig, NetworkSettings: { Ports: {} } })
const requested = (mount: Raw): Raw => host({ Mounts: [{ Target: '/mnt', ...mount }] })
const driver = (Options: Raw | null, Name?: string): Raw =>
  requested({ Type: 'volume', VolumeOptions: { DriverConfig: { ...(Name !== undefined && { Name }), Options } } })

const accessRows: readonly Row[] = [
  ...rows(
    'C-SOCK',
    ['pass', {}, ROOTFUL],
    ['pass', bind('/run/user/1000/pulse'), ROOTFUL],
    ['pass', bind('/var/runner'), ROOTFUL],
    ...[
      '/run/docker.sock',
      '/var/run/docker.sock',
      '/run',
      '/var/run/',
      '/',
      '/etc/../run/./docker.sock',
      '//run//docker.sock',
    ].map((path) => ['fail', bind(path), ROOTFUL] as const),
    ['fail', bind('/var/run/docker.sock', false), ROOTFUL],
    ['fail', bind('/proc/1/root/run/docker.sock'), ROOTFUL],
    ['fail', bind('/run/user/1000/docker.sock'), ROOTLESS],
    ['warn', bind('/run/docker.sock')],
    ['fail', { ...bind('/run/docker.sock'), HostConfig: { UsernsMode: 'host' } }],
    ['fail', bind('/run/docker.sock'), NO_INFO],
    ['warn', { Mounts: [bindMount('/srv/proxy.sock', '/var/run/docker.sock')] }, ROOTFUL],
    ['fail', IN_VOLUME, volumeOf('bind', '/run'), 'in volume hidden'],
    ['unknown', IN_VOLUME, NO_VOLUMES],
    ['unknown', { Mounts: undefined }],
    ['unknown', { Mounts: [{ ...bindMount('/srv', '/mnt'), RW: undefined }] }],
  ),
  ...rows(
    'C-SOCKETS',
    ['pass', {}, ROOTFUL],
    ...[
      '/run/containerd/containerd.sock',
      '/var/run/containerd',
      '/run/podman/podman.sock',
      '/var/run/crio/crio.sock',
    ].map((path) => ['fail', bind(path, false), ROOTFUL] as const),
    ...[
      '/run/buildkit',
      '/run/docker/plugins/x.sock',
      '/run/docker',
      '/run/systemd',
      '/',
      '/run/user/0/podman/podman.sock',
    ].map((path) => ['fail', bind(path), ROOTFUL] as const),
    ['warn', bind('/run/containerd/containerd.sock')],
    ['warn', bind('/run/dbus/system_bus_socket'), ROOTFUL],
    ['pass', bind('/run/systemd/journal'), ROOTFUL],
    ['fail', IN_VOLUME, volumeOf('rbind,ro', '/run/containerd')],
    ['unknown', IN_VOLUME, NO_VOLUMES],
    ['unknown', { Mounts: undefined }],
  ),
  ...rows(
    'C-DOCKERHOST',
    ['pass', {}],
    ['pass', env('DOCKER_HOST=unix:///run/proxy.sock')],
    ['pass', env('DOCKER_HOST=ssh://ann@build01')],
    ['pass', env('DOCKER_HOST=tcp://build01:2376', 'DOCKER_TLS_VERIFY=1')],
    ['fail', env('DOCKER_HOST=tcp://build01:2375'), {}, 'tcp://build01:2375'],
    ['fail', env('DOCKER_HOST=build01:2375')],
    ['fail', env('DOCKER_HOST=tcp://build01:2375', 'DOCKER_TLS_VERIFY=')],
    ['fail', env('DOCKER_HOST=unix:///x', 'DOCKER_HOST=http://build01:2375')],
    ['fail', env('DOCKER_HOST=tcp://ann:secret@build01:2375'), {}, 'tcp://***@build01:2375'],
    ['warn', env('DOCKER_HOST=tcp://localhost:2375')],
    ['warn', env('DOCKER_HOST=tcp://docker:2376', 'DOCKER_TLS_CERTDIR=/certs')],
    ['warn', env('DOCKER_HOST=tcp://build01:2376', 'DOCKER_TLS=1')],
    ['unknown', env('DOCKER_HOST=gopher://x')],
    ['unknown', { Config: { Env: undefined } }],
  ),
  ...rows(
    'C-DEV',
    ['pass', {}],
    ['pass', host({ Devices: null })],
    ...['/dev/sda', '/dev/nvme0n1p1', '/dev/mapper/root', '/dev/../dev/mem', '/dev', '/dev/kmsg'].map(
      (PathOnHost) =>
        ['fail', host({ Devices: [{ PathOnHost, PathInContainer: '/dev/x', CgroupPermissions: 'r' }] })] as const,
    ),
    ['warn', host({ Devices: [{ PathOnHost: '/dev/fuse', PathInContainer: '/dev/fuse', CgroupPermissions: 'rwm' }] })],
    ['warn', host({ DeviceCgroupRules: ['c 189:* rmw'] })],
    ...['a *:* rwm', 'b 8:* r', 'c *:* rwm', 'c 1:1 r'].map(
      (rule) => ['fail', host({ DeviceCgroupRules: [rule] })] as const,
    ),
    ['warn', host({ DeviceRequests: [{ Driver: 'nvidia', Count: -1 }] }), {}, 'nvidia'],
    ['unknown', host({ Devices: [{ PathInContainer: '/dev/x' }] })],
    ['unknown', host({ Devices: undefined })],
  ),
]

const mountRows: readonly Row[] = [
  ...rows(
    'C-HOSTDIR',
    ['pass', {}, ROOTFUL],
    ...[
      '/etc/localtime',
      '/etc/ssl/certs',
      '/lib/modules',
      '/usr/share/zoneinfo',
      '/sys/fs/cgroup',
      '/var/log',
      '/run/udev',
    ].map((path) => ['pass', bind(path, false), ROOTFUL] as const),
    ...[
      '/etc',
      '/',
      '/var',
      '/var/lib/docker',
      '/root',
      '/proc',
      '/etc/shadow',
      '/etc/docker/tls',
      '/home/ann/.ssh',
      '/proc/1/root',
    ].map((path) => ['fail', bind(path, false), ROOTFUL] as const),
    ...[
      '/usr',
      '/lib/',
      '/boot',
      '/etc/../etc/ssh',
      '/usr/local/bin',
      '/etc/cron.d',
      '/sys/fs/cgroup',
      '/proc/sys',
      '/proc/self/root/etc',
    ].map((path) => ['fail', bind(path), ROOTFUL] as const),
    ...['/usr', '/lib', '/boot', '/home/ann', '/var/lib/docker/containers'].map(
      (path) => ['warn', bind(path, false), ROOTFUL] as const,
    ),
    ['warn', bind('/etc/letsencrypt'), ROOTFUL],
    ['warn', bind('/var/lib/docker/volumes/x/_data'), ROOTFUL],
    ['fail', bind('/mnt/data', false), { info: { DockerRootDir: '/mnt/data/docker', SecurityOptions: [] } }],
    ['warn', bind('/etc')],
    ['fail', bind('/etc'), NO_INFO],
    ['fail', IN_VOLUME, volumeOf('bind', '/etc'), '/etc at /mnt, writable, in volume hidden'],
    ['fail', IN_VOLUME, volumeOf('lowerdir=/etc,upperdir=/a,workdir=/b', 'overlay', 'overlay')],
    ['pass', IN_VOLUME, volumeOf('addr=nas,rw,password=x', ':/export', 'nfs')],
    ['pass', IN_VOLUME, volumeOf('username=ann,password=x', '//nas/share', 'cifs')],
    ['unknown', IN_VOLUME, NO_VOLUMES],
    ['unknown', IN_VOLUME, { volumes: [] }],
    ['unknown', { Mounts: undefined }],
  ),
  ...rows(
    'C-VOLBIND',
    ['pass', {}],
    ['pass', { Mounts: [volumeMount('remote', '/mnt', 'rexray')] }],
    ['pass', bind('/etc'), ROOTFUL],
    ['fail', IN_VOLUME, volumeOf('bind', '/etc')],
    ['fail', IN_VOLUME, volumeOf('rbind', '/run/docker.sock')],
    ['warn', IN_VOLUME, volumeOf('bind', '/srv/data')],
    ['warn', IN_VOLUME, volumeOf('', '/dev/sdb1', 'ext4')],
    ['unknown', IN_VOLUME, NO_VOLUMES],
    ['unknown', { Mounts: undefined }],
  ),
  ...rows(
    'C-MOUNTDRV',
    ['pass', {}],
    ['pass', requested({ Type: 'volume', Source: 'data' })],
    ['pass', requested({ Type: 'bind', Source: '/etc' })],
    ['pass', driver(null)],
    ['fail', driver({ type: 'none', o: 'bind', device: '/etc' })],
    ['fail', driver({ type: 'none', o: 'ro,bind', device: '/var/run' }, 'local')],
    ['warn', driver({ type: 'none', o: 'bind', device: '/srv/data' })],
    ['warn', driver({ path: '/' }, 'sshfs'), {}, 'sshfs'],
    ['unknown', driver({ device: 7 })],
    ['unknown', host({ Mounts: 'x' })],
  ),
  ...rows(
    'C-VOLFROM',
    ['pass', {}],
    [
      'pass',
      {
        ...host({ VolumesFrom: ['db'] }),
        Mounts: [volumeMount('data', '/data'), bindMount('/srv/web/conf', '/conf/')],
      },
    ],
    ['fail', { ...host({ VolumesFrom: ['db:ro'] }), ...bind('/run/docker.sock', false) }, ROOTFUL],
    ['fail', { ...host({ VolumesFrom: ['gone'] }), ...bind('/etc') }, ROOTFUL],
    ['warn', { ...host({ VolumesFrom: ['db'] }), ...bind('/srv/db') }],
    ['unknown', { ...host({ VolumesFrom: ['db'] }), ...IN_VOLUME }, NO_VOLUMES],
    ['unknown', host({ VolumesFrom: undefined })],
  ),
  ...rows(
    'C-PROP',
    ['pass', {}],
    ['pass', { Mounts: [{ ...bindMount('/srv', '/mnt'), Propagation: 'rslave' }] }],
    ['fail', { Mounts: [{ ...bindMount('/srv', '/mnt'), Propagation: 'rshared' }] }],
    ['fail', { Mounts: [{ ...bindMount('/srv', '/mnt'), Propagation: 'shared' }] }],
    ['unknown', { Mounts: [{ ...bindMount('/srv', '/mnt'), Propagation: undefined }] }],
  ),
  ...rows(
    'C-RORECURSE',
    ['pass', {}],
    ['not-applicable', { Mounts: [] }],
    ['fail', requested({ Type: 'bind', ReadOnly: true, BindOptions: { ReadOnlyNonRecursive: true } })],
    ['pass', requested({ Type: 'bind', ReadOnly: true, BindOptions: { NonRecursive: true } })],
    ['warn', {}, { version: { ApiVersion: '1.43' } }],
    ['warn', {}, { info: { KernelVersion: '5.10.0-28-amd64' } }],
    ['unknown', {}, { version: null }],
    ['unknown', {}, NO_INFO],
  ),
  ...rows(
    'C-IMGMOUNT',
    ['pass', {}],
    ['pass', requested({ Type: 'image', Source: `tools@sha256:${'0'.repeat(64)}` })],
    ['warn', requested({ Type: 'image', Source: 'tools:1' })],
    ['fail', requested({ Type: 'npipe', Source: '\\\\.\\pipe\\docker_engine' })],
    ['unknown', host({ Mounts: [7] })],
  ),
]

const V6 = { Id: 'e'.repeat(64), Name: 'own', Driver: 'bridge', EnableIPv6: true, Options: {} }
const bound = (address: string): Surroundings => ({
  networks: [{ ...V6, EnableIPv6: false, Options: { 'com.docker.network.bridge.host_binding_ipv4': address } }],
})

const portRows: readonly Row[] = [
  ...rows(
    'C-PORT',
    ['pass', {}],
    ['pass', published({ '80/tcp': null })],
    ...['0.0.0.0', '::', '0:0:0:0:0:0:0:0', '[::]', ''].map(
      (address) => ['fail', published({ '80/tcp': port(address) })] as const,
    ),
    ['pass', published({ '80/tcp': port('::1') })],
    ['pass', published({ '80/tcp': port('10.0.0.5') })],
    ['fail', stopped({ PortBindings: { '80/tcp': port('') } })],
    ['pass', stopped({ PortBindings: { '80/tcp': port('') } }), bound('127.0.0.1')],
    ['fail', stopped({ PortBindings: {}, PublishAllPorts: true })],
    ['not-applicable', host({ NetworkMode: 'host' })],
    ['not-applicable', host({ NetworkMode: 'container:db' })],
    ['unknown', published({ '80/tcp': 'all' })],
    ['unknown', { NetworkSettings: { Ports: undefined } }],
  ),
  ...rows(
    'C-LOWPORT',
    ['pass', {}],
    ['pass', published({ '80/tcp': port('127.0.0.1', '443') })],
    ['warn', published({ '22/tcp': port('127.0.0.1', '22') }), {}, '127.0.0.1:22 for 22/tcp'],
    ['not-applicable', host({ NetworkMode: 'none' })],
    ['unknown', { NetworkSettings: { Ports: undefined } }],
  ),
  ...rows(
    'C-2375',
    ['pass', {}],
    ['fail', published({ '2375/tcp': port('0.0.0.0', '32768') })],
    ['fail', published({ '80/tcp': port('10.0.0.5', '2375') })],
    ['warn', published({ '2375/tcp': port('127.0.0.1', '2375') })],
    ['warn', published({ '2376/tcp': port('0.0.0.0', '2376') })],
    ['warn', published({ '2375/tcp': null }), {}, 'networks'],
    ['unknown', { NetworkSettings: { Ports: undefined } }],
  ),
  ...rows(
    'C-BRIDGE',
    ['pass', {}],
    ['fail', host({ NetworkMode: 'bridge' })],
    ['fail', host({ NetworkMode: 'default' })],
    ['fail', { NetworkSettings: { Networks: { own: {}, bridge: {} } } }],
    [
      'warn',
      host({ NetworkMode: 'bridge' }),
      { networks: [{ Name: 'bridge', Options: { 'com.docker.network.bridge.enable_icc': 'false' } }] },
    ],
    ['unknown', { NetworkSettings: { Networks: undefined } }],
  ),
  ...rows(
    'N-V6',
    ['pass', {}],
    ['pass', published({ '80/tcp': [...port('0.0.0.0'), ...port('::')] }), { networks: [V6] }],
    ['warn', published({ '80/tcp': [...port('0.0.0.0'), ...port('::')] })],
    ['fail', published({ '80/tcp': [...port('127.0.0.1'), ...port('::')] }), {}, '127.0.0.1'],
    ['not-applicable', { State: { Running: false } }],
    ['unknown', published({ '80/tcp': port('::') }), { networks: null }],
    ['unknown', { NetworkSettings: { Ports: undefined } }],
  ),
]

const image = (Image: string, Id?: string): Raw => ({ Config: { Image }, ...(Id !== undefined && { Image: Id }) })
const DIGEST = `web@sha256:${'2'.repeat(64)}`

const imageRows: readonly Row[] = [
  ...rows(
    'C-RO',
    ['pass', {}],
    ['fail', host({ ReadonlyRootfs: false })],
    ['unknown', host({ ReadonlyRootfs: undefined })],
  ),
  ...rows(
    'C-HEALTH',
    ['pass', {}, {}, 'healthy'],
    ['warn', { Config: { Healthcheck: undefined } }],
    ['warn', { Config: { Healthcheck: { Test: ['NONE'] } } }],
    ['unknown', { Config: { Healthcheck: 'curl' } }],
  ),
  ...rows(
    'C-TAG',
    ['pass', {}],
    ['pass', image(DIGEST)],
    ['pass', image('1'.repeat(12))],
    ['warn', image('web')],
    ['warn', image('web:latest')],
    ['warn', image('registry.example.com:5000/web')],
    ['warn', image('d'.repeat(12)), {}, 'dddddddddddd'],
    ['unknown', { Config: { Image: undefined } }],
  ),
  ...rows(
    'C-DRIFT',
    ['pass', {}],
    ['warn', {}, { listedImage: `sha256:${'1'.repeat(64)}` }],
    ['not-applicable', image(DIGEST)],
    ['unknown', {}, { listedImage: undefined }],
  ),
  ...rows(
    'C-ENV',
    ['pass', {}],
    [
      'pass',
      env('GPG_KEY=A035', 'PASSWORD=', 'MYSQL_ALLOW_EMPTY_PASSWORD=yes', 'TOKEN_PATH=/x', 'PWD=/', 'SSH_AUTH_SOCK=/x'),
    ],
    ...[
      'DB_PASSWORD',
      'PASSWORD',
      'githubToken',
      'api-key',
      'AWS_SECRET_ACCESS_KEY',
      'spring.datasource.password',
      'JWT_SECRET',
    ].map((name) => ['fail', env(`${name}=hunter2`), {}, name] as const),
    ['warn', env('REDIS_PASS=x')],
    ['warn', env('APP_KEY=x')],
    ['unknown', { Config: { Env: 'A=1' } }],
  ),
  ...rows(
    'C-SSHD',
    ['pass', {}],
    ['fail', {}, { commands: ['sh', 'sshd'] }],
    ['fail', {}, { commands: ['dropbear'] }],
    ['pass', {}, { commands: ['ssh', 'ssh-agent'] }],
    ['unknown', {}, { commands: [] }],
    ['unknown', {}, { commands: null }],
    ['not-applicable', { State: { Running: false } }],
  ),
  ...rows(
    'D-STALE-C',
    ['pass', {}],
    ['fail', { State: { StartedAt: '2026-09-01T00:00:00Z' } }],
    ['warn', { State: { StartedAt: '2026-09-01T00:00:00Z' } }, { info: { LiveRestoreEnabled: false } }],
    ['not-applicable', { State: { Running: false, StartedAt: '2026-09-01T00:00:00Z' } }],
    ['unknown', { State: { StartedAt: '0001-01-01T00:00:00Z' } }],
    ['unknown', {}, { version: { BuildTime: 'yesterday' } }],
    ['unknown', {}, { version: null }],
  ),
]

/** The rows about mounts, ports, images and what leads out of a container. */
export const FILE_ROWS: readonly Row[] = [...accessRows, ...mountRows, ...portRows, ...imageRows]
