import assert from 'node:assert/strict'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { isDockerMtlsError, type ErrorCode } from '../../lib/base/errors.ts'
import { loadRegistryCredentials, type RegistryCredentialsOptions } from '../../lib/registry/credentials.ts'
import { authHeaderFor, configHeaderFor } from '../../lib/registry/headers.ts'
import { askHelper } from '../../lib/registry/helper.ts'
import { leaksOf, tracesOf } from '../support/leaks.ts'
import { processesLeft } from '../support/processes.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { answer, basic, LoginPlace } from './support/login-place.ts'
import { startWatch } from '../support/watch.ts'

const SECRET = 'nobody-may-see-this'
const traces = tracesOf({ SECRET })
const HUB = 'https://index.docker.io/v1/'

async function assertFails(promise: Promise<unknown>, code: ErrorCode, words: RegExp): Promise<void> {
  const error = await promise.then(
    (value) => assert.fail(`it gave ${inspect(value)}`),
    (failure: unknown) => failure,
  )
  assert.ok(isDockerMtlsError(error, code), String(error))
  assert.match(error.message, words)
  assert.deepEqual(leaksOf(error, traces), [], error.message)
}

describe('credentials in config.json', () => {
  const entry = { auth: basic('ann', SECRET) }
  const user = (serveraddress: string): object => ({ username: 'ann', password: SECRET, serveraddress })
  const rows: readonly (readonly [what: string, auths: object, image: string, expected: unknown])[] = [
    ['of a registry', { 'ghcr.io': entry }, 'ghcr.io/me/app:1', user('ghcr.io')],
    ['of a port', { 'localhost:5000': entry }, 'localhost:5000/app', user('localhost:5000')],
    ['of another port', { 'localhost:5000': entry }, 'localhost:5001/app', undefined],
    ['of another registry', { 'ghcr.io': entry }, 'quay.io/me/app', undefined],
    ['of a domain below', { 'ghcr.io': entry }, 'sub.ghcr.io/me/app', undefined],
    ['of Docker Hub', { [HUB]: entry }, 'ubuntu', user(HUB)],
    ['of Docker Hub, by its host', { 'docker.io': entry }, 'me/app', user(HUB)],
    ['of Docker Hub, by its old host', { 'index.docker.io': entry }, 'docker.io/me/app', user(HUB)],
    ['of no hub', { [HUB]: entry }, 'ghcr.io/me/app', undefined],
    ['with a scheme', { 'https://ghcr.io': entry }, 'ghcr.io/me/app', user('ghcr.io')],
    ['with a scheme and a path', { 'https://ghcr.io/v2/': entry }, 'ghcr.io/me/app', user('ghcr.io')],
    [
      'exactly, before those with a path',
      { 'https://ghcr.io/v1/': { auth: basic('bob', 'x') }, 'ghcr.io': entry },
      'ghcr.io/me/app',
      user('ghcr.io'),
    ],
    ['as user name and password', { 'ghcr.io': { username: 'ann', password: SECRET } }, 'ghcr.io/a', user('ghcr.io')],
    [
      'as an identity token',
      { 'ghcr.io': { auth: basic('ann', ''), identitytoken: SECRET } },
      'ghcr.io/a',
      { identitytoken: SECRET, serveraddress: 'ghcr.io' },
    ],
    [
      'as a bearer token',
      { 'ghcr.io': { registrytoken: SECRET } },
      'ghcr.io/a',
      { registrytoken: SECRET, serveraddress: 'ghcr.io' },
    ],
    [
      'with colons in the password',
      { 'ghcr.io': { auth: basic('ann', 'a:b:c') } },
      'ghcr.io/a',
      { username: 'ann', password: 'a:b:c', serveraddress: 'ghcr.io' },
    ],
    [
      'with zero bytes behind the password',
      { 'ghcr.io': { auth: basic('ann', `${SECRET}\0\0`) } },
      'ghcr.io/a',
      user('ghcr.io'),
    ],
    ['that are empty', { 'ghcr.io': {} }, 'ghcr.io/a', undefined],
    ['that have an e-mail alone', { 'ghcr.io': { email: 'a@b' } }, 'ghcr.io/a', undefined],
    ['for __proto__', JSON.parse('{"__proto__":{"auth":"x"}}') as object, 'ghcr.io/a', undefined],
  ]
  for (const [what, auths, image, expected] of rows) {
    test(what, async (t) => {
      const place = await LoginPlace.make(t)
      await place.writeConfig({ auths, currentContext: 'x' })
      const credentials = loadRegistryCredentials({ env: place.env })
      assert.deepEqual(await credentials.for(image), expected)
      const header = await authHeaderFor(credentials, image)
      assert.deepEqual(header && JSON.parse(Buffer.from(header, 'base64url').toString()), expected)
    })
  }

  const broken: readonly (readonly [what: string, auths: object, words: RegExp])[] = [
    ['no object', { 'ghcr.io': SECRET }, /ghcr\.io in .*config\.json: the entry is not an object/],
    ['a list', { 'ghcr.io': [SECRET] }, /the entry is not an object/],
    ['no base64', { 'ghcr.io': { auth: `${SECRET}!` } }, /not base64/],
    ['base64 without its padding', { 'ghcr.io': { auth: basic('ann', SECRET).replace(/=*$/, '') } }, /not base64/],
    ['no colon', { 'ghcr.io': { auth: Buffer.from(SECRET).toString('base64') } }, /USER:PASSWORD/],
    ['no user', { 'ghcr.io': { auth: basic('', SECRET) } }, /user name or the password is missing/],
    ['no password', { 'ghcr.io': { auth: basic('ann', '') } }, /user name or the password is missing/],
    ['a part that is no text', { 'ghcr.io': { auth: 7, password: SECRET } }, /not a string/],
    ['a control character in its key', { 'https://ghcr.io/\u001b[2J': SECRET }, /<U\+001B>/],
  ]
  for (const [what, auths, words] of broken) {
    test(`with ${what} are refused, and others are not`, async (t) => {
      const place = await LoginPlace.make(t)
      await place.writeConfig({ auths: { ...auths, 'quay.io': entry } })
      const credentials = loadRegistryCredentials({ config: place.config, env: place.env })
      await assertFails(credentials.for('ghcr.io/me/app'), 'ERR_CREDENTIALS_INVALID', words)
      await assertFails(configHeaderFor(credentials), 'ERR_CREDENTIALS_INVALID', words)
      assert.deepEqual(await credentials.for('quay.io/me/app'), user('quay.io'))
    })
  }

  test('null in the file, or as the list of a helper, is nothing', async (t) => {
    const place = await LoginPlace.make(t)
    const credentials = loadRegistryCredentials({ env: place.env })
    await place.writeConfig({ auths: { 'ghcr.io': entry }, credHelpers: null, credsStore: null })
    assert.deepEqual(await credentials.all(), { 'ghcr.io': user('ghcr.io') })
    await place.writeConfig({ auths: null, credsStore: 'fake' })
    await place.addHelper('fake', { list: 'echo null' })
    assert.deepEqual(await credentials.all(), {})
  })

  const unusable: readonly (readonly [string, unknown, RegExp])[] = [
    ['no JSON', '{', /not contain a JSON object/],
    ['a list', [], /not contain a JSON object/],
    ['auths that are a list', { auths: [] }, /auths is not an object/],
    ['credHelpers as text', { credHelpers: 'x' }, /credHelpers is not an object/],
    ['a helper that is no text', { credHelpers: { 'ghcr.io': 7 } }, /credHelpers is not a string/],
    ['a credsStore that is no text', { credsStore: {} }, /credsStore is not a string/],
  ]
  for (const [what, content, words] of unusable) {
    test(`in a file that has ${what} are refused`, async (t) => {
      const place = await LoginPlace.make(t)
      await place.writeConfig(content)
      const credentials = loadRegistryCredentials({ env: place.env })
      await assertFails(credentials.for('ghcr.io/me/app'), 'ERR_CONFIG_INVALID', words)
      await assertFails(credentials.all(), 'ERR_CONFIG_INVALID', words)
    })
  }

  test('all of them go with a build', async (t) => {
    const place = await LoginPlace.make(t)
    await place.writeConfig({ auths: { [HUB]: entry, 'https://ghcr.io/v2/': entry, 'quay.io': {} } })
    const credentials = loadRegistryCredentials({ env: place.env })
    const expected = { [HUB]: user(HUB), 'https://ghcr.io/v2/': user('https://ghcr.io/v2/') }
    assert.deepEqual(await credentials.all(), expected)
    const header = (await configHeaderFor(credentials)) ?? ''
    assert.deepEqual(JSON.parse(Buffer.from(header, 'base64url').toString()), expected)
  })

  test('are read when they are asked for, and no earlier', async (t) => {
    const place = await LoginPlace.make(t)
    const credentials = loadRegistryCredentials({ env: place.env })
    assert.equal(await credentials.for('ghcr.io/a'), undefined)
    assert.equal(await configHeaderFor(credentials), undefined)
    await place.writeConfig({ auths: { 'ghcr.io': entry } })
    assert.deepEqual(await credentials.for('ghcr.io/a'), user('ghcr.io'))
    assert.deepEqual(leaksOf(credentials, traces), [])
  })

  test('are those of DOCKER_CONFIG, or of the folder that is named', async (t) => {
    const [one, two] = [await LoginPlace.make(t), await LoginPlace.make(t)]
    await one.writeConfig({ auths: { 'ghcr.io': entry } })
    const env = { HOME: two.home, DOCKER_CONFIG: one.config }
    assert.deepEqual(await loadRegistryCredentials({ env }).for('ghcr.io/a'), user('ghcr.io'))
    assert.equal(await loadRegistryCredentials({ env, config: two.config }).for('ghcr.io/a'), undefined)
    const byHome = loadRegistryCredentials({ env: { HOME: one.home }, config: '~/.docker' })
    assert.deepEqual(await byHome.for('ghcr.io/a'), user('ghcr.io'))
  })

  for (const registry of ['docker.io', 'index.docker.io', 'registry-1.docker.io', HUB, 'https://docker.io']) {
    test(`${registry} is Docker Hub`, async (t) => {
      const place = await LoginPlace.make(t)
      await place.writeConfig({ auths: { [HUB]: entry, build01: entry } })
      const credentials = loadRegistryCredentials({ env: place.env })
      assert.deepEqual(await credentials.forRegistry(registry), user(HUB))
      assert.deepEqual(await credentials.forRegistry('build01'), user('build01'))
    })
  }

  for (const registry of ['', ' ', 'a b', '-x', 'a\nb', 'user@host', 'https://', 'h?x']) {
    test(`${inspect(registry)} is no registry`, async (t) => {
      const place = await LoginPlace.make(t)
      await place.writeConfig({ credsStore: 'fake' })
      await place.addHelper('fake', { get: answer('ann', SECRET) })
      const call = loadRegistryCredentials({ env: place.env }).forRegistry(registry)
      await assertFails(call, 'ERR_REFERENCE_INVALID', /it is not a host/)
      assert.deepEqual(await place.asked(), [])
    })
  }

  test('are for an image or a registry that is a string', async () => {
    const credentials = loadRegistryCredentials({ env: {} })
    for (const value of [undefined, null, 7] as never[]) {
      await assert.rejects(credentials.for(value), { name: 'ArgumentError', code: 'ERR_ARGUMENT_INVALID' })
      await assert.rejects(credentials.forRegistry(value), { name: 'ArgumentError', code: 'ERR_ARGUMENT_INVALID' })
    }
  })

  test('an address keeps its password to itself', async (t) => {
    const place = await LoginPlace.make(t)
    const credentials = loadRegistryCredentials({ env: place.env })
    const message = new RegExp(`^(?!.*${SECRET}).*ghcr\\.io.*$`, 's')
    await assert.rejects(credentials.forRegistry(`https://ann:${SECRET}@ghcr.io/`), { message })
    await assert.rejects(credentials.for(`https://ann:${SECRET}@ghcr.io/me/app`), { message })
    await assert.rejects(credentials.for(`ann:${SECRET}@ghcr.io/me/app`), { message })
  })

  const mistakes: readonly (readonly [unknown, string])[] = [
    [{ folder: '/x' }, 'ERR_OPTION_UNKNOWN'],
    [{ config: '' }, 'ERR_ARGUMENT_INVALID'],
    [{ config: 7 }, 'ERR_ARGUMENT_INVALID'],
    [{ env: null }, 'ERR_ARGUMENT_INVALID'],
  ]
  for (const [options, code] of mistakes) {
    test(`${inspect(options)}: ${code}`, () => {
      assert.throws(() => loadRegistryCredentials(options as RegistryCredentialsOptions), {
        name: 'ArgumentError',
        code,
      })
    })
  }
})

describe('credentials that a helper keeps', () => {
  const user = (serveraddress: string): object => ({ username: 'ann', password: SECRET, serveraddress })
  const NOT_FOUND = `echo 'credentials not found in native keychain'; exit 1`

  test('for all registries', async (t) => {
    const place = await LoginPlace.make(t)
    await place.writeConfig({ credsStore: 'fake', auths: { 'ghcr.io': { auth: basic('bob', 'old') } } })
    await place.addHelper('fake', { get: answer('ann', SECRET) })
    const credentials = loadRegistryCredentials({ env: place.env })
    assert.deepEqual(await credentials.for('ghcr.io/me/app'), user('ghcr.io'))
    assert.deepEqual(await credentials.for('ubuntu'), user(HUB))
    assert.deepEqual(await place.asked(), ['fake get ghcr.io', `fake get ${HUB}`])
  })

  test('for one registry, before that of all and before the file', async (t) => {
    const place = await LoginPlace.make(t)
    const auths = { 'quay.io': { auth: basic('ann', SECRET) } }
    await place.writeConfig({ credsStore: 'all', credHelpers: { 'ghcr.io': 'one', 'quay.io': '' }, auths })
    await place.addHelper('all', { get: answer('bob', 'x') })
    await place.addHelper('one', { get: answer('ann', SECRET) })
    const credentials = loadRegistryCredentials({ env: place.env })
    assert.deepEqual(await credentials.for('ghcr.io/me/app'), user('ghcr.io'))
    assert.deepEqual(await credentials.for('quay.io/me/app'), user('quay.io'))
    assert.deepEqual(await place.asked(), ['one get ghcr.io'])
  })

  test('as an identity token', async (t) => {
    const place = await LoginPlace.make(t)
    await place.writeConfig({ credsStore: 'fake' })
    await place.addHelper('fake', { get: answer('<token>', SECRET) })
    const auth = await loadRegistryCredentials({ env: place.env }).for('ghcr.io/a')
    assert.deepEqual(auth, { identitytoken: SECRET, serveraddress: 'ghcr.io' })
  })

  test('where it has none there are none, also where the file still has some', async (t) => {
    const place = await LoginPlace.make(t)
    await place.writeConfig({ credsStore: 'fake', auths: { 'ghcr.io': { auth: basic('ann', 'old') } } })
    await place.addHelper('fake', { get: NOT_FOUND, list: `echo '{}'` })
    const credentials = loadRegistryCredentials({ env: place.env })
    assert.equal(await credentials.for('ghcr.io/a'), undefined)
    assert.deepEqual(await credentials.all(), {})
  })

  test('all of them: its list, and the helpers of single registries', async (t) => {
    const place = await LoginPlace.make(t)
    await place.writeConfig({ credsStore: 'all', credHelpers: { 'ghcr.io': 'one', 'quay.io': 'none' } })
    const list = `echo '{"ghcr.io":"x","https://index.docker.io/v1/":"ann"}'`
    await place.addHelper('all', { list, get: answer('ann', SECRET) })
    await place.addHelper('one', { get: answer('<token>', SECRET) })
    await place.addHelper('none', { get: NOT_FOUND })
    assert.deepEqual(await loadRegistryCredentials({ env: place.env }).all(), {
      'ghcr.io': { identitytoken: SECRET, serveraddress: 'ghcr.io' },
      [HUB]: user(HUB),
    })
  })

  const failing: readonly (readonly [what: string, script: string, code: ErrorCode, words: RegExp])[] = [
    [
      'fails',
      `echo 'boom ${SECRET}'; echo '${SECRET}' >&2; exit 3`,
      'ERR_CREDENTIAL_HELPER_FAILED',
      /exited with code 3/,
    ],
    ['is killed', 'kill -9 $$', 'ERR_CREDENTIAL_HELPER_FAILED', /terminated by SIGKILL/],
    ['says nothing', ':', 'ERR_CREDENTIALS_INVALID', /no Username and Secret/],
    ['says no JSON', `echo '${SECRET}'`, 'ERR_CREDENTIALS_INVALID', /no Username and Secret/],
    ['says half', `echo '{"Username":"ann"}'`, 'ERR_CREDENTIALS_INVALID', /no Username and Secret/],
    ['has an empty user', answer('', SECRET), 'ERR_CREDENTIALS_INVALID', /no Username and Secret/],
    ['has a user that is a number', `echo '{"Username":1,"Secret":"${SECRET}"}'`, 'ERR_CREDENTIALS_INVALID', /Secret/],
    ['finds none, and succeeds', `echo 'credentials not found'`, 'ERR_CREDENTIALS_INVALID', /no Username and Secret/],
    ['never ends its answer', `while :; do echo ${SECRET}; done`, 'ERR_CREDENTIAL_HELPER_FAILED', /longer than/],
  ]
  for (const [what, script, code, words] of failing) {
    test(`a helper that ${what}: ${code}`, async (t) => {
      const place = await LoginPlace.make(t)
      await place.writeConfig({ credHelpers: { 'ghcr.io': 'fake' } })
      await place.addHelper('fake', { get: script })
      const credentials = loadRegistryCredentials({ env: place.env })
      await assertFails(credentials.for('ghcr.io/me/app'), code, words)
      await assertFails(credentials.all(), code, words)
      assert.equal(await credentials.for('quay.io/me/app'), undefined)
    })
  }

  test('a helper that is silent is given up, and what it started can not hold us', async (t) => {
    const place = await LoginPlace.make(t)
    await place.addHelper('fake', { get: `sleep 5.7 & sleep 5.7` })
    const start = startWatch()
    const call = askHelper({ name: 'fake', env: place.env, timeout: 200 }, 'ghcr.io')
    await assertFails(call, 'ERR_CREDENTIAL_HELPER_FAILED', /didn't finish within 0\.2 s/)
    assert.ok(start() < 5_000, 'it did not wait for the end')
    assert.deepEqual(await processesLeft(join(place.home, 'bin')), [])
  })

  test('a helper sees the variables of its caller, but not the passphrase of the CA key', async (t) => {
    const place = await LoginPlace.make(t)
    await place.addHelper('plain', { get: `env >'${place.home}/seen'; ${answer('ann', SECRET)}` })
    const env = { ...place.env, DOCKER_MTLS_CA_PASSPHRASE: 'correct horse', OTHER_MARK: 'seen' }
    assert.notEqual(await askHelper({ name: 'plain', env }, 'ghcr.io'), undefined)
    const seen = await readFile(join(place.home, 'seen'), 'utf8')
    assert.match(seen, /^OTHER_MARK=seen$/m)
    assert.doesNotMatch(seen, /correct horse|DOCKER_MTLS_/)
  })

  test('a helper that reads nothing is no failure', async (t) => {
    const place = await LoginPlace.make(t)
    const path = join(place.home, 'bin', 'docker-credential-deaf')
    await writeFile(path, `#!/bin/sh\nexec <&-\n${answer('ann', SECRET)}\n`)
    await chmod(path, 0o755)
    assert.deepEqual(await askHelper({ name: 'deaf', env: place.env }, 'ghcr.io'), user('ghcr.io'))
  })

  for (const name of ['../evil', 'a/b', '/bin/sh', 'a b', '-x', '.x', 'a;b', 'a\nb', 'a\0b', 'x'.repeat(65)]) {
    test(`${inspect(name.slice(0, 20))} is no helper`, async (t) => {
      const place = await LoginPlace.make(t)
      await place.writeConfig({ credsStore: name })
      await mkdir(join(place.home, 'bin', 'docker-credential-..'))
      const path = join(place.home, 'bin', 'evil')
      await writeFile(path, `#!/bin/sh\ntouch '${place.home}/ran'\n`)
      await chmod(path, 0o755)
      const call = loadRegistryCredentials({ env: place.env }).for('ghcr.io/a')
      await assertFails(call, 'ERR_CREDENTIAL_HELPER_FAILED', /not a valid program name/)
    })
  }

  test('a helper that is not installed, or lies in the working directory', async (t) => {
    const place = await LoginPlace.make(t)
    await place.writeConfig({ credsStore: 'fake' })
    const here = process.cwd()
    process.chdir(await temporaryFolder(t))
    t.after(() => process.chdir(here))
    await writeFile('docker-credential-fake', `#!/bin/sh\n${answer('ann', SECRET)}\n`)
    await chmod('docker-credential-fake', 0o755)
    for (const PATH of [place.env['PATH'] ?? '', '', '.', ':', `.:${place.env['PATH']}`, 'bin:']) {
      const call = loadRegistryCredentials({ env: { HOME: place.home, PATH } }).for('ghcr.io/a')
      await assertFails(call, 'ERR_CREDENTIAL_HELPER_MISSING', /docker-credential-fake .*not in the PATH/)
    }
  })
})
