import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import { CHECKS } from '../../../lib/audit/checks.ts'
import { auditSnapshot } from '../../../lib/audit/report.ts'
import { changed, GOOD } from '../support/daemon-snapshot.ts'

describe('the facts of each check', () => {
  test('have ids that are used once', () => {
    const ids = CHECKS.map(({ id }) => id)
    assert.deepEqual(ids, [...new Set(ids)])
    for (const id of ids) assert.match(id, /^[A-Z](?:-[A-Za-z0-9]+)+$/)
  })

  for (const { id, title, why, remedy, references, cis } of CHECKS) {
    test(`${id} says what should be true, why, and what to do`, () => {
      assert.match(title, /^(?:[A-Z]|runc |containerd |auditd ).*[^.]$/)
      assert.match(why, /^\S.{20,}\.$/s)
      assert.ok(remedy.length > 10)
      assert.ok(references.length > 0)
      for (const reference of references) assert.equal(new URL(reference).protocol, 'https:')
      for (const items of Object.values(cis)) for (const item of items) assert.match(item, /^\d(?:\.\d+){1,2}$/)
    })
  }
})

test('a good daemon has no failure, and no warning but that it runs as root', () => {
  const { findings } = auditSnapshot(GOOD)
  const bad = findings.filter(({ status }) => ['fail', 'warn', 'unknown'].includes(status))
  assert.deepEqual(
    bad.map(({ check }) => check),
    ['D-ROOTLESS'],
  )
})

test('of a daemon that answers neither its version nor its settings, nothing passes that needs them', () => {
  const unreadable = { unknown: 'the daemon answered 500' }
  const { findings } = auditSnapshot({ ...changed({}), version: unreadable, info: unreadable })
  const passed = findings.filter(({ status }) => status === 'pass').map(({ check }) => check)
  const withoutThem = ['D-TABLE-AGE', 'D-ICC', 'D-BINDIP', 'N-UNPROTECTED', 'N-TRUSTED', 'N-MACVLAN', 'O-SPRAWL']
  assert.deepEqual(passed, withoutThem)
})
