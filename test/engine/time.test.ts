import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { encodeMoment, encodeUntil } from '../../lib/engine/time.ts'

test('a moment is written as the daemon reads it, in seconds and nanoseconds', () => {
  const rows: [unknown, string][] = [
    [new Date(1_700_000_000_000), '1700000000'],
    [new Date(1_700_000_000_120), '1700000000.120000000'],
    [new Date(0), '0'],
    [1_700_000_000, '1700000000'],
    [1_700_000_000.25, '1700000000.25'],
    ['1700000000', '1700000000'],
    ['1700000000.000000001', '1700000000.000000001'],
    ['2023-11-14T22:13:20Z', '1700000000'],
    ['2023-11-14T22:13:20.000Z', '1700000000'],
    ['2023-11-14T22:13:20.000000001Z', '1700000000.000000001'],
    ['2023-11-14T23:13:20.5+01:00', '1700000000.500000000'],
  ]
  for (const [moment, wanted] of rows) assert.equal(encodeMoment('x', moment), wanted, String(moment))
})

test('a duration is a time back from now', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_500 })
  const rows: [string, string][] = [
    ['5m', '1699999700.500000000'],
    ['90s', '1699999910.500000000'],
    ['1h30m', '1699994600.500000000'],
    ['1h30m0.5s', '1699994600'],
    ['48h', '1699827200.500000000'],
    ['500ms', '1700000000'],
    ['500000us', '1700000000'],
  ]
  for (const [moment, wanted] of rows) assert.equal(encodeMoment('x', moment), wanted, moment)
})

test('a filter leaves a duration to the daemon, and encodes every other moment', () => {
  const rows: [unknown, string][] = [
    ['1h30m', '1h30m'],
    [new Date(1_700_000_000_120), '1700000000.120000000'],
    ['2023-11-14T23:13:20.5+01:00', '1700000000.500000000'],
    [1_700_000_000, '1700000000'],
  ]
  for (const [moment, wanted] of rows) assert.equal(encodeUntil('x', moment), wanted, String(moment))
  for (const wrong of [Date.now(), '5 minutes', '-5m', '7d', true])
    assert.throws(() => encodeUntil('x', wrong), { code: 'ERR_ARGUMENT_INVALID' }, String(wrong))
})

test('what is no moment is refused, milliseconds above all', () => {
  const rows = [
    Date.now(),
    -1,
    NaN,
    Infinity,
    1e-7,
    new Date(NaN),
    '',
    'yesterday',
    '10 m',
    '7d',
    '-5m',
    '1h 30m',
    '999999999h',
    '1700000000000',
    '2023-11-14T22:13:20',
    new Date(-1),
    '2023-11-14',
    '-1',
    null,
    {},
  ]
  for (const moment of [...rows, '2023-13-14T22:13:20Z', '1700000000.0000000001']) {
    assert.throws(
      () => encodeMoment('the option since', moment),
      { name: 'ArgumentError', code: 'ERR_ARGUMENT_INVALID', message: /^the option since: [^]*Pass a Date.*'5m'/ },
      inspect(moment),
    )
  }
})
