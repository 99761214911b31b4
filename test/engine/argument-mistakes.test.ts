import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NEWEST_API_VERSION } from '../../lib/base/api-version.ts'
import { apiError, execFailed, failureInside } from '../../lib/engine/api-error.ts'
import { refusalsOf } from '../../lib/engine/refusals.ts'
import { explainFailure } from '../../lib/engine/workflows/build/failure.ts'
import type { DockerClient, DockerApiError } from '../../lib/index.ts'
import { pretend } from './support/pretend.ts'

/** Calls with a mistake that TypeScript may miss, and the message. */
const MISTAKES: readonly (readonly [call: (docker: DockerClient) => PromiseLike<unknown>, message: RegExp])[] = [
  [({ containers }) => containers.create(undefined as never), /the body of containers\.create\(\): it is missing\./],
  [({ networks }) => networks.connect('x', undefined as never), /the body of networks\.connect\(\): it is missing\./],
  [({ containers }) => containers.copyFrom('web', '/tmp', undefined as never), /copyFrom\(.*: target is missing\./],
  [({ containers }) => containers.copyFrom('web', 7 as never, '.'), /path is a number, not a string\./],
  [({ containers }) => containers.copyTo('web', './site', undefined as never), /copyTo\(.*: path is missing\./],
  [
    ({ containers }) => containers.copyTo('./site', 'web', '/tmp'),
    /the container is "\.\/site", which is a path\.\nPass the container first/,
  ],
  [({ containers }) => containers.copyFrom('/var/log', 'web', '.'), /the container is "\/var\/log", which is a path/],
  [({ containers }) => containers.copyTo('web', [{ path: '../x' }], '/'), /contains "\.\."\./],
  [({ images }) => images.tag('x', 'repo:1', { tag: '2' }), /the name "repo:1" of images\.tag\(\): it has a tag/],
  [({ images }) => images.commit('x', {}, { repo: 'host:5000/repo:1', tag: '2' }), /images\.commit\(\): it has a tag/],
  [({ images }) => images.import(Buffer.alloc(1), { repo: 'repo:1', tag: '2' }), /images\.import\(\): it has a tag/],
]

test('a mistake in the arguments is named before anything is sent', async (t) => {
  const { docker, asked } = await pretend(t, NEWEST_API_VERSION, '{}')
  for (const [call, message] of MISTAKES)
    await assert.rejects(async () => call(docker), { code: 'ERR_ARGUMENT_INVALID', message }, message.source)
  assert.deepEqual(asked, [])
  await docker.images.tag('x', 'host:5000/repo', { tag: '2' })
  await docker.images.tag('x', 'repo:1')
  await docker.images.commit('x')
  assert.equal(asked.length, 3)
})

const ID = '0123456789ab'.padEnd(64, 'c')

test('an error shows the beginning of an id, and its path has the whole id', () => {
  const { message, path } = execFailed({ method: 'POST', path: `/exec/${ID}/start` }, 'no')
  assert.match(message, /^POST \/exec\/0123456789ab\/start: /)
  assert.equal(path, `/exec/${ID}/start`)
})

const of = (operation: string, status: number, message: string): DockerApiError =>
  apiError(status, { method: 'POST', path: '/x' }, Buffer.from(message), refusalsOf(operation, ['nn']))

test('a remedy names the object of the message', () => {
  const connected = 'endpoint with name web already exists in network nn'
  assert.match(of('networks.connect', 403, connected).todo, /disconnect\('nn', \{ Container: 'web' \}\)$/)
  const active = 'error while removing network: network nn has active endpoints (name:"db" id:"0123")'
  assert.match(of('networks.remove', 403, active).todo, /disconnect\('nn', \{ Container: 'db' \}\)/)
  const tar = failureInside({ method: 'POST', path: '/x' }, 'unexpected EOF', refusalsOf('images.load'))
  assert.match(tar.todo, /^Pass a complete tar/)
  assert.match(of('exec.start', 409, `Container ${ID} is not running`).todo, /containers\.start\('0123456789ab'\)/)
})

const failed = (message: string, log = ''): DockerApiError =>
  explainFailure(failureInside({ method: 'POST', path: '/build' }, message), { step: 'x', log }) as DockerApiError

test('a build that can not reach a registry has the remedy of a pull', () => {
  const lookup = 'dial tcp: lookup registry-1.docker.io: no such host'
  const buildkit = `alpine:3.20: failed to resolve source metadata for docker.io/library/alpine:3.20: ${lookup}`
  assert.match(failed(buildkit).todo, /it can't reach docker\.io\.$/)
  assert.match(failed(`Get "https://registry-1.docker.io/v2/": ${lookup}`).todo, /it can't reach docker\.io\.$/)
  assert.match(failed(buildkit.replaceAll('docker.io', 'ghcr.io')).todo, /it can't reach ghcr\.io\.$/)
  assert.match(failed('dockerfile parse error').todo, /^Correct the Dockerfile/)
  assert.match(failed(`process "curl" failed: ${lookup}`, 'curl: no').todo, /^Correct this step/)
})
