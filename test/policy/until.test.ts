import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { widerAfterEnd } from '../../lib/policy/file/after.ts'
import { matchRule } from '../../lib/policy/who/match.ts'
import { decide, definePolicy, parsePolicy, PolicyError, type Decision } from '../../lib/policy.ts'

const UNTIL = '2026-11-28T12:00:00Z'
const BEFORE = new Date('2026-11-28T11:59:59.999Z')
const END = new Date(UNTIL)

const POLICY = definePolicy({
  version: 1,
  rules: [
    { name: 'grant', who: { socket: ['ann', 'eve'] }, level: 'baseline', until: UNTIL },
    { name: 'longer', who: { socket: 'eve' }, level: 'restricted', until: '2026-11-28T14:00:00+01:00' },
    { name: 'standing', who: { socket: 'ann' }, level: 'read-only' },
  ],
})

const ruleAt = (socket: string, at: Date): string | undefined => matchRule(POLICY, { socket }, at)?.name

function decideAt(socket: string, at?: Date): Decision {
  return decide(POLICY, { socket }, { method: 'GET', target: '/_ping', ...(at && { at }) })
}

describe('a rule with an end', () => {
  test('applies until then, and to nobody from this moment on', () => {
    assert.deepEqual([ruleAt('ann', BEFORE), ruleAt('eve', BEFORE)], ['grant', 'grant'])
    assert.deepEqual([ruleAt('ann', END), ruleAt('eve', END)], ['standing', 'longer'])
    assert.equal(ruleAt('eve', new Date('2026-11-28T13:00:00Z')), undefined)
  })

  test('names its end in a decision', () => {
    const { rule, until } = decideAt('ann', BEFORE)
    assert.deepEqual([rule, until], ['grant', '2026-11-28T12:00:00.000Z'])
    assert.equal('until' in decideAt('ann', END), false)
  })

  test('is named to a caller without any other rule: of several, the last', () => {
    const { verdict, reasons } = decideAt('eve', new Date('2027-01-01T00:00:00Z'))
    const got = 'the rule longer ended on 2026-11-28T13:00:00.000Z, and no other rule is for this caller'
    assert.deepEqual([verdict, reasons], ['refuse', [{ code: 'RULE_ENDED', got }]])
  })

  test('decides nothing without the time of the request, and is no matter to others', () => {
    for (const at of [undefined, new Date(NaN), UNTIL as never])
      assert.throws(() => decideAt('ann', at), { code: 'ERR_ARGUMENT_INVALID' })
    assert.equal(decideAt('bob').reasons[0]?.code, 'IDENTITY_UNKNOWN')
  })

  test('lets later rules be for the same callers, also after any', () => {
    const rule = { name: 'a', who: { any: true }, level: 'read-only' }
    const later = { ...rule, name: 'b', level: 'baseline' }
    const rules = [{ ...rule, until: UNTIL }, { ...later, name: 'ann', who: { socket: 'ann' } }, later]
    assert.equal(definePolicy({ version: 1, rules }).rules.length, 3)
    assert.throws(() => definePolicy({ version: 1, rules: [rule, later] }), PolicyError)
  })
})

/** The moment of a rule, or the message about it. */
function read(until: string): string | undefined {
  const text = `version: 1\nrules:\n  - name: a\n    who: { any: true }\n    level: baseline\n    until: ${until}\n`
  try {
    return parsePolicy(text, 'p.yaml').rules[0]?.until
  } catch (error) {
    assert.ok(error instanceof PolicyError)
    return error.message.replace(/^reading the policy: p\.yaml:6:12: rules\[0\]\.until: /, '')
  }
}

const WRITE = '\nWrite a date and time with its zone, such as 2026-11-28T12:00:00Z'

describe('the end of a rule is a moment as in RFC 3339', () => {
  const rows: Readonly<Record<string, string>> = {
    '2026-11-28T12:00:00Z': '2026-11-28T12:00:00.000Z',
    '"2026-11-28T12:00:00Z"': '2026-11-28T12:00:00.000Z',
    '2026-11-28t12:00:00z': '2026-11-28T12:00:00.000Z',
    '2026-11-28T12:00:00.123456789Z': '2026-11-28T12:00:00.123Z',
    '2026-11-28T12:00:00.5+05:30': '2026-11-28T06:30:00.500Z',
    '2026-11-28T12:00:00-00:00': '2026-11-28T12:00:00.000Z',
    '2028-02-29T00:00:00-08:00': '2028-02-29T08:00:00.000Z',
    '2026-11-28T12:00:00': `"2026-11-28T12:00:00" has no zone.${WRITE}.`,
    '"2026-11-28 12:00"': `"2026-11-28 12:00" has no zone.${WRITE}.`,
    '2026-11-28T24:00:00Z': `"2026-11-28T24:00:00Z" does not exist.${WRITE}.`,
    '2026-02-30T12:00:00Z': `"2026-02-30T12:00:00Z" does not exist.${WRITE}.`,
    '2026-11-28T12:00:60Z': `"2026-11-28T12:00:60Z" does not exist.${WRITE}.`,
    '2026-11-28T12:00:00+24:00': `"2026-11-28T12:00:00+24:00" does not exist.${WRITE}.`,
    '2026-11-28': `"2026-11-28" is not a date and time as in RFC 3339.${WRITE}.`,
    '2026-11-28T12:00Z': `"2026-11-28T12:00Z" is not a date and time as in RFC 3339.${WRITE}.`,
    '2h': `"2h" is not a date and time as in RFC 3339.${WRITE}.`,
    '1795867200': `it is a number.${WRITE}, in quotes.`,
    null: `it is empty.${WRITE}.`,
  }
  for (const [text, expected] of Object.entries(rows)) test(text, () => assert.equal(read(text), expected))
})

const ends = (rule: object): object => ({
  name: 'ends',
  who: { commonName: ['ann', 'ben'] },
  level: 'restricted',
  until: UNTIL,
  ...rule,
})
const later = (rule: object): object => ({ name: 'later', who: { any: true }, level: 'restricted', ...rule })
const images = (...list: string[]): object => ({ only: { images: list } })

describe('a later rule that gives more', () => {
  const rows: readonly (readonly [what: string, ended: object, next: object, isWider: boolean])[] = [
    ['the same', {}, {}, false],
    ['a lower level', {}, { level: 'read-only' }, false],
    ['a higher level', {}, { level: 'baseline' }, true],
    ['a higher level for some of the callers', {}, { level: 'baseline', who: { commonName: 'ben' } }, true],
    ['a higher level for others', {}, { level: 'baseline', who: { commonName: 'root' } }, false],
    [
      'a higher level for callers that also have a group',
      {},
      { level: 'baseline', who: { issuer: 'a'.repeat(64) } },
      false,
    ],
    ['a higher level that ends before', {}, { level: 'baseline', until: '2026-11-28T11:00:00Z' }, false],
    ['nothing more than root', { level: 'privileged' }, { allow: { capabilities: ['NET_ADMIN'] } }, false],
    ['without the owner', { owner: 'a' }, {}, true],
    ['with an owner', {}, { owner: 'a' }, false],
    ['an allowance', {}, { allow: { hostPaths: [{ path: '/srv' }] } }, true],
    [
      'a path to write',
      { allow: { hostPaths: [{ path: '/srv', readOnly: true }] } },
      { allow: { hostPaths: [{ path: '/srv' }] } },
      true,
    ],
    ['fewer denials', { deny: { operations: ['images.build'] } }, {}, true],
    ['more denials', {}, { deny: { operations: ['images.build'] } }, false],
    ['any image', images('alpine'), {}, true],
    ['more images', images('alpine'), images('alpine', 'redis'), true],
    ['fewer images', images('alpine', 'redis'), images('redis'), false],
    ['any operation', { only: { operations: ['system.ping'] } }, {}, true],
    ['one operation', {}, { only: { operations: ['system.ping'] } }, false],
  ]
  for (const [what, ended, next, isWider] of rows) {
    test(`${what}: ${isWider ? 'yes' : 'no'}`, () => {
      const { rules } = definePolicy({ version: 1, rules: [ends(ended), later(next)] })
      assert.deepEqual(
        widerAfterEnd(rules).map((one) => [one.ended.name, one.next.name]),
        isWider ? [['ends', 'later']] : [],
      )
    })
  }
})
