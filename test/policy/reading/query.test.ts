import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isRead, readRequest } from '../../../lib/policy/reading/read.ts'
import type { ReadRequest, Reason } from '../../../lib/policy/request.ts'
import { writeRequest } from '../../../lib/policy/writing.ts'
import { read, refusal, toRequest } from './support.ts'
import { startOwnClock } from '../../support/own-time.ts'

const queryOf = (line: string): unknown => Object.fromEntries(read(line).query)

const READ: readonly (readonly [line: string, query: Record<string, readonly string[]>])[] = [
  ['GET /containers/json', {}],
  ['GET /containers/json?', {}],
  ['GET /containers/json?&&all=1&', { all: ['true'] }],
  ['GET /containers/json?%61ll=%31', { all: ['true'] }],
  ['GET /containers/json?all', { all: [''] }],
  ['GET /containers/json?all=&limit=', { all: [''], limit: [''] }],
  ['GET /containers/json?all=True', { all: ['true'] }],
  ['GET /containers/json?all=NONE', { all: ['false'] }],
  ['POST /containers/a/rename?name=a+b%2Bc', { name: ['a b+c'] }],
  ['POST /containers/a/rename?name=a=b?c', { name: ['a=b?c'] }],
  ['POST /containers/a/rename?name=%25%32%66', { name: ['%2f'] }],
  ['GET /images/get?names=a&names=b%2Fc&names=a', { names: ['a', 'b/c', 'a'] }],
  ['GET /system/df?type=image&type=volume', { type: ['image', 'volume'] }],
  ['POST /build?t=a&t=b&extrahosts=x:1&extrahosts=y:2', { t: ['a', 'b'], extrahosts: ['x:1', 'y:2'] }],
  ['POST /commit?changes=USER+x&changes=CMD+y', { changes: ['USER x', 'CMD y'] }],
  [
    'POST /build?buildargs=%7B%22http_proxy%22:%22a%22,%20%22HTTP_PROXY%22:null%7D',
    { buildargs: ['{"http_proxy":"a","HTTP_PROXY":null}'] },
  ],
  [
    'POST /build?ulimits=%5B%7B%22name%22:%22nofile%22,%22HARD%22:1%7D%5D',
    { ulimits: ['[{"Name":"nofile","Hard":1}]'] },
  ],
  [
    'POST /build?ulimits=null&labels=%7B%7D&cachefrom=%5B%5D&cgroupparent=&cpusetmems=',
    { ulimits: ['null'], labels: ['{}'], cachefrom: ['[]'], cgroupparent: [''], cpusetmems: [''] },
  ],
  ['GET /containers/json?filters=%7B%20%22label%22%20:%20%5B%22\\u0061%22%5D%7D', { filters: ['{"label":["a"]}'] }],
  ['GET /containers/json?filters=%7B%22label%22:%7B%22a%22:true%7D%7D', { filters: ['{"label":{"a":true}}'] }],
  ['POST /build/prune?keep-storage=1', { 'keep-storage': ['1'] }],
  ['POST /build/prune?reserved-space=1', { 'reserved-space': ['1'] }],
  ['GET /containers/a/stats?one-shot=1', { 'one-shot': ['true'] }],
  ['POST /containers/a/stop?signal=KILL&t=1', { signal: ['KILL'], t: ['1'] }],
  ['POST /containers/a/attach?stream=1&logs=0', { stream: ['true'], logs: ['false'] }],
  ['GET /info?', {}],
]

const REFUSED: readonly (readonly [code: string, line: string])[] = [
  ['QUERY_UNKNOWN', 'GET /info?x=1'],
  ['QUERY_UNKNOWN', 'GET /info?x'],
  ['QUERY_UNKNOWN', 'GET /containers/json?=1'],
  ['QUERY_UNKNOWN', 'GET /containers/json?All=1'],
  ['QUERY_UNKNOWN', 'GET /containers/json?all%00=1'],
  ['QUERY_UNKNOWN', 'GET /containers/json?all[]=1'],
  ['QUERY_UNKNOWN', 'GET /containers/json?all%26limit=1'],
  ['QUERY_UNKNOWN', 'POST /containers/a/stop?killSignal=KILL'],
  ['QUERY_UNKNOWN', 'POST /containers/a/start?checkpoint-dir=/'],
  ['QUERY_UNKNOWN', 'GET /containers/json?__proto__=1'],
  ['QUERY_UNKNOWN', 'GET /containers/json?constructor=1'],
  ['QUERY_AMBIGUOUS', 'POST /containers/a/kill?signal=0&signal=KILL'],
  ['QUERY_AMBIGUOUS', 'POST /containers/a/kill?signal=0&%73ignal=KILL'],
  ['QUERY_AMBIGUOUS', 'POST /containers/a/kill?signal=KILL&signal=KILL'],
  ['QUERY_AMBIGUOUS', 'POST /containers/a/stop?t=1&t=2'],
  ['QUERY_AMBIGUOUS', 'POST /containers/a/kill?x=1&signal=&signal=KILL'],
  ['QUERY_AMBIGUOUS', 'GET /containers/json?all=1;limit=2'],
  ['QUERY_AMBIGUOUS', 'GET /containers/json?%zz'],
  ['QUERY_AMBIGUOUS', 'GET /containers/json?all=%'],
  ['QUERY_AMBIGUOUS', 'POST /containers/a/rename?name=%ff'],
  ['QUERY_AMBIGUOUS', 'GET /containers/json?all=off'],
  ['QUERY_AMBIGUOUS', 'GET /containers/json?all=f'],
  ['QUERY_AMBIGUOUS', 'GET /containers/json?all=%201'],
  ['QUERY_AMBIGUOUS', 'GET /containers/json?all=2'],
  ['QUERY_AMBIGUOUS', 'GET /containers/json?filters=%7B%22label%22:[],%22label%22:[]%7D'],
  ['QUERY_AMBIGUOUS', 'GET /containers/json?filters=%7B%7D%7B%7D'],
  ['QUERY_AMBIGUOUS', 'GET /containers/json?filters=%7B'],
  ['QUERY_AMBIGUOUS', 'GET /containers/json?filters=[]'],
  ['QUERY_AMBIGUOUS', 'POST /build?labels=%7B%22a%22:1%7D'],
  ['QUERY_AMBIGUOUS', 'POST /build?outputs=[%7B%22Type%22:%22a%22,%22type%22:%22b%22%7D]'],
  ['QUERY_AMBIGUOUS', 'GET /images/a/json?platform=%7B%22os%22:1,%22OS%22:2%7D'],
  ['QUERY_UNKNOWN', 'POST /build?ulimits=[%7B%22Nope%22:1%7D]'],
  ['PATH_AMBIGUOUS', 'GET /containers/json?all=é'],
  ['PATH_AMBIGUOUS', 'GET /containers/json?all=1#limit=2'],
  ['PATH_AMBIGUOUS', 'GET /containers/json?all=1 limit=2'],
]

describe('a query', () => {
  for (const [line, query] of READ) test(`is read: ${line}`, () => assert.deepEqual(queryOf(line), query))
  for (const [code, line] of REFUSED)
    test(`is refused: ${code} ${line}`, () => {
      const { code: found, where = '' } = refusal(line)
      assert.equal(found, code)
      assert.match(where, /^the (query|path)/)
    })
})

test('the time grows with the size of a query', () => {
  const ownTime = startOwnClock()
  const line = `GET /images/get?${'names=a%2e&'.repeat(60_000)}`
  assert.equal(read(line).query.get('names')?.length, 60_000)
  assert.ok(ownTime() < 1_500)
})

describe('what dockerode writes into the query and the body alike', () => {
  test('is read from the place where dockerd reads it', () => {
    const reading = read('POST /containers/create?name=web&Image=x&HostConfig=%7B%7D', '{"name":"web","Image":"y"}')
    assert.deepEqual(Object.fromEntries(reading.query), { name: ['web'] })
    assert.deepEqual({ ...(reading.body as object) }, { Image: 'y' })
    assert.equal(read('POST /containers/a/stop?t=5', '{"t":5}').body, undefined)
    assert.equal(read('POST /images/a/push?tag=x', '{"tag":"x"}').operation.name, 'images.push')
  })

  test('is omitted where older clients write what no dockerd reads', () => {
    for (const [line, query] of [
      ['GET /containers/json?all=1&trunc_cmd=0', { all: ['true'] }],
      ['GET /images/json?only_ids=0', {}],
      ['POST /images/a/tag?repo=b&force=0', { repo: ['b'] }],
    ] as const) {
      assert.deepEqual(Object.fromEntries(read(line).query), query)
    }
    const attach = read('POST /containers/a/attach?hijack=true&stream=true', '{"hijack":true,"stream":true}')
    assert.deepEqual([Object.fromEntries(attach.query), attach.body], [{ stream: ['true'] }, undefined])
    const start = read('POST /exec/a/start', '{"hijack":true,"stdin":true,"Tty":true}')
    assert.deepEqual({ ...(start.body as object) }, { Tty: true })
    const create = read('POST /containers/create', '{"Image":"a","VolumesFrom":[]}')
    assert.deepEqual({ ...(create.body as object) }, { Image: 'a' })
    for (const value of ['["web"]', '{}', '""'])
      assert.equal(refusal('POST /containers/create', `{"VolumesFrom":${value}}`).code, 'FIELD_UNKNOWN')
    assert.equal(refusal('POST /containers/create', '{"MaskedPaths":[]}').code, 'FIELD_UNKNOWN')
    const { body } = read('POST /containers/a/exec', '{"Container":"a","Cmd":["sh"]}')
    assert.deepEqual({ ...(body as object) }, { Cmd: ['sh'] })
    assert.equal(refusal('GET /images/json?trunc_cmd=0').code, 'QUERY_UNKNOWN')
    assert.equal(refusal('POST /containers/a/exec', '{"container":"a"}').code, 'FIELD_UNKNOWN')
  })

  test('is refused in another case, or deeper', () => {
    assert.equal(refusal('POST /containers/create?image=x', '{"Image":"y"}').code, 'QUERY_UNKNOWN')
    assert.equal(refusal('POST /containers/create', '{"Name":"web"}').code, 'FIELD_UNKNOWN')
    assert.equal(refusal('POST /containers/create', '{"HostConfig":{"name":"web"}}').code, 'FIELD_UNKNOWN')
    assert.equal(refusal('POST /containers/create', '{"name":"a","name":"b"}').code, 'BODY_AMBIGUOUS')
    assert.equal(refusal('POST /containers/a/stop', '{"t":5,"x":1}').code, 'BODY_UNEXPECTED')
  })
})

const rewritten = (line: string): ReadRequest | Reason => readRequest({ ...toRequest(line), isRewritten: true })

describe('of a request that is written anew', () => {
  for (const [line, leftOut, target] of [
    // dockerode sends its own options so, if they are undefined.
    ['POST /images/create?fromImage=a&tag=b&authconfig=', ['authconfig'], '/images/create?fromImage=a&tag=b'],
    [
      'POST /images/create?authconfig=%7B%22password%22:%22x%22%7D&fromImage=a',
      ['authconfig'],
      '/images/create?fromImage=a',
    ],
    ['GET /info?x=1&x=2&abortSignal', ['x', 'abortSignal'], '/info'],
    ['GET /containers/json?=1&all%00=1&all%5B%5D=1', ['', 'all\0', 'all[]'], '/containers/json'],
    ['GET /info?__proto__=1&constructor=1', ['__proto__', 'constructor'], '/info'],
  ] as const)
    test(`what no dockerd reads is left out: ${line}`, () => {
      const reading = rewritten(line)
      assert.ok(isRead(reading))
      assert.deepEqual([reading.leftOut, writeRequest(reading).target], [leftOut, target])
    })

  test('what any dockerd reads is refused where its operation does not have it, in whatever case', () => {
    for (const [code, line] of [
      ['QUERY_UNKNOWN', 'POST /containers/a/start?checkpoint-dir=/'],
      ['QUERY_UNKNOWN', 'GET /info?dockerfile=x'],
      ['QUERY_UNKNOWN', 'POST /v1.45/containers/create?NAME=upper'],
      ['QUERY_UNKNOWN', 'GET /containers/json?All=1&x=1'],
      ['QUERY_UNKNOWN', 'POST /build?ulimits=[%7B%22Nope%22:1%7D]'],
      ['QUERY_AMBIGUOUS', 'POST /containers/a/kill?x=1&signal=&signal=KILL'],
      ['QUERY_AMBIGUOUS', 'GET /info?%zz=1'],
    ] as const) {
      const reading = rewritten(line)
      assert.equal(isRead(reading) ? 'read' : reading.code, code, line)
    }
  })

  test('fields of a body are refused as before: older daemons read some that are in no specification', () => {
    const create = {
      ...toRequest('POST /containers/create', '{"Image":"a","Dns":["8.8.8.8"]}'),
      isRewritten: true,
    } as const
    assert.deepEqual(isRead(readRequest(create)), false)
  })
})
