import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import {
  decide,
  definePolicy,
  isDockerMtlsError,
  parsePolicy,
  type Policy,
  type PolicyRule,
} from '../../../lib/policy.ts'
import { OPERATION_LEVELS } from '../../../lib/policy/levels/operations.ts'
import { LEVELS } from '../../../lib/policy/file/types.ts'
import { operationsOf } from '../../../lib/policy/presets/preset.ts'
import { PRESETS } from '../../../lib/policy/presets/presets.ts'
import { policyOf, renderPreset, type Caller } from '../../../lib/policy/presets/render.ts'
import { assertProperty, fc } from '../../support/properties.ts'

test('names and purposes are there once', () => {
  for (const key of ['name', 'purpose'] as const)
    assert.equal(new Set(PRESETS.map((preset) => preset[key])).size, PRESETS.length)
})

test('the page has a row for each preset, and shows one as it is printed', () => {
  const page = readFileSync(new URL('../../../docs/presets.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([\w-]+)` \| `([\w-]+)` \| (\w+) \| ([^|]*) \|/gm)].map(([, ...cells]) => cells)
  assert.deepEqual(
    rows,
    PRESETS.map((preset) => {
      const { name, level, purpose } = preset
      return [name, level, String(operationsOf(preset)?.length ?? 'all'), purpose]
    }),
  )
  const prometheus = PRESETS.find(({ name }) => name === 'prometheus')
  assert.ok(prometheus)
  assert.ok(page.includes(`\n\`\`\`yaml\n${renderPreset(prometheus, { socket: 'metrics' })}\`\`\`\n`))
})

for (const preset of PRESETS)
  describe(preset.name, () => {
    const operations = operationsOf(preset)
    const text = renderPreset(preset, { commonName: 'ann' })

    test('has each operation once, and its level includes all of them', () => {
      assert.deepEqual(operations, operations && [...new Set(operations)])
      for (const name of operations ?? [])
        assert.ok(LEVELS.indexOf(OPERATION_LEVELS[name].strictest) <= LEVELS.indexOf(preset.level), name)
      assert.notEqual(preset.level, 'privileged')
    })

    test('has no stricter level that would include all of them', () => {
      // Level restricted refuses ordinary containers, whatever the operations are.
      const needed = operations?.includes('containers.create') ? ['baseline'] : []
      const levels = new Set<string>([...needed, ...(operations ?? []).map((name) => OPERATION_LEVELS[name].strictest)])
      const strictest = LEVELS.findLast((level) => levels.has(level))
      assert.equal(preset.level, operations ? strictest : 'restricted')
    })

    test('the file says the same as the object', () => {
      const [read, defined] = [parsePolicy(text, 'file'), definePolicy(policyOf(preset, { commonName: 'ann' }))].map(
        ({ rules: [rule] }) => ({ ...rule, only: rule?.only.operations?.toSorted() }),
      )
      assert.deepEqual(read, defined)
    })

    test('builds from archives, if it builds, and never from Git repositories', () => {
      const policy = definePolicy(policyOf(preset, { socket: 'ann' }))
      const build = (remote: string): string[] => {
        const target = `/build?version=2&remote=${encodeURIComponent(remote)}`
        const asked = { method: 'POST', target, headers: {}, at: new Date() }
        const { verdict, reasons } = decide(policy, { socket: 'ann' }, asked)
        return [verdict, ...reasons.map(({ code }) => code)]
      }
      const builds = operations?.includes('images.build') ?? false
      const without = preset.owner ? ['refuse', 'OWNER_UNSUPPORTED'] : ['refuse', 'OPERATION_REFUSED']
      assert.deepEqual(build('https://example.com/context.tar'), builds ? ['allow'] : without)
      for (const remote of ['git@example.com:secret.git', 'https://example.com/app.git'])
        assert.deepEqual(build(remote), builds ? ['refuse', 'BUILD_OPTION'] : without)
    })

    test('its lines have at most 100 columns, and what they propose is valid', () => {
      for (const line of text.split('\n')) assert.ok(line.length <= 100, line)
      const proposed = text.replaceAll(/^ {4}# (owner|allow):/gm, '    $1:')
      const [rule] = parsePolicy(proposed, 'file').rules
      const runs = operations?.includes('containers.create') ?? true
      assert.deepEqual(rule?.allow.hostPaths, runs ? [{ path: '/srv/data', readOnly: false }] : [])
      assert.equal(rule?.owner, runs ? 'ann' : undefined)
    })
  })

/** Words that YAML could take for something else, too. */
const NAME = fc.oneof(
  fc.string({ minLength: 1, maxLength: 30 }),
  fc.constantFrom('true', 'null', '~', 'no', '12', '1e3', '- a', 'a: b', '#a'),
)

test('any name of a caller is read as it was given, or refused in both forms', (t) => {
  const [preset] = PRESETS
  assert.ok(preset)
  assertProperty(
    t,
    fc.property(NAME, fc.boolean(), (name, isSocket) => {
      const who: Caller = isSocket ? { socket: name } : { commonName: name }
      const defined = ruleOf(() => definePolicy(policyOf(preset, who)))
      assert.deepEqual(
        ruleOf(() => parsePolicy(renderPreset(preset, who), 'file')),
        defined,
      )
      if (defined) assert.deepEqual(defined.who, isSocket ? { socket: [name] } : { commonName: [name] })
    }),
  )
})

test('callers that differ have owners that differ', (t) => {
  const agent = PRESETS.find(({ name }) => name === 'agent')
  assert.ok(agent)
  const ownerOf = (commonName: string): string | undefined =>
    ruleOf(() => parsePolicy(renderPreset(agent, { commonName }), 'file'))?.owner
  const names = [
    'ann',
    'Ann',
    'Ann Example',
    'Bob Example',
    'Ann-Example',
    'Ann  Example',
    'bob@example.com',
    '李',
    '王',
  ]
  const long = ['a', 'b'].map((end) => `${'x'.repeat(70)}${end}`)
  const owners = [...names, ...long].map(ownerOf)
  assert.deepEqual([owners[0], owners[1], owners[4]], ['ann', 'Ann', 'Ann-Example'])
  assert.match(owners[2] ?? '', /^Ann-Example-[0-9a-f]{16}$/)
  assert.match(owners[7] ?? '', /^agent-[0-9a-f]{16}$/)
  // Nobody gets the owner of another one by having its name.
  owners.push(...owners.filter((owner) => /-[0-9a-f]{16}$/.test(owner ?? '')).map((owner) => ownerOf(owner ?? '')))
  assert.ok(!owners.includes(undefined))
  assert.equal(new Set(owners).size, owners.length, owners.join('\n'))
  assertProperty(
    t,
    fc.property(NAME, NAME, (one, other) => {
      const [owner, another] = [ownerOf(one), ownerOf(other)]
      assert.ok(one === other || owner === undefined || owner !== another, `${one}, ${other}: ${owner}`)
    }),
  )
})

/** Name, caller and owner of the only rule, or undefined if it is refused. */
function ruleOf(read: () => Policy): Pick<PolicyRule, 'name' | 'who' | 'owner'> | undefined {
  try {
    const [rule] = read().rules
    return rule && { name: rule.name, who: rule.who, ...(rule.owner !== undefined && { owner: rule.owner }) }
  } catch (error) {
    if (isDockerMtlsError(error, 'ERR_POLICY_INVALID')) return undefined
    throw error
  }
}
