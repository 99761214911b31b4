import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decideCall, hasOneMessage, type CallDecision } from '../../../lib/policy/calls/decide.ts'
import { ATTRIBUTE_NAMES } from '../../../lib/policy/calls/judge-solve.ts'
import { METHODS } from '../../../lib/policy/calls/methods.ts'
import { decideOpening, judgesCalls } from '../../../lib/policy/calls/open.ts'
import { decide, definePolicy, type Level, type Policy } from '../../../lib/policy.ts'
import { ATTRIBUTES, bytesField, CONTROL, BRIDGE, mapField, numberField, solve, typed } from './encode.ts'

const ANN = { socket: 'ann' } as const
const policyWith = (rule: object): Policy =>
  definePolicy({ version: 1, rules: [{ name: 'ann', who: { socket: 'ann' }, ...rule }] })
const at = (level: Level): Policy => policyWith({ level })
const endingAt = (until: string): Policy => policyWith({ level: 'baseline', until })

const NOW = new Date('2026-11-28T12:00:00Z')
const GRPC = { method: 'POST', target: '/v1.45/grpc', headers: { upgrade: 'h2c', connection: 'Upgrade' } } as const

type Fields = Readonly<Record<string, string | readonly string[]>>

function decided(policy: Policy, path: string, message?: Uint8Array, fields: Fields = {}): CallDecision {
  const metadata = (name: string): readonly string[] => [fields[name] ?? []].flat()
  return decideCall(policy, ANN, { path, metadata, at: NOW, ...(message && { message }) })
}

/** `allow`, or the code and the place of the first reason. */
function brief({ verdict, reasons: [first] }: CallDecision): string {
  return verdict === 'allow' ? 'allow' : `${first?.code} ${first?.where ?? ''}`.trim()
}

const onSolve = (...fields: Buffer[]): string => brief(decided(at('baseline'), `${CONTROL}Solve`, solve(...fields)))
const onBridge = (...fields: Buffer[]): string =>
  brief(decided(at('baseline'), `${BRIDGE}Solve`, Buffer.concat(fields), { 'buildkit-controlapi-buildid': 'b' }))
const attributes = (values: Record<string, string>): [string, string] => [
  onSolve(mapField(ATTRIBUTES.control, values)),
  onBridge(mapField(ATTRIBUTES.bridge, values)),
]

const SOLVES: readonly (readonly [name: string, fields: readonly Buffer[], expected: string])[] = [
  ['nothing but its id', [], 'allow'],
  ['the frontend for Dockerfiles', [bytesField(6, 'dockerfile.v0')], 'allow'],
  ['another frontend', [bytesField(6, 'own.v0')], 'BUILD_OPTION Frontend'],
  ['steps of its own', [bytesField(2, bytesField(1, 'x'))], 'BUILD_OPTION Definition'],
  ['steps of its own, and none', [bytesField(2, '')], 'BUILD_OPTION Definition'],
  ['inputs of the frontend', [bytesField(10, bytesField(1, 'x'))], 'BUILD_OPTION FrontendInputs'],
  ['the network of the host', [bytesField(9, 'network.host')], 'HOST_NAMESPACE Entitlements.0'],
  ['everything', [bytesField(9, 'security.insecure')], 'PRIVILEGED Entitlements.0'],
  ['a device', [bytesField(9, 'device=vendor.com/x')], 'HOST_DEVICE Entitlements.0'],
  ['an entitlement that nobody knows', [bytesField(9, '')], 'BUILD_OPTION Entitlements.0'],
  ['rules for sources', [bytesField(12, bytesField(1, 'x'))], 'BUILD_OPTION SourcePolicy'],
  ['rules for sources of a session', [bytesField(15, 's')], 'BUILD_OPTION SourcePolicySession'],
  ['exporters that its session names', [numberField(14, 1)], 'BUILD_OPTION EnableSessionExporter'],
  ['no such exporters', [numberField(14, 0)], 'allow'],
  ...['moby', 'image', 'docker', 'oci', 'tar', 'local'].map(
    (type) => [`the exporter ${type}`, [typed(13, type, { name: 'a' })], 'allow'] as const,
  ),
  ['another exporter', [typed(13, 'moby'), typed(13, 'host')], 'BUILD_OPTION Exporters.1.Type'],
  ['another exporter, in the old field', [bytesField(3, 'host')], 'BUILD_OPTION ExporterDeprecated'],
  ['an exporter in the old field', [bytesField(3, 'moby'), mapField(4, { name: 'a' })], 'allow'],
  ...['registry', 'local', 'inline'].map(
    (type) => [`a cache: ${type}`, [cache(typed(4, type), typed(5, type))], 'allow'] as const,
  ),
  ['a cache to a cloud', [cache(typed(4, 's3'))], 'BUILD_OPTION Cache.Exports.0.Type'],
  ['a cache from a cloud', [cache(typed(5, 'local'), typed(5, 'azblob'))], 'BUILD_OPTION Cache.Imports.1.Type'],
]

/** The message of caches is there once in each request. */
function cache(...entries: Buffer[]): Buffer {
  return bytesField(8, Buffer.concat(entries))
}
const solveOf = (fields: readonly Buffer[]): Buffer =>
  fields.some((one) => one[0] === 0x42) ? Buffer.concat([bytesField(1, 'build-1'), ...fields]) : solve(...fields)

describe('Control/Solve with', () => {
  for (const [name, fields, expected] of SOLVES) {
    test(name, () => {
      const message = solveOf(fields)
      assert.equal(brief(decided(at('baseline'), `${CONTROL}Solve`, message)), expected)
      assert.equal(brief(decided(at('restricted'), `${CONTROL}Solve`, message)), expected)
      assert.equal(brief(decided(at('privileged'), `${CONTROL}Solve`, message)), 'allow')
      assert.equal(brief(decided(at('read-only'), `${CONTROL}Solve`, message)), 'OPERATION_REFUSED images.build')
    })
  }
})

test('LLBBridge/Solve is judged as Control/Solve', () => {
  assert.equal(onBridge(), 'allow')
  assert.equal(onBridge(bytesField(2, 'gateway.v0'), numberField(5, 1), numberField(6, 1), numberField(14, 1)), 'allow')
  assert.equal(onBridge(bytesField(1, bytesField(1, 'x'))), 'BUILD_OPTION Definition')
  assert.equal(onBridge(bytesField(2, 'own.v0')), 'BUILD_OPTION Frontend')
  assert.equal(onBridge(typed(12, 'gha')), 'BUILD_OPTION CacheImports.0.Type')
  assert.equal(onBridge(bytesField(13, bytesField(1, 'x'))), 'BUILD_OPTION FrontendInputs')
  assert.equal(onBridge(bytesField(15, 'x')), 'BUILD_OPTION SourcePolicies')
  assert.equal(onBridge(bytesField(7, 'x')), 'FIELD_UNKNOWN the message')
})

const REFUSED_ATTRIBUTES: readonly (readonly [name: string, value: string, code: string])[] = [
  ['force-network-mode', 'host', 'HOST_NAMESPACE'],
  ['force-network-mode', 'container:web', 'BUILD_OPTION'],
  ['force-network-mode', 'HOST', 'BUILD_OPTION'],
  ['cgroup-parent', '/system.slice', 'BUILD_OPTION'],
  ['ulimit', 'nofile=1:2', 'BUILD_OPTION'],
  ['gateway-devel', 'true', 'BUILD_OPTION'],
  ['automount:x', 'type=bind', 'BUILD_OPTION'],
  ['', 'x', 'BUILD_OPTION'],
  ['Target', 'x', 'BUILD_OPTION'],
]

describe('an attribute of a frontend', () => {
  for (const [name, value, code] of REFUSED_ATTRIBUTES) {
    test(`is refused: ${name}=${value}`, () => {
      assert.deepEqual(attributes({ target: 'x', [name]: value }), [
        `${code} FrontendAttrs.${name}`,
        `${code} FrontendOpt.${name}`,
      ])
    })
  }

  test('is allowed if it says what is built', () => {
    const values = {
      ...Object.fromEntries(ATTRIBUTE_NAMES.filter((name) => name !== 'cache-imports').map((name) => [name, ''])),
      'force-network-mode': 'none',
      'build-arg:A': 'host',
      'label:a': 'b',
      'context:base': 'docker-image://base',
      'attest:sbom': '',
      'vcs:source': 'x',
    }
    assert.deepEqual(attributes(values), ['allow', 'allow'])
  })

  test('names caches, which are read as they are sent', () => {
    const invalid = ['FrontendAttrs', 'FrontendOpt'].map((field) => `BODY_INVALID ${field}.cache-imports`)
    for (const text of [
      '{',
      '{}',
      '[1]',
      '[[]]',
      'null',
      '[{"type":"s3"}]',
      '[{"Type":1}]',
      '[{"Type":"local","Attrs":{"a":1}}]',
    ])
      assert.deepEqual(attributes({ 'cache-imports': text }), invalid, text)
    const refused = ['FrontendAttrs', 'FrontendOpt'].map((field) => `BUILD_OPTION ${field}.cache-imports.0.Type`)
    assert.deepEqual(attributes({ 'cache-imports': '[{"Type":"s3"}]' }), refused)
    const text = '[{"Type":"s3","Type":"local","Attrs":{"ref":"a","ref":"b"}}]'
    const { message } = decided(at('baseline'), `${CONTROL}Solve`, solve(mapField(7, { 'cache-imports': text })))
    assert.match(String(message), /\[\{"Type":"local","Attrs":\{"ref":"b"\}\}\]/)
    assert.doesNotMatch(String(message), /s3/)
  })
})

test('images that a frontend names are those of the rule', () => {
  const only = { images: ['team/*'] }
  const policy = policyWith({ level: 'baseline', only, allow: { operations: ['images.build'] } })
  const ask = (source: string): string =>
    brief(decided(policy, `${CONTROL}Solve`, solve(bytesField(6, 'gateway.v0'), mapField(7, { source }))))
  assert.deepEqual([ask('team/frontend:1'), ask('other/frontend')], ['allow', 'IMAGE_REFUSED FrontendAttrs.source'])
  const exports = (name: string): string =>
    brief(decided(policy, `${CONTROL}Solve`, solve(typed(13, 'moby', { name }))))
  assert.deepEqual([exports('team/a:1'), exports('team/a:1,b')], ['allow', 'IMAGE_REFUSED Exporters.0.Type'])
  const without = policyWith({ level: 'baseline', only })
  assert.equal(brief(decided(without, `${CONTROL}Solve`, solve())), 'OPERATION_REFUSED images.build')
})

test('labels that a build sets are those of the rule', () => {
  const policy = policyWith({ level: 'baseline', deny: { labels: ['traefik.*'] } })
  for (const [method, field, own] of [
    ['Control', 'FrontendAttrs', ATTRIBUTES.control],
    ['Bridge', 'FrontendOpt', ATTRIBUTES.bridge],
  ] as const) {
    const ask = (name: string): string => {
      const attribute = mapField(own, { [name]: 'x' })
      return method === 'Control'
        ? brief(decided(policy, `${CONTROL}Solve`, solve(attribute)))
        : brief(decided(policy, `${BRIDGE}Solve`, attribute, { 'buildkit-controlapi-buildid': 'b' }))
    }
    assert.equal(ask('label:traefik.enable'), `LABEL_REFUSED ${field}.label:traefik.enable`)
    assert.equal(ask('label:Traefik.enable'), `LABEL_REFUSED ${field}.label:Traefik.enable`)
    assert.deepEqual([ask('label:team'), ask('build-arg:traefik.x')], ['allow', 'allow'])
  }
})

test('the network of the steps is one of the rule', () => {
  const only = { networks: ['web'] }
  const policy = policyWith({ level: 'baseline', only, allow: { operations: ['images.build'] } })
  assert.equal(
    brief(decided(policyWith({ level: 'baseline', only }), `${CONTROL}Solve`, solve())),
    'OPERATION_REFUSED images.build',
  )
  const ask = (mode?: string): string => {
    const fields = mode === undefined ? [] : [mapField(ATTRIBUTES.bridge, { 'force-network-mode': mode })]
    const message = Buffer.concat([bytesField(2, 'dockerfile.v0'), ...fields])
    return brief(decided(policy, `${BRIDGE}Solve`, message, { 'buildkit-controlapi-buildid': 'b' }))
  }
  const refused = 'NETWORK_REFUSED force-network-mode'
  assert.deepEqual([ask(), ask('sandbox'), ask('default'), ask('none')], [refused, refused, refused, 'allow'])
})

test('a rule that denies images.push also denies exporters and caches that push', () => {
  const policy = policyWith({ level: 'baseline', deny: { operations: ['images.push'] } })
  const ask = (...fields: Buffer[]): string => brief(decided(policy, `${CONTROL}Solve`, solveOf(fields)))
  assert.equal(ask(typed(13, 'image', { push: 'false' })), 'allow')
  for (const fields of [
    [typed(13, 'image', { push: 'true' })],
    [typed(13, 'image', { push: '1' })],
    [typed(13, 'image', { 'push-by-digest': 'T' })],
    [bytesField(3, 'image'), mapField(4, { push: 'true' })],
    [cache(typed(4, 'registry'))],
    [cache(bytesField(1, 'registry.example/cache'))],
  ])
    assert.equal(ask(...fields), 'OPERATION_REFUSED images.push')
})

test('a rule with only some operations refuses the calls of all others', () => {
  const policy = policyWith({ level: 'baseline', only: { operations: ['images.build', 'session.open'] } })
  assert.equal(brief(decided(policy, `${CONTROL}Solve`, solve())), 'allow')
  assert.equal(decideOpening(policy, ANN, GRPC)?.verdict, 'allow')
  for (const [name, operation] of [
    ['Prune', 'images.buildPrune'],
    ['Info', 'system.info'],
  ] as const)
    assert.equal(brief(decided(policy, `${CONTROL}${name}`, new Uint8Array())), `OPERATION_REFUSED ${operation}`)
  const looking = policyWith({ level: 'baseline', only: { operations: ['images.list'] } })
  assert.equal(brief(decided(looking, `${CONTROL}Solve`, solve())), 'OPERATION_REFUSED images.build')
  assert.equal(decideOpening(looking, ANN, GRPC)?.verdict, 'refuse')
})

test('each method has the level of an operation, and is denied with it', () => {
  for (const [path, { operation, isRefused }] of Object.entries(METHODS)) {
    const message = path === `${CONTROL}Solve` ? solve() : new Uint8Array()
    const fields = { 'x-docker-expose-session-uuid': 's' }
    const refused = 'OPERATION_REFUSED the path'
    assert.equal(
      brief(decided(at('restricted'), path, message, fields)),
      isRefused === undefined ? 'allow' : refused,
      path,
    )
    const denying = policyWith({ level: 'baseline', deny: { operations: [operation] } })
    const denied = isRefused === undefined ? `OPERATION_REFUSED ${operation}` : refused
    assert.equal(brief(decided(denying, path, message, fields)), denied, path)
    const owned = policyWith({ level: 'baseline', owner: 'a' })
    assert.match(brief(decided(owned, path, message, fields)), /^O(?:WNER_UNSUPPORTED|PERATION_REFUSED)/, path)
  }
})

test('an unknown method is refused below privileged, whatever its name looks like', () => {
  for (const path of [
    '',
    '/',
    '/moby.buildkit.v1.Control/Solve2',
    '/moby.buildkit.v1.control/Solve',
    `${CONTROL}Solve/`,
    '/__proto__',
    'constructor',
    '//moby.buildkit.v1.Control/Solve',
  ]) {
    assert.equal(brief(decided(at('baseline'), path)), 'OPERATION_UNKNOWN the path')
    assert.equal(hasOneMessage(path), false)
    assert.equal(brief(decided(at('privileged'), path)), 'allow')
  }
  assert.equal(
    brief(decideCall(at('baseline'), { socket: 'eve' }, { path: '', metadata: () => [], at: NOW })),
    'IDENTITY_UNKNOWN',
  )
})

const onHistory = (field: number, value: number, level: Level = 'baseline'): string => {
  const message = Buffer.concat([bytesField(1, 'b1'), numberField(field, value)])
  return brief(decided(at(level), `${CONTROL}UpdateBuildHistory`, message))
}

test('a record of the history can be pinned and completed, and only privileged deletes it', () => {
  assert.deepEqual([onHistory(2, 1), onHistory(2, 0), onHistory(3, 0), onHistory(4, 1)], Array(4).fill('allow'))
  assert.deepEqual(
    [onHistory(3, 1), onHistory(3, 1, 'restricted'), onHistory(3, 1, 'privileged')],
    ['BUILD_OPTION Delete', 'BUILD_OPTION Delete', 'allow'],
  )
})

const LISTEN = `${CONTROL}ListenBuildHistory`
const listen = (level: Level, ...fields: Buffer[]): CallDecision => decided(at(level), LISTEN, Buffer.concat(fields))

const content = (name: string, message: Uint8Array): CallDecision =>
  decided(at('baseline'), `/containerd.services.content.v1.Content/${name}`, message)

describe('the history', () => {
  test('of all builds, and whether there is one, names no build: the answer is filtered', () => {
    const probe = bytesField(2, 'buildx-test-history-api-feature')
    for (const fields of [[], [probe], [numberField(1, 1), probe, numberField(3, 1)]]) {
      const { verdict, uses: used, answer } = listen('baseline', ...fields)
      assert.deepEqual([verdict, used, typeof answer], ['allow', [], 'function'])
    }
    assert.equal(listen('read-only').verdict, 'refuse')
  })

  test('of one build is filtered, too, and not for privileged', () => {
    const { uses: used, answer } = listen('baseline', bytesField(2, 'b1'))
    assert.deepEqual([used, typeof answer], [[{ kind: 'build', id: 'b1' }], 'function'])
    const all = listen('privileged', bytesField(2, 'b1'))
    assert.deepEqual([all.uses, all.answer], [[], undefined])
  })

  test('is asked for without limit and filter, with which dockerd 28.5.2 can end', () => {
    const sent = [numberField(1, 1), numberField(3, 1)]
    const asked = [...sent, bytesField(4, 'status==error'), numberField(5, 50)]
    assert.deepEqual(listen('baseline', ...asked).message, Buffer.concat(sent))
    assert.deepEqual(listen('privileged', ...asked).message, Buffer.concat(asked))
  })

  test('names content, which only its owner may read, and nobody may list', () => {
    const digest = `sha256:${'a'.repeat(64)}`
    for (const name of ['Info', 'Read'])
      assert.deepEqual(content(name, bytesField(1, digest)).uses, [{ kind: 'blob', id: digest }])
    assert.deepEqual(content('Read', new Uint8Array()).uses, [{ kind: 'blob', id: '' }])
    assert.equal(brief(content('Read', bytesField(1, 'sha256:../x'))), 'BODY_INVALID the message')
    assert.equal(
      brief(content('Read', Buffer.concat([bytesField(1, digest), bytesField(1, digest)]))),
      'BODY_AMBIGUOUS digest',
    )
    for (const name of ['List', 'Write', 'Delete', 'Update'])
      assert.equal(brief(content(name, bytesField(1, digest))), 'OPERATION_REFUSED the path')
  })
})

/** What a call uses, and what it opens. */
const uses = (path: string, message: Uint8Array, fields: Fields = {}): unknown => {
  const { uses: used, opens } = decided(at('baseline'), path, message, fields)
  return [used.map(({ kind, id }) => `${kind} ${id}`), opens && `${opens.kind} ${opens.id}`]
}

describe('what belongs to a caller', () => {
  const inBuild = { 'buildkit-controlapi-buildid': 'b1' }

  test('a build uses its sessions, and opens itself', () => {
    const message = solve(bytesField(5, 's1'), mapField(7, { 'local-sessionid:context': 's2' }))
    assert.deepEqual(uses(`${CONTROL}Solve`, message), [['session s1', 'session s2'], 'build build-1'])
  })

  test('everything in a build uses it', () => {
    for (const name of ['Ping', 'ReadFile', 'Return', 'Inputs', 'Evaluate'])
      assert.deepEqual(uses(`${BRIDGE}${name}`, new Uint8Array(), inBuild), [['build b1'], undefined])
    const message = mapField(3, { 'local-sessionid:context': 's2' })
    assert.deepEqual(uses(`${BRIDGE}Solve`, message, inBuild), [['build b1', 'session s2'], undefined])
    for (const name of ['Status', 'UpdateBuildHistory'])
      assert.deepEqual(uses(`${CONTROL}${name}`, bytesField(1, 'b1')), [['build b1'], undefined])
    assert.deepEqual(uses(`${CONTROL}ListenBuildHistory`, bytesField(2, 'b1')), [['build b1'], undefined])
  })

  test('without a name, or with two, nothing is named', () => {
    assert.deepEqual(uses(`${BRIDGE}Ping`, new Uint8Array()), [['build '], undefined])
    const two = { 'buildkit-controlapi-buildid': ['b1', 'b2'] }
    assert.deepEqual(uses(`${BRIDGE}Ping`, new Uint8Array(), two), [['build '], undefined])
    for (const names of [[], ['s1', 's2']])
      assert.equal(
        brief(decided(at('baseline'), `${CONTROL}Session`, undefined, { 'x-docker-expose-session-uuid': names })),
        'BODY_INVALID the message',
      )
    assert.equal(brief(decided(at('baseline'), `${CONTROL}Solve`, bytesField(8, ''))), 'BODY_INVALID the message')
  })
})

test('an id that BuildKit could take for another one, or that takes memory, is refused', () => {
  for (const id of ['x:victim', ':victim', 'a/b', 'a b', 'x'.repeat(129)]) {
    assert.equal(onSolve(bytesField(5, id)), 'BODY_INVALID the message')
    assert.equal(onSolve(mapField(ATTRIBUTES.control, { 'local-sessionid:context': id })), 'BODY_INVALID the message')
    const opened = decided(at('baseline'), `${CONTROL}Solve`, bytesField(1, id))
    assert.deepEqual([brief(opened), opened.opens], ['BODY_INVALID the message', undefined])
    const header = { 'x-docker-expose-session-uuid': id }
    assert.equal(brief(decided(at('baseline'), `${CONTROL}Session`, undefined, header)), 'BODY_INVALID the message')
  }
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`local-sessionid:${index}`, `s${index}`]))
  assert.equal(onSolve(mapField(ATTRIBUTES.control, many)), 'BODY_TOO_LARGE the message')
  assert.equal(onSolve(...Array.from({ length: 30_000 }, () => bytesField(13, ''))), 'BODY_TOO_LARGE the message')
})

test('names that exporters and caches give are those of the rule, and none is hidden', () => {
  const policy = policyWith({
    level: 'baseline',
    only: { images: ['team/*'] },
    allow: { operations: ['images.build'] },
  })
  const ask = (...fields: Buffer[]): string => brief(decided(policy, `${CONTROL}Solve`, solveOf(fields)))
  assert.match(ask(typed(13, 'moby', { 'dangling-name-prefix': 'alpine:latest,x' })), /^BUILD_OPTION/)
  assert.equal(ask(typed(13, 'moby', { 'dangling-name-prefix': '' })), 'allow')
  assert.equal(ask(cache(typed(4, 'registry', { ref: 'alpine' }))), 'IMAGE_REFUSED Cache.Exports')
  assert.equal(ask(cache(typed(4, 'registry', { ref: 'team/cache' }))), 'allow')
  assert.equal(ask(cache(bytesField(1, 'alpine'))), 'IMAGE_REFUSED Cache.Exports')
})

test('a build that pushes is called so, and says when its rule ends', () => {
  const pushed = decided(endingAt('2026-11-28T13:00:00Z'), `${CONTROL}Solve`, solve(typed(13, 'image', { push: '1' })))
  assert.deepEqual(
    [pushed.verdict, pushed.operation, pushed.until],
    ['allow', 'images.push', '2026-11-28T13:00:00.000Z'],
  )
})

test('what is sent is what was judged; whoever is root sends what arrived', () => {
  const message = Buffer.concat([bytesField(8, ''), bytesField(1, 'build-1')])
  assert.deepEqual(decided(at('baseline'), `${CONTROL}Solve`, message).message, solve())
  assert.deepEqual(decided(at('privileged'), `${CONTROL}Solve`, message).message, message)
  const unread = numberField(99, 1)
  assert.deepEqual(decided(at('privileged'), `${CONTROL}Solve`, unread).message, unread)
  assert.equal(decided(at('baseline'), `${CONTROL}Solve`, unread).message, undefined)
})

test('audit and warn say what another level would refuse', () => {
  const policy = policyWith({ level: { enforce: 'privileged', audit: 'baseline', warn: 'read-only' } })
  const { verdict, audit, warn } = decided(policy, `${CONTROL}Solve`, solve(bytesField(9, 'security.insecure')))
  assert.deepEqual(
    [verdict, audit.map(({ code }) => code), warn.map(({ code }) => code)],
    ['allow', ['PRIVILEGED'], ['OPERATION_REFUSED']],
  )
})

test('a connection for calls is opened from restricted on, and decide() never allows it', () => {
  const verdicts = (['privileged', 'baseline', 'restricted', 'read-only'] as const).map((level) => {
    assert.equal(decide(at(level), ANN, GRPC).verdict, level === 'privileged' ? 'allow' : 'refuse')
    return decideOpening(at(level), ANN, GRPC)?.verdict
  })
  assert.deepEqual(verdicts, [undefined, 'allow', 'allow', 'refuse'])
  const audited = policyWith({ level: { enforce: 'privileged', audit: 'baseline' } })
  assert.deepEqual([judgesCalls(audited, ANN, NOW), judgesCalls(at('privileged'), ANN, NOW)], [true, false])
  assert.equal(decideOpening(audited, ANN, GRPC)?.verdict, 'allow')
  const denied = policyWith({ level: 'baseline', deny: { operations: ['session.open'] } })
  assert.equal(decideOpening(denied, ANN, GRPC)?.verdict, 'refuse')
  const owned = decideOpening(policyWith({ level: 'baseline', owner: 'a' }), ANN, GRPC)
  assert.deepEqual([owned?.verdict, owned?.reasons[0]?.code], ['refuse', 'OWNER_UNSUPPORTED'])
})

test('other requests open no connection for calls', () => {
  for (const request of [
    { ...GRPC, method: 'GET' },
    { ...GRPC, target: '/grpc?x=1' },
    { ...GRPC, target: '/grpc/' },
    { ...GRPC, target: '/v9.9/grpc' },
    { ...GRPC, target: '/v1.45/session' },
    { ...GRPC, headers: {} },
    { ...GRPC, headers: { upgrade: ['h2c', 'h2c'] } },
    { ...GRPC, body: 'unseen' as const },
  ])
    assert.equal(decideOpening(at('baseline'), ANN, request), undefined)
})

test('a rule that has ended allows no call and no connection, and one that will end says when', () => {
  const ended = endingAt('2026-11-28T12:00:00Z')
  assert.equal(brief(decided(ended, `${CONTROL}Info`, Buffer.alloc(0))), 'RULE_ENDED')
  assert.equal(decideOpening(ended, ANN, { ...GRPC, at: NOW }), undefined)
  assert.equal(decide(ended, ANN, { ...GRPC, at: NOW }).verdict, 'refuse')
  const open = endingAt('2026-11-28T12:00:01Z')
  assert.equal(brief(decided(open, `${CONTROL}Info`, Buffer.alloc(0))), 'allow')
  assert.equal(decideOpening(open, ANN, { ...GRPC, at: NOW })?.until, '2026-11-28T12:00:01.000Z')
})

test('a build says what it is about, and no secret, whether it is allowed or refused', () => {
  const secret = 'hunter2'
  const values = {
    source: 'docker/dockerfile:1',
    context: `https://ann:${secret}@h/app.git?token=${secret}#main`,
    filename: 'Dockerfile',
    platform: 'linux/arm64',
    'force-network-mode': 'host',
    'build-arg:TOKEN': secret,
    [`label:${secret}`]: secret,
    'cache-imports': JSON.stringify([{ Type: 'registry', Attrs: { ref: 'app:cache', token: secret } }]),
  }
  const built = {
    networkMode: 'host',
    remote: 'https://h/app.git',
    platform: 'linux/arm64',
    dockerfile: 'Dockerfile',
    image: 'docker/dockerfile:1',
  }
  const message = solve(
    typed(13, 'image', { name: 'app:1,app:2', push: 'true', 'registry.token': secret }),
    mapField(ATTRIBUTES.control, values),
    bytesField(9, 'security.insecure'),
    bytesField(9, `device=a b=${secret}`),
  )
  const expected = {
    ...built,
    tags: ['app:1', 'app:2'],
    exporters: ['image'],
    entitlements: ['security.insecure', '*'],
  }
  for (const level of ['privileged', 'baseline'] as const) {
    const { verdict, details } = decided(at(level), `${CONTROL}Solve`, message)
    assert.equal(verdict, level === 'privileged' ? 'allow' : 'refuse')
    assert.deepEqual(details, expected)
  }
  const bridge = decided(at('baseline'), `${BRIDGE}Solve`, mapField(ATTRIBUTES.bridge, values), {
    'buildkit-controlapi-buildid': 'b',
  })
  assert.deepEqual(bridge.details, built)
  assert.equal(decided(at('baseline'), `${CONTROL}Info`, Buffer.alloc(0)).details, undefined)
})
