import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseSnapshot } from '../../lib/audit/snapshot/parse.ts'
import { auditSnapshot, CHECK_FACTS, parseBaseline, parseExceptions, type AuditSnapshot } from '../../lib/audit.ts'
import { makeSnapshot, rawSnapshot } from './support/snapshots.ts'

const CHECK = CHECK_FACTS[0]?.id ?? ''
const GOOD = { check: CHECK, reason: 'Ann: needed by the build', until: '2027-02-28' }
const DEEP = '['.repeat(200) + ']'.repeat(200)

describe('exceptions', () => {
  test('are read with all their keys', () => {
    const all = { ...GOOD, subject: 'web', target: 'tcp://build01:2376' }
    assert.deepEqual(parseExceptions(JSON.stringify({ exceptions: [GOOD, all] })), [GOOD, all])
    assert.deepEqual(parseExceptions('{"exceptions": []}'), [])
  })

  const WRONG: readonly (readonly [string, unknown, RegExp])[] = [
    ['no reason', { ...GOOD, reason: undefined }, /reason of exception 1 is not a sentence/],
    ['an empty reason', { ...GOOD, reason: ' ' }, /reason of exception 1/],
    ['no date', { ...GOOD, until: undefined }, /until of exception 1 is not the last day, as YYYY-MM-DD/],
    ['a time', { ...GOOD, until: '2027-02-28T00:00:00Z' }, /until of exception 1/],
    ['a day that does not exist', { ...GOOD, until: '2027-02-30' }, /until of exception 1/],
    ['another date', { ...GOOD, until: '28.2.2027' }, /until of exception 1/],
    ['a number', { ...GOOD, until: 2027 }, /until of exception 1/],
    ['no check', { ...GOOD, check: undefined }, /check of exception 1 is not the id of a check/],
    [
      'an unknown check',
      { ...GOOD, check: 'X-NOTHING-LIKE-IT' },
      /the check "X-NOTHING-LIKE-IT", which does not exist/,
    ],
    ['a check with a slip', { ...GOOD, check: `${CHECK}G` }, new RegExp(`Did you mean ${CHECK}\\?`)],
    ['a key with a slip', { ...GOOD, subjects: 'web' }, /a key "subjects"/],
    ['text', 'web', /exception 1 is not an object/],
  ]
  for (const [what, exception, message] of WRONG) {
    test(`with ${what} are refused`, () => {
      assert.throws(() => parseExceptions(JSON.stringify({ exceptions: [exception] })), {
        name: 'AuditError',
        code: 'ERR_AUDIT_EXCEPTIONS_INVALID',
        message,
      })
    })
  }

  for (const text of ['', '{', '[]', 'null', '{"exceptions": {}}', '{"exceptions": [], "more": 1}', DEEP]) {
    test(`in ${JSON.stringify(text.slice(0, 30))} are refused`, () => {
      assert.throws(() => parseExceptions(text), { code: 'ERR_AUDIT_EXCEPTIONS_INVALID' })
    })
  }
})

describe('a baseline', () => {
  const hosts = [{ target: 'tcp://a:2376', findings: [] }]
  test('of another version is read, with kinds that are unknown here', () => {
    const finding = { check: 'Z-NEW', severity: 'high', status: 'fail', subject: { kind: 'pod', name: 'x' }, more: 1 }
    const text = JSON.stringify({
      format: 1,
      tool: { version: '9.9.9' },
      hosts: [{ target: 'a', findings: [finding] }],
    })
    assert.equal(parseBaseline(text).hosts[0]?.findings?.[0]?.check, 'Z-NEW')
  })

  const WRONG: readonly (readonly [string, RegExp])[] = [
    ['{', /not valid JSON/],
    [DEEP, /not valid JSON/],
    ['{}', /not a JSON report/],
    [JSON.stringify({ format: 2, tool: { version: '1' }, hosts }), /has the format 2, and .* reads the format 1/],
    [JSON.stringify({ format: 1, hosts }), /not a JSON report/],
    [JSON.stringify({ version: '2.1.0', runs: [] }), /not a JSON report/],
    [
      JSON.stringify({ format: 1, tool: { version: '1' }, hosts: [{ target: 'a', findings: [{}] }] }),
      /not a JSON report/,
    ],
  ]
  for (const [text, message] of WRONG) {
    test(`is refused: ${text.slice(0, 50)}`, () => {
      assert.throws(() => parseBaseline(text), { name: 'AuditError', code: 'ERR_AUDIT_BASELINE_INVALID', message })
    })
  }
})

describe('a snapshot', () => {
  const raw = rawSnapshot([{ name: 'web', inspect: { HostConfig: { Privileged: true } } }])

  test('is the same after it was saved', () => {
    const snapshot = makeSnapshot([{ name: 'web', inspect: { HostConfig: { Privileged: true } } }])
    assert.deepEqual(parseSnapshot(JSON.stringify(snapshot)), parseSnapshot(JSON.stringify(raw)))
  })

  test('with fields of other types is read without them', () => {
    const odd = { ...raw, info: { value: { Debug: 'yes', Name: 7, SecurityOptions: {} } } }
    const { info } = parseSnapshot(JSON.stringify(odd))
    assert.ok('value' in info)
    const { Debug, Name, SecurityOptions } = info.value
    assert.deepEqual([Debug, Name, SecurityOptions], [undefined, undefined, undefined])
  })

  test('is checked again before it is audited', () => {
    assert.throws(() => auditSnapshot({ ...raw, containers: undefined } as unknown as AuditSnapshot), {
      code: 'ERR_AUDIT_SNAPSHOT_INVALID',
    })
  })

  const WRONG: readonly (readonly [string, string, RegExp])[] = [
    ['no JSON', '{"format":1', /not valid JSON/],
    ['deep JSON', DEEP, /not valid JSON/],
    ['no object', '[]', /not a snapshot/],
    ['a later format', JSON.stringify({ ...raw, format: 2 }), /has the format 2/],
    ['no format', JSON.stringify({ ...raw, format: undefined }), /its field format/],
    ['no target', JSON.stringify({ ...raw, target: undefined }), /its field target/],
    ['a part without a value', JSON.stringify({ ...raw, info: {} }), /its field info/],
  ]
  for (const [what, text, message] of WRONG) {
    test(`is refused: ${what}`, () => {
      assert.throws(() => parseSnapshot(text), { name: 'AuditError', code: 'ERR_AUDIT_SNAPSHOT_INVALID', message })
    })
  }
})
