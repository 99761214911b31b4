import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseDuration } from '../../../lib/keystore/renew/known.ts'
import { lifeInDays, renewAfter } from '../../../lib/keystore/renew/due.ts'
import { expiring } from '../../../lib/keystore/renew/known.ts'
import type { KnownCertificate } from '../../../lib/keystore/renew/known.ts'
import { planRenewal } from '../../../lib/keystore/renew/plan.ts'
import { withCode } from '../../pki/support/expect.ts'

const DAY = 86_400_000
const START = Date.parse('2026-01-01T00:00:00.000Z')
const at = (days: number): number => START + days * DAY
const iso = (days: number): string => new Date(at(days)).toISOString()

/** A certificate that holds from day 0 for so many days. */
function known(kind: 'ca' | 'server' | 'client', name: string, days: number, more = {}): KnownCertificate {
  return {
    serial: `${name}${days}`,
    kind,
    name,
    sans: [],
    fingerprint256: `${name}${days}`,
    notBefore: iso(0),
    notAfter: iso(days),
    issuedAt: iso(0),
    keyType: 'p256',
    path: `/x/${name}`,
    state: 'in use',
    ...more,
  }
}

const CA = known('ca', 'CA', 3000)
const SERVER = known('server', 'b', 300)
const ALICE = known('client', 'alice', 90)
const BOB = known('client', 'bob', 30)
const HELD = known('client', 'held', 30, { keyHeld: 'client' })
const { path: _gone, ...REPLACED } = known('client', 'alice', 10, { state: 'replaced' })
const ALL = [CA, REPLACED as KnownCertificate, BOB, HELD, ALICE, SERVER]

const names = (items: readonly { certificate: KnownCertificate }[]): string[] =>
  items.map(({ certificate }) => certificate.name)

describe('what is due', () => {
  const rows: [day: number, renew: string[], elsewhere: string[], next: string | undefined][] = [
    [0, [], [], 'bob'],
    [19.99, [], [], 'bob'],
    [20, ['bob'], ['held'], 'alice'],
    [31, ['bob'], ['held'], 'alice'],
    [60, ['alice', 'bob'], ['held'], 'b'],
    [200, ['b', 'alice', 'bob'], ['held'], undefined],
    [4000, ['b', 'alice', 'bob'], ['held'], undefined],
  ]
  for (const [day, renew, elsewhere, next] of rows) {
    test(`on day ${day}: ${renew.join(', ') || 'nothing'}`, () => {
      const plan = planRenewal(ALL, { what: 'due' }, at(day))
      assert.deepEqual([names(plan.renew), names(plan.elsewhere)], [renew, elsewhere])
      assert.equal(plan.next?.certificate.name, next)
    })
  }

  test('what is due on the same day comes in the order of the list, whichever was issued a moment before', () => {
    const moment = new Date(START + 1500).toISOString()
    const server = { ...known('server', 'x', 30), notBefore: moment, notAfter: new Date(at(30) + 1500).toISOString() }
    for (const all of [
      [BOB, server],
      [server, BOB],
    ])
      assert.equal(planRenewal(all, { what: 'due' }, at(1)).next?.certificate.name, 'x')
  })

  test('and why', () => {
    const late = planRenewal([BOB, ALICE], { what: 'due' }, at(61)).renew
    assert.deepEqual(
      late.map(({ reason }) => reason),
      ['past two thirds of its life', 'ended'],
    )
    const orphan = { ...SERVER, state: 'of a replaced CA' } as const
    assert.deepEqual(planRenewal([orphan], { what: 'due' }, at(1)).renew[0]?.reason, 'of a replaced CA')
  })

  test('an authority is told of, and not renewed', () => {
    assert.equal(planRenewal(ALL, { what: 'due' }, at(1999)).authority, undefined)
    for (const wish of [{ what: 'due' }, { what: 'all' }] as const) {
      const plan = planRenewal(ALL, wish, at(2000))
      assert.equal(plan.authority?.certificate.name, 'CA')
      assert.ok(!names(plan.renew).includes('CA'))
    }
  })
})

describe('what is asked for', () => {
  test('is renewed whether it is due or not, and nothing else is', () => {
    const plan = planRenewal(ALL, { what: 'named', server: false, clients: ['alice'] }, at(21))
    assert.deepEqual([names(plan.renew), plan.missing], [['alice'], []])
    const server = planRenewal(ALL, { what: 'named', server: true, clients: [] }, at(0))
    assert.deepEqual([names(server.renew), server.renew[0]?.reason], [['b'], 'asked for'])
    assert.deepEqual(names(planRenewal(ALL, { what: 'all' }, at(0)).renew), ['b', 'alice', 'bob'])
  })

  test('is named where it is not there', () => {
    const plan = planRenewal([CA], { what: 'named', server: true, clients: ['eve'] }, at(0))
    assert.deepEqual(
      plan.missing.map(({ kind, name }) => [kind, name]),
      [
        ['server', 'NAME'],
        ['client', 'eve'],
      ],
    )
  })
})

test('two thirds of a life, and how long the next one is', () => {
  assert.equal(renewAfter(ALICE).getTime(), at(60))
  assert.equal(lifeInDays(ALICE, ALL), 90)
  // An hour in front is for clocks that differ.
  assert.equal(lifeInDays({ notBefore: new Date(START - 3_600_000).toISOString(), notAfter: iso(397) }, ALL), 397)
  assert.equal(lifeInDays({ notBefore: iso(0), notAfter: iso(0.2) }, ALL), 1)
  assert.equal(lifeInDays({ notBefore: iso(0), notAfter: iso(9999) }, ALL), 3650)
  // It was cut short by its authority.
  assert.equal(lifeInDays({ notBefore: iso(2990), notAfter: iso(3000) }, ALL), 397)
})

const within = (days: number, now: number): string[] => expiring(ALL, days * DAY, at(now)).map(({ name }) => name)

test('what ends within a time, the first one first', () => {
  assert.deepEqual(within(30, 0), ['bob', 'held'])
  assert.deepEqual(within(29.9, 0), [])
  assert.deepEqual(within(100, 0), ['bob', 'held', 'alice'])
  // Also what has ended; what was replaced never.
  assert.deepEqual(within(1, 95), ['bob', 'held', 'alice'])
})

describe('a length of time', () => {
  const good: [string, number][] = [
    ['12h', 43_200_000],
    ['1d', DAY],
    ['30d', 30 * DAY],
    ['2w', 14 * DAY],
    ['36500d', 36_500 * DAY],
  ]
  for (const [text, milliseconds] of good) {
    test(text, () => assert.equal(parseDuration(text, '--expiring'), milliseconds))
  }
  for (const text of [
    '',
    '30',
    'd',
    '0d',
    '-3d',
    '+3d',
    '03d',
    '3 d',
    '3D',
    '1.5d',
    '3m',
    '3d ',
    ' 3d',
    '3d2h',
    '1e3d',
    '٣d',
    '36501d',
    '9999999w',
  ]) {
    test(`not ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseDuration(text, '--expiring'), withCode('ERR_ARGUMENT_INVALID', '--expiring', '30d'))
    })
  }
})
