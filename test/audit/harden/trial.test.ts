import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ContainerEvidence } from '../../../lib/audit/harden/collect.ts'
import type { Ran } from '../../../lib/audit/harden/trial/run-copy.ts'
import { smallestSet } from '../../../lib/audit/harden/trial/smallest.ts'
import { tryPlan, type HardeningNeed, type HardeningTrial } from '../../../lib/audit/harden/trial/trial.ts'
import type { ContainerCreateRequest, ContainerInspect, HostConfig } from '../../../lib/index.ts'
import { effectiveCapabilities } from '../../../lib/container/capabilities.ts'
import { snapshotWith } from '../support/containers.ts'

/** A container without any hardening. */
const INSPECT = {
  Id: 'c'.repeat(64),
  Name: '/web',
  Image: `sha256:${'1'.repeat(64)}`,
  State: { Running: true },
  Config: { Image: 'web:1.2', Hostname: 'c'.repeat(12), Env: ['A=secret'], Labels: { 'traefik.enable': 'true' } },
  HostConfig: {
    NetworkMode: 'own',
    Binds: ['/srv/web:/srv'],
    PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '80' }] },
    RestartPolicy: { Name: 'always' },
  },
  Mounts: [
    { Type: 'bind', Source: '/srv/web', Destination: '/srv', RW: true, Mode: '', Propagation: 'rprivate' },
    { Type: 'volume', Name: 'data', Source: '/v', Destination: '/data', RW: true, Mode: '', Propagation: '' },
    { Type: 'volume', Name: 'conf', Source: '/c', Destination: '/conf', RW: false, Mode: '', Propagation: '' },
  ],
  NetworkSettings: { Networks: { own: { Aliases: ['web'], GwPriority: 5, IPAMConfig: { IPv4Address: '10.0.0.9' } } } },
} as unknown as ContainerInspect

const EVIDENCE: ContainerEvidence = {
  inspect: INSPECT,
  daemon: snapshotWith(),
  defaults: { image: {}, logDriver: 'json-file', runtime: 'runc', onCgroup2: true },
  changes: [],
  usage: { memory: 0, processes: 0 },
}

/** A program that fails unless a condition holds, and what it writes. */
type Program = (request: ContainerCreateRequest, host: HostConfig) => boolean

interface Tried {
  readonly trial: HardeningTrial
  readonly requests: readonly ContainerCreateRequest[]
}

async function trying(program: Program, written: readonly string[] = [], withVolumes = false): Promise<Tried> {
  const requests: ContainerCreateRequest[] = []
  const run = (request: ContainerCreateRequest): Promise<Ran> => {
    requests.push(request)
    const ok = program(request, request.HostConfig ?? {})
    const changes = ok ? written.map((Path) => ({ Path, Kind: 1 as const })) : []
    return Promise.resolve({ ok, state: ok ? 'running' : 'exited', log: [], changes })
  }
  const trial = await tryPlan({ run, wait: 1, evidence: EVIDENCE, skip: [], withVolumes })
  return { trial, requests }
}

const capabilitiesOf = ({ CapAdd, CapDrop }: HostConfig): readonly string[] =>
  effectiveCapabilities({ privileged: false, added: CapAdd ?? [], dropped: CapDrop ?? [] })
const has = (host: HostConfig, ...names: string[]): boolean =>
  names.every((name) => capabilitiesOf(host).includes(name))
const isRoot = ({ User }: ContainerCreateRequest): boolean => User === undefined
const writes = (host: HostConfig, folder: string): boolean =>
  host.ReadonlyRootfs !== true || folder in (host.Tmpfs ?? {})

/** Programs, and what they turn out to need. */
const ROWS: Readonly<
  Record<string, readonly [program: Program, needs: readonly HardeningNeed[], written?: readonly string[]]>
> = {
  'root alone': [(request) => isRoot(request), [{ check: 'C-USER', kind: 'unchanged', names: ['User'] }]],
  'three capabilities, as root': [
    (request, host) => isRoot(request) && has(host, 'CHOWN', 'SETUID', 'SETGID'),
    [
      { check: 'C-CAPDROP', kind: 'capabilities', names: ['CHOWN', 'SETGID', 'SETUID'] },
      { check: 'C-USER', kind: 'unchanged', names: ['User'] },
    ],
  ],
  'a folder for its process id': [
    (_, host) => writes(host, '/run'),
    [{ check: 'C-RO', kind: 'writable', names: ['/run'] }],
    ['/run/web.pid'],
  ],
  'a root that it writes its programs to': [
    (_, { ReadonlyRootfs }) => ReadonlyRootfs !== true,
    [{ check: 'C-RO', kind: 'unchanged', names: ['HostConfig.ReadonlyRootfs', 'HostConfig.Tmpfs'] }],
    ['/etc/passwd'],
  ],
  memory: [(_, { Memory }) => !Memory, [{ check: 'C-MEM', kind: 'unchanged', names: ['HostConfig.Memory'] }]],
  'setuid programs, and no init': [
    (_, { SecurityOpt, Init }) => !SecurityOpt?.includes('no-new-privileges') && Init !== true,
    [
      { check: 'C-NNP', kind: 'unchanged', names: ['HostConfig.SecurityOpt'] },
      { check: 'INIT', kind: 'unchanged', names: ['HostConfig.Init'] },
    ],
  ],
}

describe('a trial finds what a container needs', () => {
  for (const [name, [program, needs, written]] of Object.entries(ROWS)) {
    test(name, async () => {
      const { trial, requests } = await trying(program, written)
      assert.deepEqual([trial.outcome, trial.isCutOff, trial.needs], ['needs-less', false, needs])
      assert.ok(program(trial.hardened.body, trial.hardened.body.HostConfig ?? {}), 'the narrower request works')
      assert.ok(requests.length <= 30, `${requests.length} copies`)
    })
  }

  test('nothing, if the hardened copy works: one copy', async () => {
    const { trial, requests } = await trying(() => true)
    assert.deepEqual([trial.outcome, trial.needs, requests.length], ['works', [], 1])
  })

  test('nothing can be said, if a copy without any change fails: two copies', async () => {
    const { trial, requests } = await trying(() => false)
    assert.deepEqual([trial.outcome, trial.needs, requests.length], ['inconclusive', [], 2])
  })

  test('a program that needs almost everything ends after 40 copies, with a request that works', async () => {
    const all = ['AUDIT_WRITE', 'CHOWN', 'FOWNER', 'KILL', 'MKNOD', 'NET_RAW', 'SETFCAP', 'SETUID', 'SYS_CHROOT']
    const program: Program = (request, host) =>
      isRoot(request) && has(host, ...all) && !host.Memory && !host.PidsLimit && host.Init !== true
    const { trial, requests } = await trying(program)
    assert.deepEqual([trial.outcome, trial.isCutOff, requests.length], ['needs-less', true, 40])
    assert.ok(program(trial.hardened.body, trial.hardened.body.HostConfig ?? {}))
  })
})

describe('a copy does not get in the way of its original', () => {
  test('no port, name, label or writable mount of it', async () => {
    const { requests, trial } = await trying(() => true)
    const [{ HostConfig, NetworkingConfig, Labels, Hostname, Image } = {}] = requests
    assert.deepEqual(Object.keys(Labels ?? {}), ['docker-mtls.hardened-copy-of', 'docker-mtls.remove-after'])
    assert.deepEqual([Hostname, HostConfig?.PortBindings, HostConfig?.Binds], [undefined, {}, undefined])
    assert.deepEqual([HostConfig?.RestartPolicy, Image], [{ Name: 'no' }, INSPECT.Image])
    assert.deepEqual(NetworkingConfig?.EndpointsConfig, { own: { GwPriority: 5 } })
    assert.deepEqual(HostConfig?.Mounts, [
      { Type: 'bind', Source: '/srv/web', Target: '/srv', ReadOnly: true, BindOptions: { Propagation: 'rprivate' } },
      { Type: 'volume', Target: '/data' },
      { Type: 'volume', Source: 'conf', Target: '/conf', ReadOnly: true },
    ])
    assert.deepEqual(trial.withheld, ['/srv', '/data'])
  })

  test('but its data, if that was asked for', async () => {
    const { requests, trial } = await trying(() => true, [], true)
    assert.deepEqual(requests[0]?.HostConfig?.Mounts?.slice(0, 2), [
      { Type: 'bind', Source: '/srv/web', Target: '/srv', BindOptions: { Propagation: 'rprivate' } },
      { Type: 'volume', Source: 'data', Target: '/data' },
    ])
    assert.deepEqual(trial.withheld, [])
  })
})

test('a smallest set is found, whatever it is', async () => {
  const items = ['a', 'b', 'c', 'd', 'e', 'f']
  for (let bits = 1; bits < 2 ** items.length; bits++) {
    const needed = items.filter((_, index) => bits & (2 ** index))
    const found = await smallestSet(items, (some) => Promise.resolve(needed.every((item) => some.includes(item))))
    assert.deepEqual([...found].toSorted(), needed)
  }
})
