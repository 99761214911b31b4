import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { renderJson } from '../../lib/policy/json.ts'
import { namedOperation } from '../../lib/policy/operations.ts'
import type { ReadRequest } from '../../lib/policy/request.ts'
import { writeRequest } from '../../lib/policy/writing.ts'
import { assertProperty, fc } from '../support/properties.ts'
import { SENT, type Sent } from './reading/arbitraries.ts'
import { plain, read } from './reading/support.ts'

/** The request line of a request. */
function lineOf({ operation, version, parameters, query }: Sent): string {
  let next = 0
  const path = operation.path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(parameters[next++] ?? ''))
  const search = new URLSearchParams(query.map(([name, value]) => [name, value])).toString()
  return `${operation.method} ${version === undefined ? '' : `/v${version}`}${path}?${search}`
}

function written(reading: ReadRequest): ReadRequest {
  const { method, target, body } = writeRequest(reading)
  return read(`${method} ${target}`, body)
}

test('what was read is written in one way, and read again as the same', (t) => {
  const seen = new Set<string>()
  assertProperty(
    t,
    fc.property(SENT, (sent) => {
      const reading = read(lineOf(sent), sent.body === undefined ? undefined : renderJson(sent.body))
      assert.equal(reading.operation, namedOperation(sent.operation, reading.query))
      assert.deepEqual(
        Object.values(reading.parameters),
        sent.parameters.slice(0, Object.keys(reading.parameters).length),
      )
      assert.deepEqual(plain(reading.body), plain(sent.body))
      const again = written(reading)
      assert.deepEqual(
        { ...again, query: Object.fromEntries(again.query) },
        { ...reading, query: Object.fromEntries(reading.query) },
      )
      assert.deepEqual(writeRequest(again), writeRequest(reading))
      seen.add(sent.operation.name)
    }),
    { numRuns: 1_000 },
  )
  assert.ok(seen.size > 80, `${seen.size} operations`)
})

describe('a request is written', () => {
  const ROWS: readonly (readonly [line: string, body: string | undefined, target: string, body: string | undefined])[] =
    [
      ['GET /v1.45/images/me%2Fapp:1/json?', undefined, '/v1.45/images/me/app%3A1/json', undefined],
      ['GET /images/get?names=b&names=a%26c', undefined, '/images/get?names=b&names=a%26c', undefined],
      ['POST /build?t=x&q=1&t=y+z&dockerfile=', undefined, '/build?dockerfile=&q=true&t=x&t=y%20z', undefined],
      [
        'POST /%63ontainers/create?n%61me=a',
        '{ "hostCONFIG":{"memory":9223372036854775807 ,"privileged":null} }',
        '/containers/create?name=a',
        '{"HostConfig":{"Memory":9223372036854775807}}',
      ],
      ['POST /containers/a/start', '{}', '/containers/a/start', undefined],
      ['POST /commit?container=x', 'null', '/commit?container=x', undefined],
      [
        'POST /containers/create',
        String.raw`{"Cmd":"a \"\u2028\u0000","Labels":{"__proto__":null}}`,
        '/containers/create',
        '{"Cmd":["a \\"\u2028\\u0000"],"Labels":{"__proto__":""}}',
      ],
    ]
  for (const [line, body, target, expected] of ROWS)
    test(line, () => {
      const { operation } = read(line, body)
      assert.deepEqual(writeRequest(read(line, body)), {
        method: operation.method,
        target,
        ...(expected !== undefined && { body: expected }),
      })
    })
})
