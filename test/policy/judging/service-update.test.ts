import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decide, definePolicy, Facts, writeRequest, type Decision, type Json } from '../../../lib/policy.ts'
import { toRequest } from '../reading/support.ts'

const POWER = { CapabilityAdd: ['CAP_SYS_ADMIN'] }

const spec = (container: Record<string, Json> = {}, task: Record<string, Json> = {}): Json => ({
  Name: 'web',
  TaskTemplate: { ContainerSpec: { Image: 'r.example/web:1', ...container }, ...task },
})

interface Asked {
  readonly query?: string
  readonly body?: Json
  readonly service?: Json
  readonly rule?: object
  readonly auth?: string
  readonly facts?: Facts
}

function ask({ query = 'version=7', body = spec(), service, rule = {}, auth, facts = new Facts() }: Asked): Decision {
  const rules = [{ name: 'ann', who: { socket: 'ann' }, level: 'baseline', ...rule }]
  const { headers, ...request } = toRequest(`POST /v1.45/services/web/update?${query}`, JSON.stringify(body))
  if (service !== undefined) facts.add({ kind: 'service', name: 'web' }, service)
  const sent = { ...request, headers: { ...headers, ...(auth !== undefined && { 'X-Registry-Auth': auth }) } }
  return decide(definePolicy({ version: 1, rules }), { socket: 'ann' }, sent, facts)
}

/** The verdict, and what there is to say. */
const brief = (asked: Asked): string => {
  const { verdict, reasons } = ask(asked)
  return [verdict, ...reasons.map(({ code, got }) => `${code} ${/\((\w+)\)$/.exec(got)?.[1] ?? ''}`.trim())].join(', ')
}

const existing = (Spec: Json, more: Record<string, Json> = {}): Json => ({
  ID: 'abc',
  Version: { Index: 7 },
  Spec,
  ...more,
})

test('the daemon is asked about the service, and gets its id', () => {
  assert.deepEqual(ask({}).needs, [{ kind: 'service', name: 'web' }])
  const { verdict, read } = ask({ service: existing(spec()) })
  assert.ok(read && verdict === 'allow')
  assert.equal(writeRequest(read).target, '/v1.45/services/abc/update?version=7')
  assert.equal(brief({ service: null }), 'refuse, TARGET_UNKNOWN')
  assert.equal(brief({ service: {} }), 'refuse, TARGET_UNKNOWN')
})

const db = (Driver: string): Facts => new Facts().add({ kind: 'network', name: 'id-of-db' }, { Driver })

describe('the service as it is', () => {
  const networks = { Networks: [{ Target: 'id-of-db' }] }
  const rows: Readonly<Record<string, readonly [asked: Asked, expected: string]>> = {
    harmless: [{ service: existing(spec()) }, 'allow'],
    powerful: [{ service: existing(spec(POWER)) }, 'refuse, TARGET_TOO_POWERFUL CAPABILITY'],
    'powerful before': [{ service: existing(spec(), { PreviousSpec: spec(POWER) }) }, 'allow'],
    'another version': [{ query: 'version=8', service: existing(spec()) }, 'refuse, TARGET_UNKNOWN'],
    'a version written otherwise': [{ query: 'version=07', service: existing(spec()) }, 'refuse, TARGET_UNKNOWN'],
    'no version': [{ query: 'version=', service: existing(spec()) }, 'refuse, TARGET_UNKNOWN'],
    'not hardened': [
      {
        service: existing(spec()),
        rule: { level: 'restricted' },
        body: spec({ User: '1', CapabilityDrop: ['ALL'], Privileges: { NoNewPrivileges: true } }),
      },
      'refuse, TARGET_TOO_POWERFUL NOT_HARDENED, TARGET_TOO_POWERFUL NOT_HARDENED, TARGET_TOO_POWERFUL ROOT_USER',
    ],
    // The ids that are there already are no names of the rule.
    'with a network that the rule does not name': [
      {
        service: existing(spec({}, networks)),
        body: spec({}, { Networks: [{ Target: 'web' }] }),
        rule: { only: { networks: ['web'] } },
        facts: db('overlay').add({ kind: 'network', name: 'web' }, { Driver: 'overlay' }),
      },
      'allow',
    ],
    'with the network of the host': [
      { service: existing(spec({}, networks)), facts: db('host') },
      'refuse, TARGET_TOO_POWERFUL TARGET_TOO_POWERFUL',
    ],
    'with an image that the rule does not name': [
      { service: existing(spec({ Image: 'other/web' })), auth: 'e30=', rule: { only: { images: ['r.example/*'] } } },
      'allow',
    ],
  }
  for (const [name, [asked, expected]] of Object.entries(rows)) test(name, () => assert.equal(brief(asked), expected))
})

const back = (PreviousSpec: Json, rule: object = {}, rollback = 'previous'): string =>
  brief({ query: `version=7&rollback=${rollback}`, service: existing(spec(), { PreviousSpec }), rule })

describe('a rollback', () => {
  test('is judged by what comes back', () => {
    assert.equal(back(spec()), 'allow')
    assert.equal(back(spec(POWER)), 'refuse, TARGET_TOO_POWERFUL CAPABILITY')
    for (const value of ['PREVIOUS', 'x', 'None', '0'])
      assert.equal(back(spec(POWER), {}, value), 'refuse, TARGET_TOO_POWERFUL CAPABILITY', value)
    for (const value of ['', 'none']) assert.equal(back(spec(POWER), {}, value), 'allow', value)
  })

  test('its image, networks and labels count as those of a request', () => {
    const rule = { only: { images: ['r.example/*'], networks: ['bridge'] } }
    assert.equal(back(spec(), rule), 'allow')
    assert.equal(back(spec({ Image: 'other' }), rule), 'refuse, TARGET_TOO_POWERFUL IMAGE_REFUSED')
    assert.equal(back(spec({}, { Networks: [{ Target: 'x' }] }), rule), 'refuse, TARGET_TOO_POWERFUL NETWORK_REFUSED')
    const labels = { deny: { labels: ['a.*'] }, allow: { operations: ['services.update'] } }
    assert.equal(back(spec({ Labels: { 'a.b': '' } }), labels), 'refuse, TARGET_TOO_POWERFUL LABEL_REFUSED')
    assert.equal(back(spec({ Labels: { b: '' } }), labels), 'allow')
  })
})

describe('the login that the swarm keeps for a service', () => {
  const LOGIN = 'refuse, TARGET_TOO_POWERFUL REGISTRY_LOGIN'
  const rows: readonly (readonly [image: string, expected: string, more?: Asked])[] = [
    ['r.example/web:2', 'allow'],
    [`r.example/web@sha256:${'a'.repeat(64)}`, 'allow'],
    ['r.example/other:1', LOGIN],
    ['evil.example/web:1', LOGIN],
    ['web:1', LOGIN],
    ['evil.example/web:1', 'allow', { auth: 'e30=' }],
    ['evil.example/web:1', LOGIN, { auth: '' }],
    ['r.example/old:1', LOGIN],
    ['r.example/old:1', 'allow', { query: 'version=7&registryAuthFrom=previous-spec' }],
    ['r.example/web:1', LOGIN, { query: 'version=7&registryAuthFrom=previous-spec' }],
    ['r.example/web:1', 'allow', { query: 'version=7&registryAuthFrom=spec' }],
    // Before API 1.30, dockerd asks the registry of this image, though the rollback ignores it.
    ['r.example/web:2', 'allow', { query: 'version=7&rollback=previous' }],
    ['evil.example/web:1', LOGIN, { query: 'version=7&rollback=previous' }],
    ['evil.example/web:1', LOGIN, { query: 'version=7&rollback=previous&registryAuthFrom=previous-spec' }],
  ]
  const service = existing(spec(), { PreviousSpec: spec({ Image: 'r.example/old:1' }) })
  for (const [Image, expected, more] of rows)
    test(`${Image} ${JSON.stringify(more ?? {})}`, () => {
      assert.equal(brief({ body: spec({ Image }), service, ...more }), expected)
    })
})
