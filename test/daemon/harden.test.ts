import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ENDPOINT_IFNAME, ENDPOINT_SYSCTLS } from '../../lib/container/endpoint-options.ts'
import { hardenContainer } from '../../lib/audit/harden/harden-container.ts'
import { renderHardened } from '../../lib/audit/harden/formats/render.ts'
import type { HardenedContainer } from '../../lib/audit/harden/plan.ts'
import { removeStaleCopies } from '../../lib/audit/harden/trial/stale-copies.ts'
import { tryHardened } from '../../lib/audit/harden/try-hardened.ts'
import { Interrupted } from '../../lib/cli/terminal/io.ts'
import type { ContainerCreateRequest, ContainerInspect } from '../../lib/index.ts'
import { runCli } from '../cli/support/run-cli.ts'
import { cleanEnvironment, runCommand } from '../support/command.ts'
import { COMMAND } from '../support/programs.ts'
import { lacks } from '../support/requirements.ts'
import { dockerLocally } from './harness/docker-cli.ts'
import { testedEngine } from './harness/engine.ts'
import { startBusyboxEngine, type BusyboxEngine } from './support/busybox-engine.ts'

const IS_28 = testedEngine().major >= 28
const OF_IMAGE = {
  Type: 'image',
  Source: 'busybox:made-here',
  Target: '/programs',
  ImageOptions: { Subpath: 'bin' },
} as const
/** As the docker command writes them, which makes them lower-case. The Compose of Docker 26 ignores them. */
const DriverOpts = {
  [ENDPOINT_IFNAME]: 'web0',
  [ENDPOINT_SYSCTLS]: 'net.ipv4.conf.ifname.log_martians=1,net.ipv6.conf.ifname.accept_ra=0',
}

/** A container with about every setting that a container can have here. */
const RICH: ContainerCreateRequest = {
  Hostname: 'rich',
  User: '0:0',
  Env: ['A=$HOME "and" \'more\'', 'B=two\nlines', 'EMPTY='],
  Cmd: ['sh', '-c', 'touch /var/cache/x /srv/y; sleep 1000 # $HOME `x` "y" \u001B[31m'],
  Entrypoint: ['env', '--'],
  Labels: { a: "it's", color: '\u001B[31mred', dollar: '${HOME}' },
  Healthcheck: { Test: ['CMD-SHELL', 'test -d /data'], Interval: 1_500_000_000, Retries: 2 },
  ExposedPorts: { '80/tcp': {}, '53/udp': {} },
  StopSignal: 'SIGINT',
  StopTimeout: 3,
  WorkingDir: '/srv',
  Volumes: { '/anonymous': {} },
  HostConfig: {
    Binds: ['rich-data:/data', '/etc/hosts:/host-hosts:ro'],
    Mounts: [
      { Type: 'tmpfs', Target: '/memory', TmpfsOptions: { SizeBytes: 65_536, Mode: 0o700 } },
      { Type: 'bind', Source: '/usr/share', Target: '/share, "odd"', ReadOnly: true },
      ...(IS_28 ? [OF_IMAGE] : []),
    ],
    Tmpfs: { '/fast': 'size=64k,mode=1777' },
    CapAdd: ['CHOWN', 'SYS_ADMIN'],
    CapDrop: ['MKNOD'],
    SecurityOpt: ['seccomp=unconfined'],
    NetworkMode: 'rich-net',
    PidMode: 'host',
    PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '18080' }], '53/udp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    Dns: ['127.0.0.53'],
    ExtraHosts: ['db:10.0.0.9'],
    GroupAdd: ['100'],
    Memory: 64 * 1024 ** 2,
    Ulimits: [{ Name: 'nofile', Soft: 512, Hard: 1024 }],
    Sysctls: { 'net.ipv4.ip_unprivileged_port_start': '0' },
    ShmSize: 1024 ** 2,
    OomScoreAdj: 100,
    RestartPolicy: { Name: 'always' },
    LogConfig: { Type: 'json-file', Config: { 'max-file': '2' } },
    Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/x', CgroupPermissions: 'r' }],
  },
  NetworkingConfig: {
    EndpointsConfig: { 'rich-net': { Aliases: ['web', 'www'], ...(IS_28 && { DriverOpts, GwPriority: 5 }) } },
  },
}

/** As root it needs CHOWN, and it writes to /run. */
const NEEDY = ['sh', '-c', 'mkdir -p /run/needy && chown 7 /run/needy && exec sleep 1000']
/** Only the checks that it could need: a trial of all of them is tested without a daemon. */
const OTHERS = 'C-MEM,C-CPU,C-PIDS,C-NNP,C-CGROUPNS,INIT'.split(',')

describe('hardening real containers', { skip: lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip') }, () => {
  let engine: BusyboxEngine
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'harden-'))
    engine = await startBusyboxEngine()
    await engine.docker.networks.create({ Name: 'rich-net' })
    await engine.start(RICH, 'rich')
    await engine.start({ Cmd: NEEDY }, 'needy')
    await engine.runs('rich', 'sleep 1000')
  })
  after(async () => {
    await engine?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const names = async (): Promise<string[]> =>
    (await engine.docker.containers.list({ all: true })).map(({ Names }) => Names[0] ?? '').toSorted()

  describe('the request for a container with many settings', () => {
    let plan: HardenedContainer
    let created: Comparable
    before(async () => {
      plan = await hardenContainer(engine.docker, 'rich')
      await engine.docker.containers.remove('rich', { force: true })
      await engine.docker.containers.create(plan.body, { name: 'rich' })
      created = await inspectAndRemove(engine)
    })

    test('is what was asked for, with fewer rights', () => {
      assert.deepEqual(
        plan.notes.filter(({ code }) => code === 'left-out'),
        [],
      )
      const { original } = plan
      assert.deepEqual(original.Env, RICH.Env)
      assert.deepEqual(plan.body.NetworkingConfig, RICH.NetworkingConfig)
      assert.deepEqual(original.HostConfig?.PortBindings, RICH.HostConfig?.PortBindings)
      assert.deepEqual(plan.body.HostConfig?.CapAdd, ['CHOWN'])
      assert.deepEqual(
        plan.notes.filter(({ code }) => code !== 'left-out'),
        [
          { code: 'temporary-folder', subject: '/var/cache' },
          { code: 'data-folder', subject: '/srv' },
          { code: 'anonymous-volume', subject: '/anonymous' },
        ].filter(({ subject }) => plan.notes.some((note) => note.subject === subject)),
      )
    })

    test('as a docker run command makes the same container', async () => {
      const script = renderHardened(plan, 'run', { showValues: true })
        .replace('docker run', 'docker create')
        .replace('--detach', '')
      const { folder: place } = engine.daemon.place
      const env = { DOCKER_HOST: engine.daemon.place.listen[0], DOCKER_CONFIG: `${place}/no-config` }
      const { code, stderr } = await runCommand('bash', ['-c', script], { env })
      assert.equal(code, 0, `${stderr}\n${script}`)
      assert.deepEqual(await inspectAndRemove(engine), created)
    })

    test('as a Compose file makes the same container', { skip: lacks('docker-compose') }, async () => {
      const file = join(folder, 'compose.yaml')
      await writeFile(file, renderHardened(plan, 'compose', { showValues: true }))
      const { code, stderr } = await dockerLocally(engine.daemon, ['compose', '-p', 'p', '-f', file, 'create'])
      assert.equal(code, 0, stderr)
      assert.deepEqual(await inspectAndRemove(engine), created)
    })
  })

  describe('a trial', () => {
    test('finds a capability and a writable folder, and leaves nothing behind', async () => {
      const earlier = await names()
      const trial = await tryHardened(engine.docker, 'needy', { wait: 400, skip: OTHERS })
      assert.deepEqual([trial.outcome, trial.isCutOff], ['needs-less', false], JSON.stringify(trial, undefined, 1))
      assert.deepEqual(trial.needs, [
        { check: 'C-CAPDROP', kind: 'capabilities', names: ['CHOWN'] },
        { check: 'C-USER', kind: 'unchanged', names: ['User'] },
      ])
      assert.deepEqual(trial.hardened.body.HostConfig?.CapAdd, ['CHOWN'])
      assert.equal(trial.hardened.body.HostConfig?.ReadonlyRootfs, true)
      assert.deepEqual(await names(), earlier)
    })
  })

  test('a copy is removed after Ctrl-C', async () => {
    const earlier = await names()
    const controller = new AbortController()
    const { code } = await runCli(['harden', 'needy', '--try'], {
      env: { HOME: '/nonexistent', ...engine.daemon.clientEnv },
      signal: abortWhen(controller, async () => (await names()).length > earlier.length),
    })
    assert.equal(code, 130)
    assert.deepEqual(await names(), earlier)
  })

  test('a copy that stays behind because docker-mtls was killed is removed later, and nothing else', async () => {
    const earlier = await names()
    const child = spawn(process.execPath, [...COMMAND, 'harden', 'needy', '--try'], {
      env: cleanEnvironment({ ...engine.daemon.clientEnv, HOME: '/nonexistent' }),
      stdio: 'ignore',
    })
    const ended = once(child, 'close')
    while ((await names()).length === earlier.length && child.exitCode === null) await delay(20)
    child.kill('SIGKILL')
    assert.deepEqual(await ended, [null, 'SIGKILL'])
    // The daemon may have begun to create one more.
    await delay(500)
    const left = (await names()).filter((name) => !earlier.includes(name))
    assert.ok(left.length > 0)
    await removeStaleCopies(engine.docker, inMinutes(5), undefined)
    assert.deepEqual((await names()).toSorted(), [...earlier, ...left].toSorted(), 'a trial may still use it')
    await removeStaleCopies(engine.docker, inMinutes(60), undefined)
    assert.deepEqual(await names(), earlier)
  })
})

const inMinutes = (count: number): Date => new Date(Date.now() + count * 60_000)

function abortWhen(controller: AbortController, isTime: () => Promise<boolean>): AbortSignal {
  const timer = setInterval(() => {
    void isTime().then((now) => now && controller.abort(new Interrupted(130)))
  }, 50)
  controller.signal.addEventListener('abort', () => clearInterval(timer))
  return controller.signal
}

type Comparable = Readonly<Record<string, unknown>>

/** What has to be equal, however a container was made. */
async function inspectAndRemove(engine: BusyboxEngine): Promise<Comparable> {
  const inspect = await engine.docker.containers.inspect('rich')
  // Compose names the network by its id.
  const { Id } = await engine.docker.networks.inspect('rich-net')
  await engine.docker.containers.remove('rich', { force: true })
  return {
    ...comparable(inspect),
    network: inspect.HostConfig.NetworkMode === Id ? 'rich-net' : inspect.HostConfig.NetworkMode,
  }
}

function comparable({ Config, HostConfig, Path, Args, Mounts, NetworkSettings }: ContainerInspect): Comparable {
  const { Env, Labels, Healthcheck, User, Hostname, StopSignal, StopTimeout, WorkingDir, ExposedPorts } = Config
  const own = Object.entries(Labels ?? {}).filter(([key]) => !key.startsWith('com.docker.compose.'))
  const {
    Binds: _binds,
    Mounts: _mounts,
    ConsoleSize: _size,
    ContainerIDFile: _file,
    Links: _links,
    NetworkMode: _mode,
    CapAdd,
    ...host
  } = HostConfig
  const mounts = Mounts.map(({ Type, Name = '', Source, Destination, RW, Propagation }) => {
    const isAnonymous = Type === 'volume' && Destination === '/srv'
    return { Type, Name: isAnonymous ? '' : Name, Source: Type === 'bind' ? Source : '', Destination, RW, Propagation }
  })
  const networks = Object.entries(NetworkSettings.Networks).map(([name, endpoint]) => {
    const aliases = (endpoint.Aliases ?? []).filter((alias) => ['web', 'www'].includes(alias))
    return [name, aliases.toSorted(), endpoint.DriverOpts, endpoint.GwPriority]
  })
  return {
    User,
    Hostname,
    StopSignal,
    StopTimeout,
    WorkingDir,
    ExposedPorts,
    Env: [...(Env ?? [])].toSorted(),
    Labels: Object.fromEntries(own),
    Healthcheck,
    command: [Path, ...Args],
    mounts: mounts.toSorted((one, other) => one.Destination.localeCompare(other.Destination)),
    networks,
    // The docker command writes CAP_CHOWN from Docker 28 on.
    capabilities: (CapAdd ?? []).map((name) => name.replace(/^CAP_/, '')),
    host: Object.fromEntries(Object.entries(host).map(([name, value]) => [name, normal(value)])),
  }
}

/** Null, an empty list and an empty map mean the same. */
function normal(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value ?? null
  return Object.keys(value).length === 0 ? null : value
}
