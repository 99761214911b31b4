import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ENDPOINT_SYSCTLS } from '../../lib/container/endpoint-options.ts'
import { hardened, reviewCreate } from '../../lib/audit/hardened.ts'
import type { Finding } from '../../lib/audit/check.ts'
import type { Status } from '../../lib/audit/verdict.ts'
import type { ContainerCreateRequest, HostConfig } from '../../lib/index.ts'
import { snapshotWith } from './support/containers.ts'

const DAEMON = snapshotWith(
  {},
  { volumes: [{ Name: 'hidden', Driver: 'local', Options: { o: 'bind', device: '/etc' } }] },
)
const ids = (findings: readonly Finding[], ...statuses: readonly Status[]): string[] =>
  findings.filter(({ status }) => statuses.includes(status)).map(({ check }) => check)

/** Requests, and the checks that fail or warn (among others) on a daemon with user namespaces. */
const REQUESTS: readonly (readonly [request: ContainerCreateRequest, faults: string, remaining: string])[] = [
  [{ Image: 'web:1' }, 'C-CAPDROP C-NETRAW C-NNP C-RO C-MEM C-CPU C-PIDS C-BRIDGE', 'C-BRIDGE'],
  [{ Image: 'web' }, 'C-TAG', 'C-TAG C-BRIDGE'],
  [{ HostConfig: { Privileged: true } }, 'C-PRIV C-CAPS C-SECCOMP C-APPARMOR C-LABEL C-MASK', 'C-BRIDGE'],
  [
    {
      HostConfig: {
        NetworkMode: 'host',
        PidMode: 'host',
        IpcMode: 'host',
        UTSMode: 'host',
        UsernsMode: 'host',
        CgroupnsMode: 'host',
      },
    },
    'C-NET C-PID C-IPC C-UTS C-USERNS C-CGROUPNS',
    'C-BRIDGE',
  ],
  [
    {
      HostConfig: {
        CapAdd: ['sys_admin', 'NET_RAW', 'CHOWN'],
        SecurityOpt: ['seccomp:unconfined', 'apparmor=unconfined', 'label:disable'],
      },
    },
    'C-CAPS C-NETRAW C-SECCOMP C-APPARMOR C-LABEL',
    'C-BRIDGE',
  ],
  [{ HostConfig: { MaskedPaths: [], ReadonlyPaths: [] } }, 'C-MASK', 'C-BRIDGE'],
  [{ User: 'root' }, 'C-USER', 'C-BRIDGE'],
  [{ HostConfig: { Binds: ['/run/docker.sock:/x:ro'] } }, 'C-SOCK', 'C-BRIDGE C-SOCK'],
  [
    { HostConfig: { Binds: ['hidden:/x', '/srv:/srv:shared'] } },
    'C-VOLBIND C-HOSTDIR C-PROP',
    'C-BRIDGE C-VOLBIND C-HOSTDIR',
  ],
  [
    {
      HostConfig: {
        Mounts: [{ Type: 'bind', Source: '/srv', Target: '/tmp', BindOptions: { Propagation: 'rshared' } }],
      },
    },
    'C-PROP',
    'C-BRIDGE',
  ],
  [{ ExposedPorts: { '80/tcp': {} }, HostConfig: { PublishAllPorts: true } }, 'C-PORT', 'C-BRIDGE'],
  [{ HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080' }] } } }, 'C-PORT', 'C-BRIDGE'],
  [{ HostConfig: { Sysctls: { 'net.ipv4.ip_forward': '1', 'net.core.somaxconn': '9' } } }, 'C-SYSCTL', 'C-BRIDGE'],
  [
    {
      HostConfig: { NetworkMode: 'bridge' },
      NetworkingConfig: {
        EndpointsConfig: { bridge: { DriverOpts: { [ENDPOINT_SYSCTLS]: 'net.ipv4.conf.IFNAME.forwarding=1' } } },
      },
    },
    'C-SYSCTL',
    'C-BRIDGE',
  ],
  [
    { HostConfig: { OomScoreAdj: -5, OomKillDisable: true, RestartPolicy: { Name: 'always' }, CgroupParent: '/' } },
    'C-OOM C-RESTART C-CGPARENT',
    'C-BRIDGE',
  ],
  [{ HostConfig: { LogConfig: { Type: 'json-file', Config: {} } } }, 'C-LOGSIZE', 'C-BRIDGE'],
  [
    {
      HostConfig: {
        Ulimits: [
          { Name: 'nofile', Soft: -1, Hard: -1 },
          { Name: 'core', Soft: 0, Hard: 0 },
        ],
      },
    },
    'C-ULIMIT',
    'C-BRIDGE',
  ],
]

function frozen<Type>(value: Type): Type {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen)
  return value
}

describe('reviewCreate and hardened', () => {
  for (const [given, faults, remaining] of REQUESTS) {
    const request = frozen({ Image: 'web:1.2', Healthcheck: { Test: ['CMD', 'true'] }, ...given })
    test(`${JSON.stringify(given)}: ${faults}`, () => {
      const found = ids(reviewCreate(request, { daemon: DAEMON }), 'fail', 'warn')
      assert.deepEqual(
        faults.split(' ').filter((id) => !found.includes(id)),
        [],
      )
      const result = hardened(request, {}, { daemon: DAEMON })
      assert.deepEqual(ids(result.remaining, 'fail', 'warn', 'unknown').toSorted(), remaining.split(' ').toSorted())
      assert.deepEqual(hardened(result.body, {}, { daemon: DAEMON }).changes, [], 'a second time changes nothing')
      assert.ok(result.changes.length > 5, 'it says what it changed')
    })
  }

  test('changes say the setting, its check, and both values', () => {
    const { changes, body } = hardened(
      { User: 'root', HostConfig: { CapAdd: ['SYS_ADMIN', 'CHOWN'] } },
      {},
      { daemon: DAEMON },
    )
    assert.deepEqual(
      changes.filter(({ setting }) => ['User', 'HostConfig.CapAdd', 'HostConfig.Init'].includes(setting)),
      [
        { check: 'C-CAPS', setting: 'HostConfig.CapAdd', before: ['SYS_ADMIN', 'CHOWN'], after: ['CHOWN'] },
        { check: 'C-USER', setting: 'User', before: 'root', after: '65534:65534' },
        { check: undefined, setting: 'HostConfig.Init', before: undefined, after: true },
      ],
    )
    assert.deepEqual(body.HostConfig?.CapDrop, ['ALL'])
    assert.deepEqual(Object.keys(body.HostConfig?.Tmpfs ?? {}), ['/tmp'])
  })

  test('each change has the value of the request, also if several checks change it', () => {
    const { changes } = hardened({ HostConfig: { CapAdd: ['SYS_ADMIN', 'NET_RAW'] } })
    const found = changes.filter(({ setting }) => setting === 'HostConfig.CapAdd')
    assert.deepEqual(found, [
      { check: 'C-CAPS', setting: 'HostConfig.CapAdd', before: ['SYS_ADMIN', 'NET_RAW'], after: [] },
    ])
  })

  const KEPT: ReadonlyArray<readonly [what: string, hostConfig: HostConfig]> = [
    ['profiles of your own', { SecurityOpt: ['apparmor=my-strict', 'label=type:my_strict_t', 'no-new-privileges'] }],
    [
      'namespaces of other containers',
      { NetworkMode: 'container:vpn', PidMode: 'container:app', IpcMode: 'container:app' },
    ],
    ['a period, which dockerd refuses beside NanoCpus', { CpuPeriod: 50_000 }],
    ['a tmpfs at /tmp', { Mounts: [{ Type: 'tmpfs', Target: '/tmp/' }] }],
    [
      'propagation that does not reach the host',
      {
        Binds: ['/a:/a:rslave'],
        Mounts: [
          { Type: 'bind', Source: '/b', Target: '/b', BindOptions: { Propagation: 'rslave' } },
          { Type: 'bind', Source: '/c', Target: '/c', BindOptions: { Propagation: 'rshared' } },
        ],
      },
    ],
  ]
  for (const [what, HostConfig] of KEPT) {
    for (const daemon of [undefined, DAEMON]) {
      test(`keeps ${what}, ${daemon === undefined ? 'without a daemon' : 'with one'}`, () => {
        const { body } = hardened({ Image: 'web:1', HostConfig }, {}, { daemon })
        const { HostConfig: host = {} } = body
        for (const [name, value] of Object.entries(HostConfig)) {
          if (name === 'Mounts')
            assert.deepEqual(
              [host.Mounts?.[0], host.Mounts?.length],
              [HostConfig.Mounts?.[0], HostConfig.Mounts?.length],
            )
          else assert.deepEqual(host[name as keyof HostConfig], value, name)
        }
        assert.equal(host.CpuPeriod !== undefined && host.NanoCpus !== undefined, false)
        if (what.includes('/tmp')) assert.deepEqual(host.Tmpfs, {})
      })
    }
  }

  test('a limit of memory is not below the reservation', () => {
    const { body } = hardened({ HostConfig: { MemoryReservation: 1024 ** 3 } }, {}, { daemon: DAEMON })
    assert.equal(body.HostConfig?.Memory, 1024 ** 3)
  })

  test('the log of the daemon stays, if it is kept elsewhere', () => {
    const journald = snapshotWith({}, { info: { LoggingDriver: 'journald' } })
    assert.equal(hardened({ Image: 'web:1' }, {}, { daemon: journald }).body.HostConfig?.LogConfig, undefined)
  })

  test('an anonymous volume with a driver is judged by what it shows', () => {
    const DriverConfig = { Name: 'local', Options: { type: 'none', o: 'bind', device: '/var/run/docker.sock' } }
    const Mounts = [{ Type: 'volume', Source: '', Target: '/x', VolumeOptions: { DriverConfig } }] as const
    const failed = ids(reviewCreate({ HostConfig: { Mounts } }, { daemon: DAEMON }), 'fail', 'warn')
    for (const id of ['C-SOCK', 'C-VOLBIND', 'C-MOUNTDRV']) assert.ok(failed.includes(id), id)
  })

  const OTHER_CASE: readonly object[] = [
    { hostConfig: {} },
    { HostConfig: { privileged: true } },
    { HostConfig: { Pidmode: 'host' } },
    { HostConfig: { Mounts: [{ type: 'bind', Source: '/', Target: '/h' }] } },
    { HostConfig: { Mounts: [{ Type: 'volume', Target: '/h', VolumeOptions: { driverConfig: {} } }] } },
  ]
  for (const request of OTHER_CASE) {
    test(`refuses keys that only dockerd would read: ${JSON.stringify(request)}`, () => {
      for (const call of [reviewCreate, hardened])
        assert.throws(() => call(request), { code: 'ERR_ARGUMENT_INVALID', message: /dockerd reads as/ })
    })
  }

  test('labels and variables may have any key', () => {
    assert.ok(reviewCreate({ Labels: { privileged: 'x' }, Env: ['binds=1'], HostConfig: { Sysctls: { user: '1' } } }))
  })

  test('overrides win, are no changes, and are judged', () => {
    const overrides: ContainerCreateRequest = {
      User: '0',
      HostConfig: { CapAdd: ['NET_BIND_SERVICE'], ReadonlyRootfs: false },
    }
    const { body, changes, remaining } = hardened({ Image: 'web:1' }, overrides, { daemon: DAEMON })
    assert.deepEqual([body.User, body.HostConfig?.CapAdd], ['0', ['NET_BIND_SERVICE']])
    assert.ok(!changes.some(({ setting }) => setting === 'User' || setting === 'HostConfig.ReadonlyRootfs'))
    const open = ids(remaining, 'fail', 'warn')
    assert.ok(open.includes('C-USER') && open.includes('C-RO') && !open.includes('C-CAPS'), open.join())
  })

  test('without a daemon, what depends on it is unknown, and what does not is judged', () => {
    const findings = reviewCreate({ HostConfig: { Privileged: true, Memory: 1, Binds: ['data:/data', '/:/host'] } })
    const unknown = ids(findings, 'unknown')
    for (const id of ['C-USER', 'C-HEALTH', 'C-MEM', 'C-VOLBIND']) assert.ok(unknown.includes(id), id)
    const failed = ids(findings, 'fail')
    for (const id of ['C-PRIV', 'C-SOCK', 'C-HOSTDIR']) assert.ok(failed.includes(id), id)
  })

  test('what the image decides is unknown, even if the daemon is known', () => {
    const findings = reviewCreate({ Image: 'web:1', User: '' }, { daemon: DAEMON })
    assert.deepEqual(
      ids(findings, 'unknown').filter((id) => id !== 'C-LOGSIZE'),
      ['C-USER', 'C-HEALTH'],
    )
  })

  test('a volume with options of its own, and mounts of another container', () => {
    const inline = {
      Type: 'volume' as const,
      Target: '/x',
      VolumeOptions: { DriverConfig: { Options: { o: 'bind', device: '/run' } } },
    }
    for (const daemon of [undefined, DAEMON]) {
      const failed = ids(reviewCreate({ HostConfig: { Mounts: [inline], UsernsMode: 'host' } }, { daemon }), 'fail')
      for (const id of ['C-MOUNTDRV', 'C-VOLBIND', 'C-SOCK', 'C-HOSTDIR']) assert.ok(failed.includes(id), id)
    }
    const unknown = ids(reviewCreate({ HostConfig: { VolumesFrom: ['db'] } }, { daemon: DAEMON }), 'unknown')
    for (const id of ['C-VOLFROM', 'C-SOCK', 'C-HOSTDIR', 'C-PROP']) assert.ok(unknown.includes(id), id)
  })

  test('rubbish is no pass, and no crash', () => {
    const rubbish = { User: 7, HostConfig: { Binds: [7], Mounts: 'x', CapAdd: {}, SecurityOpt: [null] } }
    const unknown = ids(reviewCreate(rubbish as unknown as ContainerCreateRequest), 'unknown')
    for (const id of ['C-USER', 'C-CAPS', 'C-NNP', 'C-MOUNTDRV', 'C-SOCK']) assert.ok(unknown.includes(id), id)
  })
})
