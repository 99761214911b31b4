import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FlightReader, type ServerFlight } from '../../lib/probe/server-flight.ts'
import { renderClientHello } from '../../lib/probe/client-hello.ts'
import { cut } from '../support/cut.ts'
import {
  alert,
  certificateRequest,
  certificates,
  helloDone,
  inRecords,
  message,
  record,
  serverHello,
  vector,
} from './support/flight.ts'
import { assertProperty, fc } from '../support/properties.ts'
import { startCpuWatch } from '../support/watch.ts'

const LEAF = Buffer.from('leaf, not DER: that is for others to judge')
const CA = Buffer.from('issuer')
const NAMES = [Buffer.from('one'), Buffer.from('another')]

function read(...pieces: readonly Uint8Array[]): ServerFlight {
  const reader = new FlightReader()
  for (const piece of pieces) reader.push(piece)
  return reader.flight
}

const texts = (all: readonly Uint8Array[] | undefined): string[] | undefined =>
  all?.map((bytes) => Buffer.from(bytes).toString())

const ASKING = [serverHello(0x0303), certificates(LEAF, CA), message(12, LEAF), certificateRequest(...NAMES), helloDone]
const SILENT_ABOUT_CLIENTS = [serverHello(0x0303), certificates(LEAF), message(12, LEAF), helloDone]

function assertAsking(flight: ServerFlight): void {
  assert.equal(flight.state, 'whole')
  assert.equal(flight.version, 0x0303)
  assert.deepEqual(texts(flight.chain), [LEAF.toString(), CA.toString()])
  assert.deepEqual(texts(flight.authorities), ['one', 'another'])
}

describe("a server's flight", () => {
  test('is read from one record, from one for each message, and from many', () => {
    assertAsking(read(inRecords(ASKING, 16_384)))
    assertAsking(read(...ASKING.map((bytes) => record(22, bytes))))
    for (const size of [1, 2, 3, 4, 5, 7, 50]) assertAsking(read(inRecords(ASKING, size)))
  })

  test('tells a server that asks for no certificate from one that names no CA', () => {
    const none = read(inRecords(SILENT_ABOUT_CLIENTS, 16_384))
    assert.deepEqual([none.state, none.authorities], ['whole', undefined])
    const any = read(inRecords([...SILENT_ABOUT_CLIENTS.slice(0, 3), certificateRequest(), helloDone], 16_384))
    assert.deepEqual([any.state, any.authorities], ['whole', []])
  })

  test('has no signature algorithms in its request before TLS 1.2', () => {
    const request = message(13, vector(1, Buffer.from([1])), vector(2, vector(2, Buffer.from('old'))))
    for (const version of [0x0301, 0x0302]) {
      const flight = read(inRecords([serverHello(version), request, helloDone], 16_384))
      assert.deepEqual([flight.version, texts(flight.authorities)], [version, ['old']])
    }
    assert.equal(read(inRecords([serverHello(0x0303), request, helloDone], 16_384)).state, 'broken')
  })

  test('ends with the ServerHello for TLS 1.3, whose version is in an extension', () => {
    const hello = serverHello(0x0303, [
      [51, Buffer.from([0, 29])],
      [43, Buffer.from([3, 4])],
    ])
    const flight = read(record(22, hello), record(20, Buffer.from([1])), record(23, LEAF))
    assert.deepEqual(flight, { version: 0x0304, chain: [], state: 'whole' })
  })

  test('ends with an alert, and not with a warning', () => {
    assert.deepEqual(read(alert(2, 70)), { chain: [], state: 'alert', alert: 70 })
    assert.equal(read(alert(1, 0)).alert, 0, 'close_notify is a warning by its level, and ends it all the same')
    assertAsking(read(alert(1, 112), inRecords(ASKING, 16_384)))
    const late = read(record(22, serverHello(0x0303)), alert(2, 40))
    assert.deepEqual([late.version, late.state, late.alert], [0x0303, 'alert', 40])
  })

  test('is partial where it stops, and says nothing that it has not said', () => {
    const whole = inRecords(ASKING, 30)
    for (let length = 0; length < whole.length; length++) {
      const { state, authorities } = read(whole.subarray(0, length))
      assert.equal(state, 'partial')
      if (authorities !== undefined) assert.deepEqual(texts(authorities), ['one', 'another'])
    }
    const half = certificateRequest(...NAMES)
    assert.equal(read(record(22, Buffer.concat([serverHello(0x0303), half.subarray(0, -2)]))).authorities, undefined)
  })

  const BROKEN: Record<string, Buffer> = {
    'a banner of SSH': Buffer.from('SSH-2.0-OpenSSH_10.0\r\n'),
    'an answer in HTTP': Buffer.from('HTTP/1.1 400 Bad Request\r\n'),
    'a version that is none': Buffer.from([22, 2, 0, 0, 5]),
    'an empty record': record(22, Buffer.alloc(0)),
    'a record that is too long': Buffer.from([22, 3, 3, 0x40, 1]),
    'data before the handshake': record(23, LEAF),
    'an alert of three bytes': record(21, Buffer.from([2, 40, 0])),
    'a message that is too long': record(22, Buffer.from([2, 0xff, 0xff, 0xff])),
    'a certificate before the hello': record(22, certificates(LEAF)),
    'two hellos': record(22, Buffer.concat([serverHello(0x0303), serverHello(0x0303)])),
    'a hello that is cut short': record(22, message(2, Buffer.from([3, 3, 0]))),
    'a hello with bytes behind its end': record(22, message(2, serverHello(0x0303, []).subarray(4), Buffer.from([0]))),
    'a request with a name that is longer than the list': record(
      22,
      Buffer.concat([serverHello(0x0303), message(13, vector(1), vector(2), vector(2, Buffer.from([0, 9, 1])))]),
    ),
    'a request with bytes behind its end': record(
      22,
      Buffer.concat([serverHello(0x0303), message(13, certificateRequest().subarray(4), Buffer.from([0]))]),
    ),
    'a chain that is longer than it says': record(
      22,
      Buffer.concat([serverHello(0x0303), message(11, vector(3), Buffer.from([0]))]),
    ),
    'our own hello, from an echo': renderClientHello('TLSv1.2'),
  }
  for (const [name, bytes] of Object.entries(BROKEN)) {
    test(`${name} is broken, whole and byte by byte`, () => {
      assert.equal(read(bytes).state, 'broken')
      assert.equal(read(...[...bytes].map((byte) => Uint8Array.of(byte))).state, 'broken')
      assert.equal(new FlightReader().push(bytes), false)
    })
  }

  test('does not go on for ever', () => {
    const reader = new FlightReader()
    const endless = record(22, message(12, Buffer.alloc(16_000)))
    reader.push(record(22, serverHello(0x0303)))
    let pushes = 0
    while (reader.push(endless)) assert.ok(++pushes < 100)
    assert.equal(reader.flight.state, 'broken')
    assert.equal(reader.push(inRecords(ASKING, 16_384)), false, 'nothing counts after that')
  })

  test('costs no more in the smallest pieces', () => {
    const names = Array.from({ length: 600 }, (_, index) => Buffer.alloc(100, index))
    const bytes = inRecords([serverHello(0x0303), certificateRequest(...names), helloDone], 1)
    const reader = new FlightReader()
    const start = startCpuWatch()
    reader.push(bytes)
    assert.equal(reader.flight.authorities?.length, 600)
    assert.ok(start() < 2_000)
  })

  test('PROPERTY: pieces of any size make no difference', (t) => {
    const sizes = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1 })
    assertProperty(
      t,
      fc.property(sizes, fc.integer({ min: 1, max: 300 }), (pieces, size) => {
        assertAsking(read(...cut(inRecords(ASKING, size), pieces.values())))
      }),
    )
  })

  test('PROPERTY: whatever comes is read without an exception, and the end of it is one of four', (t) => {
    const honest = inRecords(ASKING, 64)
    const spoilt = fc
      .array(fc.tuple(fc.nat(honest.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
      .map((changes) => {
        const bytes = Buffer.from(honest)
        for (const [at, value] of changes) bytes[at] = value
        return bytes
      })
    const inRecord = fc.uint8Array({ maxLength: 500 }).map((bytes) => record(22, bytes))
    assertProperty(
      t,
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 2_000 }), spoilt, inRecord), (bytes) => {
        const { state } = read(bytes)
        assert.ok(['whole', 'alert', 'broken', 'partial'].includes(state))
        const byByte = read(...[...bytes].map((byte) => Uint8Array.of(byte)))
        assert.deepEqual(byByte, read(bytes))
      }),
      { numRuns: 500 },
    )
  })
})
