import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CHECKS } from '../../../lib/audit/checks.ts'
import { proposedDaemonJson, proposeSettings } from '../../../lib/audit/fix/propose.ts'
import { auditSnapshot } from '../../../lib/audit/report.ts'
import { isDockerMtlsError } from '../../../lib/base/errors.ts'
import { mergeSettings, parseDaemonSettings, patchDaemonJson } from '../../../lib/daemon-config/daemon-settings.ts'
import { changed, GOOD, INFO } from '../support/daemon-snapshot.ts'

describe('the fix of each check agrees with its remedy', () => {
  for (const { id, fix, remedy } of CHECKS) {
    if (fix === undefined) continue
    test(id, () => {
      for (const [key, value] of Object.entries(fix.settings)) {
        assert.ok(remedy.includes(`"${key}"`), remedy)
        // Of a removed key, and of one among several possible values, the remedy names no single one.
        if (value === null || id === 'D-LOG') continue
        assert.ok(remedy.replaceAll(' ', '').includes(`"${key}":${JSON.stringify(value)}`), remedy)
      }
      if (Object.keys(fix.settings).length === 0) assert.deepEqual(fix.apply, [])
      if (fix.apply === undefined) parseDaemonSettings(JSON.stringify(fix.settings), id)
    })
  }
})

describe('a proposal', () => {
  const BAD = changed({
    info: { Debug: true, LiveRestoreEnabled: false, SecurityOptions: ['name=seccomp,profile=builtin'] },
  })

  test('has the settings for an apply, its options, and what else changes', () => {
    const { settings, options, keys, traps, left, mends } = proposeSettings(auditSnapshot(BAD))
    assert.deepEqual(settings, { 'no-new-privileges': true, debug: false })
    assert.deepEqual(options, ['--userns-remap', '--live-restore'])
    assert.deepEqual(keys, { 'userns-remap': 'default', 'no-new-privileges': true, 'live-restore': true, debug: false })
    assert.deepEqual(
      traps.map(({ check }) => check),
      ['D-USERNS', 'D-NNP'],
    )
    assert.deepEqual(
      left.map(({ check }) => check),
      ['D-ROOTLESS', 'D-MAC'],
    )
    assert.ok(mends.some(({ check }) => check === 'D-DEBUG'))
  })

  test('without an apply has all keys, and leaves what is no key of its own', () => {
    const warning = '[DEPRECATION NOTICE]: API is accessible on http://0.0.0.0:2375 without encryption.'
    const open = changed({
      info: { Debug: true, LiveRestoreEnabled: false, Warnings: [warning] },
    })
    const [applied, byHand] = [false, true].map((isByHand) => proposeSettings(auditSnapshot(open), isByHand))
    assert.deepEqual([applied?.settings, applied?.options], [{ debug: false }, ['--live-restore']])
    assert.deepEqual([byHand?.settings, byHand?.options], [{ 'live-restore': true, debug: false }, []])
    const lists = [applied?.mends, byHand?.mends, byHand?.left]
    const isIn = lists.map((list) => list?.some(({ check }) => check === 'D-TLS-PLAIN'))
    assert.deepEqual(isIn, [true, false, true])
  })

  test('of a good daemon is empty', () => {
    const { mends, settings, options } = proposeSettings(auditSnapshot(GOOD))
    assert.deepEqual([mends, settings, options], [[], {}, []])
  })

  test('leaves accepted findings alone', () => {
    const exceptions = [{ check: 'D-DEBUG', reason: 'a test', until: '2099-01-01' }]
    const { settings } = proposeSettings(auditSnapshot(BAD, { exceptions }))
    assert.deepEqual(settings, { 'no-new-privileges': true })
  })

  test('keeps the other keys of daemon.json, and removes what is insecure', () => {
    const registries = { InsecureRegistryCIDRs: ['10.0.0.0/8'], IndexConfigs: INFO.RegistryConfig.IndexConfigs }
    const proposal = proposeSettings(auditSnapshot(changed({ info: { RegistryConfig: registries } })))
    const json = proposedDaemonJson('{"insecure-registries":["10.0.0.0/8"],"bip":"10.9.0.1/24"}', proposal)
    assert.deepEqual(JSON.parse(json), { bip: '10.9.0.1/24' })
  })
})

/** The test cases of RFC 7396, appendix A, as far as both are objects. */
const PATCHES = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ['{}', '{"__proto__":{"x":1}}', '{"__proto__":{"x":1}}'],
] as const

describe('changes to daemon.json', () => {
  for (const [target, patch, result] of PATCHES) {
    test(`${target} with ${patch}`, () => {
      assert.equal(JSON.stringify(mergeSettings(JSON.parse(target), JSON.parse(patch))), result)
      assert.equal(({} as { x?: number }).x, undefined)
    })
  }

  test('that change nothing leave the text as it is', () => {
    assert.equal(patchDaemonJson('{ "icc":false }', { icc: false, debug: null }), '{ "icc":false }')
    assert.equal(patchDaemonJson(undefined, { debug: null }), undefined)
  })

  for (const key of ['hosts', 'tls', 'tlsverify', 'tlscacert', 'tlscert', 'tlskey', 'userns-remap', 'live-restore'])
    test(`that an apply makes itself are refused: ${key}`, () => {
      assert.throws(
        () => parseDaemonSettings(JSON.stringify({ [key]: null }), 'FILE'),
        (error) => isDockerMtlsError(error, 'ERR_DAEMON_JSON_INVALID'),
      )
    })
})
