import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQuestion, requestOf } from '../../lib/authz-plugin/question.ts'

const HEAD = { RequestMethod: 'POST', RequestUri: '/v1.45/containers/create' }

const bodyOf = (asked: object): unknown => requestOf(parseQuestion(JSON.stringify({ ...HEAD, ...asked }))).body

test('a body that is not shown is not taken for none', () => {
  const json = { 'Content-Type': 'application/json' }
  const rows: readonly [what: string, asked: object, body: unknown][] = [
    ['shown', { RequestHeaders: json, RequestBody: Buffer.from('{}').toString('base64') }, Buffer.from('{}')],
    ['too large to be shown', { RequestHeaders: { ...json, 'Content-Length': '2000000' } }, 'unseen'],
    ['chunked, and too large', { RequestHeaders: json }, 'unseen'],
    ['chunked, of another type', { RequestHeaders: { 'Content-Type': 'application/x-www-form-urlencoded' } }, 'unseen'],
    ['an archive', { RequestHeaders: { 'Content-Type': 'application/x-tar', 'Content-Length': '1024' } }, 'unseen'],
    ['of a GET, which should have none', { RequestMethod: 'GET', RequestHeaders: { 'Content-Length': '1' } }, 'unseen'],
    ['empty', { RequestHeaders: { ...json, 'Content-Length': '0' } }, undefined],
    ['none', {}, undefined],
    ['none of a GET with a type', { RequestMethod: 'GET', RequestHeaders: json, RequestBody: '' }, undefined],
  ]
  for (const [what, asked, body] of rows) assert.deepEqual(bodyOf(asked), body, what)
})

test('reads the client, as dockerd shows it', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n'
  const RequestPeerCertificates = [Buffer.from(pem).toString('base64')]
  const asked = {
    ...HEAD,
    User: 'ann',
    UserAuthNMethod: 'TLS',
    RequestPeerCertificates,
    RequestHeaders: { 'X-A': 'b' },
  }
  const { certificates, hasUser, headers } = parseQuestion(JSON.stringify(asked))
  assert.deepEqual([certificates, hasUser, headers], [[pem], true, { 'x-a': 'b' }])
  const local = parseQuestion(
    JSON.stringify({ ...HEAD, User: '', RequestPeerCertificates: null, RequestHeaders: null }),
  )
  assert.deepEqual([local.certificates, local.hasUser], [[], false])
})

test('what dockerd does not ask is refused', () => {
  const rows = [
    '',
    'null',
    '[]',
    '{}',
    JSON.stringify({ ...HEAD, RequestMethod: 1 }),
    JSON.stringify({ ...HEAD, RequestHeaders: [] }),
    JSON.stringify({ ...HEAD, RequestHeaders: { a: ['b'] } }),
    JSON.stringify({ ...HEAD, RequestBody: {} }),
    JSON.stringify({ ...HEAD, RequestPeerCertificates: 'x' }),
    JSON.stringify({ ...HEAD, RequestPeerCertificates: [1] }),
  ]
  for (const row of rows) assert.throws(() => parseQuestion(row), /JSON|is not/, row)
})
