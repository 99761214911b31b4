import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SOLVE } from '../../../lib/policy/calls/messages.ts'
import { readMessage, writeMessage } from '../../../lib/policy/calls/wire.ts'
import { Unreadable } from '../../../lib/policy/reading/unreadable.ts'
import { assertProperty, fc } from '../../support/properties.ts'
import { bytesField, entryOf, mapField, numberField, solve, typed } from './encode.ts'

/** What is wrong with a message. */
function fault(bytes: Uint8Array): string {
  try {
    readMessage(bytes, SOLVE)
  } catch (error) {
    if (error instanceof Unreadable) return `${error.reason.code} ${error.reason.where}`
    throw error
  }
  return ''
}

const REFUSED: readonly (readonly [name: string, bytes: Uint8Array, fault: string])[] = [
  ['an unknown field', numberField(99, 1), 'FIELD_UNKNOWN the message'],
  ['an unknown field of a message in it', bytesField(8, bytesField(9, 'x')), 'FIELD_UNKNOWN Cache'],
  [
    'an unknown field of a map entry',
    bytesField(7, Buffer.concat([entryOf('a', 'b'), bytesField(3, 'c')])),
    'FIELD_UNKNOWN FrontendAttrs',
  ],
  ['a text twice', Buffer.concat([bytesField(6, 'dockerfile.v0'), bytesField(6, 'other')]), 'BODY_AMBIGUOUS Frontend'],
  ['a flag twice', Buffer.concat([numberField(11, 1), numberField(11, 0)]), 'BODY_AMBIGUOUS Internal'],
  [
    'a message twice, which Go merges',
    Buffer.concat([bytesField(8, ''), bytesField(8, typed(4, 's3'))]),
    'BODY_AMBIGUOUS Cache',
  ],
  [
    'a key twice',
    Buffer.concat([mapField(7, { target: 'a' }), mapField(7, { target: 'b' })]),
    'BODY_AMBIGUOUS FrontendAttrs',
  ],
  ['a text as a number', numberField(6, 1), 'BODY_INVALID Frontend'],
  ['a flag as a text', bytesField(11, 'x'), 'BODY_INVALID Internal'],
  ['a flag that is 2', numberField(11, 2), 'BODY_INVALID Internal'],
  ['text that is not UTF-8', bytesField(6, Buffer.from([0xff])), 'BODY_INVALID Frontend'],
  ['a text that is cut', bytesField(6, 'dockerfile.v0').subarray(0, -1), 'BODY_INVALID the message'],
  ['a number that is cut', Buffer.from([0x58, 0x80]), 'BODY_INVALID the message'],
  [
    'a number of 11 bytes',
    Buffer.concat([Buffer.from([0x58]), Buffer.alloc(10, 0x80), Buffer.from([0])]),
    'BODY_INVALID the message',
  ],
  [
    'a number above 64 bits',
    Buffer.concat([Buffer.from([0x80, 0x01]), Buffer.alloc(9, 0xff), Buffer.from([0x7f])]),
    'BODY_INVALID the message',
  ],
  [
    'a length that is larger than a number',
    Buffer.concat([Buffer.from([0x32]), Buffer.alloc(9, 0xff), Buffer.from([1])]),
    'BODY_INVALID the message',
  ],
  ['the field 0', Buffer.from([0x02, 0x00]), 'BODY_INVALID the message'],
  ['a group', Buffer.from([0x33, 0x34]), 'FIELD_UNKNOWN the message'],
  ['a number of 32 bits', Buffer.from([0x35, 0, 0, 0, 0]), 'FIELD_UNKNOWN the message'],
]

describe('a message is refused with', () => {
  for (const [name, bytes, expected] of REFUSED) test(name, () => assert.equal(fault(bytes), expected))
})

test('a message is written as it was read, in the order of its fields', () => {
  const message = readMessage(
    Buffer.concat([
      typed(13, 'moby', { name: 'a' }),
      mapField(7, { target: 'x', __proto__x: 'y', 'label:ü': '' }),
      solve(
        numberField(11, 1),
        bytesField(9, 'network.host'),
        bytesField(9, 'network.host'),
        numberField(16, 2n ** 63n),
      ),
    ]),
    SOLVE,
  )
  assert.deepEqual(message['Entitlements'], ['network.host', 'network.host'])
  const written = writeMessage(message, SOLVE)
  assert.deepEqual(readMessage(written, SOLVE), message)
  assert.ok(
    written.equals(
      Buffer.concat([
        bytesField(1, 'build-1'),
        mapField(7, { target: 'x', __proto__x: 'y', 'label:ü': '' }),
        bytesField(8, ''),
        bytesField(9, 'network.host'),
        bytesField(9, 'network.host'),
        numberField(11, 1),
        typed(13, 'moby', { name: 'a' }),
        numberField(16, 2n ** 63n),
      ]),
    ),
  )
})

test('a map entry without a key or value has an empty one, as in proto3', () => {
  const read = readMessage(Buffer.concat([bytesField(7, ''), bytesField(7, bytesField(1, 'no-cache'))]), SOLVE)
  assert.deepEqual(
    read['FrontendAttrs'],
    new Map([
      ['', ''],
      ['no-cache', ''],
    ]),
  )
})

test('whatever another library writes is read and written as the same', (t) => {
  const text = fc.string({ unit: 'binary' })
  const message = fc
    .tuple(text, fc.dictionary(text, text), fc.array(text), fc.array(fc.tuple(text, fc.dictionary(text, text))))
    .map(([ref, attributes, entitlements, exporters]) =>
      Buffer.concat([
        bytesField(1, ref),
        mapField(7, attributes),
        ...entitlements.map((name) => bytesField(9, name)),
        ...exporters.map(([type, attrs]) => typed(13, type, attrs)),
      ]),
    )
  assertProperty(
    t,
    fc.property(message, (bytes) => {
      assert.ok(writeMessage(readMessage(bytes, SOLVE), SOLVE).equals(bytes))
    }),
  )
})
