import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isRead, readRequest } from '../../../lib/policy/reading/read.ts'
import type { PolicyRequest } from '../../../lib/policy/request.ts'
import { read, refusal, toRequest } from './support.ts'

const CREATE = 'POST /containers/create'
type Headers = NonNullable<PolicyRequest['headers']>

function isReadable(...request: Parameters<typeof read>): void {
  assert.match(read(...request).operation.name, /\./)
}

describe('the media type of a JSON body', () => {
  const READ = [
    'application/json',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json ; Charset="utf-8"',
  ]
  for (const type of READ) test(`is read: ${type}`, () => isReadable(CREATE, '{}', { 'content-type': type }))
  test('is read by a name in upper case', () => isReadable(CREATE, '{}', { 'Content-Type': 'application/json' }))

  const REFUSED: readonly Headers[] = [
    {},
    { 'content-type': '' },
    { 'content-type': 'text/json' },
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'multipart/form-data; boundary=x' },
    { 'content-type': 'application/json; charset=utf-16' },
    { 'content-type': 'application/json; charset=utf-8; charset=utf-16' },
    { 'content-type': 'application/json, text/plain' },
    { 'content-type': 'application/jsonx' },
    { 'content-type': 'application/x-json' },
    { 'content-type': 'application/json\0' },
    { 'content-type': ['application/json', 'text/plain'] },
    { 'content-type': ['application/json', 'application/json'] },
    { 'content-type': 'application/json', 'Content-Type': 'text/plain' },
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    { 'content-type': 'application/json', 'content-encoding': ['identity', 'gzip'] },
  ]
  for (const headers of REFUSED)
    test(`is refused: ${JSON.stringify(headers)}`, () =>
      assert.equal(refusal(CREATE, '{}', headers).code, 'MEDIA_TYPE'))
  test('identity is no encoding', () =>
    isReadable(CREATE, '{}', { 'content-type': 'application/json', 'content-encoding': 'identity' }))
})

describe('a form', () => {
  const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
  for (const line of [
    'POST /containers/x/kill',
    'POST /build',
    'POST /images/load',
    'PUT /containers/x/archive',
    CREATE,
  ])
    test(`in the body of ${line} is refused`, () => {
      assert.equal(refusal(line, 'signal=KILL&networkmode=host', FORM).code, 'MEDIA_TYPE')
      assert.equal(
        refusal(line, 'a', { 'content-type': ['text/plain', 'Application/X-WWW-Form-URLencoded'] }).code,
        'MEDIA_TYPE',
      )
    })
  test('without a body is none, as curl -d "" sends it', () => isReadable('POST /containers/x/kill', '', FORM))
})

const unseen = (line: string, headers: Headers = {}): PolicyRequest => ({ ...toRequest(line), headers, body: 'unseen' })

describe('a body', () => {
  test('that is missing is refused', () => {
    for (const body of [undefined, '', 'null', ' null\n']) assert.equal(refusal(CREATE, body).code, 'BODY_MISSING')
  })
  test('that may be missing is none', () => {
    for (const body of [undefined, '', 'null']) assert.equal('body' in read('POST /commit?container=x', body), false)
  })
  test('of an operation that has none may be empty', () => {
    for (const body of [undefined, '', '{}', ' { } ', 'null'])
      assert.equal('body' in read('POST /containers/x/start', body), false)
  })
  for (const body of ['{"a":1}', '[]', '""', '0', '{"HostConfig":{"Privileged":true}}'])
    test(`of an operation that has none is refused: ${body}`, () =>
      assert.equal(refusal('POST /containers/x/start', body).code, 'BODY_UNEXPECTED'))
  test('of an operation that has none is refused if it is more than JSON', () => {
    assert.equal(refusal('POST /containers/x/start', '{}{}').code, 'BODY_INVALID')
    assert.equal(refusal('GET /containers/json', '{"a":1}').code, 'BODY_UNEXPECTED')
  })
  test('that is an archive is not looked at', () => {
    for (const line of [
      'POST /build',
      'POST /images/load',
      'PUT /containers/x/archive?path=/',
      'POST /images/create',
      'POST /plugins/create',
    ])
      for (const type of [undefined, 'application/x-tar', 'text/plain', 'application/tar; x=y']) {
        const reading = readRequest(unseen(line, { 'content-type': type }))
        assert.ok(isRead(reading) && reading.body === undefined, line)
      }
  })
  test('that is an archive may be compressed, and JSON may not', () => {
    const encoded = { 'content-type': 'application/tar', 'content-encoding': 'gzip' }
    for (const line of [
      'POST /build',
      'POST /images/load',
      'PUT /containers/x/archive?path=/',
      'POST /images/create',
    ]) {
      assert.ok(isRead(readRequest(unseen(line, encoded))), line)
      const twice = { ...encoded, 'content-encoding': ['gzip', 'gzip'] }
      assert.equal((readRequest(unseen(line, twice)) as { code: string }).code, 'MEDIA_TYPE')
      const form = { ...encoded, 'content-type': 'application/x-www-form-urlencoded' }
      assert.equal((readRequest(unseen(line, form)) as { code: string }).code, 'MEDIA_TYPE')
    }
    for (const type of ['application/json', 'application/tar'])
      for (const line of [CREATE, 'POST /containers/x/start', 'POST /commit?container=x', 'POST /images/a/push'])
        assert.equal(refusal(line, '{}', { ...encoded, 'content-type': type }).code, 'MEDIA_TYPE', `${line} ${type}`)
  })
  const JSON_TYPES = ['application/json', 'Application/JSON ;x=y', 'application/json; charset=utf-8']
  test('that is an archive is none with the media type of JSON, which would be sent as it is read', () => {
    for (const line of [
      'POST /build?t=a',
      'POST /build?remote=upload-request',
      'POST /images/load',
      'PUT /containers/x/archive?path=/',
      'POST /images/create?fromSrc=-',
      'POST /plugins/create',
    ])
      for (const type of JSON_TYPES) {
        assert.equal(refusal(line, '{}', { 'content-type': type }).code, 'MEDIA_TYPE', `${line} ${type}`)
        assert.equal((readRequest(unseen(line, { 'content-type': type })) as { code: string }).code, 'MEDIA_TYPE')
      }
  })
  test('with options of dockerode is ignored where dockerd fetches the archive', () => {
    for (const line of [
      'POST /images/create?fromImage=a',
      'POST /images/create?fromSrc=http://a/b',
      'POST /build?remote=http://a/b',
    ])
      for (const type of JSON_TYPES)
        assert.ok(isRead(readRequest(toRequest(line, '{"t":"a"}', { 'content-type': type }))), `${line} ${type}`)
  })
  test("that can't be looked at is refused where it is JSON, or none", () => {
    const headers = { 'content-type': 'application/json' }
    assert.equal((readRequest(unseen(CREATE, headers)) as { code: string }).code, 'BODY_INVALID')
    assert.equal((readRequest(unseen('POST /containers/x/start', headers)) as { code: string }).code, 'BODY_UNEXPECTED')
  })
  test('of a push may have credentials', () => {
    assert.deepEqual({ ...(read('POST /images/a/push', '{"Username":"u"}').body as object) }, { username: 'u' })
    assert.equal(refusal('POST /images/a/push', '{"x":1}').code, 'FIELD_UNKNOWN')
  })
})

describe('headers of the connection', () => {
  const READ: readonly (readonly [line: string, headers: Headers, body?: string])[] = [
    ['POST /containers/x/attach?stream=1', { upgrade: 'tcp', connection: 'Upgrade' }],
    ['POST /containers/x/attach', {}],
    ['POST /exec/x/start', { upgrade: 'tcp', 'content-type': 'application/json' }, '{}'],
    ['GET /containers/x/attach/ws', { upgrade: 'WebSocket' }],
    ['POST /session', { upgrade: 'h2c' }],
    ['POST /build', { expect: '100-Continue' }],
  ]
  for (const [line, headers, body] of READ) test(`are read: ${line}`, () => isReadable(line, body, headers))

  const REFUSED: readonly (readonly [line: string, headers: Headers])[] = [
    ['POST /containers/x/attach', { upgrade: 'h2c' }],
    ['POST /containers/x/attach', { upgrade: 'tcp, h2c' }],
    ['POST /containers/x/attach', { upgrade: ['tcp', 'h2c'] }],
    ['POST /session', { upgrade: 'tcp' }],
    ['GET /containers/x/attach/ws', { upgrade: 'tcp' }],
    ['GET /containers/json', { upgrade: 'h2c' }],
    ['GET /containers/json', { upgrade: 'websocket' }],
    ['GET /containers/json', { Upgrade: 'tcp' }],
    ['POST /build', { expect: '200-ok' }],
    ['POST /build', { expect: ['100-continue', 'x'] }],
  ]
  for (const [line, headers] of REFUSED)
    test(`are refused: ${line} ${JSON.stringify(headers)}`, () =>
      assert.equal(refusal(line, undefined, headers).code, 'HEADER_UNEXPECTED'))
})

test('a request is read without any header or body', () => {
  const { operation, parameters, query, version } = read('GET /v1.51/containers/web/logs?stdout=1')
  assert.deepEqual(
    { name: operation.name, parameters: { ...parameters }, query: [...query], version },
    {
      name: 'containers.logs',
      parameters: { id: 'web' },
      query: [['stdout', ['true']]],
      version: '1.51',
    },
  )
})
