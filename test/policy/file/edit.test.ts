import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { editPolicy, type NewRule } from '../../../lib/policy/file/edit.ts'
import { parsePolicy, type PolicyRule } from '../../../lib/policy.ts'
import { assertProperty, fc } from '../../support/properties.ts'

const NEW: NewRule = {
  name: 'grant-ann-0a1b2c3d',
  fingerprint: `${'AB:'.repeat(31)}AB`,
  level: 'restricted',
  until: '2026-11-28T12:00:00Z',
  hostPaths: [
    { path: '/srv/with "quotes" and \\', readOnly: false },
    { path: '/srv/read', readOnly: true },
  ],
  owner: 'null',
}

const BLOCK = `# Who may do what.
version: 1
rules:   # the rules, in order
  # Rules of people - one each
  - name: ann                # she is on call

    who:   { commonName: "ann" }
    level: { enforce: baseline, warn: restricted }
    # nothing more

  # The last one.
  - name: 'any'
    who: {any: true}
    level: read-only
# the end
`

const ADDED = `# Who may do what.
version: 1
rules:   # the rules, in order
  - name: grant-ann-0a1b2c3d # by us
    who: { fingerprint: "${NEW.fingerprint}" }
    level: restricted
    until: 2026-11-28T12:00:00Z
    owner: "null"
    allow:
      hostPaths:
        - { path: "/srv/with \\"quotes\\" and \\\\" }
        - { path: "/srv/read", readOnly: true }
  # Rules of people - one each
  - name: ann                # she is on call
`

const add = (text: string): string => editPolicy(text, 'p.yaml', { add: NEW, comment: 'by us' })
const remove = (text: string, ...names: string[]): string => editPolicy(text, 'p.yaml', { remove: names })

describe('a new rule', () => {
  test('comes first, and leaves all else as it is', () => {
    const text = add(BLOCK)
    assert.ok(text.startsWith(ADDED), text)
    assert.ok(text.endsWith(BLOCK.slice(BLOCK.indexOf('- name: ann'))))
    const [first] = parsePolicy(text, 'p').rules
    const { who, level, until, owner, allow } = first as PolicyRule
    assert.deepEqual(who, { fingerprint: [NEW.fingerprint] })
    assert.deepEqual(
      [level.enforce, until, owner, allow.hostPaths],
      ['restricted', '2026-11-28T12:00:00.000Z', 'null', NEW.hostPaths],
    )
  })

  test('goes without a trace', () => assert.equal(remove(add(BLOCK), NEW.name), BLOCK))

  const others: Readonly<Record<string, string>> = {
    'CRLF and a byte order mark': `\ufeff${BLOCK.replaceAll('\n', '\r\n')}`,
    'without a line feed at the end': BLOCK.replace('# the end\n', '').trimEnd(),
    'a list that is not indented': 'version: 1\nrules:\n- name: a\n  who: { any: true }\n  level: baseline\n',
    'rules before the version': 'rules:\n  - name: a\n    who: { any: true }\n    level: baseline\nversion: 1\n',
    'a flow list': 'version: 1\nrules: [{name: a, who: {any: true}, level: baseline}] # x\n',
    JSON: JSON.stringify({ version: 1, rules: [{ name: 'a', who: { any: true }, level: 'baseline' }] }),
    'JSON with indents': JSON.stringify(
      { version: 1, rules: [{ name: 'a', who: { any: true }, level: 'baseline' }] },
      null,
      2,
    ),
    'marks of a document': '---\nversion: 1\nrules:\n  - {name: a, who: {any: true}, level: baseline}\n...\n',
  }
  for (const [what, text] of Object.entries(others)) {
    test(what, () => {
      const added = add(text)
      assert.deepEqual(
        parsePolicy(added, 'p').rules.map(({ name }) => name),
        [NEW.name, ...parsePolicy(text, 'p').rules.map(({ name }) => name)],
      )
      if (text.includes('\r')) assert.equal(/[^\r]\n/.test(added), false)
      assert.equal(remove(added, NEW.name), text)
    })
  }

  test('is refused if the policy is invalid, or would be', () => {
    const wrong = [BLOCK.replace('baseline', 'base'), '', 'rules: []', `${BLOCK}---\n`, '&a 1', add(BLOCK)]
    for (const text of wrong) assert.throws(() => add(text), { code: 'ERR_POLICY_INVALID' })
    const hostPaths = ['/srv', '/srv/in'].map((path) => ({ path, readOnly: false }))
    assert.throws(() => editPolicy(BLOCK, 'p', { add: { ...NEW, hostPaths } }), { code: 'ERR_POLICY_INVALID' })
  })
})

const flowRule = (name: string): string => `{name: ${name}, who: {commonName: ${name}}, level: baseline}`

describe('a rule is taken out', () => {
  test('with its lines, but not with the comments of the next one', () => {
    const after = remove(BLOCK, 'ann')
    assert.equal(after, BLOCK.replace(/ {2}- name: ann[^]*?warn: restricted }\n/, ''))
    assert.match(remove(BLOCK, 'any', 'other'), /nothing more\n\n {2}# The last one\.\n# the end\n$/)
  })

  test('of a flow list, wherever it is', () => {
    const text = `version: 1\nrules: [ ${['a', 'b', 'c'].map(flowRule).join(', ')} ]\n`
    for (const gone of [['a'], ['b'], ['c'], ['a', 'b'], ['b', 'c'], ['a', 'c']]) {
      const names = parsePolicy(remove(text, ...gone), 'p').rules.map(({ name }) => name)
      assert.deepEqual(
        names,
        ['a', 'b', 'c'].filter((name) => !gone.includes(name)),
      )
    }
  })

  test('only if another one stays', () => {
    assert.equal(remove(BLOCK, 'ann', 'any'), BLOCK)
    const edited = editPolicy(BLOCK, 'p', { remove: ['ann', 'any'], add: NEW })
    assert.deepEqual(
      parsePolicy(edited, 'p').rules.map(({ name }) => name),
      [NEW.name],
    )
  })

  test('in a form that can’t be changed is refused, or changes nothing else', () => {
    const odd =
      'version: 1\nrules:\n  -\n    # a - b\n    name: a\n    who: {commonName: a}\n    level: baseline\n  -\n    name: b\n    who: {commonName: b}\n    level: baseline\n'
    assert.throws(() => remove(odd, 'a'), { code: 'ERR_POLICY_INVALID' })
    assert.deepEqual(
      parsePolicy(remove(odd, 'b'), 'p').rules.map(({ name }) => name),
      ['a'],
    )
  })
})

const comments = (text: string): number => text.split('\n').filter((line) => line.includes('#')).length

test('random comments, blank lines and orders survive', (t) => {
  const line = fc.constantFrom('', '  # - name: x', '# rules:', '      # deep', '  # comment - with dash')
  const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 2, maxLength: 4 })
  assertProperty(
    t,
    fc.property(names, fc.array(line, { minLength: 20, maxLength: 20 }), (given, lines) => {
      const noise = [...lines]
      const next = (): string => `${noise.pop() ?? ''}\n`
      const rules = given.map(
        (name) =>
          `  - name: ${name}\n${next()}    who: { commonName: ${name} }\n${next()}    level: baseline\n${next()}`,
      )
      const text = `${next()}version: 1\nrules:\n${next()}${rules.join('')}${next()}`
      const added = add(text)
      assert.equal(remove(added, NEW.name), text)
      const [gone = ''] = given
      const left = remove(text, gone)
      assert.deepEqual(
        parsePolicy(left, 'p').rules.map(({ name }) => name),
        given.slice(1),
      )
      assert.ok(comments(text) - comments(left) <= 2, 'only those within the rule are gone')
    }),
    { numRuns: 200 },
  )
})
