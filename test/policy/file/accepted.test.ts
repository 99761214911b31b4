import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { matchesImage } from '../../../lib/policy/file/values/images.ts'
import { definePolicy, parsePolicy, type ImagePattern, type Policy, type PolicyRule } from '../../../lib/policy.ts'
import { parseReference } from '../../../lib/registry/reference.ts'

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`
const FINGERPRINT = 'ab'.repeat(32)
const NORMAL_FINGERPRINT = `${'AB:'.repeat(31)}AB`

const WHOLE = `
# Who may do what.
version: 1
rules:
  - name: ci                      # unique
    who:
      commonName: ann
      organizationalUnit: [ci, "no", 'yes']
      dns: Build.Example.com
      uri: spiffe://example.com/ci
      ip: [10.0.0.1, 2001:DB8:0::1, ::ffff:10.0.0.1]
      fingerprint: ${FINGERPRINT}
      issuer: ${NORMAL_FINGERPRINT}
    level: { enforce: baseline, audit: restricted, warn: read-only, version: 1 }
    allow:
      operations: [images.push, exec.*]
      hostPaths:
        - path: /srv/app
          readOnly: true
        - { path: /var/cache, readOnly: false }
        - path: /srv/with space
      capabilities: [NET_BIND_SERVICE, CAP_SYS_TIME]
      devices: [/dev/fuse]
    only:
      images: ['registry.example.com/team/*', 'alpine@${DIGEST}', redis, docker.io/*, "localhost:5000/*"]
      networks: [web, db_1.internal]
      labels: [com.example.*, team]
    deny:
      operations: [containers.attach]
      images: [redis]
      networks: [host]
      labels: [docker-mtls.owner, caddy*]
      capabilities: [NET_RAW, CAP_MKNOD]
  - name: short
    who: { commonName: short }
    level: privileged
    renew: { for: 8h }
  - name: agent
    who: { socket: agent }
    level: restricted
    until: 2026-11-28T13:00:00+01:00
    owner: team-a
  - name: rest
    who: { any: true }
    level: read-only
`

const NOTHING = {
  allow: { operations: [], hostPaths: [], capabilities: [], devices: [] },
  deny: { operations: [], images: [], networks: [], labels: [], capabilities: [] },
  only: {},
} satisfies Partial<PolicyRule>

const EXPECTED: Policy = {
  version: 1,
  rules: [
    {
      name: 'ci',
      who: {
        commonName: ['ann'],
        organizationalUnit: ['ci', 'no', 'yes'],
        dns: ['build.example.com'],
        uri: ['spiffe://example.com/ci'],
        ip: ['10.0.0.1', '2001:db8::1', '::ffff:a00:1'],
        fingerprint: [NORMAL_FINGERPRINT],
        issuer: [NORMAL_FINGERPRINT],
      },
      level: { enforce: 'baseline', audit: 'restricted', warn: 'read-only', version: 1 },
      allow: {
        operations: ['images.push', 'exec.create', 'exec.inspect', 'exec.resize', 'exec.start'],
        hostPaths: [
          { path: '/srv/app', readOnly: true },
          { path: '/var/cache', readOnly: false },
          { path: '/srv/with space', readOnly: false },
        ],
        capabilities: ['NET_BIND_SERVICE', 'SYS_TIME'],
        devices: ['/dev/fuse'],
      },
      only: {
        images: [
          { text: 'registry.example.com/team/*', prefix: 'registry.example.com/team/' },
          { text: `alpine@${DIGEST}`, name: 'docker.io/library/alpine', digest: DIGEST },
          { text: 'redis', name: 'docker.io/library/redis' },
          { text: 'docker.io/*', prefix: 'docker.io/' },
          { text: 'localhost:5000/*', prefix: 'localhost:5000/' },
        ],
        networks: ['web', 'db_1.internal'],
        labels: ['com.example.*', 'team'],
      },
      deny: {
        operations: ['containers.attach'],
        images: [{ text: 'redis', name: 'docker.io/library/redis' }],
        networks: ['host'],
        labels: ['docker-mtls.owner', 'caddy*'],
        capabilities: ['NET_RAW', 'MKNOD'],
      },
    },
    {
      name: 'short',
      who: { commonName: ['short'] },
      level: { enforce: 'privileged', version: 1 },
      renew: { for: 28_800 },
      ...NOTHING,
    },
    {
      name: 'agent',
      who: { socket: ['agent'] },
      level: { enforce: 'restricted', version: 1 },
      until: '2026-11-28T12:00:00.000Z',
      owner: 'team-a',
      ...NOTHING,
    },
    {
      name: 'rest',
      who: { any: true },
      level: { enforce: 'read-only', version: 1 },
      ...NOTHING,
    },
  ],
}

/** Without the difference between an object with and without a prototype. */
const plain = (policy: Policy): unknown => JSON.parse(JSON.stringify(policy))

describe('a policy with every key', () => {
  test('is read and normalised', () => assert.deepEqual(plain(parsePolicy(WHOLE, 'policy.yaml')), plain(EXPECTED)))

  test('means the same with CRLF, a byte order mark or the marks of a document', () => {
    const value = plain(parsePolicy(WHOLE, 'p'))
    for (const text of [WHOLE.replaceAll('\n', '\r\n'), `\ufeff${WHOLE}`, `---${WHOLE}`, `${WHOLE}...\n`])
      assert.deepEqual(plain(parsePolicy(text, 'p')), value)
  })

  test('is frozen in all its parts', () => {
    const thawed = (value: unknown): unknown[] =>
      typeof value !== 'object' || value === null
        ? []
        : [...(Object.isFrozen(value) ? [] : [value]), ...Object.values(value).flatMap(thawed)]
    assert.deepEqual(thawed(parsePolicy(WHOLE, 'p')), [])
  })

  test('leaves what was passed in code as it is', () => {
    const given = {
      version: 1,
      rules: [{ name: 'a', who: { commonName: ['ann'] }, level: 'baseline', only: undefined }],
    }
    const policy = definePolicy(given)
    given.rules[0]?.who.commonName.push('root')
    assert.deepEqual(policy.rules[0]?.who, { commonName: ['ann'] })
    assert.deepEqual(policy.rules[0]?.only, {})
  })
})

test('JSON is accepted, on one line and indented', () => {
  const value = { version: 1, rules: [{ name: 'a', who: { organizationalUnit: 'ci' }, level: 'privileged' }] }
  const expected = definePolicy(value)
  for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)])
    assert.deepEqual(parsePolicy(text, 'policy.json'), expected)
})

describe('YAML 1.2: texts that were something else in YAML 1.1', () => {
  for (const text of ['no', 'yes', 'on', 'off', 'y', 'n', '12:30:45', '2027-01-31', '<<', '0o8', '1_000', '=']) {
    test(text, () => {
      const policy = parsePolicy(`{version: 1, rules: [{name: a, who: {commonName: ${text}}, level: baseline}]}`, 'p')
      assert.deepEqual(policy.rules[0]?.who.commonName, [text])
    })
  }
})

function patternOf(text: string): ImagePattern | undefined {
  const rule = { name: 'a', who: { any: true }, level: 'baseline', only: { images: [text] } }
  return definePolicy({ version: 1, rules: [rule] }).rules[0]?.only.images?.[0]
}

describe('an image pattern', () => {
  const rows: [pattern: string, images: string[], others: string[]][] = [
    [
      'alpine',
      [
        'alpine',
        'alpine:3.20',
        'library/alpine',
        'docker.io/library/alpine',
        `index.docker.io/library/alpine@${DIGEST}`,
      ],
      ['alpine/git', 'registry.example.com/alpine', 'me/alpine', 'alpin', 'localhost/alpine'],
    ],
    ['team/*', ['team/app', 'docker.io/team/app:1'], ['teams/app', 'library/team', 'r.example/team/app']],
    [
      'r.example/team/*',
      ['r.example/team/app', 'r.example/team/a/b:2'],
      [
        'r.example/team',
        'r.example/teams/app',
        'r.example:443/team/app',
        'evil.r.example/team/app',
        'R.example/team/app',
      ],
    ],
    ['r.example/*', ['r.example/a', 'r.example/a/b'], ['r.example:5000/a', 'r.example.evil/a', 'a']],
    ['docker.io/*', ['alpine', 'me/app', 'index.docker.io/me/app'], ['ghcr.io/me/app', 'localhost/app']],
    ['library/*', ['alpine'], ['me/app']],
    [
      `alpine@${DIGEST}`,
      [`alpine@${DIGEST}`, `alpine:3@${DIGEST}`],
      ['alpine', `alpine@${DIGEST.replace('0', '1')}`, `me/alpine@${DIGEST}`],
    ],
  ]
  for (const [text, images, others] of rows) {
    test(text, () => {
      const pattern = patternOf(text)
      assert.ok(pattern)
      for (const image of images) assert.ok(matchesImage(pattern, parseReference(image)), image)
      for (const image of others) assert.ok(!matchesImage(pattern, parseReference(image)), image)
    })
  }
})
