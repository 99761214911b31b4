import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  decide,
  decideAsking,
  definePolicy,
  Facts,
  writeRequest,
  type Decision,
  type Json,
  type Level,
} from '../../lib/policy.ts'
import { toRequest } from './reading/support.ts'

const ANN = { socket: 'ann' }

interface Asked {
  readonly level?: Level | object
  readonly rule?: object
  readonly facts?: Facts
}

function ask(line: string, body?: Json, { level = 'baseline', rule = {}, facts }: Asked = {}): Decision {
  const policy = definePolicy({ version: 1, rules: [{ name: 'ann', who: { socket: 'ann' }, level, ...rule }] })
  // What exists has been asked for, and so has the daemon.
  if (facts?.get(DAEMON) === undefined) facts?.add(DAEMON, { DefaultRuntime: 'runc' })
  return decide(policy, ANN, toRequest(line, body === undefined ? undefined : JSON.stringify(body)), facts)
}

const DAEMON = { kind: 'daemon', name: 'info' } as const

/** The verdict, and the codes of its reasons. */
const brief = ({ verdict, reasons }: Decision): string => [verdict, ...reasons.map(({ code }) => code)].join(' ')

const CREATE = 'POST /v1.47/containers/create'
const PRIVILEGED = { Image: 'alpine', HostConfig: { Privileged: true } }

test('who no rule is for may do nothing', () => {
  const policy = definePolicy({ version: 1, rules: [{ name: 'ann', who: { socket: 'ann' }, level: 'privileged' }] })
  const decision = decide(policy, { socket: 'bob' }, toRequest('GET /_ping'))
  assert.deepEqual([brief(decision), decision.rule], ['refuse IDENTITY_UNKNOWN', undefined])
})

test('the levels', () => {
  const rows: readonly (readonly [line: string, body: Json | undefined, ...verdicts: string[]])[] = [
    ['GET /_ping', undefined, 'allow', 'allow', 'allow', 'allow'],
    ['GET /containers/json', undefined, 'allow', 'allow', 'allow', 'allow'],
    [
      CREATE,
      { Image: 'a' },
      'allow',
      'allow',
      'refuse NOT_HARDENED NOT_HARDENED ROOT_USER',
      'refuse OPERATION_REFUSED',
    ],
    [
      CREATE,
      PRIVILEGED,
      'allow',
      'refuse PRIVILEGED',
      'refuse PRIVILEGED NOT_HARDENED NOT_HARDENED ROOT_USER',
      'refuse OPERATION_REFUSED',
    ],
    [
      'POST /plugins/pull?remote=x',
      [],
      'allow',
      'refuse OPERATION_REFUSED',
      'refuse OPERATION_REFUSED',
      'refuse OPERATION_REFUSED',
    ],
    [
      'GET /swarm/unlockkey',
      undefined,
      'allow',
      'refuse OPERATION_REFUSED',
      'refuse OPERATION_REFUSED',
      'refuse OPERATION_REFUSED',
    ],
    ['POST /containers/web/stop', undefined, 'allow', 'allow', 'allow', 'refuse OPERATION_REFUSED'],
    [
      'POST /grpc',
      undefined,
      'allow',
      'refuse OPERATION_UNKNOWN',
      'refuse OPERATION_UNKNOWN',
      'refuse OPERATION_UNKNOWN',
    ],
    [CREATE, { Frobnicate: 1 }, 'allow', 'refuse FIELD_UNKNOWN', 'refuse FIELD_UNKNOWN', 'refuse OPERATION_REFUSED'],
  ]
  for (const [line, body, ...verdicts] of rows) {
    const levels = ['privileged', 'baseline', 'restricted', 'read-only'] as const
    assert.deepEqual(
      levels.map((level) => brief(ask(line, body, { level }))),
      verdicts,
      line,
    )
  }
})

function send(text: string): Decision {
  const policy = definePolicy({ version: 1, rules: [{ name: 'ann', who: { socket: 'ann' }, level: 'baseline' }] })
  return decide(policy, ANN, toRequest(CREATE, text))
}

test('case variants are judged as dockerd reads them, and duplicates are refused', () => {
  assert.equal(brief(send('{"Image":"a","hostconfig":{"PRIVILEGED":true}}')), 'refuse PRIVILEGED')
  assert.equal(brief(send('{"Image":"a","Ho\u017ftConfig":{"Privileged":true}}')), 'refuse PRIVILEGED')
  assert.equal(brief(send('{"Image":"a","HostConfig":{},"hostconfig":{"Privileged":true}}')), 'refuse BODY_AMBIGUOUS')
})

test('audit and warn say what a stricter level would refuse, and change no verdict', () => {
  const decision = ask(
    CREATE,
    { Image: 'a' },
    { level: { enforce: 'baseline', audit: 'restricted', warn: 'read-only' } },
  )
  assert.equal(decision.verdict, 'allow')
  assert.deepEqual(
    decision.audit.map(({ code }) => code),
    ['NOT_HARDENED', 'NOT_HARDENED', 'ROOT_USER'],
  )
  assert.deepEqual(
    decision.warn.map(({ code }) => code),
    ['OPERATION_REFUSED'],
  )
})

/** The verdict of a request, its reasons, and what the levels that are tried would say. */
function tried(level: object, line: string, text: string | undefined): unknown {
  const policy = definePolicy({ version: 1, rules: [{ name: 'ann', who: { socket: 'ann' }, level }] })
  const { verdict, reasons, audit, warn } = decide(policy, ANN, toRequest(line, text))
  return [verdict, ...[reasons, audit, warn].map((list) => list.map(({ code }) => code).join(' '))]
}

test("audit and warn at privileged also say what a stricter level refuses because it can't be read", () => {
  const rows: readonly (readonly [line: string, text: string | undefined, code: string])[] = [
    [CREATE, '{"Image":"a","HostConfig":{},"hostconfig":{"Privileged":true}}', 'BODY_AMBIGUOUS'],
    [CREATE, '{"Image":"a","Frobnicate":1}', 'FIELD_UNKNOWN'],
    [CREATE, '{"Image":1}', 'BODY_INVALID'],
    ['GET /frobnicate', undefined, 'OPERATION_UNKNOWN'],
    ['GET /v9.99/_ping', undefined, 'VERSION_UNKNOWN'],
    ['GET /containers/json?frobnicate=1', undefined, 'QUERY_UNKNOWN'],
    ['GET /containers/../info', undefined, 'PATH_AMBIGUOUS'],
  ]
  for (const [line, text, code] of rows) {
    const inBoth = { enforce: 'privileged', audit: 'baseline', warn: 'restricted' }
    assert.deepEqual(tried(inBoth, line, text), ['allow', '', code, code], line)
    const inOne = { enforce: 'privileged', audit: 'privileged', warn: 'read-only' }
    assert.deepEqual(tried(inOne, line, text), ['allow', '', '', code], line)
    assert.deepEqual(tried({ enforce: 'baseline', audit: 'restricted' }, line, text), ['refuse', code, code, ''], line)
  }
})

/** What is decided about a container with this many volumes, by what the daemon says of each. */
async function decideVolumes(count: number, level: object, inspect: () => Promise<Json>): Promise<unknown> {
  const Binds = Array.from({ length: count }, (_, index) => `v${index}:/v${index}`)
  const policy = definePolicy({ version: 1, rules: [{ name: 'ann', who: { socket: 'ann' }, level }] })
  const request = toRequest(CREATE, JSON.stringify({ Image: 'a', HostConfig: { Binds, NetworkMode: 'none' } }))
  const { verdict, reasons, needs, ...rest } = await decideAsking(policy, ANN, request, inspect)
  const [audit, warn] = [rest.audit, rest.warn].map((list) => list.map(({ code, got }) => `${code} ${got}`))
  return { verdict, reasons, needs, audit, warn }
}

const fails = (): Promise<Json> => Promise.reject(new Error('500'))

describe('a level that is only tried refuses nothing', () => {
  const allowed = { verdict: 'allow', reasons: [], needs: [] }

  test('whatever the daemon says', async () => {
    const bind = { Driver: 'local', Options: { o: 'bind', device: '/etc' } }
    const level = { enforce: 'privileged', audit: 'baseline' }
    const audit = ['TARGET_TOO_POWERFUL the volume v0: the volume shows /etc of the host (HOST_PATH)']
    assert.deepEqual(await decideVolumes(1, level, async () => bind), { ...allowed, audit, warn: [] })
  })

  test('if the daemon does not say it', async () => {
    const unknown = ['TARGET_UNKNOWN not inspected: the volume v0']
    const inAudit = { enforce: 'privileged', audit: 'baseline' }
    assert.deepEqual(await decideVolumes(1, inAudit, fails), { ...allowed, audit: unknown, warn: [] })
    const inWarn = { enforce: 'privileged', audit: 'privileged', warn: 'baseline' }
    assert.deepEqual(await decideVolumes(1, inWarn, fails), { ...allowed, audit: [], warn: unknown })
    let asked = 0
    const failsLater = async (): Promise<Json> => (++asked === 1 ? null : fails())
    const audit = ['TARGET_UNKNOWN not inspected: the volume v1, and 1 more']
    assert.deepEqual(await decideVolumes(3, inAudit, failsLater), { ...allowed, audit, warn: [] })
    assert.equal(asked, 2)
    await assert.rejects(decideVolumes(1, { enforce: 'baseline', audit: 'restricted' }, fails), /500/)
  })

  test('if it names too much to ask for', async () => {
    const audit = ['TARGET_UNKNOWN not inspected: the volume v0, and 100 more']
    const level = { enforce: 'privileged', audit: 'baseline' }
    assert.deepEqual(await decideVolumes(101, level, () => assert.fail('it was asked')), {
      ...allowed,
      audit,
      warn: [],
    })
  })

  test('and what only it has to know is no need of the verdict', () => {
    const body = { Image: 'a', HostConfig: { Binds: ['v:/v'], NetworkMode: 'none' } }
    const decision = ask(CREATE, body, { level: { enforce: 'privileged', audit: 'baseline' } })
    assert.deepEqual([decision.verdict, decision.needs], ['allow', [{ kind: 'volume', name: 'v' }]])
    const both = ask(CREATE, body, { level: { enforce: 'baseline', audit: 'restricted' } })
    assert.deepEqual([both.verdict, both.needs], ['needs', [{ kind: 'volume', name: 'v' }]])
  })
})

describe('exceptions', () => {
  test('allow adds to the level, and to nothing else', () => {
    const allow = {
      operations: ['plugins.pull'],
      hostPaths: [{ path: '/srv/app' }, { path: '/etc/ssl', readOnly: true }],
      capabilities: ['NET_ADMIN'],
      devices: ['/dev/fuse'],
    }
    const on = (HostConfig: Json): string => brief(ask(CREATE, { Image: 'a', HostConfig }, { rule: { allow } }))
    assert.equal(brief(ask('POST /plugins/pull?remote=x', [], { rule: { allow } })), 'allow')
    assert.equal(brief(ask('POST /plugins/x/enable', undefined, { rule: { allow } })), 'refuse OPERATION_REFUSED')
    const rows: readonly (readonly [config: Json, verdict: string])[] = [
      [{ Binds: ['/srv/app:/a', '/srv/app/:/b:rw', '/etc/ssl:/c:ro'] }, 'allow'],
      [{ Binds: ['/etc/ssl:/c'] }, 'refuse HOST_PATH'],
      [{ Binds: ['/etc/ssl:/c:ro,rshared'] }, 'refuse HOST_PATH HOST_PATH'],
      [{ Binds: ['/srv/app/sub:/a'] }, 'refuse HOST_PATH'],
      [{ Binds: ['/srv/app/../../etc:/a'] }, 'refuse HOST_PATH'],
      [{ Binds: ['/srv:/a'] }, 'refuse HOST_PATH'],
      // The kernel follows the link before it goes up.
      [{ Binds: ['/srv/app/link/..:/a'] }, 'refuse HOST_PATH'],
      [
        { Devices: [{ PathOnHost: '/srv/app/link/../dev/fuse' }, { PathOnHost: '/dev/../dev/fuse' }] },
        'refuse HOST_DEVICE HOST_DEVICE',
      ],
      [
        { Mounts: [{ Type: 'bind', Source: '/etc/ssl', ReadOnly: true, BindOptions: { ReadOnlyNonRecursive: true } }] },
        'refuse HOST_PATH',
      ],
      [{ Mounts: [{ Type: 'bind', Source: '/srv/app', Target: '/a' }] }, 'allow'],
      [{ CapAdd: ['CAP_NET_ADMIN'] }, 'allow'],
      [{ CapAdd: ['NET_ADMIN', 'SYS_ADMIN'] }, 'refuse CAPABILITY'],
      [{ Devices: [{ PathOnHost: '/dev/fuse', PathInContainer: '/dev/x', CgroupPermissions: 'rwm' }] }, 'allow'],
      [{ Devices: [{ PathOnHost: '/dev/sda' }] }, 'refuse HOST_DEVICE'],
    ]
    for (const [config, verdict] of rows) assert.equal(on(config), verdict, JSON.stringify(config))
  })

  test('deny and only narrow the level', () => {
    const digest = `sha256:${'a'.repeat(64)}`
    const only = { images: ['r.example/team/*', 'redis'], networks: ['web'] }
    const deny = { images: ['r.example/team/old', `redis@${digest}`], operations: ['images.push'] }
    const image = (Image: string): string =>
      brief(ask(CREATE, { Image, HostConfig: { NetworkMode: 'none' } }, { rule: { only, deny } }))
    for (const [name, verdict] of [
      ['r.example/team/app:1', 'allow'],
      ['r.example/team/old:1', 'refuse IMAGE_REFUSED'],
      ['alpine', 'refuse IMAGE_REFUSED'],
      ['sha256:0123', 'refuse IMAGE_REFUSED'],
      ['cafe', 'refuse IMAGE_REFUSED'],
      // The tag may stand for the digest that is denied.
      ['redis:7', 'refuse IMAGE_REFUSED'],
      [`redis@sha256:${'b'.repeat(64)}`, 'allow'],
    ] as const) {
      assert.equal(image(name), verdict, name)
    }
    const facts = new Facts().add({ kind: 'network', name: 'web' }, { Driver: 'bridge' })
    const joins = (NetworkMode: string): string =>
      brief(
        ask(
          CREATE,
          { Image: 'redis@sha256:' + 'b'.repeat(64), HostConfig: { NetworkMode } },
          { rule: { only, deny }, facts },
        ),
      )
    assert.deepEqual([joins('web'), joins('db'), joins('none')], ['allow', 'refuse NETWORK_REFUSED', 'allow'])
    assert.deepEqual([joins(''), joins('default'), joins('bridge')], Array(3).fill('refuse NETWORK_REFUSED'))
    const connect = (name: string): string =>
      brief(ask(`POST /networks/${name}/connect`, {}, { rule: { only, deny: { networks: ['db'] } }, facts }))
    assert.deepEqual(
      [connect('web'), connect('db'), connect('x')],
      ['allow', 'refuse NETWORK_REFUSED', 'refuse NETWORK_REFUSED'],
    )
    assert.equal(
      brief(ask('POST /images/r.example/team/app/push', undefined, { rule: { deny } })),
      'refuse OPERATION_REFUSED',
    )
    assert.equal(
      brief(ask('POST /images/create?fromImage=alpine&tag=3', undefined, { rule: { only } })),
      'refuse IMAGE_REFUSED',
    )
    assert.equal(
      brief(ask('POST /images/alpine/tag?repo=redis', undefined, { rule: { only } })),
      'refuse IMAGE_REFUSED',
    )
  })
})

const SERVICE = { TaskTemplate: { ContainerSpec: { Image: 'a' } } }

const containerWith = (HostConfig: Json): Facts =>
  new Facts().add({ kind: 'container', name: 'web' }, { Config: { Image: 'a' }, HostConfig, Mounts: [] })
const serviceWith = (settings: object): Json => ({ TaskTemplate: { ContainerSpec: { Image: 'a', ...settings } } })
const serviceFacts = (Spec: Json, PreviousSpec: Json): Facts =>
  new Facts().add({ kind: 'service', name: 'x' }, { Spec, PreviousSpec, Version: { Index: 1 } })

/** What the daemon says of itself. */
interface Defaults {
  readonly runtime?: string
  readonly options?: readonly string[]
  readonly version?: string
}

const infoOf = ({ runtime = 'runc', options = [], version = '26.1.5+dfsg1' }: Defaults): Json => ({
  DefaultRuntime: runtime,
  SecurityOptions: ['name=apparmor', 'name=seccomp,profile=builtin', ...options],
  ServerVersion: version,
})

describe('a container can not set aside the defaults of the daemon', () => {
  const hardened = { options: ['name=no-new-privileges'] }
  const sandbox = { runtime: 'runsc' }
  const rows: readonly (readonly [config: Record<string, Json>, info: Json, code?: string])[] = [
    [{ Runtime: 'runc' }, infoOf({})],
    [{ Runtime: 'io.containerd.runc.v2' }, infoOf({})],
    [{ Runtime: 'runc' }, infoOf({ runtime: 'io.containerd.runc.v2' })],
    [{ Runtime: 'runc' }, infoOf(sandbox), 'RUNTIME'],
    [{ Runtime: 'io.containerd.runc.v2' }, infoOf(sandbox), 'RUNTIME'],
    [{ Runtime: 'runsc' }, infoOf(sandbox)],
    [{ Runtime: '' }, infoOf(sandbox)],
    [{ Runtime: 'runsc' }, infoOf({}), 'RUNTIME'],
    [{ Runtime: 'runc' }, {}, 'RUNTIME'],
    [{ Runtime: 'runc' }, null, 'RUNTIME'],
    [{ SecurityOpt: ['no-new-privileges=false'] }, infoOf({})],
    [{ SecurityOpt: ['no-new-privileges:false'] }, infoOf(hardened), 'CONFINEMENT'],
    [{ SecurityOpt: ['no-new-privileges', 'no-new-privileges=0'] }, infoOf(hardened), 'CONFINEMENT'],
    [{ SecurityOpt: ['no-new-privileges=0', 'no-new-privileges'] }, infoOf(hardened)],
    // It doesn't say so before Docker 24.
    [{ SecurityOpt: ['no-new-privileges=false'] }, infoOf({ version: '23.0.1' }), 'CONFINEMENT'],
    [{ SecurityOpt: ['no-new-privileges=false'] }, infoOf({ version: 'dev' }), 'CONFINEMENT'],
    [{ SecurityOpt: ['no-new-privileges=false'] }, null, 'CONFINEMENT'],
    [{ SecurityOpt: ['seccomp=builtin'] }, infoOf({})],
    [{ SecurityOpt: ['seccomp=builtin'] }, { SecurityOptions: ['name=seccomp,profile=default'] }],
    [{ SecurityOpt: ['seccomp=builtin'] }, { SecurityOptions: ['name=seccomp,profile=unconfined'] }],
    [
      { SecurityOpt: ['seccomp=builtin'] },
      { SecurityOptions: ['name=seccomp,profile=/etc/strict.json'] },
      'CONFINEMENT',
    ],
    [{ SecurityOpt: ['seccomp=builtin'] }, null, 'CONFINEMENT'],
  ]
  for (const [HostConfig, info, code] of rows) {
    test(`${JSON.stringify(HostConfig)} on ${JSON.stringify(info)}`, () => {
      const facts = (): Facts => containerWith(HostConfig).add(DAEMON, info)
      const [created, started] = [
        ask(CREATE, { Image: 'a', HostConfig }, { facts: facts() }),
        ask('POST /containers/web/start', undefined, { facts: facts() }),
      ]
      assert.equal(brief(created), code === undefined ? 'allow' : `refuse ${code}`)
      assert.equal(brief(started), code === undefined ? 'allow' : 'refuse TARGET_TOO_POWERFUL')
    })
  }

  test('the daemon is asked once, and only if it matters', () => {
    const both = { Runtime: 'runc', SecurityOpt: ['seccomp=builtin', 'no-new-privileges=false'] }
    const needs = (['baseline', 'privileged'] as const).map(
      (level) => ask(CREATE, { Image: 'a', HostConfig: both }, { level }).needs,
    )
    assert.deepEqual(needs, [[DAEMON], []])
    assert.deepEqual(ask(CREATE, { Image: 'a', HostConfig: {} }).needs, [])
  })
})

const useOf = (HostConfig: Json): string =>
  brief(ask('POST /containers/web/start', undefined, { facts: containerWith(HostConfig) }))
const creationOf = (HostConfig: Json): string => brief(ask(CREATE, { Image: 'a', HostConfig }))

test('an older default of the masked paths is right for a container that exists, and not for a new one', () => {
  const old = ['acpi', 'asound', 'kcore', 'keys', 'latency_stats', 'sched_debug', 'scsi', 'timer_list', 'timer_stats']
  const MaskedPaths = ['/sys/firmware', ...old.map((name) => `/proc/${name}`)]
  assert.equal(useOf({ MaskedPaths }), 'allow')
  assert.equal(useOf({ MaskedPaths: MaskedPaths.slice(1) }), 'refuse TARGET_TOO_POWERFUL')
  assert.equal(creationOf({ MaskedPaths }), 'refuse CONFINEMENT')
  const newer = [...MaskedPaths, '/proc/interrupts', '/sys/devices/virtual/powercap']
  assert.deepEqual([creationOf({ MaskedPaths: newer }), creationOf({ MaskedPaths: null })], ['allow', 'allow'])
})

/** What comes of an exec in a container with a mount of an image. */
function execBeside(Name: string, rule: object, image?: Json): string {
  const inspect = { Config: { Image: 'a' }, HostConfig: { Memory: 0 }, Mounts: [{ Type: 'image', Name }] }
  const facts = new Facts().add({ kind: 'container', name: 'web' }, inspect)
  if (image !== undefined) facts.add({ kind: 'image', name: Name }, image)
  const decision = ask('POST /containers/web/exec', { Cmd: ['sh'] }, { rule, facts })
  return decision.verdict === 'needs' ? `needs ${decision.needs[0]?.name}` : brief(decision)
}

describe('a mount of an image in a container that exists', () => {
  const id = `sha256:${'1'.repeat(64)}`
  const image = { RepoTags: ['team/app:1'], RepoDigests: [`other/app@${id}`] }

  test('has to be one that the rule allows, by one of its names', () => {
    const only = { images: ['team/*'] }
    assert.deepEqual([execBeside('other/app', {}), execBeside(id, {})], ['allow', 'allow'])
    assert.equal(execBeside(id, { only }), `needs ${id}`)
    assert.equal(execBeside(id, { only }, image), 'allow')
    assert.equal(execBeside(id, { only: { images: ['third/app'] } }, image), 'refuse TARGET_TOO_POWERFUL')
    assert.equal(execBeside(id, { only }, { RepoTags: [] }), 'refuse TARGET_TOO_POWERFUL')
    assert.equal(execBeside(id, { only }, null), 'refuse TARGET_TOO_POWERFUL')
    assert.equal(execBeside('team/app', { only }, image), 'allow')
    assert.equal(execBeside('other/app', { only }, image), 'refuse TARGET_TOO_POWERFUL')
  })

  test('and none that it denies', () => {
    assert.equal(execBeside(id, { deny: { images: ['other/*'] } }, image), 'refuse TARGET_TOO_POWERFUL')
    assert.equal(
      execBeside(id, { only: { images: ['team/*'] }, deny: { images: ['other/*'] } }, image),
      'refuse TARGET_TOO_POWERFUL',
    )
    assert.equal(execBeside(id, { deny: { images: ['third/*'] } }, image), 'allow')
  })
})

describe('capabilities that a rule denies', () => {
  const rule = { allow: { capabilities: ['NET_ADMIN'] }, deny: { capabilities: ['NET_RAW', 'CAP_NET_ADMIN'] } }
  const ending = (line: string, body?: Json, facts?: Facts): string =>
    brief(ask(line, body, { rule, ...(facts && { facts }) }))

  test('a container has to drop those of the default set, and may add none', () => {
    const rows: readonly (readonly [config: Json, verdict: string])[] = [
      [{}, 'refuse CAPABILITY'],
      [{ CapDrop: ['NET_RAW'] }, 'allow'],
      [{ CapDrop: ['cap_net_raw'] }, 'allow'],
      [{ CapDrop: ['all'] }, 'allow'],
      [{ CapDrop: ['CAP_ALL'] }, 'refuse CAPABILITY'],
      [{ CapDrop: ['CHOWN'] }, 'refuse CAPABILITY'],
      [{ CapDrop: ['ALL'], CapAdd: ['CHOWN'] }, 'allow'],
      // What is added counts more than what is dropped.
      [{ CapDrop: ['ALL', 'NET_RAW'], CapAdd: ['NET_RAW'] }, 'refuse CAPABILITY'],
      [{ CapDrop: ['NET_RAW'], CapAdd: ['NET_ADMIN'] }, 'refuse CAPABILITY'],
      [{ CapDrop: ['ALL'], CapAdd: ['ALL'] }, 'refuse CAPABILITY CAPABILITY CAPABILITY'],
      [{ CapDrop: ['ALL'], Privileged: true }, 'refuse PRIVILEGED CAPABILITY CAPABILITY'],
    ]
    for (const [HostConfig, verdict] of rows)
      assert.equal(ending(CREATE, { Image: 'a', HostConfig }), verdict, JSON.stringify(HostConfig))
    assert.equal(ending(CREATE, { Image: 'a' }), 'refuse CAPABILITY')
    assert.equal(brief(ask(CREATE, { Image: 'a' }, { rule: { deny: { capabilities: ['SYS_ADMIN'] } } })), 'allow')
  })

  test('a container that has them can be neither used nor joined', () => {
    const [open, dropped] = [containerWith({ CapDrop: null }), containerWith({ CapDrop: ['NET_RAW'] })]
    const joins = { Image: 'a', HostConfig: { CapDrop: ['ALL'], NetworkMode: 'container:web' } }
    for (const [line, body] of [
      ['POST /containers/web/exec', { Cmd: ['sh'] }],
      ['POST /containers/web/start', undefined],
      [CREATE, joins],
    ] as const) {
      assert.equal(ending(line, body, open), 'refuse TARGET_TOO_POWERFUL', line)
      assert.equal(ending(line, body, dropped), 'allow', line)
    }
    assert.equal(ending('POST /containers/web/stop', undefined, open), 'allow')
  })

  test('services, and what comes back with a rollback', () => {
    const good = serviceWith({ CapabilityDrop: ['NET_RAW'] })
    const both = serviceWith({ CapabilityDrop: ['NET_RAW'], CapabilityAdd: ['CAP_NET_RAW'] })
    assert.deepEqual(
      [SERVICE, good, both].map((body) => ending('POST /v1.41/services/create', body)),
      ['refuse CAPABILITY', 'allow', 'refuse CAPABILITY'],
    )
    const update = 'POST /v1.45/services/x/update?version=1'
    assert.equal(ending(update, good, serviceFacts(good, null)), 'allow')
    assert.equal(ending(update, good, serviceFacts(SERVICE, null)), 'refuse TARGET_TOO_POWERFUL')
    assert.equal(ending(`${update}&rollback=previous`, good, serviceFacts(good, SERVICE)), 'refuse TARGET_TOO_POWERFUL')
  })

  test('services of API versions in which dockerd ignores CapabilityDrop', () => {
    const good = serviceWith({ CapabilityDrop: ['NET_RAW'] })
    for (const version of ['/v1.40', ''])
      for (const [line, facts] of [
        ['services/create', undefined],
        ['services/x/update?version=1', serviceFacts(good, null)],
      ] as const)
        assert.equal(ending(`POST ${version}/${line}`, good, facts), 'refuse CAPABILITY', version)
    const [reason] = ask('POST /services/create', good, { rule }).reasons
    assert.match(
      reason?.got ?? '',
      /^the rule denies NET_RAW, but .*: send the request to \/v1\.41\/services or a newer/,
    )
  })

  test('builds, whose steps have the default set', () => {
    assert.equal(ending('POST /build?version=2'), 'refuse OPERATION_REFUSED')
    const allowed = { ...rule, allow: { operations: ['images.build'] } }
    assert.equal(brief(ask('POST /build?version=2', undefined, { rule: allowed })), 'allow')
    assert.equal(brief(ask('POST /build', undefined, { rule: { deny: { capabilities: ['SYS_ADMIN'] } } })), 'allow')
  })
})

describe('limits of images and networks for what is not seen', () => {
  const only = { images: ['team/*'] }
  const allow = { operations: ['images.build'] }
  const networks = { only: { networks: ['web'] } }
  const rows: [line: string, rule: object, verdict: string, body?: Json][] = [
    ['POST /build?t=team/a', { only }, 'refuse OPERATION_REFUSED'],
    ['POST /build?t=team/a', { deny: { images: ['b'] } }, 'refuse OPERATION_REFUSED'],
    ['POST /images/load', { only }, 'refuse OPERATION_REFUSED'],
    ['POST /build?t=team/a', { only, allow }, 'allow'],
    ['POST /build?t=team/a&t=alpine', { only, allow }, 'refuse IMAGE_REFUSED'],
    ['POST /build?t=team/a', {}, 'allow'],
    ['POST /build?networkmode=none', networks, 'refuse OPERATION_REFUSED'],
    ['POST /build', { deny: { networks: ['bridge'] } }, 'refuse OPERATION_REFUSED'],
    ['POST /build', { only: { networks: ['bridge'] } }, 'allow'],
    ['POST /build', { ...networks, allow }, 'refuse NETWORK_REFUSED'],
    ['POST /build?networkmode=default', { ...networks, allow }, 'refuse NETWORK_REFUSED'],
    ['POST /build?networkmode=none', { ...networks, allow }, 'allow'],
    [`POST /build?outputs=${encodeURIComponent('[{"Type":"moby"}]')}`, {}, 'allow'],
    [
      `POST /build?outputs=${encodeURIComponent('[{"Type":"image","Attrs":{"push":"true"}}]')}`,
      {},
      'refuse BUILD_OPTION',
    ],
    [`POST /build?outputs=${encodeURIComponent('[{"Type":"other"}]')}`, {}, 'refuse BUILD_OPTION'],
    ['POST /services/create', networks, 'refuse NETWORK_REFUSED', SERVICE],
    ['POST /services/create', networks, 'refuse NETWORK_REFUSED', { ...SERVICE, Networks: [] }],
    ['POST /services/create', { only: { networks: ['bridge'] } }, 'allow', SERVICE],
  ]
  for (const [line, rule, verdict, body] of rows) {
    test(`${line} ${JSON.stringify(rule)} ${JSON.stringify(body)}`, () => {
      assert.equal(brief(ask(line, body, { rule })), verdict)
    })
  }
})

test('restricted allows a service only in API versions in which dockerd limits its privileges', () => {
  const body = serviceWith({ User: '1000', CapabilityDrop: ['ALL'], Privileges: { NoNewPrivileges: true } })
  const facts = serviceFacts(body, null)
  const hardened = (line: string): string => brief(ask(line, body, { level: 'restricted', facts }))
  for (const line of ['services/create', 'services/x/update?version=1']) {
    assert.deepEqual(
      ['/v1.44/', '/v1.55/', '/v1.43/', '/v1.24/', '/'].map((version) => hardened(`POST ${version}${line}`)),
      ['allow', 'allow', ...Array<string>(3).fill('refuse NOT_HARDENED')],
    )
  }
})

const withInherited = (Destination: string, from = 'db'): Json => ({
  Config: { Image: 'a' },
  HostConfig: {
    CapDrop: null,
    VolumesFrom: [`${from}:ro`],
    Binds: ['/etc/ssl:/own/:ro'],
    Mounts: [{ Type: 'bind', Source: '/etc/ssl', Target: '/mine', ReadOnly: true }],
  },
  Mounts: [{ Type: 'bind', Source: '/etc/ssl', Destination, Mode: '', RW: false }],
})

describe('a folder that a rule allows to read', () => {
  const rule = { allow: { hostPaths: [{ path: '/etc/ssl', readOnly: true }, { path: '/srv' }] } }
  const read = { Type: 'bind', Source: '/etc/ssl', Target: '/c', ReadOnly: true }

  const create = (line: string, body: Json): string => brief(ask(`POST /${line}`, body, { rule }))
  const start = (HostConfig: Json, mount: object): string => {
    const mounted = { Type: 'bind', Source: '/etc/ssl', Destination: '/c', Mode: 'ro', RW: false, ...mount }
    const inspect = {
      Config: { Image: 'a' },
      HostConfig: { CapDrop: null, ...Object(HostConfig) },
      Mounts: [mounted],
    }
    const facts = new Facts().add({ kind: 'container', name: 'web' }, inspect)
    return brief(ask('POST /containers/web/start', undefined, { rule, facts }))
  }

  test('is refused in API versions in which file systems below it can be written', () => {
    const rows: readonly (readonly [line: string, body: (mounts: Json[]) => Json])[] = [
      ['containers/create', (Mounts) => ({ Image: 'a', HostConfig: { Mounts } })],
      ['containers/create', () => ({ Image: 'a', HostConfig: { Binds: ['/etc/ssl:/c:ro'] } })],
      ['services/create', (Mounts) => serviceWith({ Mounts })],
    ]
    for (const [line, body] of rows) {
      assert.equal(create(`v1.43/${line}`, body([read])), 'refuse HOST_PATH', line)
      assert.equal(create(`v1.44/${line}`, body([read])), 'allow', line)
    }
    assert.equal(create('v1.43/containers/create', { Image: 'a', HostConfig: { Binds: ['/srv:/c:ro'] } }), 'allow')
  })

  test('is refused in a container where file systems below it can be written', () => {
    const open = { ...read, BindOptions: { ReadOnlyNonRecursive: true } }
    assert.deepEqual(
      [
        start({}, {}),
        start({}, { Mode: 'ro-non-recursive' }),
        start({ Mounts: [read] }, { Mode: '' }),
        start({ Mounts: [open] }, { Mode: '' }),
        start({ Mounts: [{ ...open, Target: '//c/.' }] }, { Mode: '' }),
        start({ Mounts: [{ ...open, Target: '/other' }] }, { Mode: '' }),
      ],
      ['allow', 'refuse TARGET_TOO_POWERFUL', 'allow', ...Array<string>(2).fill('refuse TARGET_TOO_POWERFUL'), 'allow'],
    )
  })

  test('is refused in a container that has it from another one, of which nobody sees how that one mounts it', () => {
    assert.deepEqual(
      ['/own', '/mine', '/c'].map((one) =>
        brief(
          ask('POST /containers/web/start', undefined, {
            rule,
            facts: new Facts().add({ kind: 'container', name: 'web' }, withInherited(one)),
          }),
        ),
      ),
      ['allow', 'allow', 'refuse TARGET_TOO_POWERFUL'],
    )
  })

  test('is allowed in a container that has it from one that is known by its id, and may be used', () => {
    const id = 'db'.repeat(32)
    const startFrom = (source?: Json, hostPaths: readonly object[] = rule.allow.hostPaths): string => {
      const facts = new Facts().add({ kind: 'container', name: 'web' }, withInherited('/c', id))
      if (source !== undefined) facts.add({ kind: 'container', name: id }, source)
      return brief(ask('POST /containers/web/start', undefined, { rule: { allow: { hostPaths } }, facts }))
    }
    const mount = { Type: 'bind', Source: '/etc/ssl', Target: '/c', ReadOnly: true }
    const source = (BindOptions: Json, Id = id): Json => ({
      Id,
      Config: { Image: 'a' },
      HostConfig: { CapDrop: null, Mounts: [{ ...mount, BindOptions }] },
      Mounts: [{ Type: 'bind', Source: '/etc/ssl', Destination: '/c', Mode: '', RW: false }],
    })
    assert.equal(startFrom(source(null)), 'allow')
    assert.equal(startFrom(source({ ReadOnlyNonRecursive: true })), 'refuse TARGET_TOO_POWERFUL')
    const privileged = { Id: id, Config: { Image: 'a' }, HostConfig: { Privileged: true } }
    assert.equal(startFrom(privileged), 'refuse TARGET_TOO_POWERFUL')
    assert.equal(startFrom(), 'needs')
    assert.equal(startFrom(null), 'refuse TARGET_TOO_POWERFUL')
    // A container whose name looks like the id of one that is gone.
    assert.equal(startFrom(source(null, 'ab'.repeat(32))), 'refuse TARGET_TOO_POWERFUL')
    const joined = withInherited('/c', id) as { readonly HostConfig: object }
    const web = { ...joined, HostConfig: { ...joined.HostConfig, PidMode: `container:${id}` } }
    const both = new Facts()
      .add({ kind: 'container', name: 'web' }, web)
      .add({ kind: 'container', name: id }, source(null, 'ab'.repeat(32)))
    const started = brief(ask('POST /containers/web/start', undefined, { rule, facts: both }))
    assert.equal(started, 'refuse TARGET_TOO_POWERFUL')
    // Where the folder may be written, nothing depends on the source.
    for (const one of [undefined, null, privileged]) assert.equal(startFrom(one, [{ path: '/etc/ssl' }]), 'allow')
  })
})

test('a container can be used whatever its log driver is: dockerd writes its default into its settings', () => {
  for (const Type of ['syslog', 'journald', 'awslogs'])
    assert.equal(
      brief(
        ask('POST /containers/web/start', undefined, {
          facts: containerWith({ CapDrop: null, LogConfig: { Type, Config: { tag: 'x' } } }),
        }),
      ),
      'allow',
    )
})

test('limits of networks hold for ids, too', () => {
  const id = 'c4fe'.repeat(16)
  const swarmId = 'k1qh'.repeat(6) + 'z'
  const facts = [id, swarmId].reduce(
    (all, name) => all.add({ kind: 'network', name }, { Id: name, Name: 'web', Driver: 'overlay' }),
    new Facts().add({ kind: 'network', name: 'c4' }, { Id: id, Name: 'web', Driver: 'bridge' }),
  )
  const create = (rule: object, Target: string, known = facts): string =>
    brief(ask('POST /v1.45/services/create', { ...SERVICE, Networks: [{ Target }] }, { rule, facts: known }))
  for (const one of [id, swarmId]) {
    assert.equal(create({ only: { networks: ['web'] } }, one), 'allow')
    assert.equal(create({ only: { networks: ['web'] } }, one, new Facts()), 'needs')
    assert.equal(create({ only: { networks: ['db'] } }, one), 'refuse NETWORK_REFUSED')
    assert.equal(create({ deny: { networks: ['web'] } }, one), 'refuse NETWORK_REFUSED')
    assert.equal(create({ deny: { networks: ['db'] } }, one), 'allow')
    assert.equal(create({ only: { networks: [one] } }, one), 'allow')
    assert.equal(create({ deny: { networks: [one] } }, one), 'refuse NETWORK_REFUSED')
  }
  // The beginning of an id isn't the network with that name.
  assert.equal(create({ only: { networks: ['c4'] } }, 'c4'), 'refuse NETWORK_REFUSED')
  const back = serviceFacts(SERVICE, { ...SERVICE, Networks: [{ Target: id }] })
  back.add({ kind: 'network', name: id }, { Id: id, Name: 'web', Driver: 'overlay' })
  back.add({ kind: 'network', name: 'web' }, { Id: id, Name: 'web', Driver: 'overlay' })
  const rollback = (rule: object): string =>
    brief(
      ask(
        'POST /v1.45/services/x/update?version=1&rollback=previous',
        { ...SERVICE, Networks: [{ Target: 'web' }] },
        {
          rule,
          facts: back,
        },
      ),
    )
  assert.deepEqual(
    [rollback({ only: { networks: ['web'] } }), rollback({ deny: { networks: ['web'] } })],
    ['allow', 'refuse NETWORK_REFUSED TARGET_TOO_POWERFUL'],
  )
})

describe('only with operations', () => {
  const only = { operations: ['containers.list', 'containers.inspect'] }
  const rows: [string, Record<string, unknown>, string][] = [
    ['GET /containers/json', { only }, 'allow'],
    ['GET /images/json', { only }, 'refuse OPERATION_REFUSED'],
    ['GET /containers/json', { only: { operations: ['containers.*'] } }, 'allow'],
    ['GET /containers/json', { only: { operations: [] } }, 'refuse OPERATION_REFUSED'],
    ['GET /containers/json', { only, deny: { operations: ['containers.list'] } }, 'refuse OPERATION_REFUSED'],
    // Nothing widens it.
    ['GET /images/json', { only, allow: { operations: ['images.list'] } }, 'refuse OPERATION_REFUSED'],
    // It doesn't widen the level.
    ['GET /swarm', { only: { operations: ['swarm.inspect'] } }, 'refuse OPERATION_REFUSED'],
  ]
  for (const [request, rule, verdict] of rows) {
    test(`${request} ${JSON.stringify(rule)}`, () => {
      assert.equal(brief(ask(request, undefined, { rule })), verdict)
    })
  }
})

/** What the daemon says of a container that `docker run alpine` makes. */
function inspected(hostConfig: Record<string, Json> = {}, rest: Record<string, Json> = {}): Json {
  return {
    Id: 'f'.repeat(64),
    Config: { Image: 'alpine', User: '', Labels: {}, OnBuild: null, Hostname: 'x' },
    HostConfig: {
      NetworkMode: 'bridge',
      IpcMode: 'private',
      CgroupnsMode: 'private',
      Runtime: 'runc',
      CapAdd: null,
      LogConfig: { Type: 'json-file', Config: {} },
      ...hostConfig,
    },
    Mounts: [],
    NetworkSettings: { Networks: { bridge: {} } },
    ...rest,
  }
}

const exec = (facts?: Facts): Decision => ask('POST /containers/web/exec', { Cmd: ['sh'] }, { ...(facts && { facts }) })
const web = (inspect: Json): Facts => new Facts().add({ kind: 'container', name: 'web' }, inspect)
const withVolume = (): Facts => web(inspected({}, { Mounts: [{ Type: 'volume', Name: 'data', RW: true }] }))
const start = (facts: Facts): Decision => ask('POST /exec/abc/start', {}, { facts })
const ofWeb = (): Facts => new Facts().add({ kind: 'exec', name: 'abc' }, { ContainerID: 'web' })

test('a volume below a link in an allowed folder', () => {
  const allow = { hostPaths: [{ path: '/srv/app' }] }
  const create = (device: string): string =>
    brief(ask('POST /volumes/create', { DriverOpts: { type: 'none', o: 'bind', device } }, { rule: { allow } }))
  assert.deepEqual([create('/srv/app'), create('/srv/app/link/..')], ['allow', 'refuse HOST_PATH'])
})

const webAndDb = (): Facts =>
  web(inspected()).add({ kind: 'container', name: 'db' }, { ...(inspected() as object), Id: 'd'.repeat(64) })

const sent = (line: string, body?: Json): { target: string; body?: string } => {
  const { read, verdict } = ask(line, body, { facts: webAndDb() })
  assert.ok(read && verdict === 'allow')
  return writeRequest(read)
}

test('what is sent names containers by the ids that were judged', () => {
  const id = 'f'.repeat(64)
  assert.equal(sent('POST /containers/web/start').target, `/containers/${id}/start`)
  assert.equal(sent('POST /commit?container=web', {}).target, `/commit?container=${id}`)
  assert.equal(sent('POST /build?networkmode=container:web').target, `/build?networkmode=container%3A${id}`)
  const HostConfig = { PidMode: 'container:web', NetworkMode: 'none', VolumesFrom: ['web:ro'], Links: ['db', 'web:x'] }
  assert.deepEqual(JSON.parse(sent(CREATE, { Image: 'a', HostConfig }).body ?? ''), {
    Image: 'a',
    HostConfig: {
      PidMode: `container:${id}`,
      NetworkMode: 'none',
      VolumesFrom: [`${id}:ro`],
      Links: [`${'d'.repeat(64)}:db`, `${id}:x`],
    },
  })
})

test('a link is removed by names, and with the operation that removes containers', () => {
  const line = 'DELETE /v1.45/containers/web/d%62?link=yes&v=0'
  assert.equal(sent(line).target, '/v1.45/containers/web/db?link=true&v=false')
  assert.equal(ask(line).operation, 'containers.remove')
  assert.equal(brief(ask(line, undefined, { level: 'read-only' })), 'refuse OPERATION_REFUSED')
  const denied = { deny: { operations: ['containers.remove'] } }
  assert.equal(brief(ask(line, undefined, { rule: denied })), 'refuse OPERATION_REFUSED')
  // dockerd would remove the container db.
  assert.equal(brief(ask('DELETE /containers/web/db?link=0')), 'refuse OPERATION_UNKNOWN')
})

test('a container in Links and VolumesFrom may have the slash of its inspection', () => {
  const [webId, dbId] = ['f', 'd'].map((letter) => letter.repeat(64))
  const HostConfig = { NetworkMode: 'none', VolumesFrom: ['/web:ro', '/db'], Links: ['/db:/c1/alias', '/web'] }
  assert.deepEqual(JSON.parse(sent(CREATE, { Image: 'a', HostConfig }).body ?? ''), {
    Image: 'a',
    // dockerd reads the alias otherwise if there is no slash before the name.
    HostConfig: {
      NetworkMode: 'none',
      VolumesFrom: [`${webId}:ro`, dbId],
      Links: [`/${dbId}:/c1/alias`, `${webId}:web`],
    },
  })
  const create = (config: object): string =>
    brief(ask(CREATE, { Image: 'a', HostConfig: { NetworkMode: 'none', ...config } }, { facts: known }))
  const known = webAndDb().add({ kind: 'container', name: '/web' }, null)
  assert.deepEqual(
    [create({ VolumesFrom: ['/web'] }), create({ VolumesFrom: ['//web'] }), create({ Links: ['//web:a'] })],
    ['allow', 'refuse TARGET_UNKNOWN', 'refuse TARGET_UNKNOWN'],
  )
  const strong = new Facts().add({ kind: 'container', name: 'web' }, inspected({ Privileged: true }))
  assert.equal(brief(ask(CREATE, { Image: 'a', HostConfig }, { facts: strong })).split(' ')[1], 'TARGET_TOO_POWERFUL')
})

test('more things than any request names are refused, and not asked for', async () => {
  const Binds = Array.from({ length: 200 }, (_, index) => `v${index}:/v${index}`)
  const policy = definePolicy({ version: 1, rules: [{ name: 'ann', who: { socket: 'ann' }, level: 'baseline' }] })
  const request = toRequest(CREATE, JSON.stringify({ Image: 'a', HostConfig: { Binds } }))
  const decision = await decideAsking(policy, ANN, request, () => assert.fail('it was asked'))
  assert.equal(brief(decision), 'refuse TARGET_UNKNOWN')
})

describe('what a request amounts to', () => {
  test('the daemon has to be asked first', () => {
    const decision = exec()
    assert.deepEqual([decision.verdict, decision.needs], ['needs', [{ kind: 'container', name: 'web' }]])
    assert.equal(brief(exec(web(inspected()))), 'allow')
    assert.equal(brief(exec(web(null))), 'refuse TARGET_UNKNOWN')
    assert.equal(brief(exec(web({}))), 'refuse TARGET_UNKNOWN')
  })

  test('who works in a container has what it has', () => {
    const rows: readonly Json[] = [
      inspected({ Privileged: true }),
      inspected({ PidMode: 'host' }),
      inspected({ NetworkMode: 'host' }),
      inspected({ CapAdd: ['SYS_ADMIN'] }),
      inspected({ MaskedPaths: [] }),
      inspected({ SecurityOpt: ['seccomp=unconfined'] }),
      inspected({ NewPower: true }),
      inspected({}, { Mounts: [{ Type: 'bind', Source: '/', Destination: '/h', RW: true }] }),
      inspected({}, { NetworkSettings: { Networks: { host: {} } } }),
    ]
    for (const row of rows) {
      const decision = exec(web(row))
      assert.equal(brief(decision), 'refuse TARGET_TOO_POWERFUL', JSON.stringify(row))
    }
    const [reason] = exec(web(inspected({ Privileged: true }))).reasons
    assert.equal(reason?.got, 'the container web, HostConfig.Privileged: it is true (PRIVILEGED)')
  })

  test('a volume shows what it shows', () => {
    assert.deepEqual(exec(withVolume()).needs, [{ kind: 'volume', name: 'data' }])
    const data = { kind: 'volume', name: 'data' } as const
    assert.equal(brief(exec(withVolume().add(data, { Driver: 'local', Options: null }))), 'allow')
    const bind = { type: 'none', o: 'bind', device: '/etc' }
    assert.equal(brief(exec(withVolume().add(data, { Driver: 'local', Options: bind }))), 'refuse TARGET_TOO_POWERFUL')
    assert.equal(brief(exec(withVolume().add(data, { Driver: 'sshfs' }))), 'refuse TARGET_TOO_POWERFUL')
  })

  test('an exec is of its container, and namespaces are those of another one', () => {
    assert.deepEqual(start(ofWeb()).needs, [{ kind: 'container', name: 'web' }])
    assert.equal(
      brief(start(ofWeb().add({ kind: 'container', name: 'web' }, inspected({ Privileged: true })))),
      'refuse TARGET_TOO_POWERFUL',
    )
    for (const config of [
      { PidMode: 'container:web' },
      { NetworkMode: 'container:web' },
      { VolumesFrom: ['web:ro'] },
    ]) {
      const join = (inspect: Json): string =>
        brief(ask(CREATE, { Image: 'a', HostConfig: config }, { facts: web(inspect) }))
      assert.deepEqual(
        [join(inspected()), join(inspected({ PidMode: 'host' }))],
        ['allow', 'refuse TARGET_TOO_POWERFUL'],
      )
    }
  })

  test('what is named thousands of times, or by many ways, is judged once', () => {
    const big = inspected({ SecurityOpt: Array.from({ length: 50_000 }, () => 'no-new-privileges') })
    const began = performance.now()
    const many = { VolumesFrom: Array.from({ length: 2_000 }, () => 'web'), PidMode: 'container:web' }
    assert.equal(brief(ask(CREATE, { Image: 'a', HostConfig: many }, { facts: web(big) })), 'allow')
    const powerful = web(inspected({ Privileged: true }))
    assert.equal(
      brief(ask(CREATE, { Image: 'a', HostConfig: many }, { facts: powerful })),
      'refuse TARGET_TOO_POWERFUL',
    )
    // Each of ten containers shares namespaces with the next one in three ways: 3^10 ways to the last.
    const facts = new Facts()
    for (let index = 0; index < 10; index++) {
      const next = `container:c${index + 1}`
      const shared = index < 9 ? { PidMode: next, IpcMode: next, NetworkMode: next } : {}
      facts.add({ kind: 'container', name: `c${index}` }, inspected(shared))
    }
    assert.equal(brief(ask('POST /containers/c0/start', undefined, { facts })), 'allow')
    // 2,000 times the work took a minute.
    assert.ok(performance.now() - began < 5_000)
  })

  test('a volume without an owner is refused by its name, also if a container of the owner has it, too', () => {
    const name = 'a'.repeat(64)
    const mount = { Type: 'volume', Name: name, Driver: 'local' }
    const facts = new Facts()
      .add(
        { kind: 'container', name: 'web' },
        inspected({}, { Config: { Labels: { 'docker-mtls.owner': 'ann' } }, Mounts: [mount] }),
      )
      .add({ kind: 'volume', name }, { Name: name, Driver: 'local', Labels: null })
      .add({ kind: 'image', name: 'a' }, { Id: 'sha256:a', Config: {} })
    const owned = (HostConfig: Json): string =>
      brief(ask(CREATE, { Image: 'a', HostConfig }, { facts, rule: { owner: 'ann' } }))
    assert.equal(owned({ VolumesFrom: ['web'] }), 'allow')
    assert.equal(
      owned({ Mounts: [{ Type: 'volume', Source: name, Target: '/v' }], VolumesFrom: ['web'] }),
      'refuse NAME_TAKEN',
    )
    // The container comes first here.
    assert.equal(
      owned({ IpcMode: 'container:web', Mounts: [{ Type: 'volume', Source: name, Target: '/v' }] }),
      'refuse NAME_TAKEN',
    )
    assert.equal(owned({ VolumesFrom: ['web'], VolumeDriver: '', Binds: [`${name}:/v`] }), 'refuse NAME_TAKEN')
  })

  test('a circle of containers ends', () => {
    const facts = web(inspected({ PidMode: 'container:web' }))
    assert.equal(exec(facts).verdict, 'refuse')
  })

  test('a network of the host by another name', () => {
    const facts = new Facts().add({ kind: 'network', name: 'abc' }, { Driver: 'host' })
    const decision = ask(CREATE, { Image: 'a', HostConfig: { NetworkMode: 'abc' } }, { facts })
    assert.equal(brief(decision), 'refuse TARGET_TOO_POWERFUL')
  })
})

test('facts keep the newest copy of something that is named in several ways', () => {
  const facts = new Facts()
  const [old, newest, other, volume] = [{ Id: 'ab1' }, { Id: 'ab1', State: 1 }, { Id: 'ab2' }, { Name: 'v' }]
  facts.add({ kind: 'container', name: 'ab1' }, old).add({ kind: 'container', name: 'web' }, newest)
  facts.add({ kind: 'container', name: 'ab2' }, other).add({ kind: 'network', name: 'web' }, old)
  facts.add({ kind: 'volume', name: 'v' }, volume).add({ kind: 'volume', name: 'w' }, null)
  const known = (kind: 'container' | 'network' | 'volume', name: string): Json | undefined => facts.get({ kind, name })
  assert.deepEqual(
    ['ab1', 'web', 'ab2', 'ab'].map((name) => known('container', name)),
    [newest, newest, other, undefined],
  )
  assert.deepEqual([known('network', 'web'), known('volume', 'v'), known('volume', 'w')], [old, volume, null])
})

describe('the body of an operation that a rule refuses', () => {
  const REFUSING: readonly Asked[] = [
    { level: 'read-only' },
    { rule: { deny: { operations: ['containers.create'] } } },
    { rule: { only: { operations: ['containers.list'] } } },
    { level: { enforce: 'read-only', audit: 'read-only' } },
  ]
  const decideOn = (body: string | Uint8Array, { level = 'baseline', rule = {} }: Asked): Decision => {
    const policy = definePolicy({ version: 1, rules: [{ name: 'ann', who: { socket: 'ann' }, level, ...rule }] })
    return decide(policy, ANN, toRequest(CREATE, body))
  }

  test('is not read, whatever is in it', () => {
    for (const asked of REFUSING)
      for (const body of [
        '{}',
        '{"Image"',
        '{"image":1,"Image":2}',
        JSON.stringify(PRIVILEGED),
        new Uint8Array(5_000_000),
      ]) {
        const decision = decideOn(body, asked)
        assert.equal(brief(decision), 'refuse OPERATION_REFUSED')
        assert.deepEqual([decision.operation, decision.read?.body], ['containers.create', undefined])
      }
  })

  test('is read if another level of the rule has to judge it', () => {
    const decision = decideOn(JSON.stringify(PRIVILEGED), { level: { enforce: 'read-only', audit: 'baseline' } })
    assert.equal(brief(decision), 'refuse OPERATION_REFUSED')
    assert.deepEqual(
      decision.audit.map(({ code }) => code),
      ['PRIVILEGED'],
    )
    assert.equal(
      brief(decideOn('{"Image"', { level: { enforce: 'read-only', audit: 'baseline' } })),
      'refuse BODY_INVALID',
    )
    assert.equal(brief(decideOn('{"Image"', {})), 'refuse BODY_INVALID')
  })
})
