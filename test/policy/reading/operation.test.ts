import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { namedOperation, OPERATIONS } from '../../../lib/policy/operations.ts'
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
    const { method, path } = operation
    const { name } = namedOperation(operation, new Map())
    test(`${method} ${path} is ${name}`, () => {
      const expected = operation.body === 'json' && !operation.bodyOptional ? 'BODY_MISSING' : name
      for (const prefix of ['', '/v1.24', '/v1.55'])
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

/** Names like the words of paths. dockerd 26.1.5 reads them in this way (test/daemon/policy-reading.test.ts). */
const NAMED: readonly (readonly [line: string, operation: string, name?: string])[] = [
  ['GET /images/json', 'images.list'],
  ['GET /images/json/json', 'images.inspect', 'json'],
  ['GET /images/get', 'images.save'],
  ['GET /images/get/get', 'images.save', 'get'],
  ['GET /images/search', 'images.search'],
  ['GET /images/search/json', 'images.inspect', 'search'],
  ['GET /images/a/json/json', 'images.inspect', 'a/json'],
  ['GET /images/json/history', 'images.history', 'json'],
  ['GET /images/history/json', 'images.inspect', 'history'],
  ['GET /images/a/history/get', 'images.save', 'a/history'],
  ['GET /images/a%2Fget/json', 'images.inspect', 'a/get'],
  ['GET /images/a%2Fget%2Fjson', 'images.inspect', 'a/get'],
  ['GET /images%2Fa%2Fjson', 'images.inspect', 'a'],
  [
    'GET /images/registry.example:5000/me/app:1.2@sha256:00/json',
    'images.inspect',
    'registry.example:5000/me/app:1.2@sha256:00',
  ],
  ['POST /images/push/push', 'images.push', 'push'],
  ['POST /images/tag/tag', 'images.tag', 'tag'],
  ['POST /images/a/push/tag', 'images.tag', 'a/push'],
  ['POST /images/create/tag', 'images.tag', 'create'],
  ['POST /images/load/push', 'images.push', 'load'],
  ['POST /images/prune', 'images.prune'],
  ['POST /images/prune/tag', 'images.tag', 'prune'],
  ['DELETE /images/json', 'images.remove', 'json'],
  ['DELETE /images/a/b/json', 'images.remove', 'a/b/json'],
  ['DELETE /images/v1.45', 'images.remove', 'v1.45'],
  ['GET /plugins/privileges', 'plugins.privileges'],
  ['GET /plugins/privileges/json', 'plugins.inspect', 'privileges'],
  ['GET /plugins/me/json/json', 'plugins.inspect', 'me/json'],
  ['POST /plugins/pull/enable', 'plugins.enable', 'pull'],
  ['POST /plugins/a/enable/disable', 'plugins.disable', 'a/enable'],
  ['GET /distribution/me/json/json', 'distribution.inspect', 'me/json'],
  ['GET /containers/json/json', 'containers.inspect', 'json'],
  ['GET /containers%2Fjson', 'containers.list'],
  ['GET /containers/%6Ason', 'containers.list'],
  ['GET /containers/create/json', 'containers.inspect', 'create'],
  ['POST /containers/prune/start', 'containers.start', 'prune'],
  ['DELETE /containers/prune', 'containers.remove', 'prune'],
  ['DELETE /containers/json/checkpoints/c', 'checkpoints.remove', 'json'],
  ['GET /networks/create', 'networks.inspect', 'create'],
  ['GET /volumes/prune', 'volumes.inspect', 'prune'],
  ['GET /networks/%C3%A9', 'networks.inspect', 'é'],
]

describe('names like words of a path', () => {
  for (const [line, operation, name] of NAMED) {
    test(line, () => {
      const reading = read(line)
      assert.equal(reading.operation.name, operation)
      assert.equal(reading.parameters['name'] ?? reading.parameters['id'], name)
    })
  }
})

/** Paths that are refused, with what dockerd 26.1.5 makes of them. */
const REFUSED: readonly (readonly [code: string, line: string, dockerd: string])[] = [
  ['PATH_AMBIGUOUS', 'GET //v1.45//containers/json', '301'],
  ['PATH_AMBIGUOUS', 'GET /v1.45/containers//json', '301'],
  ['PATH_AMBIGUOUS', 'GET /v1.45/containers/./json', '301'],
  ['PATH_AMBIGUOUS', 'GET /v1.45/x/../containers/json', '301'],
  ['PATH_AMBIGUOUS', 'GET /v1.45/x/%2e%2e/containers/json', '301'],
  ['PATH_AMBIGUOUS', 'GET /v1.45/x%2F..%2Fcontainers/json', '301'],
  ['PATH_AMBIGUOUS', 'GET /images/..%2F..%2Fcontainers/json', '301'],
  ['PATH_AMBIGUOUS', 'GET /networks/', 'lists networks'],
  ['PATH_AMBIGUOUS', 'GET /', '404'],
  ['PATH_AMBIGUOUS', 'GET http://docker/v1.45/containers/json', 'lists containers'],
  ['PATH_AMBIGUOUS', 'GET unix:/v1.45/containers/json', 'lists containers'],
  ['PATH_AMBIGUOUS', 'GET *', '301'],
  ['PATH_AMBIGUOUS', 'GET v1.45/containers/json', '400'],
  ['PATH_AMBIGUOUS', 'GET ', '400'],
  ['PATH_AMBIGUOUS', 'GET /containers/json#x', '404'],
  ['PATH_AMBIGUOUS', 'GET /containers/json ', '400'],
  ['PATH_AMBIGUOUS', 'GET /containers/json HTTP/1.1\r\nX: y', 'another header'],
  ['PATH_AMBIGUOUS', 'GET /containers/é/json', 'another name, by the encoding of the bytes'],
  ['PATH_AMBIGUOUS', 'GET /containers/%/json', '400'],
  ['PATH_AMBIGUOUS', 'GET /containers/%zz/json', '400'],
  ['PATH_AMBIGUOUS', 'GET /containers/%2/json', '400'],
  ['PATH_AMBIGUOUS', 'GET /containers/a%ffb/json', 'a name that is not UTF-8'],
  ['PATH_AMBIGUOUS', 'GET /containers/a%ed%a0%80/json', 'a name that is not UTF-8'],
  ['PATH_AMBIGUOUS', 'GET /containers/a%00/json', 'a name with NUL'],
  ['PATH_AMBIGUOUS', 'GET /containers/a%0Ab/json', '404'],
  ['PATH_AMBIGUOUS', 'GET /containers/a%7Fb/json', 'a name with DEL'],
  ['PATH_AMBIGUOUS', 'GET /containers/a%C2%85b/json', 'a name with a control character'],
  ['PATH_AMBIGUOUS', 'GET /containers/a%252Fjson', '404'],
  ['PATH_AMBIGUOUS', 'GET /%2563ontainers/json', '404'],
  ['PATH_AMBIGUOUS', String.raw`GET /containers/a\b/json`, 'a name with a backslash'],
  ['PATH_AMBIGUOUS', 'GET /containers/a%5Cb/json', 'a name with a backslash'],
  ['OPERATION_UNKNOWN', 'GET /containers/a/b/json', 'no such container'],
  ['OPERATION_UNKNOWN', 'GET /containers/a%2Fb/json', 'no such container'],
  ['OPERATION_UNKNOWN', 'DELETE /containers/a%2Fb', 'no such container'],
  ['OPERATION_UNKNOWN', 'GET /volumes/a/b', 'no such volume'],
  ['OPERATION_UNKNOWN', 'GET /exec/a/b/json', 'no such exec instance'],
  ['OPERATION_UNKNOWN', 'GET /V1.45/containers/json', '404'],
  ['OPERATION_UNKNOWN', 'GET /v1.45/v1.45/containers/json', '404'],
  ['OPERATION_UNKNOWN', 'GET /Containers/json', '404'],
  ['OPERATION_UNKNOWN', 'POST /grpc', 'a BuildKit connection'],
  ['OPERATION_UNKNOWN', 'GET /debug/vars', '404 without debug'],
  ['OPERATION_UNKNOWN', 'POST /containers/a/copy', '404'],
  ['VERSION_UNKNOWN', 'GET /v1/containers/json', '400'],
  ['VERSION_UNKNOWN', 'GET /v2/containers/json', '400'],
  ['VERSION_UNKNOWN', 'GET /v1.23/containers/json', '400'],
  ['VERSION_UNKNOWN', 'GET /v1.56/containers/json', '400'],
  ['VERSION_UNKNOWN', 'GET /v1.45.1/containers/json', '400'],
  ['VERSION_UNKNOWN', 'GET /v1.45./containers/json', 'reads a version'],
  ['VERSION_UNKNOWN', 'GET /v01.45/containers/json', 'as 1.45'],
  ['VERSION_UNKNOWN', 'GET /v1.045/containers/json', 'as 1.45'],
  ['VERSION_UNKNOWN', 'GET /v1.450/containers/json', '400'],
  ['VERSION_UNKNOWN', 'GET /v.45/containers/json', '400'],
  ['VERSION_UNKNOWN', 'GET /v./containers/json', '400'],
  ['VERSION_UNKNOWN', 'GET /v1.999999999999999999999/containers/json', '400'],
]

describe('a path is refused', () => {
  for (const [code, line, dockerd] of REFUSED) {
    test(`${code}: ${JSON.stringify(line)}, dockerd: ${dockerd}`, () => assert.equal(refusal(line).code, code))
  }
})

test('an encoded version is a version', () => {
  assert.equal(read('GET /%76%31.45/containers/json').version, '1.45')
  assert.equal(read('GET /v1.45%2Fcontainers/json').version, '1.45')
  assert.equal(read('GET /containers/json').version, undefined)
})
