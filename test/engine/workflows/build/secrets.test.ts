import assert from 'node:assert/strict'
import { mkdir, truncate, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { authService } from '../../../../lib/engine/workflows/build/buildkit/auth-service.ts'
import { secretService } from '../../../../lib/engine/workflows/build/buildkit/secret-service.ts'
import { findAuthIn } from '../../../../lib/engine/workflows/build/registry-auth.ts'
import { SecretStore, type BuildSecrets } from '../../../../lib/engine/workflows/build/secrets.ts'
import type { RegistryAuthSource } from '../../../../lib/registry/headers.ts'
import { loadRegistryCredentials } from '../../../../lib/registry/credentials.ts'
import { leaksOf, tracesOf } from '../../../support/leaks.ts'
import { temporaryFolder, type Cleanable } from '../../../support/temporary.ts'
import { fieldsOf, startFakeBuilder, text, unary, type Ended } from './support/fake-builder.ts'

const SECRET = 'correct horse battery staple'
const GET_SECRET = '/moby.buildkit.secrets.v1.Secrets/GetSecret'
const CREDENTIALS = '/moby.filesync.v1.Auth/Credentials'

interface Served {
  readonly get: (id: string) => Promise<Ended>
  readonly faults: unknown[]
}

async function serve(t: Cleanable, secrets: BuildSecrets): Promise<Served> {
  const faults: unknown[] = []
  const store = await SecretStore.load(secrets)
  const { client } = await startFakeBuilder(
    t,
    secretService(store, (error) => faults.push(error)),
  )
  return { get: (id) => unary(client, GET_SECRET, text(id)), faults }
}

const valueOf = ({ messages }: Ended): string => String(fieldsOf(messages[0] ?? Buffer.alloc(0)).get(1) ?? '')

describe('a secret', () => {
  test('is given by its id, from wherever it is', async (t) => {
    const file = join(await temporaryFolder(t), 'file')
    await writeFile(file, 'in a file')
    process.env['TEST_BUILD_SECRET'] = 'in a variable'
    t.after(() => delete process.env['TEST_BUILD_SECRET'])
    const secrets = {
      text: SECRET,
      bytes: Buffer.from([0, 255]),
      empty: '',
      file: { file },
      env: { env: 'TEST_BUILD_SECRET' },
    }
    const { get } = await serve(t, secrets)
    assert.equal(valueOf(await get('text')), SECRET)
    assert.deepEqual(fieldsOf((await get('bytes')).messages[0] ?? Buffer.alloc(0)).get(1), Buffer.from([0, 255]))
    assert.deepEqual([(await get('empty')).status, valueOf(await get('empty'))], [0, ''])
    assert.equal(valueOf(await get('file')), 'in a file')
    assert.equal(valueOf(await get('env')), 'in a variable')
  })

  test('is none that wasn’t given, whatever its id', async (t) => {
    const { get, faults } = await serve(t, { mine: SECRET })
    for (const id of ['', 'other', 'MINE', '../mine', '/etc/passwd', 'constructor', '__proto__', 'HOME']) {
      const { status, messages } = await get(id)
      assert.deepEqual([status, messages.length], [5, 0], id)
    }
    assert.deepEqual(faults, [])
  })

  test('that can’t be read any more is a fault of ours', async (t) => {
    const file = join(await temporaryFolder(t), 'file')
    await writeFile(file, SECRET)
    const { get, faults } = await serve(t, { mine: { file } })
    await truncate(file, 500 * 1024 + 1)
    assert.equal((await get('mine')).status, 13)
    await unlink(file)
    const { status, message } = await get('mine')
    assert.deepEqual([status, message.includes(file)], [13, false])
    assert.deepEqual(
      faults.map((fault) => (fault as { code: string }).code),
      ['ERR_BUILD_SECRET_INVALID', 'ERR_BUILD_SECRET_INVALID'],
    )
  })

  test('may have 500 KiB and no more', async (t) => {
    const { get } = await serve(t, { large: 'x'.repeat(500 * 1024) })
    assert.equal(valueOf(await get('large')).length, 500 * 1024)
    const file = join(await temporaryFolder(t), 'file')
    await writeFile(file, '')
    await truncate(file, 500 * 1024 + 1)
    for (const secret of ['x'.repeat(500 * 1024 + 1), { file }]) {
      await assert.rejects(SecretStore.load({ large: secret }), { code: 'ERR_BUILD_SECRET_INVALID', message: /512000/ })
    }
  })

  test('is shown by nothing', async () => {
    const traces = tracesOf({ SECRET })
    const store = await SecretStore.load({ mine: SECRET })
    assert.deepEqual(leaksOf(store, traces), [])
    const wrong = { secret: SECRET, file: SECRET }
    const error: unknown = await SecretStore.load({ mine: wrong }).catch((reason) => reason)
    assert.ok(error instanceof TypeError, String(error))
    assert.deepEqual(leaksOf(error, traces), [])
  })

  test('that is none is refused', async (t) => {
    const folder = await temporaryFolder(t)
    await mkdir(join(folder, 'sub'))
    for (const secret of [
      1,
      null,
      undefined,
      {},
      { file: '' },
      { path: 'x' },
      { file: 'x', env: 'y' },
      ['x'],
      { env: 1 },
    ]) {
      await assert.rejects(
        SecretStore.load({ mine: secret as never }),
        { code: 'ERR_ARGUMENT_INVALID' },
        JSON.stringify(secret),
      )
    }
    await assert.rejects(SecretStore.load({ mine: { file: join(folder, 'none') } }), {
      code: 'ERR_BUILD_SECRET_INVALID',
      got: `there is no ${join(folder, 'none')}`,
    })
    for (const secret of [{ file: join(folder, 'sub') }, { env: 'TEST_NO_SUCH_VARIABLE' }]) {
      await assert.rejects(
        SecretStore.load({ mine: secret }),
        { code: 'ERR_BUILD_SECRET_INVALID' },
        JSON.stringify(secret),
      )
    }
  })
})

async function askFor(
  t: Cleanable,
  auth: RegistryAuthSource | undefined,
  host: string,
): Promise<[number, string, string]> {
  const { client } = await startFakeBuilder(
    t,
    authService(findAuthIn(auth), () => {}),
  )
  const { status, messages } = await unary(client, CREDENTIALS, text(host))
  const fields = fieldsOf(messages[0] ?? Buffer.alloc(0))
  return [status, String(fields.get(1) ?? ''), String(fields.get(2) ?? '')]
}

describe('credentials', () => {
  test('are given for their registry alone', async (t) => {
    const auth = { username: 'ann', password: SECRET, serveraddress: 'localhost:5000' }
    assert.deepEqual(await askFor(t, auth, 'localhost:5000'), [0, 'ann', SECRET])
    for (const host of ['localhost:5001', 'localhost', 'registry-1.docker.io', 'localhost:5000.example.com']) {
      assert.deepEqual(await askFor(t, auth, host), [0, '', ''], host)
    }
    const hub = { identitytoken: SECRET, serveraddress: 'https://index.docker.io/v1/' }
    assert.deepEqual(await askFor(t, hub, 'registry-1.docker.io'), [0, '', SECRET])
    assert.deepEqual(await askFor(t, undefined, 'localhost:5000'), [0, '', ''])
  })

  test('come from where docker login keeps them', async (t) => {
    const config = await temporaryFolder(t)
    const auth = Buffer.from(`ann:${SECRET}`).toString('base64')
    await writeFile(join(config, 'config.json'), JSON.stringify({ auths: { 'localhost:5000': { auth } } }))
    const credentials = loadRegistryCredentials({ config })
    assert.deepEqual(await askFor(t, credentials, 'localhost:5000'), [0, 'ann', SECRET])
    assert.deepEqual(await askFor(t, credentials, 'localhost:5001'), [0, '', ''])
  })

  test('of no registry, and bearer tokens, are refused', async (t) => {
    assert.throws(() => findAuthIn({ username: 'ann', password: SECRET }), { code: 'ERR_ARGUMENT_INVALID' })
    assert.throws(() => findAuthIn(null as never), { code: 'ERR_ARGUMENT_INVALID' })
    const bearer = { registrytoken: SECRET, serveraddress: 'localhost:5000' }
    assert.deepEqual(await askFor(t, bearer, 'localhost:5000'), [12, '', ''])
  })

  for (const kind of ['one of them', 'what docker login keeps'] as const) {
    test(`of what is no registry are none, and the caller hears of it: ${kind}`, async (t) => {
      const one = { username: 'ann', password: SECRET, serveraddress: 'localhost:5000' }
      const auth = kind === 'one of them' ? one : loadRegistryCredentials({ config: await temporaryFolder(t) })
      const faults: unknown[] = []
      const { client } = await startFakeBuilder(
        t,
        authService(findAuthIn(auth), (error) => faults.push(error)),
      )
      for (const host of ['', '../x', 'a\nb', '-x']) {
        const { status, messages } = await unary(client, CREDENTIALS, text(host))
        assert.deepEqual([status, messages.length], [13, 0], JSON.stringify(host))
        assert.deepEqual(
          faults.splice(0).map((fault) => (fault as { code: string }).code),
          ['ERR_REFERENCE_INVALID'],
          JSON.stringify(host),
        )
      }
    })
  }

  test('that can’t be read fail without a word of why', async (t) => {
    const config = await temporaryFolder(t)
    await writeFile(join(config, 'config.json'), `{ "auths": "${SECRET}" `)
    const faults: unknown[] = []
    const { client } = await startFakeBuilder(
      t,
      authService(findAuthIn(loadRegistryCredentials({ config })), (error) => faults.push(error)),
    )
    const { status, message } = await unary(client, CREDENTIALS, text('localhost:5000'))
    assert.deepEqual([status, faults.length], [13, 1])
    assert.doesNotMatch(message, /correct|config/)
  })
})
