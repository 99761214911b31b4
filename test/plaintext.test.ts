import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { request as requestHttp } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { request as undiciRequest, WebSocket } from 'undici'
import { ConnectionError, isDockerMtlsError, type ErrorCode } from '../lib/base/errors.ts'
import {
  connect,
  createDispatcher,
  loadIdentity,
  parseHost,
  type DockerDispatcher,
  type EndpointOptions,
} from '../lib/index.ts'
import { createAuthority, issueClient, issueServer, type IssuedCertificate } from '../lib/pki.ts'
import { whyNoNamespaces } from '../scripts/namespaces.ts'
import { fill, temporaryHome, tlsPath, write, writeContext } from './endpoint/support/home.ts'
import { HOST_FORMS, TRUTH_TABLE, type HostForm, type TruthRow } from './endpoint/truth-table.ts'
import { combinations } from './support/combinations.ts'
import { writeIdentity } from './support/openssl-certs.ts'
import { RecordingPorts } from './support/recording-ports.ts'
import { lacks } from './support/requirements.ts'
import { countSent } from './support/sent-packets.ts'
import { startPeer } from './support/tls-servers.ts'

const skip =
  lacks('namespaces') &&
  (whyNoNamespaces() ?? 'it takes ports such as 22 and 443 of namespaces of its own: npm test -- FILE')
const IP = '127.0.0.1'
const { PATH } = process.env

let ports: RecordingPorts
let home: string
let client: IssuedCertificate
let server: IssuedCertificate

before(async () => {
  if (skip !== false) return
  const authority = await createAuthority()
  client = await issueClient(authority, { name: 'tester' })
  server = await issueServer(authority, { names: ['localhost'] })
  ports = await RecordingPorts.start()
  home = await mkdtemp(join(tmpdir(), 'plaintext-'))
  for (const folder of ['.docker', 'good']) await writeIdentity(join(home, folder), client)
  const incomplete = join(home, 'incomplete')
  await mkdir(incomplete)
  await write(join(incomplete, 'ca.pem'), client.ca)
  await write(join(incomplete, 'cert.pem'), client.cert)
  // An ssh that is there would look for names and hosts of its own.
  process.env['PATH'] = '/nonexistent'
})
after(async () => {
  process.env['PATH'] = PATH
  await ports?.close()
  if (home !== undefined) await rm(home, { recursive: true, force: true })
})

type Variables = Readonly<Record<string, string | undefined>>

const VARIABLES: readonly Variables[] = combinations({
  DOCKER_TLS_VERIFY: [undefined, '', '1', '0', 'true'],
  DOCKER_TLS: [undefined, '', '1'],
  DOCKER_CERT_PATH: [undefined, '{HOME}/good', '{HOME}/missing', '{HOME}/incomplete'],
  DOCKER_API_VERSION: [undefined, '1.44', 'latest'],
})

/** Every reason to refuse a host with these variables, in whichever order they are found. */
function reasons({ expect }: HostForm, variables: Variables): ErrorCode[] {
  const found: ErrorCode[] = []
  if ('code' in expect) found.push(expect.code)
  if (variables['DOCKER_API_VERSION'] === 'latest') found.push('ERR_API_VERSION_INVALID')
  if (!('endpoint' in expect)) return found
  if (/^(unix|npipe):/.test(expect.endpoint)) found.push('ERR_SOCKET_NOT_FOUND')
  if (expect.endpoint.startsWith('ssh:')) found.push('ERR_SSH_NOT_INSTALLED')
  if (!expect.endpoint.startsWith('tcp:')) return found
  if (!variables['DOCKER_TLS_VERIFY']) found.push('ERR_TLS_VERIFY_REQUIRED')
  if (/missing|incomplete/.test(variables['DOCKER_CERT_PATH'] ?? '')) found.push('ERR_IDENTITY_FILE_MISSING')
  return found
}

/** Nobody answers here as Docker does, so every call fails: with which error, and what had been sent by then? */
async function tryToConnect(
  options: EndpointOptions,
  env: Variables,
): Promise<{ code: string; sent: boolean; error: Error }> {
  const earlier = countSent()
  const error = await connect(options, env as Record<string, string>).then(
    () => assert.fail('nothing here is a daemon'),
    (failure: Error) => failure,
  )
  assert.ok(isDockerMtlsError(error), inspect(error))
  const now = countSent()
  assert.equal(now.udp, earlier.udp, 'no name was looked up')
  return { code: error.code, sent: now.tcp > earlier.tcp, error }
}

function portOf(endpoint: string): number {
  return Number(/:(\d+)(\/.*)?$/.exec(endpoint)?.[1])
}

describe('every form of a host with every way to set the variables', { skip }, () => {
  for (const row of fill(HOST_FORMS, { IP })) {
    test(row.form, async () => {
      let hellos = 0
      for (const variables of fill(VARIABLES, { HOME: home })) {
        const refusals = reasons(row, variables)
        const { code, sent, error } = await tryToConnect({}, { HOME: home, DOCKER_HOST: row.form, ...variables })
        const said = `${inspect(variables)}: ${code}`
        assert.equal(sent, refusals.length === 0, said)
        if (sent) {
          hellos++
          assert.ok(error instanceof ConnectionError, said)
        } else assert.ok(refusals.includes(code as ErrorCode), said)
      }
      const expected =
        hellos === 0 || !('endpoint' in row.expect) ? [] : [[portOf(row.expect.endpoint), hellos] as const]
      const taken = [...(await ports.take())]
      assert.deepEqual(
        taken,
        expected.map(([port, count]) => [port, Array.from({ length: count }, () => 'tls')]),
      )
      const isTls = 'endpoint' in row.expect && row.expect.endpoint.startsWith('tcp:')
      assert.equal(hellos, isTls ? 3 * 3 * 2 * 2 : 0, 'what is to be reached is reached')
    })
  }
})

/** Puts the row on this machine: addresses on loopback, certificates that can be used, folders below the home. */
function here(row: TruthRow, own: string): TruthRow {
  const text = JSON.stringify(fill(row, { IP, HOME: own }))
    .replaceAll('192.0.2.9', '127.0.0.9')
    .replace(/"(\/(?:certs|cfg|other|home\/clientuser)[^"\\]*)"/g, (_, path: string) => JSON.stringify(own + path))
  const { options, ...rest } = JSON.parse(text) as TruthRow
  if (options?.ca === undefined) return { ...rest, ...(options && { options }) }
  return { ...rest, options: { ...options, ca: client.ca, cert: client.cert, key: client.key } }
}

async function furnish({ files = {}, contexts = {}, expect }: TruthRow, own: string): Promise<void> {
  for (const [path, text] of Object.entries(files)) await write(join(own, path), text)
  const config = join(own, '.docker')
  for (const [name, stored] of Object.entries(contexts)) {
    await writeContext(config, name, stored)
    for (const file of stored.tls ?? []) {
      await write(
        join(tlsPath(config, name), file),
        { 'ca.pem': client.ca, 'cert.pem': client.cert }[file] ?? client.key,
      )
    }
  }
  if ('certPath' in expect && expect.certPath !== undefined) await writeIdentity(expect.certPath, client)
}

describe('the truth table', { skip }, () => {
  for (const template of TRUTH_TABLE) {
    test(template.name, async (t) => {
      const own = await temporaryHome(t)
      const row = here(template, own)
      await furnish(row, own)
      const { code, sent } = await tryToConnect(row.options ?? {}, { HOME: own, ...row.env })
      const taken = Object.fromEntries(await ports.take())
      if ('endpoint' in row.expect && row.expect.endpoint.startsWith('tcp:')) {
        assert.deepEqual(taken, { [portOf(row.expect.endpoint)]: ['tls'] }, code)
        return
      }
      if ('code' in row.expect) assert.equal(code, row.expect.code)
      assert.deepEqual([sent, taken], [false, {}], code)
    })
  }
})

describe('the dispatcher as others use it', { skip }, () => {
  let dispatcher: DockerDispatcher
  before(async () => {
    dispatcher = createDispatcher(parseHost(IP), await loadIdentity(join(home, 'good')))
  })
  after(() => dispatcher.destroy())

  const foreign = [
    `http://${IP}:2376/_ping`,
    `http://${IP}:2375/_ping`,
    `http://${IP}/_ping`,
    'http://localhost:2376/_ping',
    'http://localhost/_ping',
    'https://localhost:2376/_ping',
    `https://${IP}/_ping`,
    `https://${IP}:8443/_ping`,
  ]
  for (const url of foreign) {
    test(`${url} isn't the daemon's`, async () => {
      const earlier = countSent()
      const wrong = { code: 'ERR_WRONG_ORIGIN' } as const
      const { origin, pathname: path } = new URL(url)
      const fetched = await rejection(fetch(url, { dispatcher } as object))
      assert.ok(isDockerMtlsError(fetched.cause, wrong.code))
      await assert.rejects(undiciRequest(url, { dispatcher }), wrong)
      await assert.rejects(dispatcher.request({ origin, path, method: 'GET' }), wrong)
      await assert.rejects(dispatcher.upgrade({ origin, path, method: 'POST', protocol: 'tcp' } as never), wrong)
      const socket = new WebSocket(url.replace('http', 'ws'), { dispatcher })
      await once(socket, 'error')
      assert.deepEqual(countSent(), earlier)
      assert.deepEqual([...(await ports.take())], [])
    })
  }

  test('its own origin is asked by TLS', async () => {
    await assert.rejects(fetch(`${dispatcher.origin}/_ping`, { dispatcher } as object))
    await assert.rejects(undiciRequest(`${dispatcher.origin}/_ping`, { dispatcher }), ConnectionError)
    assert.deepEqual([...(await ports.take())], [[2376, ['tls', 'tls']]])
  })

  test('a dispatcher for a socket goes nowhere else', async () => {
    const local = createDispatcher(parseHost('unix:///run/nobody.sock'))
    await assert.rejects(undiciRequest(`http://${IP}:2375/_ping`, { dispatcher: local }), { code: 'ERR_WRONG_ORIGIN' })
    await assert.rejects(undiciRequest('http://localhost/_ping', { dispatcher: local }), {
      code: 'ERR_SOCKET_NOT_FOUND',
    })
    await local.destroy()
    assert.deepEqual([...(await ports.take())], [])
  })

  test('a redirect to plaintext is not followed', async (t) => {
    const peer = await startPeer('redirects elsewhere', server)
    t.after(() => peer.close())
    const options = { host: `tcp://localhost:${peer.port}`, certPath: join(home, 'good') }
    await assert.rejects(connect(options), { code: 'ERR_REDIRECT_REFUSED' })
    const redirected = createDispatcher(parseHost(options.host), await loadIdentity(options.certPath))
    t.after(() => redirected.destroy())
    await assert.rejects(fetch(`${redirected.origin}/_ping`, { dispatcher: redirected, redirect: 'follow' } as object))
    assert.equal(peer.count() > 0, true)
    assert.deepEqual([...(await ports.take())], [])
  })
})

function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => assert.fail('it should have failed'),
    (error: Error) => error,
  )
}

describe('the witnesses', { skip }, () => {
  for (const port of [22, 80, 443, 2375, 2376, 2377, 8443]) {
    test(`plaintext on port ${port} is seen`, async () => {
      const earlier = countSent()
      await once(requestHttp({ host: IP, port, path: '/_ping' }).end(), 'error')
      assert.equal(countSent().tcp, earlier.tcp + 1)
      assert.deepEqual([...(await ports.take())], [[port, ['plaintext']]])
    })
  }

  test('so is a connection to a port where nobody listens', async () => {
    const earlier = countSent()
    await once(requestHttp({ host: '127.0.0.9', port: 4243 }).end(), 'error')
    assert.equal(countSent().tcp, earlier.tcp + 1)
  })
})
