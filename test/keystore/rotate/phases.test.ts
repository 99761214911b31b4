import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { issuerIn } from '../../../lib/keystore/rotate/cas.ts'
import {
  parseRotation,
  rotationText,
  type RotationPhase,
  type RotationState,
} from '../../../lib/keystore/rotate/state.ts'
import {
  canAbort,
  enter,
  isComplete,
  phaseAfter,
  waitingFor,
  withConfirmed,
  withServers,
} from '../../../lib/keystore/rotate/phases.ts'
import { withCode } from '../../pki/support/expect.ts'

const DATE = '2026-11-25T10:00:00.000Z'
const STATE: RotationState = {
  version: 1,
  startedAt: DATE,
  from: { name: 'A', fingerprint256: 'AA' },
  to: { name: 'B', fingerprint256: 'BB' },
  phase: 'trust',
  since: DATE,
  confirmed: [],
  servers: {},
  history: [],
}
const ALL = { clients: ['alice', 'bob'], servers: ['server', 'hosts/b'] }
const WORD = { at: DATE, by: 'said' } as const

test('who is waited for in which phase', () => {
  const rows: [RotationPhase, clients: string[], servers: string[]][] = [
    ['trust', ALL.clients, ALL.servers],
    ['server', [], ALL.servers],
    ['clients', ALL.clients, []],
    ['finish', [], ALL.servers],
    ['abort', [], []],
  ]
  for (const [phase, clients, servers] of rows) {
    const state = { ...STATE, phase }
    assert.deepEqual(waitingFor(state, ALL), { clients, servers }, phase)
    const half = withServers(withConfirmed(state, ['bob', 'bob']), ['server'], WORD)
    assert.deepEqual(waitingFor(half, ALL), {
      clients: clients.filter((name) => name !== 'bob'),
      servers: servers.filter((name) => name !== 'server'),
    })
    const whole = withServers(withConfirmed(half, ['alice']), ['hosts/b'], WORD)
    assert.ok(isComplete(waitingFor(whole, ALL)))
    // Who came later has said nothing yet.
    assert.deepEqual(
      waitingFor(whole, { clients: [...ALL.clients, 'eve'], servers: [] }).clients.length,
      clients.length > 0 ? 1 : 0,
    )
  }
  // A word of nobody's is none: `constructor` is in every object.
  assert.deepEqual(waitingFor(STATE, { clients: [], servers: ['constructor'] }).servers, ['constructor'])
})

test('one phase after the other, each without the words of the last', () => {
  assert.deepEqual((['trust', 'server', 'clients', 'finish', 'abort'] as const).map(phaseAfter), [
    'server',
    'clients',
    'finish',
    undefined,
    undefined,
  ])
  const said = withServers(withConfirmed(STATE, ['alice']), ['server'], WORD)
  const next = enter(said, 'server', new Date('2026-11-26T10:00:00Z'))
  assert.deepEqual(
    [next.phase, next.since, next.confirmed, next.servers],
    ['server', '2026-11-26T10:00:00.000Z', [], {}],
  )
  assert.deepEqual(next.history, [{ phase: 'trust', since: DATE, confirmed: ['alice'], servers: { server: WORD } }])
  assert.equal(next.startedAt, DATE)
  assert.deepEqual(parseRotation(rotationText(next), 'x'), next)
})

test('how long it can be stopped', () => {
  const at = (phase: RotationPhase): boolean => canAbort({ ...STATE, phase })
  assert.deepEqual((['trust', 'server', 'clients', 'finish', 'abort'] as const).map(at), [
    true,
    true,
    false,
    false,
    true,
  ])
  assert.ok(!canAbort(withServers({ ...STATE, phase: 'server' }, ['server'], WORD)))
  assert.ok(canAbort(withServers(STATE, ['server'], WORD)))
})

test('nobody gets a certificate of an authority that the other side may not trust yet', () => {
  const rows: [RotationPhase, server: string, client: string][] = [
    ['trust', 'present', 'present'],
    ['server', 'next', 'present'],
    ['clients', 'next', 'next'],
    ['finish', 'next', 'next'],
  ]
  for (const [phase, server, client] of rows) {
    assert.deepEqual([issuerIn(phase, 'server'), issuerIn(phase, 'client')], [server, client])
  }
})

describe('a state that can not be read is refused by name', () => {
  const rows: [unknown, string][] = [
    ['x', 'not JSON'],
    ['[]', 'not an object'],
    ['null', 'not an object'],
    [{ ...STATE, version: 2 }, 'version is 2'],
    [{ ...STATE, startedAt: 'x' }, 'startedAt'],
    [{ ...STATE, from: {} }, '"from"'],
    [{ ...STATE, to: { name: 'B' } }, '"to"'],
    [{ ...STATE, phase: 'later' }, 'no phase "later"'],
    [{ ...STATE, since: '' }, 'since'],
    [{ ...STATE, confirmed: 'alice' }, 'confirmed'],
    [{ ...STATE, confirmed: [1] }, 'confirmed'],
    [{ ...STATE, servers: [] }, 'servers'],
    [{ ...STATE, servers: { server: true } }, 'servers'],
    [{ ...STATE, servers: { server: { at: DATE, by: 'guessed' } } }, 'servers'],
    [{ ...STATE, history: {} }, 'history'],
    [{ ...STATE, history: [{ phase: 'x' }] }, 'no phase "x"'],
  ]
  for (const [state, words] of rows) {
    test(words, () => {
      const text = typeof state === 'string' ? state : JSON.stringify(state)
      assert.throws(
        () => parseRotation(text, '/x/rotation.json'),
        withCode('ERR_ROTATION_INVALID', '/x/rotation.json', words),
      )
    })
  }
})
