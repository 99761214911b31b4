import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { missingIn, renderHardened, type HardenedFormat } from '../../../lib/audit/harden/formats/render.ts'
import type { ContainerEvidence } from '../../../lib/audit/harden/collect.ts'
import { planHardening } from '../../../lib/audit/harden/plan.ts'
import { writtenFolders } from '../../../lib/audit/harden/written-folders.ts'
import { hardenContainer } from '../../../lib/audit/harden/harden-container.ts'
import { reviewCreate } from '../../../lib/audit/hardened.ts'
import type { ContainerCreateRequest, ContainerInspect, DockerClient, FilesystemChange } from '../../../lib/index.ts'
import { findProgram } from '../../../scripts/packages.ts'
import { ENDPOINT_IFNAME } from '../../../lib/container/endpoint-options.ts'
import { snapshotWith } from '../support/containers.ts'
import { CONTROLS } from '../support/hostile.ts'

const ID = 'c'.repeat(64)

function evidenceOf(inspect: object, more: Partial<ContainerEvidence> = {}): ContainerEvidence {
  return {
    inspect: { Id: ID, Name: '/web', Image: 'sha256:1', Mounts: [], ...inspect } as unknown as ContainerInspect,
    daemon: snapshotWith(),
    defaults: {
      image: { Env: ['PATH=/bin'], Cmd: ['serve'], User: 'app' },
      logDriver: 'json-file',
      runtime: 'runc',
      onCgroup2: true,
    },
    changes: [],
    usage: { memory: 0, processes: 0 },
    ...more,
  }
}

/** What an engine reports for a container without options. */
const PLAIN = {
  Config: {
    Hostname: ID.slice(0, 12),
    User: 'app',
    Env: ['PATH=/bin'],
    Cmd: ['serve'],
    Image: 'web:1.2',
    AttachStdin: false,
  },
  HostConfig: {
    Binds: null,
    NetworkMode: 'default',
    CgroupnsMode: 'private',
    IpcMode: 'private',
    ShmSize: 67_108_864,
    Runtime: 'runc',
    ConsoleSize: [0, 0],
    LogConfig: { Type: 'json-file', Config: {} },
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    MaskedPaths: ['/proc/kcore'],
    ReadonlyPaths: ['/proc/sys'],
    Memory: 0,
  },
}

type Setting = Readonly<Record<string, unknown>>
const withHost = (host: Setting): object => ({ ...PLAIN, HostConfig: { ...PLAIN.HostConfig, ...host } })
const withConfig = (config: Setting): object => ({ ...PLAIN, Config: { ...PLAIN.Config, ...config } })

const OF_ENDPOINT = { DriverOpts: { [ENDPOINT_IFNAME]: 'web0', token: 'canary-token' }, GwPriority: 5 }

/** Inspected containers, and the request that would create them, without their image. */
const REQUESTS: readonly (readonly [name: string, inspect: object, request: ContainerCreateRequest])[] = [
  ['nothing but defaults', PLAIN, {}],
  ['other variables', withConfig({ Env: ['A=1', 'PATH=/bin'] }), { Env: ['A=1'] }],
  ['another command', withConfig({ Cmd: ['x'] }), { Cmd: ['x'] }],
  ['another entrypoint', withConfig({ Entrypoint: ['e'] }), { Entrypoint: ['e'], Cmd: ['serve'] }],
  ['root, although the image has a user', withConfig({ User: 'root' }), { User: 'root' }],
  ['memory, with the swap that follows', withHost({ Memory: 8, MemorySwap: 16 }), { HostConfig: { Memory: 8 } }],
  ['memory and swap', withHost({ Memory: 8, MemorySwap: -1 }), { HostConfig: { Memory: 8, MemorySwap: -1 } }],
  ['a umask that takes nothing', withHost({ Umask: 0 }), { HostConfig: { Umask: 0 } }],
  ['a link', withHost({ Links: ['/db:/web/data'] }), { HostConfig: { Links: ['db:data'] } }],
  [
    'privileged, without the label that follows',
    withHost({ Privileged: true, SecurityOpt: ['label=disable'], MaskedPaths: null, ReadonlyPaths: null }),
    { HostConfig: { Privileged: true } },
  ],
  [
    'no masks',
    withHost({ MaskedPaths: [], ReadonlyPaths: [] }),
    { HostConfig: { MaskedPaths: [], ReadonlyPaths: [] } },
  ],
  [
    'an anonymous volume',
    {
      ...withConfig({ Volumes: { '/data': {} } }),
      Mounts: [{ Type: 'volume', Name: 'abc', Destination: '/data', RW: true }],
    },
    { HostConfig: { Mounts: [{ Type: 'volume', Source: 'abc', Target: '/data' }] } },
  ],
  [
    'a network by its id, with names',
    {
      ...withHost({ NetworkMode: 'n1' }),
      NetworkSettings: { Networks: { own: { NetworkID: 'n1', Aliases: ['a', ID.slice(0, 12)] } } },
    },
    { HostConfig: { NetworkMode: 'own' }, NetworkingConfig: { EndpointsConfig: { own: { Aliases: ['a'] } } } },
  ],
  [
    'a network with options and a priority, and the default bridge with the same',
    {
      ...withHost({ NetworkMode: 'own' }),
      NetworkSettings: {
        Networks: { own: OF_ENDPOINT, bridge: { Aliases: null, ...OF_ENDPOINT }, other: { GwPriority: 0 } },
      },
    },
    {
      HostConfig: { NetworkMode: 'own' },
      NetworkingConfig: { EndpointsConfig: { own: OF_ENDPOINT, bridge: OF_ENDPOINT, other: {} } },
    },
  ],
  ['a name of its own', withConfig({ Hostname: 'h' }), { Hostname: 'h' }],
  [
    'the name of the host, in its network',
    { ...withHost({ NetworkMode: 'host' }), Config: { ...PLAIN.Config, Hostname: 'build01' } },
    { HostConfig: { NetworkMode: 'host' } },
  ],
]

describe('the request for an inspected container', () => {
  for (const [name, inspect, request] of REQUESTS) {
    test(name, () => {
      const { original } = planHardening(evidenceOf(inspect))
      assert.deepEqual(original, { Image: 'web:1.2', ...request })
    })
  }

  test('the user of the image is not root, and stays', () => {
    const { changes, remaining } = planHardening(evidenceOf(PLAIN))
    assert.ok(!changes.some(({ check }) => check === 'C-USER'))
    assert.deepEqual(remaining.map(({ check }) => check).toSorted(), ['C-BRIDGE', 'C-HEALTH'])
  })

  test('once hardened, it passes every check but those of the network and the image', () => {
    const { Image, ...request } = planHardening(evidenceOf(withConfig({ User: '' }))).body
    const open = reviewCreate({ Image, ...request } as ContainerCreateRequest, { daemon: snapshotWith() })
    const faults = open.filter(({ status }) => status !== 'pass').map(({ check }) => check)
    assert.deepEqual(faults.toSorted(), ['C-BRIDGE', 'C-HEALTH'])
  })

  test('limits are twice what it uses', () => {
    const { body, changes } = planHardening(evidenceOf(PLAIN, { usage: { memory: 1_000_000_000, processes: 300 } }))
    assert.deepEqual([body.HostConfig?.Memory, body.HostConfig?.PidsLimit], [2_013_265_920, 600])
    assert.equal(changes.find(({ setting }) => setting === 'HostConfig.Memory')?.after, 2_013_265_920)
  })

  test('checks that are skipped keep their settings', () => {
    const { body } = planHardening(evidenceOf(withConfig({ User: '' })), { skip: ['C-USER', 'C-RO', 'INIT'] })
    assert.deepEqual(
      [body.User, body.HostConfig?.ReadonlyRootfs, body.HostConfig?.Init],
      [undefined, undefined, undefined],
    )
  })

  test('an unknown check is refused before anything is asked', async () => {
    const call = hardenContainer({} as DockerClient, 'web', { skip: ['C-NONE'] })
    await assert.rejects(call, (error: { code?: string }) => error.code === 'ERR_ARGUMENT_INVALID')
  })

  test('rubbish and what is new are left out, and named', () => {
    for (const inspect of [
      { Config: null, HostConfig: 7, Mounts: 'x', NetworkSettings: [] },
      { Mounts: [null, 7, {}] },
    ])
      assert.ok(planHardening(evidenceOf(inspect)).changes.length > 5)
    const { notes, original } = planHardening(
      evidenceOf(withHost({ Binds: [7], CapAdd: 'ALL', NewInVersion99: ['x'] })),
    )
    assert.deepEqual(
      notes.map(({ subject }) => subject),
      ['HostConfig.Binds', 'HostConfig.CapAdd', 'HostConfig.NewInVersion99'],
    )
    assert.deepEqual(original, { Image: 'web:1.2' })
  })
})

const foldersIn = (text: string): string[] => text.split(' ').filter((word) => word !== '')

/** `+` added, `~` changed, `-` deleted. */
const changesOf = (text: string): FilesystemChange[] =>
  text
    .split(' ')
    .map((word) => ({ Path: word.slice(1), Kind: ({ '+': 1, '~': 0, '-': 2 } as const)[word[0] as '+'] ?? 0 }))

describe('folders that a container has written to', () => {
  const rows: readonly (readonly [changes: string, temporary: string, data: string, programs: string])[] = [
    ['~/run +/run/web.pid', '/run', '', ''],
    ['+/run +/run/web +/run/web/pid', '/run', '', ''],
    ['~/var ~/var/cache ~/var/cache/nginx +/var/cache/nginx/a +/var/cache/nginx/b', '/var/cache/nginx', '', ''],
    ['~/srv +/srv/app +/srv/app/db', '', '/srv/app', ''],
    ['~/app ~/app/conf ~/app/conf/x', '', '/app/conf', ''],
    ['+/state +/state/x', '', '/state', ''],
    ['~/etc ~/etc/passwd +/core', '', '', '/ /etc'],
    ['~/usr ~/usr/bin -/usr/bin/su', '', '', '/usr/bin'],
    ['+/data +/mounted', '', '', ''],
  ]
  for (const [changes, temporary, data, programs] of rows) {
    test(changes, () => {
      const found = writtenFolders(changesOf(changes), ['/data', '/mounted'])
      assert.deepEqual(found, { temporary: foldersIn(temporary), data: foldersIn(data), programs: foldersIn(programs) })
    })
  }

  test('become file systems in memory, and volumes', () => {
    const changes = changesOf('~/run +/run/x ~/srv +/srv/y')
    const { body, notes, changes: made } = planHardening(evidenceOf(PLAIN, { changes }))
    assert.deepEqual([Object.keys(body.HostConfig?.Tmpfs ?? {}), body.Volumes], [['/tmp', '/run'], { '/srv': {} }])
    assert.deepEqual(
      notes.map(({ code }) => code),
      ['temporary-folder', 'data-folder'],
    )
    assert.ok(made.some(({ check, setting }) => check === 'C-RO' && setting === 'Volumes'))
  })
})

/** Every one of these would do harm, if it left its word. */
const HOSTILE = [
  "'; touch /tmp/pwned; '",
  '$(touch pwned)',
  '`id`',
  '--privileged',
  'a\nb',
  '\u001B]0;x\u0007',
  '\u202Egnp',
  '${HOME}',
  '\\',
  '"',
  '- x: y',
  '#',
  'é𝄞',
  '\u{E0001}',
]
const EVIL: ContainerCreateRequest = {
  Image: 'web:1',
  User: HOSTILE[0] ?? '',
  Cmd: HOSTILE,
  Env: HOSTILE.map((text, index) => `V${index}=${text}`),
  Labels: Object.fromEntries(HOSTILE.map((text, index) => [`l${index}`, text])),
  Healthcheck: { Test: ['CMD', 'test', "it's"] },
  HostConfig: {
    Mounts: [{ Type: 'bind', Source: '/a",b\n', Target: '/t' }],
    LogConfig: { Type: 'splunk', Config: { 'splunk-token': 'canary-token', 'max-size': '1m' } },
    Tmpfs: { '/x': '' },
  },
}
const evil = (showValues: boolean) => (format: HardenedFormat) =>
  renderHardened({ name: 'web', body: EVIL }, format, { showValues })

const asCompose = (value: string): string => value.replaceAll('$$', '$')

/** The words of a command, as bash reads it. */
function wordsOf(command: string): string[] {
  const script = command.replace(/^docker run/, "printf '%s\\0'")
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)
}

describe('hostile text', () => {
  test('stays within its word of the command', { skip: findProgram('bash') === undefined }, () => {
    const words = wordsOf(evil(true)('run'))
    assert.deepEqual(words.slice(-HOSTILE.length), HOSTILE)
    assert.deepEqual(
      words.filter((word) => word.startsWith('--env=')),
      EVIL.Env?.map((entry) => `--env=${entry}`),
    )
    assert.ok(words.includes(`--user=${HOSTILE[0]}`))
    assert.ok(words.includes('--mount=type=bind,"source=/a"",b\n",target=/t'))
    assert.ok(words.includes(`--health-cmd=test 'it'\\''s'`))
    assert.ok(!words.includes('--privileged') || words.indexOf('--privileged') > words.indexOf('web:1'))
  })

  test('an image can not be a flag', { skip: findProgram('bash') === undefined }, () => {
    const words = wordsOf(renderHardened({ name: 'web', body: { Image: '--privileged' } }, 'run'))
    assert.deepEqual(words.slice(-2), ['--', '--privileged'])
  })

  test('stays within its value of a Compose file', () => {
    const text = evil(true)('compose')
    const { services } = parse(text) as {
      services: { web: { command: string[]; labels: object; environment: string[] } }
    }
    assert.deepEqual(services.web.command.map(asCompose), HOSTILE)
    assert.deepEqual(services.web.environment.map(asCompose), EVIL.Env)
    assert.deepEqual(
      Object.values(services.web.labels).map((value) => asCompose(String(value))),
      HOSTILE,
    )
    // What Compose would expand is doubled.
    assert.ok(!/(?<!\$)\$(?!\$)/.test(text.replaceAll('$$', '')))
  })

  test('stays as it is in the body', () => {
    assert.deepEqual(JSON.parse(evil(true)('api')), EVIL)
  })

  for (const format of ['run', 'compose', 'api'] as const) {
    test(`controls no terminal: ${format}`, () => {
      for (const showValues of [true, false]) assert.doesNotMatch(evil(showValues)(format), CONTROLS)
    })

    test(`secrets are withheld unless they are asked for: ${format}`, () => {
      assert.match(evil(true)(format), /canary-token/)
      const text = evil(false)(format)
      assert.ok(!text.includes('canary-token') && !text.includes("V0=';"))
      assert.match(text, format === 'api' ? /"V1=\(value of V1\)"/ : /web\.env/)
      assert.match(text, /max-size.{1,4}1m/)
    })
  }
})

test('a network keeps its options and its priority in each format, and an image its subpath', () => {
  const { body } = planHardening(
    evidenceOf({
      ...withHost({
        NetworkMode: 'own',
        Mounts: [{ Type: 'image', Source: 'tools', Target: '/t', ImageOptions: { Subpath: 'bin' } }],
      }),
      NetworkSettings: { Networks: { own: OF_ENDPOINT } },
    }),
  )
  const [run, compose] = (['run', 'compose'] as const).map((format) => renderHardened({ name: 'web', body }, format))
  const options = `driver-opt=${ENDPOINT_IFNAME}=web0,driver-opt=token=(value of token),gw-priority=5`
  assert.ok(run?.includes(`--network='name=own,${options}'`), run)
  assert.ok(run?.includes('--mount=type=image,source=tools,target=/t,image-subpath=bin'), run)
  const { services } = parse(compose ?? '') as { services: { web: { networks: object; volumes: object } } }
  assert.deepEqual(services.web.networks, {
    own: { driver_opts: { [ENDPOINT_IFNAME]: 'web0', token: '(value of token)' }, gw_priority: 5 },
  })
  assert.deepEqual(services.web.volumes, [{ type: 'image', source: 'tools', target: '/t', image: { subpath: 'bin' } }])
})

test('a container on the default bridge and on another network can only be created by the API', () => {
  const body: ContainerCreateRequest = { NetworkingConfig: { EndpointsConfig: { own: {}, bridge: OF_ENDPOINT } } }
  assert.deepEqual(missingIn({ body }, 'run'), ['HostConfig.NetworkMode: bridge'])
  assert.match(renderHardened({ name: 'web', body }, 'run'), /--network=own \\\n(?!.*--network)/s)
  const ofBridge = 'NetworkingConfig.EndpointsConfig.bridge'
  assert.deepEqual(missingIn({ body }, 'compose'), ['HostConfig.NetworkMode: bridge', ofBridge])
  const alone = { NetworkingConfig: { EndpointsConfig: { bridge: OF_ENDPOINT } } }
  assert.deepEqual([missingIn({ body: alone }, 'run'), missingIn({ body: alone }, 'compose')], [[], [ofBridge]])
  assert.match(renderHardened({ name: 'web', body: alone }, 'run'), /--network='name=bridge,/)
  assert.match(renderHardened({ name: 'web', body: alone }, 'compose'), /network_mode: "bridge"/)
})

test('what a format can not express is named', () => {
  const HostConfig = { SecurityOpt: ['seccomp={}'], MaskedPaths: ['/x'], AutoRemove: true, CpusetMems: '0', Umask: 0 }
  const body = { Shell: ['sh'], Labels: { 'a b': '' }, HostConfig }
  assert.deepEqual(missingIn({ body }, 'run'), [
    'Shell',
    'Labels: names with spaces',
    'HostConfig.MaskedPaths',
    'HostConfig.SecurityOpt: seccomp',
  ])
  assert.deepEqual(missingIn({ body }, 'compose'), [
    'Shell',
    'HostConfig.MaskedPaths',
    'HostConfig.SecurityOpt: seccomp',
    'HostConfig.AutoRemove',
    'HostConfig.CpusetMems',
    'HostConfig.Umask',
  ])
  assert.deepEqual(missingIn({ body }, 'api'), [])
})
