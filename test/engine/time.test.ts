import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { encodeMoment } from '../../lib/engine/time.ts'

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
    '10m',
    '2023-11-14',
    '-1',
    null,
    {},
  ]
  for (const moment of [...rows, '2023-13-14T22:13:20Z', '1700000000.0000000001']) {
    assert.throws(
      () => encodeMoment('the option since', moment),
      { name: 'ArgumentError', code: 'ERR_ARGUMENT_INVALID', message: /^the option since: [^]*Pass a Date/ },
      inspect(moment),
    )
  }
})
