import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { identityFor } from '../../lib/engine/connect.ts'
import { formatEndpoint } from '../../lib/endpoint/endpoint.ts'
import { explainEndpoint } from '../../lib/endpoint/explain.ts'
import { resolveEndpoint } from '../../lib/endpoint/resolve.ts'
import { temporaryHome } from './support/home.ts'

const DIND = { DOCKER_TLS_CERTDIR: '/certs' }
const DAEMON_HERE = existsSync('/var/run/docker.sock')

async function listenAt(t: TestContext, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(path, resolve))
  t.after(() => server.close())
}

/** The error of an environment. Its identity is loaded, too. */
async function failureOf(env: Record<string, string>) {
  const error: unknown = await resolveEndpoint({}, env)
    .then((endpoint) => identityFor(endpoint, {}))
    .catch((caught: unknown) => caught)
  assert.ok(isDockerMtlsError(error))
  return error
}

describe('DOCKER_TLS_CERTDIR', () => {
  test('alone means docker:dind where no socket is, as in the image docker:cli', async (t) => {
    const HOME = await temporaryHome(t)
    const found = await resolveEndpoint({}, { HOME, ...DIND })
    const expected = DAEMON_HERE ? 'unix:///var/run/docker.sock' : 'tcp://docker:2376'
    assert.equal(formatEndpoint(found), expected)
    assert.equal(found.certPath, DAEMON_HERE ? undefined : '/certs/client')
    assert.equal(found.certPathFrom, DAEMON_HERE ? undefined : 'DOCKER_TLS_CERTDIR')
  })

  for (const { given, certPath } of [
    { given: { DOCKER_TLS_VERIFY: '1' }, certPath: '/certs/client' },
    { given: { DOCKER_CERT_PATH: '/mine' }, certPath: '/mine' },
  ]) {
    test(`with ${Object.keys(given).join()} means docker:dind, whatever sockets there are`, async (t) => {
      const HOME = await temporaryHome(t)
      await listenAt(t, join(HOME, '.docker', 'run', 'docker.sock'))
      const found = await resolveEndpoint({}, { HOME, ...DIND, ...given })
      assert.equal(formatEndpoint(found), 'tcp://docker:2376')
      assert.deepEqual([found.source, found.certPath], ['DOCKER_TLS_CERTDIR', certPath])
    })
  }

  test('alone means nothing where a socket is', async (t) => {
    const HOME = await temporaryHome(t)
    const path = join(HOME, '.docker', 'run', 'docker.sock')
    await listenAt(t, path)
    const found = await resolveEndpoint({}, { HOME, ...DIND })
    assert.equal(formatEndpoint(found), `unix://${DAEMON_HERE ? '/var/run/docker.sock' : path}`)
    assert.deepEqual(found.warnings, [])
  })

  test('is among the steps of an explanation', async (t) => {
    const HOME = await temporaryHome(t)
    const explain = async (env: Record<string, string>) => {
      const { steps } = await explainEndpoint({}, { HOME, DOCKER_HOST: 'tcp://h', ...env })
      return steps.find(({ source }) => source === 'DOCKER_TLS_CERTDIR')
    }
    assert.deepEqual(await explain(DIND), {
      source: 'DOCKER_TLS_CERTDIR',
      value: '/certs',
      verdict: 'chosen',
      because: 'docker:dind writes the client certificate to /certs/client',
    })
    assert.equal((await explain({ ...DIND, DOCKER_CERT_PATH: '/c' }))?.verdict, 'ignored')
    const off = await explain({ DOCKER_TLS_CERTDIR: '' })
    assert.equal(off?.because, 'it is empty, which turns TLS off in docker:dind, but not here')
    assert.equal((await explain({}))?.verdict, 'not set')
  })

  test('is named by the error for files that are not there yet, which tells how to wait', async (t) => {
    const HOME = await temporaryHome(t)
    const error = await failureOf({ HOME, DOCKER_HOST: 'tcp://docker:2376', DOCKER_TLS_CERTDIR: join(HOME, 'certs') })
    assert.equal(error.code, 'ERR_IDENTITY_FILE_MISSING')
    assert.equal(error.tried, `reading the folder ${join(HOME, 'certs/client')} ($DOCKER_TLS_CERTDIR/client)`)
    assert.match(error.todo, /^docker:dind writes .*docker-mtls ping --wait 60s$/)
    // Another folder has another remedy.
    const other = await failureOf({
      HOME,
      DOCKER_HOST: 'tcp://h',
      DOCKER_TLS_CERTDIR: '/certs',
      DOCKER_CERT_PATH: HOME,
    })
    assert.doesNotMatch(other.message, /dind|CERTDIR/)
  })

  for (const port of [2375, 2376]) {
    test(`empty, with port ${port}: the error says that this turned TLS off`, async () => {
      const { todo } = await failureOf({ DOCKER_HOST: `tcp://dind:${port}`, DOCKER_TLS_CERTDIR: '' })
      assert.match(
        todo,
        /^DOCKER_TLS_CERTDIR is empty, which turns TLS off .*export DOCKER_TLS_CERTDIR=\/certs DOCKER_HOST=tcp:\/\/dind:2376$/,
      )
      const unset = await failureOf({ DOCKER_HOST: `tcp://docker:${port}` })
      assert.doesNotMatch(unset.message, /CERTDIR/)
    })
  }
})
