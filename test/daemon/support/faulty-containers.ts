import type { ContainerCreateRequest } from '../../../lib/index.ts'

/** What the checks demand, for a program that needs nothing. */
export const HARDENED: ContainerCreateRequest = {
  User: '65534:65534',
  Cmd: ['sleep', '1000'],
  Env: ['POSTGRES_PASSWORD_FILE=/run/secrets/password'],
  Healthcheck: { Test: ['CMD', 'true'], Interval: 60_000_000_000 },
  ExposedPorts: { '80/tcp': {} },
  HostConfig: {
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    ReadonlyRootfs: true,
    Tmpfs: { '/tmp': 'rw,noexec,nosuid,size=64k' },
    Init: true,
    Memory: 32 * 1024 ** 2,
    NanoCpus: 500_000_000,
    PidsLimit: 50,
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
    NetworkMode: 'own',
    // The default on cgroup v1 is host.
    CgroupnsMode: 'private',
    PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } },
    Mounts: [{ Type: 'volume', Source: 'audit-data', Target: '/data' }],
  },
}

/** The name of a process is that of its script. */
const PRETEND_SSHD =
  'printf "#!/bin/sh\\nsleep 1000\\n" > /tmp/sshd; chmod +x /tmp/sshd; exec /tmp/sshd secret-argument'

export interface Faulty {
  readonly request: ContainerCreateRequest
  /** Checks that have to fail. */
  readonly fail?: string
  readonly warn?: string
  /** It can't be started on this machine. */
  readonly onlyCreated?: true
}

/** Containers with faults, and the checks that have to tell. */
export const FAULTY: Readonly<Record<string, Faulty>> = {
  plain: {
    request: {},
    fail: 'C-NNP C-USER C-RO C-MEM C-CPU C-PIDS C-LOGSIZE C-BRIDGE',
    warn: 'C-CAPDROP C-NETRAW C-HEALTH',
  },
  privileged: { request: { HostConfig: { Privileged: true } }, fail: 'C-PRIV C-CAPS C-CAPDROP C-SECCOMP C-MASK' },
  capable: { request: { HostConfig: { CapAdd: ['cap_sys_admin', 'NET_RAW'] } }, fail: 'C-CAPS' },
  namespaces: {
    request: {
      HostConfig: { NetworkMode: 'host', PidMode: 'host', IpcMode: 'host', UTSMode: 'host', CgroupnsMode: 'host' },
    },
    fail: 'C-NET C-PID C-IPC C-UTS C-NETRAW',
  },
  joined: {
    request: { HostConfig: { NetworkMode: 'container:namespaces', PidMode: 'container:namespaces' } },
    fail: 'C-NET C-PID',
  },
  unconfined: {
    request: {
      HostConfig: {
        SecurityOpt: ['seccomp=unconfined', 'no-new-privileges:false'],
        MaskedPaths: [],
        ReadonlyPaths: [],
      },
    },
    fail: 'C-SECCOMP C-NNP C-MASK',
  },
  exposed: {
    request: {
      Env: ['DOCKER_HOST=tcp://127.0.0.2:2375', 'DB_PASSWORD=canary-value', 'DOCKER_TLS_VERIFY='],
      HostConfig: {
        Binds: ['/etc:/host-etc:ro', '/var/run/:/host-run', 'audit-hidden:/hidden'],
        Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/x', CgroupPermissions: 'r' }],
        DeviceCgroupRules: ['b *:* r'],
        Mounts: [
          {
            Type: 'volume',
            Source: 'audit-inline',
            Target: '/inline',
            VolumeOptions: { DriverConfig: { Name: 'local', Options: { type: 'none', o: 'bind', device: '/etc' } } },
          },
          { Type: 'bind', Source: '/srv', Target: '/srv', ReadOnly: true, BindOptions: { ReadOnlyNonRecursive: true } },
        ],
      },
    },
    fail: 'C-HOSTDIR C-SOCK C-SOCKETS C-VOLBIND C-MOUNTDRV C-DEV C-RORECURSE C-ENV',
    warn: 'C-DOCKERHOST',
  },
  kernel: { request: { HostConfig: { Binds: ['audit-kernel:/kernel'] } }, fail: 'C-HOSTDIR C-VOLBIND' },
  restarting: {
    request: {
      Cmd: ['sh', '-c', 'exit 1'],
      ExposedPorts: { '2375/tcp': {} },
      HostConfig: { RestartPolicy: { Name: 'always' }, PortBindings: { '2375/tcp': [{ HostPort: '1025' }] } },
    },
    fail: 'C-PORT C-2375',
  },
  heir: { request: { HostConfig: { VolumesFrom: ['exposed:ro'] } }, fail: 'C-VOLFROM C-SOCK C-HOSTDIR C-VOLBIND' },
  limits: {
    onlyCreated: true,
    request: {
      HostConfig: {
        OomScoreAdj: -500,
        Ulimits: [{ Name: 'nofile', Soft: 1_048_576, Hard: 1_048_576 }],
        CgroupParent: '/audit',
        Sysctls: { 'net.ipv4.ip_forward': '1' },
        RestartPolicy: { Name: 'always' },
        LogConfig: { Type: 'none' },
      },
    },
    fail: 'C-OOM C-ULIMIT C-LOGSIZE',
    warn: 'C-CGPARENT C-SYSCTL C-RESTART',
  },
  published: {
    request: {
      ExposedPorts: { '2375/tcp': {} },
      HostConfig: { PortBindings: { '2375/tcp': [{ HostIp: '', HostPort: '1023' }] } },
    },
    fail: 'C-PORT C-2375',
    warn: 'C-LOWPORT',
  },
  login: {
    request: { Cmd: ['sh', '-c', PRETEND_SSHD], Healthcheck: { Test: ['NONE'] } },
    fail: 'C-SSHD',
    warn: 'C-HEALTH',
  },
  latest: { request: { Image: 'audit-drift' }, warn: 'C-TAG C-DRIFT' },
  exec: { request: { User: '65534' }, fail: 'C-EXEC' },
}
