import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { NEWEST_API_VERSION } from '../../../lib/base/api-version.ts'
import { namedOperation, OPERATIONS } from '../../../lib/policy/operations.ts'
import { NAMED, REFUSED } from './paths.ts'
import { read, refusal, toRequest } from './support.ts'
import { isRead, readRequest } from '../../../lib/policy/reading/read.ts'

const NAMES = { id: 'web-1', name: 'web-1', checkpoint: 'c1' } as const

const fill = (path: string): string => path.replaceAll(/\{(\w+)\}/g, (_, name: keyof typeof NAMES) => NAMES[name])

/** The operation of a request without a body. Only its absence may be refused. */
function operationOf(line: string): string {
  const reading = readRequest(toRequest(line))
  if (isRead(reading)) return reading.operation.name
  return reading.code
}

describe('each operation', () => {
  for (const operation of OPERATIONS) {
    const { name, method, path } = operation
    test(`${method} ${path} is ${name}`, () => {
      const named = namedOperation(operation, new Map()).name
      const needsBody = operation.body === 'json' && !operation.bodyOptional && named !== 'exec.start'
      const expected = needsBody ? 'BODY_MISSING' : named
      for (const prefix of ['', '/v1.24', `/v${NEWEST_API_VERSION}`])
        assert.equal(operationOf(`${method} ${prefix}${fill(path)}`), expected)
    })

    test(`near ${method} ${path}`, () => {
      const near = [`${fill(path)}/`, `/${fill(path)}`, `${fill(path)}/x/y`, `/x${fill(path)}`, `${fill(path)}%00`]
      for (const other of near) {
        const found = operationOf(`${method} ${other}`)
        const deletesImage = /^DELETE \/(images|plugins)\//.test(`${method} ${path}`) && other.endsWith('/x/y')
        if (!deletesImage) assert.match(found, /^(OPERATION_UNKNOWN|PATH_AMBIGUOUS)$/, `${method} ${other}`)
      }
      const methods = [method.toLowerCase(), 'PATCH', 'OPTIONS', 'TRACE', 'CONNECT', '']
      for (const other of methods) assert.equal(operationOf(`${other} ${fill(path)}`), 'OPERATION_UNKNOWN')
      const hasHead = OPERATIONS.some((one) => one.method === 'HEAD' && one.path === path)
      if (!hasHead) assert.equal(operationOf(`HEAD ${fill(path)}`), 'OPERATION_UNKNOWN')
    })
  }
})

describe('names like words of a path', () => {
  for (const [line, operation, name] of NAMED) {
    test(line, () => {
      const reading = read(line)
      assert.equal(reading.operation.name, operation)
      assert.equal(reading.parameters['name'] ?? reading.parameters['id'], name)
    })
  }
})

describe('a path is refused', () => {
  for (const [code, line] of REFUSED) {
    test(`${code}: ${JSON.stringify(line)}`, () => assert.equal(refusal(line).code, code))
  }
})

const CREATES: readonly (readonly [query: string, operation: string])[] = [
  ['fromImage=a', 'images.pull'],
  ['fromImage=a&fromSrc=-&repo=b', 'images.pull'],
  ['fromSrc=-&repo=b', 'images.import'],
  ['fromImage=&fromSrc=-', 'images.import'],
  ['repo=b', 'images.import'],
]
for (const [query, operation] of CREATES)
  test(`POST /images/create?${query} is ${operation}`, () =>
    assert.equal(read(`POST /images/create?${query}`).operation.name, operation))

test('an encoded version is a version', () => {
  assert.equal(read('GET /%76%31.45/containers/json').version, '1.45')
  assert.equal(read('GET /v1.45%2Fcontainers/json').version, '1.45')
  assert.equal(read('GET /containers/json').version, undefined)
})

test('a version that is newer than the tables is read by them', () => {
  assert.equal(read('GET /v1.99/containers/json').version, '1.99')
  assert.equal(operationOf('GET /v1.99/new'), 'OPERATION_UNKNOWN')
  assert.equal(operationOf('GET /v1.99/containers/json?new=1'), 'QUERY_UNKNOWN')
})
