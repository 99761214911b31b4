import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { CHECKS } from '../../lib/audit/checks.ts'
import { hardened, reviewCreate } from '../../lib/audit/hardened.ts'
import { auditSnapshot } from '../../lib/audit/report.ts'
import { collectSnapshot } from '../../lib/audit/snapshot/collect.ts'
import type { Finding } from '../../lib/audit/check.ts'
import { SNAPSHOT, type Snapshot } from '../../lib/audit/snapshot/snapshot.ts'
import type { ContainerCreateRequest } from '../../lib/index.ts'
import { lacks } from '../support/requirements.ts'
import { makeImage } from './harness/image.ts'
import { startBusyboxEngine, type BusyboxEngine } from './support/busybox-engine.ts'

/** What the checks demand, for a program that needs nothing. */
const HARDENED: ContainerCreateRequest = {
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

interface Faulty {
  readonly request: ContainerCreateRequest
  /** Checks that have to fail. */
  readonly fail?: string
  readonly warn?: string
  /** It can't be started on this machine. */
  readonly onlyCreated?: true
}

/** Containers with faults, and the checks that have to tell. */
const FAULTY: Readonly<Record<string, Faulty>> = {
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
/** Checks whose faults this machine can't have: recorded answers test them. */
const ELSEWHERE: ReadonlySet<string> = new Set(['C-APPARMOR', 'C-LABEL', 'C-USERNS', 'C-IMGMOUNT', 'D-STALE-C'])
/** Without these, the daemon of this machine can't enforce limits. */
const LIMITS = { 'C-MEM': 'MemoryLimit', 'C-PIDS': 'PidsLimit', 'C-CPU': 'CpuCfsQuota' } as const

describe('an audit of real containers', { skip: lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip') }, () => {
  let engine: BusyboxEngine
  let snapshot: Snapshot
  let findings: readonly Finding[]
  let shared: string

  before(async () => {
    engine = await startBusyboxEngine()
    shared = await sharedFolder()
    await prepare(engine)
    await engine.start(HARDENED, 'hardened')
    for (const [name, faulty] of Object.entries(FAULTY)) await make(engine, name, faulty)
    await engine.start({ HostConfig: { Binds: [`${shared}:/shared:rshared`] } }, 'propagating')
    await runExec(engine, 'exec')
    await makeImage(engine.daemon, 'audit-drift')
    await engine.runs('login', '/bin/sh /tmp/sshd secret-argument')
    snapshot = await collectSnapshot(engine.docker)
    ;({ findings } = auditSnapshot(snapshot))
  })
  after(async () => {
    await engine?.stop()
    if (shared === undefined) return
    spawnSync('umount', [shared])
    await rm(shared, { recursive: true })
  })

  function statuses(container: string): Map<string, Finding> {
    const own = findings.filter(({ subject }) => subject.kind === 'container' && subject.name === container)
    return new Map(own.map((finding) => [finding.check, finding]))
  }

  test('a hardened container passes every check that applies', () => {
    assert.ok('value' in snapshot.info, 'info was read')
    const info = snapshot.info.value
    const other = [...statuses('hardened').values()].filter(
      ({ status }) => status !== 'pass' && status !== 'not-applicable',
    )
    const unseen = Object.entries(LIMITS).filter(([, field]) => info[field] === false)
    assert.deepEqual(
      other.map(({ check, status, detail }) => [check, status, detail]),
      other
        .filter(({ check, status }) => status === 'unknown' && unseen.some(([id]) => id === check))
        .map(({ check, status, detail }) => [check, status, detail]),
    )
    assert.ok(statuses('hardened').size >= 40, 'it was looked at')
  })

  for (const [name, { fail = '', warn = '' }] of Object.entries(FAULTY)) {
    test(`${name}: fails ${fail || 'nothing'}, warns ${warn || 'of nothing'}`, () => {
      const found = statuses(name)
      for (const [expected, ids] of [
        ['fail', fail],
        ['warn', warn],
      ] as const) {
        for (const id of ids.split(' ').filter((one) => one !== '')) {
          assert.equal(found.get(id)?.status, expected, `${id}: ${found.get(id)?.detail ?? ''}`)
        }
      }
    })
  }

  test('a mount that propagates to the host', () => {
    assert.equal(statuses('propagating').get('C-PROP')?.status, 'fail')
  })

  test('each check of containers that can fail here has failed', () => {
    const failed = new Set(
      findings.filter(({ status }) => status === 'fail' || status === 'warn').map(({ check }) => check),
    )
    const never = CHECKS.filter(({ id, family }) => family === 'container' && !failed.has(id) && !ELSEWHERE.has(id))
    assert.deepEqual(
      never.map(({ id }) => id),
      [],
    )
  })

  test('no part was unreadable, and no secret was collected', () => {
    const ofContainers = findings.filter(({ subject }) => subject.kind === 'container' && subject.name !== 'restarting')
    const unseen = ofContainers.filter(({ check, status }) => status === 'unknown' && !(check in LIMITS))
    assert.deepEqual(
      unseen.map(({ check, subject, detail }) => [check, subject, detail]),
      [],
    )
    const text = JSON.stringify(snapshot)
    for (const secret of ['canary-value', 'secret-argument']) assert.ok(!text.includes(secret), secret)
    assert.ok(text.includes('DB_PASSWORD'), 'the name is there')
  })

  test('a review before creation says the same as the audit afterwards', () => {
    for (const [name, { request }] of Object.entries({ ...FAULTY, hardened: { request: HARDENED } })) {
      const reviewed = reviewCreate({ Image: engine.image, ...request }, { daemon: snapshot })
      assert.ok(reviewed.length > 25, name)
      const different = reviewed
        .filter(({ check, status }) => status !== 'unknown' && status !== statuses(name).get(check)?.status)
        .map(({ check, status }) => `${name} ${check}: ${status}, not ${statuses(name).get(check)?.status}`)
      assert.deepEqual(different, [])
    }
  })

  test('a request that was hardened starts, and passes what it should', async () => {
    const options = { daemon: snapshot }
    const { body, remaining } = hardened({ Image: engine.image, Cmd: ['sleep', '1000'] }, {}, options)
    await engine.start(body, 'by-hardened')
    const found = auditSnapshot(await collectSnapshot(engine.docker)).findings.filter(
      ({ subject, status }) => subject.kind === 'container' && subject.name === 'by-hardened' && status !== 'pass',
    )
    const open = found.filter(({ status }) => status !== 'not-applicable').map(({ check }) => check)
    assert.deepEqual(
      open.filter((check) => !remaining.some((finding) => finding.check === check)),
      [],
    )
    assert.ok(open.includes('C-BRIDGE') && !open.includes('C-USER'), open.join())
  })

  test('a saved snapshot gives the same findings', () => {
    assert.deepEqual(auditSnapshot(SNAPSHOT.parse(JSON.parse(JSON.stringify(snapshot)))).findings, findings)
  })
})

async function make(engine: BusyboxEngine, name: string, { request, onlyCreated }: Faulty): Promise<void> {
  if (onlyCreated) await engine.docker.containers.create({ Image: engine.image, ...request }, { name })
  else await engine.start(request, name)
}

/** Networks, volumes and images that the containers name. */
async function prepare({ docker, daemon }: BusyboxEngine): Promise<void> {
  await docker.networks.create({ Name: 'own' })
  await docker.volumes.create({ Name: 'audit-hidden', DriverOpts: { type: 'none', o: 'bind', device: '/etc' } })
  await docker.volumes.create({ Name: 'audit-kernel', DriverOpts: { type: 'proc', device: 'any' } })
  await makeImage(daemon, 'audit-drift')
}

function mount(...args: string[]): void {
  assert.equal(spawnSync('mount', args).status, 0, args.join(' '))
}

/** A folder whose mounts reach the host: what a mount with the propagation rshared needs. */
async function sharedFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'audit-shared-'))
  mount('--bind', folder, folder)
  mount('--make-shared', folder)
  return folder
}

async function runExec({ docker }: BusyboxEngine, container: string): Promise<void> {
  const { Id } = await docker.exec.create(container, { Cmd: ['sleep', '1000'], Privileged: true, User: 'root' })
  // It runs until the container does.
  await docker.exec.start(Id)
}
