import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { pack } from 'tar-stream'
import { connect, loadRegistryCredentials, path, type DockerClient, type RegistryAuth } from '../../lib/index.ts'
import { encodeRegistryAuth } from '../../lib/registry/auth.ts'
import { ANONYMOUS, authHeaderFor, configHeaderFor, type RegistryAuthSource } from '../../lib/registry/headers.ts'
import { REFUSED, TAKEN } from '../registry/references.ts'
import { LoginPlace } from '../registry/support/login-place.ts'
import type { CommandResult } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { dockerLocally } from './harness/docker-cli.ts'
import { testedEngine } from './harness/engine.ts'
import { IMAGE, makeImage } from './harness/image.ts'
import { startRegistry, type Registry } from './harness/registry.ts'
import { startSecuredDaemon, type SecuredDaemon } from './harness/secured.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip', 'docker-registry', 'htpasswd')
/** Its base64 has all that differs between the alphabets, and its JSON no multiple of three bytes. */
const auth = { username: 'ann', password: 'pass\u00ff\u00ff?~~~>>>:word' }

describe('what docker login has kept, against a real daemon and a real registry', { skip }, () => {
  let daemon: SecuredDaemon
  let registry: Registry
  let docker: DockerClient
  let place: LoginPlace
  let image: string

  before(async () => {
    daemon = await startSecuredDaemon()
    registry = await startRegistry({ auth })
    docker = await connect({}, { HOME: '/nonexistent', ...daemon.clientEnv })
    image = `${registry.host}/a/app`
    await makeImage(daemon)
    await dockerLocally(daemon, ['tag', IMAGE, `${image}:1`])
  })
  after(async () => {
    await docker?.close()
    await Promise.all([registry?.stop(), daemon?.stop()])
  })

  const cli = (args: readonly string[], input = ''): Promise<CommandResult> =>
    dockerLocally(daemon, args, { input, env: { ...place.env, DOCKER_CONFIG: place.config } })

  async function login(): Promise<void> {
    const { code, stderr } = await cli(['login', '-u', auth.username, '--password-stdin', registry.host], auth.password)
    assert.equal(code, 0, stderr)
  }

  /** Sends a header as it is, and gives the stream of the answer. */
  async function push(header: string | undefined): Promise<string> {
    const headers = header === undefined ? {} : { 'X-Registry-Auth': header }
    const answer = await docker.request({
      method: 'POST',
      path: path`/images/${image}/push`,
      query: { tag: '1' },
      headers,
    })
    return text(answer.body)
  }

  async function assertRefused(source: RegistryAuth | undefined): Promise<void> {
    const answer = await push((await authHeaderFor(source, image)) ?? ANONYMOUS).catch((error: Error) => error.message)
    assert.match(answer, /no basic auth credentials|unauthorized|authentication required/i)
  }

  async function assertPushes(source: RegistryAuthSource): Promise<void> {
    const answer = await push(await authHeaderFor(source, image))
    assert.match(answer, /"status":"1: digest: sha256:/)
    assert.doesNotMatch(answer, /errorDetail/)
  }

  async function build(header: string | undefined): Promise<string> {
    const tar = pack()
    tar.entry({ name: 'Dockerfile' }, `FROM ${image}:1\nLABEL made=here\n`)
    tar.finalize()
    const headers = { 'Content-Type': 'application/x-tar', ...(header && { 'X-Registry-Config': header }) }
    const query = { pull: true, version: '1' }
    const answer = await docker.request({ method: 'POST', path: '/build', query, headers, body: tar })
    return text(answer.body)
  }

  test('the file that docker login writes is read, and pushes', async (t) => {
    place = await LoginPlace.make(t)
    await login()
    assert.match(await readFile(join(place.config, 'config.json'), 'utf8'), /"auth": "/)
    const credentials = loadRegistryCredentials({ env: place.env })
    assert.deepEqual(await credentials.for(image), { ...auth, serveraddress: registry.host })
    assert.deepEqual(await credentials.all(), { [registry.host]: { ...auth, serveraddress: registry.host } })
    await assertPushes(credentials)
    assert.equal((await cli(['logout', registry.host])).code, 0)
    assert.equal(await credentials.for(image), undefined)
    await assertRefused(await credentials.for(image))
  })

  test('given outright they push, and wrong ones do not', async (t) => {
    place = await LoginPlace.make(t)
    await assertPushes(auth)
    await assertRefused(undefined)
    await assertRefused({ ...auth, password: 'wrong' })
    await assertRefused({ identitytoken: auth.password })
  })

  test('a push without any header is refused, and one of nobody by the registry', async (t) => {
    place = await LoginPlace.make(t)
    if (testedEngine().major < 28) await assert.rejects(push(undefined), /missing X-Registry-Auth/)
    else assert.match(await push(undefined), /no basic auth credentials/)
    assert.match(await push(ANONYMOUS), /no basic auth credentials/)
  })

  test('a header without its padding, or in the other alphabet, would be nobody', async (t) => {
    place = await LoginPlace.make(t)
    const header = encodeRegistryAuth(auth)
    assert.match(header, /[-_].*=$/)
    const others = [header.replace(/=+$/, ''), header.replaceAll('-', '+').replaceAll('_', '/')]
    for (const other of others) {
      assert.match(await push(other), /no basic auth credentials/)
    }
  })

  test('pull what was pushed', async (t) => {
    place = await LoginPlace.make(t)
    const header = await authHeaderFor(auth, image)
    const request = { method: 'POST', path: '/images/create', query: { fromImage: image, tag: '1' } } as const
    const refused = await docker.request(request).then(
      ({ body }) => text(body),
      (error: Error) => error.message,
    )
    assert.match(refused, /no basic auth credentials|unauthorized/i)
    const answer = await docker.request({ ...request, headers: { 'X-Registry-Auth': header ?? '' } })
    assert.match(await text(answer.body), /Digest: sha256:/)
  })

  test('a build takes its base from there', async (t) => {
    place = await LoginPlace.make(t)
    await login()
    assert.match(await build(undefined), /errorDetail.*(?:no basic auth credentials|unauthorized)/i)
    assert.match(await build(await configHeaderFor(loadRegistryCredentials({ env: place.env }))), /Successfully built/)
    const single = await configHeaderFor({ ...auth, serveraddress: registry.host })
    assert.match(await build(single), /Successfully built/)
  })

  test('a helper gets from docker login what it gives to us, and is asked for the same servers', async (t) => {
    place = await LoginPlace.make(t)
    await place.writeConfig({ credsStore: 'fake' })
    const kept = join(place.home, 'kept')
    // docker login hands the JSON over in one line.
    await place.addHelper('fake', { store: `echo "$server" > '${kept}'`, get: `cat '${kept}'`, erase: ':' })
    await login()
    assert.deepEqual(JSON.parse(await readFile(kept, 'utf8')), {
      ServerURL: registry.host,
      Username: auth.username,
      Secret: auth.password,
    })
    assert.equal((await cli(['push', `${image}:1`])).code, 0)
    const theirs = (await place.asked()).at(-1)
    const credentials = loadRegistryCredentials({ env: place.env })
    await assertPushes(credentials)
    assert.deepEqual([theirs, (await place.asked()).at(-1)], Array(2).fill(`fake get ${registry.host}`))

    for (const official of ['ubuntu', 'me/app']) {
      await cli(['pull', official])
      const hub = (await place.asked()).at(-1)
      await credentials.for(official)
      assert.deepEqual([hub, (await place.asked()).at(-1)], Array(2).fill('fake get https://index.docker.io/v1/'))
    }
  })

  test('docker takes and refuses the same names', async (t) => {
    place = await LoginPlace.make(t)
    for (const [name] of TAKEN) {
      const { code, stderr } = await cli(['tag', IMAGE, name])
      assert.equal(code, 0, `${name}: ${stderr}`)
    }
    const { stdout } = await cli(['image', 'ls', '--format', '{{.Repository}}'])
    const listed = new Set(stdout.split('\n'))
    // What would read as another registry docker shortens all the same.
    const expected = TAKEN.map(([, domain, name, , familiar]) =>
      domain === 'docker.io' && familiar.startsWith(domain) ? name : familiar,
    )
    assert.deepEqual(
      expected.filter((name) => !listed.has(name)),
      [],
    )
    for (const name of REFUSED.filter((word) => !word.includes('\0'))) {
      const { code } = await cli(['tag', IMAGE, name])
      assert.notEqual(code, 0, `docker takes ${inspect(name.slice(0, 80))}`)
    }
  })
})
