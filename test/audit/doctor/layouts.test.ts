import assert from 'node:assert/strict'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test, type TestContext } from 'node:test'
import { findFolders, type Tool } from '../../../lib/audit/doctor/layouts.ts'
import type { Environment } from '../../../lib/endpoint/environment.ts'
import { makeCa, makeClient, makeServer, writeIdentity } from '../../support/openssl-certs.ts'
import { lacks } from '../../support/requirements.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { assertFails, diagnoseInTime, shown } from './support/check.ts'
import { startDaemon } from './support/fake-daemon.ts'

const skip = lacks('openssl')

interface Files {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

let files: Files
let server: Files
before(async () => {
  if (skip !== false) return
  const ca = await makeCa({ commonName: 'docker:dind CA' })
  files = { ca: ca.cert, ...(await makeClient(ca, { commonName: 'docker:dind client' })) }
  server = { ...(await makeServer(ca)), ca: ca.cert }
})

/** Where a tool keeps the files below a root, and what its user sets. */
const LAYOUTS: readonly (readonly [Tool, place: string, set: (root: string) => Environment])[] = [
  ['docker:dind', 'certs/client', (root) => ({ DOCKER_CERT_PATH: join(root, 'certs') })],
  ['Uptime Kuma', 'docker-tls/localhost', (root) => ({ DOCKER_CERT_PATH: join(root, 'docker-tls') })],
  ['Uptime Kuma', 'docker-tls/localhost', (root) => ({ DOCKER_TLS_DIR_PATH: join(root, 'docker-tls') })],
  ['Portainer', 'data/tls/3', (root) => ({ DOCKER_CERT_PATH: join(root, 'data') })],
  ['Portainer', 'data/tls/3', (root) => ({ DOCKER_CERT_PATH: join(root, 'data/tls') })],
  ['docker-machine', 'home/.docker/machine/machines/localhost', () => ({})],
  ['docker-machine', 'store/machines/localhost', (root) => ({ MACHINE_STORAGE_PATH: join(root, 'store') })],
  ['docker-mtls', 'keys/clients/alice', (root) => ({ DOCKER_CERT_PATH: join(root, 'keys') })],
]

async function make(t: TestContext, place: string): Promise<{ root: string; folder: string }> {
  const root = await temporaryFolder(t)
  const folder = join(root, place)
  await mkdir(join(folder, '..'), { recursive: true })
  await writeIdentity(folder, files)
  return { root, folder }
}

describe('the folders of other tools', { skip }, () => {
  for (const [tool, place, set] of LAYOUTS) {
    test(`${tool}: ${place}`, async (t) => {
      const { root, folder } = await make(t, place)
      const port = await startDaemon(t, server)
      const env = {
        HOME: join(root, 'home'),
        DOCKER_HOST: `tcp://localhost:${port}`,
        DOCKER_TLS_VERIFY: '1',
        ...set(root),
      }
      const step = assertFails(await diagnoseInTime({}, env), 'identity', 'ERR_IDENTITY_FILE_MISSING')
      assert.deepEqual(step.facts['found'], [{ tool, folder }])
      assert.equal(
        step.remedy,
        `The files of ${tool} are in ${folder}. Use that folder:  export DOCKER_CERT_PATH=${folder}`,
      )
      // And the remedy works.
      const mended = await diagnoseInTime({}, { ...env, DOCKER_CERT_PATH: folder })
      assert.ok(mended.connects, shown(mended))
    })
  }

  test('an option is answered with an option', async (t) => {
    const { root, folder } = await make(t, 'certs/client')
    const diagnosis = await diagnoseInTime({ host: 'tcp://localhost:1', certPath: join(root, 'certs') })
    const { remedy } = assertFails(diagnosis, 'identity', 'ERR_IDENTITY_FILE_MISSING')
    assert.ok(remedy?.endsWith(`certPath: '${folder}'`), remedy)
  })

  test('by the address that docker-machine notes', async (t) => {
    const { root, folder } = await make(t, '.docker/machine/machines/dev')
    await writeFile(join(folder, 'config.json'), JSON.stringify({ Driver: { IPAddress: '192.168.99.100' } }))
    const found = await findFolders({ host: '192.168.99.100', env: { HOME: root } })
    assert.deepEqual(found, [{ tool: 'docker-machine', folder }])
    assert.deepEqual(await findFolders({ host: '192.168.99.101', env: { HOME: root } }), [])
  })

  test('a damaged note of docker-machine, and a host that is a path, are passed over', async (t) => {
    const { root, folder } = await make(t, '.docker/machine/machines/dev')
    for (const text of ['', 'null', '{', '{"Driver":3}']) {
      await writeFile(join(folder, 'config.json'), text)
      assert.deepEqual(await findFolders({ host: '10.0.0.1', env: { HOME: root } }), [])
    }
    const env = { HOME: root, DOCKER_TLS_DIR_PATH: join(root, 'x') }
    assert.deepEqual(await findFolders({ host: '../.docker/machine/machines/dev', env }), [])
    assert.deepEqual(await findFolders({ host: '..', env }), [])
  })

  test('a folder with only some of the files is none', async (t) => {
    const root = await temporaryFolder(t)
    await mkdir(join(root, 'client'))
    await writeFile(join(root, 'client', 'ca.pem'), files.ca)
    assert.deepEqual(await findFolders({ folder: root, env: { HOME: root } }), [])
  })
})

describe('docker:dind', { skip }, () => {
  test('DOCKER_TLS_CERTDIR is enough beside the host', async (t) => {
    const { root } = await make(t, 'certs/client')
    const port = await startDaemon(t, server)
    const env = { HOME: root, DOCKER_HOST: `tcp://localhost:${port}`, DOCKER_TLS_CERTDIR: join(root, 'certs') }
    const diagnosis = await diagnoseInTime({}, env)
    assert.ok(diagnosis.connects, shown(diagnosis))
  })

  test('switched off', async () => {
    const env = { DOCKER_HOST: 'tcp://docker:2375', DOCKER_TLS_VERIFY: '1', DOCKER_TLS_CERTDIR: '' }
    const { remedy } = assertFails(await diagnoseInTime({}, env), 'endpoint', 'ERR_PLAINTEXT_PORT')
    assert.match(remedy ?? '', /DOCKER_TLS_CERTDIR is empty, which turns TLS off.*DOCKER_HOST=tcp:\/\/docker:2376$/)
  })

  test('certificates that are not there yet', async (t) => {
    const root = await temporaryFolder(t)
    const env = { HOME: root, DOCKER_HOST: 'tcp://docker:2376', DOCKER_TLS_CERTDIR: join(root, 'certs') }
    const { remedy } = assertFails(await diagnoseInTime({}, env), 'identity', 'ERR_IDENTITY_FILE_MISSING')
    assert.match(remedy ?? '', /wait for it: {2}docker-mtls ping --wait 60s$/)
  })

  test('its key is open to others on purpose, which is said', async (t) => {
    const { folder } = await make(t, 'certs/client')
    await chmod(join(folder, 'key.pem'), 0o644)
    const port = await startDaemon(t, server)
    const diagnosis = await diagnoseInTime({ host: `localhost:${port}`, certPath: folder })
    const warning = diagnosis.steps.find(({ code }) => code === 'KEY_OPEN_TO_OTHERS')
    assert.match(warning?.finding ?? '', /docker:dind creates it with this mode/)
    const used = diagnosis.steps.find(({ step }) => step === 'identity')
    assert.equal(used?.facts['layout'], 'docker:dind')
  })
})
