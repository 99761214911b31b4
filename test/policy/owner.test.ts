import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decide, definePolicy, Facts, writeRequest, type Decision, type Json, type Need } from '../../lib/policy.ts'
import { OPERATION_NAMES } from '../../lib/policy/operations.ts'
import type { Thing } from '../../lib/policy/owner/missing.ts'
import { OWNED_OPERATIONS } from '../../lib/policy/owner/operations.ts'
import { toRequest } from './reading/support.ts'

const POLICY = definePolicy({
  version: 1,
  rules: [{ name: 'ann', who: { socket: 'ann' }, level: 'baseline', owner: 'team-a' }],
})

const OWN = { 'docker-mtls.owner': 'team-a' }
const FOREIGN = { 'docker-mtls.owner': 'team-b' }

/** What the daemon says of a container that `docker run` makes. */
function container(labels: Json, rest: Record<string, Json> = {}, id = 'f'.repeat(64)): Json {
  return {
    Id: id,
    Config: { Image: 'alpine', User: '', Labels: labels },
    HostConfig: { NetworkMode: 'bridge', LogConfig: { Type: 'json-file', Config: {} } },
    Mounts: [],
    NetworkSettings: { Networks: { bridge: {} } },
    ...rest,
  }
}

const image = (Labels: Json): Json => ({ Id: 'sha256:1', Config: { Labels } })

type Known = readonly (readonly [kind: Need['kind'], name: string, inspect: Json])[]

function ask(line: string, body?: Json, known: Known = []): Decision {
  const facts = new Facts()
  for (const [kind, name, inspect] of known) facts.add({ kind, name }, inspect)
  return decide(
    POLICY,
    { socket: 'ann' },
    toRequest(line, body === undefined ? undefined : JSON.stringify(body)),
    facts,
  )
}

const brief = ({ verdict, reasons, needs }: Decision): string =>
  [verdict, ...reasons.map(({ code }) => code), ...needs.map(({ kind, name }) => `${kind} ${name}`)].join(' ')

/** The body that is sent, or the value of a parameter. */
function sentBody(decision: Decision): unknown {
  assert.ok(decision.verdict === 'allow' && decision.read && decision.mustSendRead, brief(decision))
  return JSON.parse(writeRequest(decision.read).body ?? 'null')
}
const sentQuery = ({ read }: Decision, name: string): readonly string[] => read?.query.get(name) ?? []

const SHARED = ['image', 'alpine', image(null)] as const

test('every operation that an owner may use is one of the API', () => {
  for (const name of Object.keys(OWNED_OPERATIONS)) assert.ok(OPERATION_NAMES.includes(name), name)
})

const createWith = (body: object): string =>
  brief(ask('POST /containers/create', { Image: 'alpine', ...body }, [SHARED]))

describe('what an owner makes', () => {
  test('a container has the label, and so have its new volumes', () => {
    const HostConfig = {
      Binds: ['new:/a:ro,nocopy', 'old:/b', '/c'],
      Mounts: [{ Type: 'volume', Source: 'old', Target: '/d', VolumeOptions: { Labels: { x: 'y' } } }],
    }
    const known: Known = [
      SHARED,
      ['volume', 'new', null],
      ['volume', 'old', { Name: 'old', Labels: OWN, Driver: 'local' }],
    ]
    const decision = ask('POST /containers/create', { Image: 'alpine', Labels: { x: 'y' }, HostConfig }, known)
    assert.deepEqual(sentBody(decision), {
      Image: 'alpine',
      Labels: { x: 'y', ...OWN },
      HostConfig: {
        Binds: ['old:/b', '/c'],
        Mounts: [
          { Type: 'volume', Source: 'old', Target: '/d', VolumeOptions: { Labels: { x: 'y', ...OWN } } },
          { Type: 'volume', Source: 'new', Target: '/a', ReadOnly: true, VolumeOptions: { NoCopy: true, Labels: OWN } },
        ],
      },
    })
  })

  test('a container names its networks by their ids, whatever gets their names later', () => {
    const known: Known = [SHARED, ['network', 'web', { Id: 'n1', Name: 'web', Driver: 'bridge', Labels: OWN }]]
    const create = (body: Record<string, Json>): unknown => {
      const sent = sentBody(ask('POST /containers/create', { Image: 'alpine', ...body }, known))
      return (sent as { NetworkingConfig?: { EndpointsConfig: unknown } }).NetworkingConfig?.EndpointsConfig
    }
    const HostConfig = { NetworkMode: 'web' }
    assert.deepEqual(create({ HostConfig }), { web: { NetworkID: 'n1' } })
    const given = { bridge: {}, web: { Aliases: ['x'] } }
    assert.deepEqual(create({ HostConfig, NetworkingConfig: { EndpointsConfig: given } }), {
      bridge: {},
      web: { Aliases: ['x'], NetworkID: 'n1' },
    })
    assert.equal(create({ HostConfig: { NetworkMode: 'bridge' } }), undefined)
  })

  test('a container names the image of a mount by its id, whatever gets its name later', () => {
    const mounts = [
      { Type: 'image', Source: 'tools', Target: '/i', ImageOptions: { Subpath: 'bin' } },
      { Type: 'volume', Source: 'tools', Target: '/v' },
    ]
    const known: Known = [
      SHARED,
      ['image', 'tools', { Id: 'sha256:2', Config: { Labels: OWN } }],
      ['volume', 'tools', { Name: 'tools', Driver: 'local', Labels: OWN }],
    ]
    const sent = sentBody(ask('POST /containers/create', { Image: 'alpine', HostConfig: { Mounts: mounts } }, known))
    const { HostConfig } = sent as { HostConfig: { Mounts: { Source: string }[] } }
    assert.deepEqual(HostConfig.Mounts[0], { ...mounts[0], Source: 'sha256:2' })
    assert.equal(HostConfig.Mounts[1]?.Source, 'tools')
    const asked = (inspect: Json): string =>
      brief(
        ask('POST /containers/create', { Image: 'alpine', HostConfig: { Mounts: mounts.slice(0, 1) } }, [
          SHARED,
          ['image', 'tools', inspect],
        ]),
      )
    assert.equal(asked(image(FOREIGN)), 'refuse NOT_FOUND')
    assert.equal(asked(null), 'refuse NOT_FOUND')
  })

  test('networks, volumes and images have it', () => {
    assert.deepEqual(sentBody(ask('POST /networks/create', { Name: 'n' }, [['network', 'n', null]])), {
      Name: 'n',
      Labels: OWN,
    })
    assert.deepEqual(sentBody(ask('POST /volumes/create', {})), { Labels: OWN })
    const committed = ask('POST /commit?container=web', undefined, [['container', 'web', container(OWN)]])
    assert.deepEqual(sentBody(committed), { Labels: OWN })
    assert.deepEqual(sentQuery(committed, 'changes'), ['LABEL docker-mtls.owner=team-a'])
    const imported = ask('POST /images/create?fromSrc=-&changes=ENV%20a=b')
    assert.deepEqual(sentQuery(imported, 'changes'), ['ENV a=b', 'LABEL docker-mtls.owner=team-a'])
  })

  test('nobody else can be its owner', () => {
    assert.equal(createWith({ Labels: OWN }), 'allow')
    assert.equal(createWith({ Labels: FOREIGN }), 'refuse OWNER_LABEL')
    const mount = { Type: 'volume', Target: '/x', VolumeOptions: { Labels: FOREIGN } }
    assert.equal(createWith({ HostConfig: { Mounts: [mount] } }), 'refuse OWNER_LABEL')
    for (const changes of [
      ['LABEL docker-mtls.owner=team-b'],
      ['label "docker-mtls.owner"=team-b'],
      ['ONBUILD LABEL a=b'],
      ['LA\\', 'BEL a=b'],
      ['ENV a=b\\'],
      ['ENV a=b\\ '],
      ['# escape=`', 'ENV a=b`'],
      ['ENV a=b\nLABEL a=b'],
      ['RUN <<X'],
    ]) {
      const query = changes.map((one) => `&changes=${encodeURIComponent(one)}`).join('')
      assert.equal(brief(ask(`POST /images/create?fromSrc=-${query}`)), 'refuse OWNER_LABEL', query)
    }
  })

  test('a name that something else has can not be taken', () => {
    const create = (inspect: Json): string =>
      brief(ask('POST /containers/create?name=x', { Image: 'alpine' }, [SHARED, ['container', 'x', inspect]]))
    assert.deepEqual(
      [create(null), create(container(OWN)), create(container(FOREIGN)), create(container(null))],
      ['allow', 'allow', 'refuse NAME_TAKEN', 'refuse NAME_TAKEN'],
    )
    const tagged = 'docker.io/library/app:2'
    for (const query of ['repo=app&tag=2', 'repo=app:2', 'repo=app:1&tag=2', 'repo=index.docker.io/library/app:2']) {
      const tag = (inspect: Json): string =>
        brief(
          ask(`POST /images/mine/tag?${query}`, undefined, [
            ['image', 'mine', image(OWN)],
            ['image', tagged, inspect],
          ]),
        )
      assert.deepEqual(
        [tag(null), tag(image(OWN)), tag(image(FOREIGN)), tag(image(null))],
        ['allow', 'allow', 'refuse NAME_TAKEN', 'refuse NAME_TAKEN'],
        query,
      )
    }
    for (const repository of ['cafe', '3f', 'sha256']) {
      const asId = ask(`POST /images/mine/tag?repo=${repository}`, undefined, [['image', 'mine', image(OWN)]])
      assert.equal(brief(asId), 'refuse TARGET_UNKNOWN', repository)
    }
    const pull = (inspect: Json): string =>
      brief(ask('POST /images/create?fromImage=app&tag=2', undefined, [['image', tagged, inspect]]))
    assert.deepEqual([pull(image(null)), pull(image(FOREIGN))], ['allow', 'refuse NAME_TAKEN'])
    assert.equal(brief(ask('POST /images/create?fromImage=app')), 'refuse OWNER_UNSUPPORTED')
  })

  test('a name that could be the beginning of an id can not be taken, whether it is free or not', () => {
    assert.equal(brief(ask('POST /containers/create?name=3f', { Image: 'alpine' }, [SHARED])), 'refuse TARGET_UNKNOWN')
    assert.equal(brief(ask('POST /networks/create', { Name: '3f0' })), 'refuse TARGET_UNKNOWN')
    // Volumes have no ids.
    const volume = (inspect: Json): string =>
      brief(ask('POST /volumes/create', { Name: 'db' }, [['volume', 'db', inspect]]))
    assert.deepEqual([volume(null), volume({ Name: 'db', Labels: FOREIGN })], ['allow', 'refuse NAME_TAKEN'])
    const mine = ['container', 'mine', container(OWN)] as const
    assert.equal(brief(ask('POST /containers/mine/rename?name=3f', undefined, [mine])), 'refuse TARGET_UNKNOWN')
    assert.equal(brief(ask('POST /containers/mine/rename?name=3g', undefined, [mine])), 'needs container 3g')
  })

  test('only a link of an own container is removed, by its name', () => {
    const unlink = (labels: Json, line = 'DELETE /containers/f0/db?link=1'): Decision =>
      ask(line, undefined, [['container', 'f0', container(labels, { Name: '/mine' })]])
    assert.equal(brief(ask('DELETE /containers/f0/db?link=1')), 'needs container f0')
    assert.deepEqual(
      [brief(unlink(OWN)), brief(unlink(FOREIGN)), brief(unlink(null))],
      ['allow', 'refuse NOT_FOUND', 'refuse NOT_FOUND'],
    )
    const { read } = unlink(OWN)
    assert.equal(read && writeRequest(read).target, '/containers/mine/db?link=true')
    assert.equal(brief(unlink(OWN, 'DELETE /containers/f0/db')), 'refuse OPERATION_UNKNOWN')
  })

  test('nothing is said about an exec before its container is known', () => {
    const exec = ['exec', 'x', { ContainerID: 'c', ProcessConfig: { privileged: true } }] as const
    assert.equal(brief(ask('POST /exec/x/start', {}, [exec])), 'needs container c')
    const theirs = ['container', 'c', container(FOREIGN)] as const
    assert.equal(brief(ask('POST /exec/x/start', {}, [exec, theirs])), 'refuse NOT_FOUND')
  })

  test('sizes that images share are not told', () => {
    assert.equal(brief(ask('GET /images/json?shared-size=0')), 'allow')
    assert.equal(brief(ask('GET /images/json?shared-size=1')), 'refuse TARGET_UNKNOWN')
  })
})

const onShared = (line: string, body?: Json): string =>
  brief(ask(line, body, [SHARED, ['image', 'docker.io/library/alpine:3', image(null)]]))

describe('what an owner names', () => {
  const LINES: readonly (readonly [kind: Thing['kind'], line: string, body?: Json])[] = [
    ['container', 'GET /containers/X/json'],
    ['container', 'POST /containers/X/exec', { Cmd: ['id'] }],
    ['container', 'POST /containers/create', { HostConfig: { PidMode: 'container:X', NetworkMode: 'none' } }],
    ['container', 'POST /networks/bridge/disconnect', { Container: 'X' }],
    ['network', 'GET /networks/X'],
    ['network', 'POST /containers/create', { HostConfig: { NetworkMode: 'X' } }],
    ['image', 'POST /containers/create', { Image: 'X', HostConfig: { NetworkMode: 'none' } }],
    ['volume', 'DELETE /volumes/X'],
  ]

  test('has to be theirs; what others have is as if it were not there', () => {
    const bridge = ['network', 'bridge', { Name: 'bridge' }] as const
    const inspects: Readonly<Record<Thing['kind'], (labels: Json) => Json>> = {
      container,
      image,
      exec: () => null,
      network: (Labels) => ({ Name: 'X', Labels, Driver: 'bridge' }),
      service: () => null,
      volume: (Labels) => ({ Name: 'X', Labels, Driver: 'local' }),
    }
    for (const [kind, line, body] of LINES) {
      const asked = (inspect: Json): Decision => ask(line, body, [bridge, [kind, 'X', inspect]])
      assert.equal(asked(inspects[kind](OWN)).verdict, 'allow', line)
      const [foreign, missing] = [asked(inspects[kind](FOREIGN)), asked(null)]
      assert.equal(brief(missing), 'refuse NOT_FOUND', line)
      assert.deepEqual({ ...foreign, read: undefined }, { ...missing, read: undefined }, line)
    }
  })

  test('an exec is of its container, whose id is not told', () => {
    const inspect = (labels: Json): Decision =>
      ask('GET /exec/e/json', undefined, [
        ['exec', 'e', { ContainerID: 'c' }],
        ['container', 'c', container(labels)],
      ])
    assert.equal(brief(inspect(OWN)), 'allow')
    assert.deepEqual(inspect(FOREIGN).reasons, ask('GET /exec/e/json', undefined, [['exec', 'e', null]]).reasons)
  })

  test('shared images can be used, and not changed', () => {
    assert.equal(onShared('GET /images/alpine/json'), 'allow')
    assert.equal(onShared('DELETE /images/alpine'), 'refuse NOT_FOUND')
    assert.equal(onShared('POST /images/alpine/push?tag=3'), 'refuse NOT_FOUND')
    assert.equal(onShared('POST /images/alpine/tag?repo='), 'refuse NOT_FOUND')
    assert.equal(onShared('GET /images/alpine/get'), 'refuse OWNER_UNSUPPORTED')
    assert.equal(onShared('GET /images/get?names=alpine:3'), 'needs image alpine:3')
  })

  test('a network that has another owner since the container was created counts when it is started', () => {
    const start = (endpoint: Json, labels: Json): string => {
      const NetworkSettings = { Networks: { bridge: {}, web: endpoint } }
      return brief(
        ask('POST /containers/c/start', undefined, [
          ['container', 'c', container(OWN, { NetworkSettings })],
          ['network', 'web', { Name: 'web', Labels: labels, Driver: 'bridge' }],
          ['network', 'abc', { Name: 'web', Labels: OWN, Driver: 'bridge' }],
        ]),
      )
    }
    assert.equal(start({ NetworkID: '' }, OWN), 'allow')
    assert.equal(start({ NetworkID: '' }, FOREIGN), 'refuse NOT_FOUND')
    assert.equal(start(null, FOREIGN), 'refuse NOT_FOUND')
    // dockerd takes the id if there is one.
    assert.equal(start({ NetworkID: 'abc' }, FOREIGN), 'allow')
  })

  test('a volume that got into a container in the meantime counts when the container is used', () => {
    const start = (Name: string, labels: Json): string => {
      const Mounts = [{ Type: 'volume', Name, RW: true }]
      const known: Known = [
        ['container', 'web', container(OWN, { Mounts })],
        ['volume', Name, { Name, Driver: 'local', Labels: labels }],
      ]
      return brief(ask('POST /containers/web/start', undefined, known))
    }
    assert.equal(start('own', OWN), 'allow')
    assert.equal(start('other', FOREIGN), 'refuse TARGET_TOO_POWERFUL')
    assert.equal(start('of-nobody', null), 'refuse TARGET_TOO_POWERFUL')
    assert.equal(start('0'.repeat(64), { 'com.docker.volume.anonymous': '' }), 'allow')
    assert.equal(start('0'.repeat(64), FOREIGN), 'refuse TARGET_TOO_POWERFUL')
  })

  test('an image that a container mounts counts when the container is used', () => {
    const id = `sha256:${'1'.repeat(64)}`
    for (const line of [
      'POST /containers/web/start',
      'POST /containers/web/exec',
      'POST /containers/web/attach?stream=1',
      'GET /containers/web/archive?path=/i',
    ]) {
      assert.equal(useOfMount(line, id), `needs image ${id}`, line)
      assert.equal(useOfMount(line, id, image(FOREIGN)), 'refuse TARGET_TOO_POWERFUL')
      assert.equal(useOfMount(line, id, image(OWN)), 'allow')
      assert.equal(useOfMount(line, id, image(null)), 'allow')
      // It was removed since then.
      assert.equal(useOfMount(line, id, null), 'allow')
      // The name may have meant another image when the container was created.
      for (const name of ['tools', 'tools:1', 'sha256:11', '1111'])
        assert.equal(useOfMount(line, name, image(OWN)), 'refuse TARGET_TOO_POWERFUL', name)
    }
  })

  test('an image that a container got in the meantime counts when the container is used', () => {
    for (const line of ['POST /containers/web/start', 'POST /containers/web/exec', 'GET /containers/web/export']) {
      assert.equal(useOfImage(line), 'needs image sha256:1')
      assert.equal(useOfImage(line, ['image', 'sha256:1', image(FOREIGN)]), 'refuse TARGET_TOO_POWERFUL')
      assert.equal(useOfImage(line, ['image', 'sha256:1', image(OWN)]), 'allow')
      assert.equal(useOfImage(line, ['image', 'sha256:1', image(null)]), 'allow')
      // It was removed since then.
      assert.equal(useOfImage(line, ['image', 'sha256:1', null]), 'allow')
    }
  })
})

/** What an owner may do with a container of theirs that has a mount of this image. */
function useOfMount(line: string, Name: string, inspect?: Json): string {
  const Mounts = [{ Type: 'image', Name, Source: '/var/lib/docker/rootfs/x', Destination: '/i', RW: false }]
  const body = line.endsWith('/exec') ? { Cmd: ['sh'] } : undefined
  const known: Known = inspect === undefined ? [] : [['image', Name, inspect]]
  return brief(ask(line, body, [['container', 'web', container(OWN, { Mounts })], ...known]))
}

/** What an owner may do with a container of theirs that has this image. */
function useOfImage(line: string, ...known: Known): string {
  const body = line.endsWith('/exec') ? { Cmd: ['sh'] } : undefined
  return brief(ask(line, body, [['container', 'web', container(OWN, { Image: 'sha256:1' })], ...known]))
}

const filters = (decision: Decision): unknown => JSON.parse(sentQuery(decision, 'filters')[0] ?? 'null')

const list = (value: Json): Decision => ask(`GET /containers/json?filters=${encodeURIComponent(JSON.stringify(value))}`)

const things = (Labels: Json): Record<string, Json> => ({
  Labels,
  Size: 5,
  SizeRw: 3,
  SharedSize: 4,
  State: 'running',
  Containers: 1,
})

describe('what an owner sees', () => {
  const own = 'docker-mtls.owner=team-a'

  test('lists, events and prune have a filter more', () => {
    for (const line of [
      'GET /containers/json',
      'GET /networks',
      'GET /volumes',
      'GET /images/json',
      'GET /events',
      'POST /volumes/prune',
    ]) {
      const decision = ask(line)
      assert.deepEqual([filters(decision), decision.mustSendRead], [{ label: { [own]: true } }, true], line)
    }
    assert.deepEqual(filters(list({ label: ['a=b'], status: ['created'] })), {
      label: { 'a=b': true, [own]: true },
      status: { created: true },
    })
    assert.deepEqual(filters(list({ label: { 'a=b': true } })), { label: { 'a=b': true, [own]: true } })
    assert.deepEqual(filters(list(null)), { label: { [own]: true } })
    assert.equal(brief(list({ label: { a: false } })), 'refuse QUERY_AMBIGUOUS')
    assert.equal(brief(list({ since: ['web'] })), 'needs container web')
  })

  test('what a swarm adds to lists is taken out of them', () => {
    const cluster = { Name: 'c', Labels: null, ClusterVolume: {} }
    const mine = { Name: 'm', Labels: OWN }
    assert.deepEqual(ask('GET /volumes').filterAnswer?.({ Volumes: [cluster, mine], Warnings: [] }), {
      Volumes: [mine],
      Warnings: [],
    })
    assert.deepEqual(ask('GET /networks').filterAnswer?.([{ Name: 'ingress', Labels: {} }, mine]), [mine])
  })

  test('requests that stay as they are say so', () => {
    const { mustSendRead, verdict } = ask('GET /_ping')
    assert.deepEqual([mustSendRead, verdict], [undefined, 'allow'])
  })

  test('the disk usage is that of their own things', () => {
    const both = [things(OWN), things(FOREIGN), things(null)]
    const answer = {
      LayersSize: 99,
      Images: both,
      Containers: both,
      Volumes: both,
      BuildCache: [{ ID: 'x' }],
      BuilderSize: 7,
    }
    const old = ask('GET /v1.45/system/df').filterAnswer?.(answer)
    const mine = things(OWN)
    assert.deepEqual(old, {
      LayersSize: 5,
      Images: [{ ...mine, SharedSize: 0 }],
      Containers: [mine],
      Volumes: [mine],
      BuildCache: [],
      BuilderSize: 0,
    })
    const decision = ask('GET /v1.52/system/df?verbose=1')
    assert.ok(decision.read)
    assert.equal(writeRequest(decision.read).target, '/v1.51/system/df')
    const now = decision.filterAnswer?.(answer) as Record<string, Json>
    assert.deepEqual(now['ContainerUsage'], {
      ActiveCount: 1,
      TotalCount: 1,
      TotalSize: 3,
      Reclaimable: 0,
      Items: [mine],
    })
    assert.equal(JSON.stringify(now).includes('team-b'), false)
    // A daemon that answers in another form shows nothing.
    assert.deepEqual(ask('GET /system/df').filterAnswer?.({ ImageUsage: { Items: both } }), {
      LayersSize: 0,
      Images: [],
      Containers: [],
      Volumes: [],
      BuildCache: [],
      BuilderSize: 0,
    })
    assert.deepEqual(ask('GET /info').filterAnswer?.({ Containers: 5, Images: 3, Name: 'host' }), {
      Containers: 0,
      ContainersRunning: 0,
      ContainersPaused: 0,
      ContainersStopped: 0,
      Images: 0,
      Name: 'host',
    })
  })
})

const info = (Architecture: string, OSType = 'linux'): Known[number] => ['daemon', 'info', { OSType, Architecture }]
const json = (platform: object): string => encodeURIComponent(JSON.stringify(platform))
const createOnArm64 = (known: Known): string =>
  brief(ask('POST /containers/create?platform=linux/arm64', { Image: 'alpine' }, known))

describe('images for a platform', () => {
  const amd64 = { Id: 'sha256:1', Os: 'linux', Architecture: 'amd64', Config: { Labels: null } }
  const arm64 = { ...amd64, Architecture: 'arm64', Variant: 'v8' }
  const onAmd64 = (line: string, inspect: Json = amd64): string =>
    brief(
      ask(line, line.startsWith('POST /containers') ? { Image: 'alpine' } : undefined, [
        info('x86_64'),
        ['image', 'alpine', inspect],
        ['image', 'docker.io/library/alpine:1', null],
      ]),
    )

  test('the own one of the daemon are allowed, in each form', () => {
    const rows = [
      'POST /containers/create?platform=linux/amd64',
      'POST /images/create?fromImage=alpine:1&platform=linux/amd64',
      `GET /images/alpine/json?platform=${json({ architecture: 'amd64', os: 'linux' })}`,
      'GET /images/alpine/json?platform=',
    ]
    for (const line of rows) assert.equal(onAmd64(line), 'allow', line)
  })

  test('any other is refused, since their owner is not known', () => {
    const amd = { architecture: 'amd64', os: 'linux' }
    const rows = [
      'linux/arm64',
      'linux/amd64/v2',
      'linux',
      'amd64',
      'windows/amd64',
      'linux/amd64,linux/arm64',
      '{',
      '{}',
      ...[
        { ...amd, variant: 'v2' },
        { ...amd, 'os.version': '1' },
        { ...amd, architecture: 'arm64' },
        { OS: 'linux' },
      ].map(json),
    ].map((platform) => `POST /containers/create?platform=${platform}`)
    for (const line of [...rows, 'POST /images/create?fromImage=alpine:1&platform=linux/arm64'])
      assert.equal(onAmd64(line), 'refuse OWNER_UNSUPPORTED', line)
  })

  test('the daemon is asked for its own, and an unknown one is no platform', () => {
    const image64 = ['image', 'alpine', arm64] as const
    assert.equal(createOnArm64([image64]), 'needs daemon info')
    assert.equal(createOnArm64([image64, info('aarch64')]), 'allow')
    for (const own of [
      info('x86_64'),
      info('aarch64', 'windows'),
      info('constructor'),
      ['daemon', 'info', null] as const,
    ])
      assert.equal(createOnArm64([image64, own]), 'refuse OWNER_UNSUPPORTED')
  })

  test('of which the image that was judged is none are refused', () => {
    assert.equal(onAmd64('POST /containers/create?platform=linux/amd64', arm64), 'refuse OWNER_UNSUPPORTED')
    assert.equal(onAmd64('POST /containers/create?platform=linux/amd64', image(null)), 'refuse OWNER_UNSUPPORTED')
    // dockerd has none to give.
    assert.equal(onAmd64('POST /containers/create?platform=linux/amd64', null), 'refuse NOT_FOUND')
  })
})

test('things of kinds that owners have none of are missing, so that docker inspect goes on', () => {
  const rows: [string, string][] = [
    ['/plugins/web/json', 'plugin "web" not found'],
    ['/services/web', 'service web not found'],
    ['/tasks/web', 'task web not found'],
    ['/nodes/web', 'node web not found'],
    ['/secrets/web', 'secret web not found'],
    ['/configs/web', 'config web not found'],
  ]
  for (const [path, got] of rows) {
    const { verdict, reasons } = ask(`GET ${path}`)
    assert.deepEqual([verdict, reasons], ['refuse', [{ code: 'NOT_FOUND', where: 'the path', got }]])
  }
  assert.equal(brief(ask('GET /plugins')), 'refuse OWNER_UNSUPPORTED')
})

test('an exception for an operation does not reach things of others', () => {
  const rule = {
    name: 'ann',
    who: { socket: 'ann' },
    level: 'baseline',
    owner: 'team-a',
    allow: { operations: ['swarm.*'] },
  }
  const policy = definePolicy({ version: 1, rules: [rule] })
  assert.equal(brief(decide(policy, { socket: 'ann' }, toRequest('GET /swarm'))), 'refuse OWNER_UNSUPPORTED')
})
