import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { formatEndpoint } from '../../lib/endpoint/endpoint.ts'
import { explainEndpoint } from '../../lib/endpoint/explain.ts'
import { findLocalSocket } from '../../lib/endpoint/local-socket.ts'
import type { EndpointOptions } from '../../lib/endpoint/options.ts'
import { resolveEndpoint } from '../../lib/endpoint/resolve.ts'
import { isDockerMtlsError, type ErrorCode } from '../../lib/base/errors.ts'
import { GOLDEN_HOSTS } from './golden-hosts.ts'
import { fill, temporaryHome, write, writeContext } from './support/home.ts'
import { HOST_FORMS, TLS_VARIABLES, TRUTH_TABLE, type TruthRow } from './truth-table.ts'
import { type Arbitrary, assertProperty, fc } from '../support/properties.ts'

const IP = '10.0.0.5'

async function checkRow(row: TruthRow, home: string): Promise<void> {
  const { env, options, files = {}, contexts = {}, expect } = fill(row, { IP, HOME: home })
  for (const [path, text] of Object.entries(files)) await write(join(home, path), text)
  for (const [name, stored] of Object.entries(contexts)) await writeContext(join(home, '.docker'), name, stored)
  const resolving = resolveEndpoint(options, { HOME: home, ...env })
  if ('code' in expect) return assert.rejects(resolving, { code: expect.code })
  const { endpoint, source, certPath, apiVersion, warns } = expect
  const found = await resolving
  assert.equal(formatEndpoint(found), endpoint)
  assert.equal(found.source, source)
  assert.equal(found.certPath, certPath)
  assert.equal(found.apiVersion, apiVersion)
  if (warns === undefined) assert.deepEqual(found.warnings, [])
  else
    assert.ok(
      found.warnings.some((warning) => warning.includes(warns)),
      inspect(found.warnings),
    )
}

describe('the truth table', () => {
  for (const row of TRUTH_TABLE) {
    test(row.name, async (t) => checkRow(row, await temporaryHome(t)))
  }

  test('every host form with every way to set the TLS variables', async () => {
    for (const { form, expect } of fill(HOST_FORMS, { IP })) {
      for (const { env, code } of TLS_VARIABLES) {
        const said = `${form} with ${JSON.stringify(env)}`
        const resolving = resolveEndpoint({}, { HOME: '/h', DOCKER_HOST: form, DOCKER_CERT_PATH: '/certs', ...env })
        const isTls = 'endpoint' in expect && expect.endpoint.startsWith('tcp:')
        const refused = 'code' in expect ? expect.code : isTls ? code : undefined
        if (refused !== undefined) {
          await assert.rejects(resolving, { code: refused }, said)
          continue
        }
        const found = await resolving
        assert.equal('endpoint' in expect && expect.endpoint, formatEndpoint(found), said)
        assert.equal(found.certPath, isTls ? '/certs' : undefined, said)
      }
    }
  })

  for (const { form, cli, ours } of GOLDEN_HOSTS) {
    test(`DOCKER_HOST=${JSON.stringify(form)}: the Docker CLI has ${cli}, we ${ours}`, async () => {
      const resolving = resolveEndpoint({}, { HOME: '/h', DOCKER_HOST: form, DOCKER_TLS_VERIFY: '1' })
      if (ours.startsWith('ERR_')) await assert.rejects(resolving, { code: ours })
      else assert.equal(formatEndpoint(await resolving), ours)
    })
  }

  test('there are 47 golden forms', () => assert.equal(new Set(GOLDEN_HOSTS.map(({ form }) => form)).size, 47))
})

describe('options', () => {
  const pem = { ca: 'a', cert: 'b', key: 'c' }
  const bytes = new Uint8Array([1])
  const good: EndpointOptions[] = [
    {},
    { host: undefined, context: undefined, signal: undefined },
    { host: 'h', ca: bytes, cert: Buffer.from('x'), key: 'y', passphrase: bytes },
    { host: 'h', certPath: 'relative', foreignClientCa: true, connectTimeout: 1, signal: new AbortController().signal },
    Object.assign(Object.create(null) as EndpointOptions, { host: 'h', certPath: '/c' }),
  ]
  for (const options of good) {
    test(`taken: ${inspect(Object.keys(options))}`, async () => {
      await resolveEndpoint(options, { HOME: '/nowhere' })
    })
  }

  const bad: [unknown, ErrorCode, RegExp][] = [
    [{ hosts: 'h' }, 'ERR_OPTION_UNKNOWN', /Did you mean host\?/],
    [{ certpath: '/c' }, 'ERR_OPTION_UNKNOWN', /Did you mean certPath\?/],
    [{ tlsOnPort2376: true }, 'ERR_OPTION_UNKNOWN', /Did you mean tlsOnPort2375\?/],
    [{ rejectUnauthorized: false }, 'ERR_OPTION_UNKNOWN', /verification can't be turned off/],
    [{ socketPath: '/s' }, 'ERR_OPTION_UNKNOWN', /host: "unix:/],
    [{ somethingElse: 1, host: 7 }, 'ERR_OPTION_UNKNOWN', /somethingElse/],
    [{ constructor: 1 }, 'ERR_OPTION_UNKNOWN', /constructor/],
    [{ host: 7 }, 'ERR_ARGUMENT_INVALID', /option host/],
    [{ host: null }, 'ERR_ARGUMENT_INVALID', /option host/],
    [{ host: ['h'] }, 'ERR_ARGUMENT_INVALID', /option host/],
    [{ context: '' }, 'ERR_ARGUMENT_INVALID', /option context/],
    [{ certPath: '' }, 'ERR_ARGUMENT_INVALID', /option certPath/],
    [{ host: 'h', ...pem, key: '' }, 'ERR_ARGUMENT_INVALID', /option key/],
    [{ host: 'h', ...pem, ca: new Uint8Array() }, 'ERR_ARGUMENT_INVALID', /option ca/],
    [{ host: 'h', ...pem, cert: {} }, 'ERR_ARGUMENT_INVALID', /option cert/],
    [{ passphrase: '' }, 'ERR_ARGUMENT_INVALID', /option passphrase/],
    [{ tlsOnPort2375: 'false' }, 'ERR_ARGUMENT_INVALID', /option tlsOnPort2375/],
    [{ foreignClientCa: 1 }, 'ERR_ARGUMENT_INVALID', /option foreignClientCa/],
    ...[0, -1, Number.NaN, Infinity, 2 ** 31, '5'].map((connectTimeout): [unknown, ErrorCode, RegExp] => {
      return [{ connectTimeout }, 'ERR_ARGUMENT_INVALID', /option connectTimeout/]
    }),
    [{ signal: {} }, 'ERR_ARGUMENT_INVALID', /option signal/],
    [{ envFile: '' }, 'ERR_ARGUMENT_INVALID', /option envFile/],
    [{ apiVersion: 1.44 }, 'ERR_ARGUMENT_INVALID', /option apiVersion/],
    [{ apiVersion: '1.x' }, 'ERR_API_VERSION_INVALID', /option apiVersion=1\.x/],
    [null, 'ERR_ARGUMENT_INVALID', /the options/],
    [
      'tcp://ann:secret@h',
      'ERR_ARGUMENT_INVALID',
      /^the options: they are a string\..*Pass {2}\{ host: 'tcp:\/\/HOST:2376' \}/s,
    ],
    ['tcp://h', 'ERR_ARGUMENT_INVALID', /the options/],
    [[], 'ERR_ARGUMENT_INVALID', /the options/],
    [{ host: 'h', context: 'prod' }, 'ERR_ARGUMENT_INVALID', /host and context/],
    [{ host: 'h', certPath: '/c', ca: 'x' }, 'ERR_ARGUMENT_INVALID', /certPath and ca/],
    [{ host: 'h', ca: 'x' }, 'ERR_ARGUMENT_INVALID', /cert and key are missing/],
    [{ host: 'h', cert: 'x', key: 'y' }, 'ERR_ARGUMENT_INVALID', /ca is missing/],
    [pem, 'ERR_HOST_REQUIRED', /no option names a daemon/],
    [{ host: 'h', certPath: '/a\nb' }, 'ERR_CERT_PATH_INVALID', /option certPath=\/a<U\+000A>b/],
  ]
  for (const [options, code, message] of bad) {
    test(`refused: ${inspect(options)}`, async () => {
      await assert.rejects(resolveEndpoint(options as EndpointOptions, { HOME: '/nowhere' }), { code, message })
    })
  }

  test('an option that is inherited is not overlooked', async () => {
    const options = Object.create({ host: 'unix:///inherited' }) as EndpointOptions
    assert.equal((await resolveEndpoint(options, { HOME: '/nowhere' })).source, 'option host')
  })

  test('an unknown option is a type error too', () => {
    // @ts-expect-error: there is no option hosts
    const typo: EndpointOptions = { hosts: 'h' }
    // @ts-expect-error: a port is part of the host
    const port: EndpointOptions = { host: 'h', port: 2376 }
    assert.notEqual(typo, port)
  })

  test('an aborted signal rejects with its own reason', async () => {
    const reason = new Error('enough')
    const options = { signal: AbortSignal.abort(reason) }
    await assert.rejects(resolveEndpoint(options, { HOME: '/nowhere' }), reason)
    await assert.rejects(explainEndpoint(options, { HOME: '/nowhere' }), reason)
  })
})

describe('the environment', () => {
  for (const env of [null, 7, 'DOCKER_HOST=x', { DOCKER_TLS_VERIFY: 1 }, { DOCKER_HOST: null }, { HOME: [] }]) {
    test(`refused in place of process.env: ${inspect(env)}`, async () => {
      await assert.rejects(resolveEndpoint({}, env as never), { code: 'ERR_ARGUMENT_INVALID' })
    })
  }

  test('other variables may be anything', async () => {
    const env = { HOME: '/nowhere', DOCKER_BUILDKIT: 1, N: null } as never
    assert.equal((await resolveEndpoint({}, env)).source, 'local socket')
  })

  test('process.env itself, when nothing is passed', async (t) => {
    const variables = { DOCKER_HOST: 'tcp://h', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/c' }
    const before = { ...process.env }
    t.after(() => {
      for (const name of Object.keys(variables)) delete process.env[name]
      Object.assign(process.env, before)
    })
    Object.assign(process.env, variables)
    const { source, certPath } = await resolveEndpoint()
    assert.deepEqual({ source, certPath }, { source: 'DOCKER_HOST', certPath: '/c' })
  })

  test('an environment without HOME has the home folder of the account', async () => {
    const { certPath } = await resolveEndpoint({}, { DOCKER_HOST: 'h', DOCKER_TLS_VERIFY: '1' })
    assert.match(certPath ?? '', /^\/.+\/\.docker$/)
  })
})

describe('the daemon of this machine', () => {
  const env = { HOME: '/home/me', XDG_RUNTIME_DIR: '/run/user/7' }
  const rows: [string[], string][] = [
    [[], '/var/run/docker.sock'],
    [['/run/user/7/docker.sock'], '/run/user/7/docker.sock'],
    [['/run/user/7/docker.sock', '/home/me/.docker/run/docker.sock'], '/home/me/.docker/run/docker.sock'],
    [['/home/me/.docker/run/docker.sock', '/var/run/docker.sock'], '/var/run/docker.sock'],
  ]
  for (const [there, path] of rows) {
    test(`${path}, where there is ${there.join(' and ') || 'none'}`, async () => {
      const { endpoint } = await findLocalSocket(env, 'linux', (candidate) =>
        Promise.resolve(there.includes(candidate)),
      )
      assert.deepEqual(endpoint, { kind: 'unix', path })
    })
  }

  test('a relative XDG_RUNTIME_DIR is ignored', async () => {
    const relative = { HOME: '/home/me', XDG_RUNTIME_DIR: 'run' }
    const looked: string[] = []
    await findLocalSocket(relative, 'linux', (path) => Promise.resolve(looked.push(path) === 0))
    assert.deepEqual(looked, ['/var/run/docker.sock', '/home/me/.docker/run/docker.sock'])
  })

  test('the named pipe on Windows', async () => {
    const { endpoint } = await findLocalSocket(env, 'win32')
    assert.deepEqual(endpoint, { kind: 'npipe', path: '//./pipe/docker_engine' })
  })
})

const SECRET = 'hunter2-is-the-secret'

describe('secrets', () => {
  const values = { ca: SECRET, cert: SECRET, key: SECRET, passphrase: SECRET }
  const calls: [EndpointOptions, Record<string, string>][] = [
    [{ host: 'h', ...values }, {}],
    [{ host: 'unix:///s', ...values }, {}],
    [values, {}],
    [{ ...values, ca: undefined }, {}],
    [{ host: 'h', certPath: '/c', ...values }, {}],
    [{ host: 'h', key: [SECRET] } as never, {}],
    [{ passphrase: { SECRET } } as never, {}],
    [{ host: `tcp://me:${SECRET}@h` }, {}],
    [{}, { DOCKER_HOST: `tcp://me:${SECRET}@h:2376`, DOCKER_TLS_VERIFY: '1' }],
    [{}, { DOCKER_HOST: `https://h/?token=${SECRET}`, DOCKER_TLS_VERIFY: '1' }],
    [{}, { DOCKER_HOST: 'h', DOCKER_HOST_IP: `ssh://me:${SECRET}@h`, DOCKER_TLS_VERIFY: '1' }],
    [{ host: 'h', certPath: '/c' }, { DOCKER_HOST: `tcp://me:${SECRET}@h` }],
  ]
  for (const [options, env] of calls) {
    test(`stay out of everything: ${inspect(options)} ${inspect(env)}`.replaceAll(SECRET, '...'), async () => {
      const explained = await explainEndpoint(options, { HOME: '/nowhere', ...env })
      const outcome = await resolveEndpoint(options, { HOME: '/nowhere', ...env }).catch((error: unknown) => error)
      for (const thing of [explained, outcome]) {
        assert.doesNotMatch(inspect(thing, { depth: null, showHidden: true }), new RegExp(SECRET))
        assert.doesNotMatch(JSON.stringify(thing), new RegExp(SECRET))
      }
    })
  }
})

/** Values that mean something, beside any text at all. */
function oneOf(...values: string[]): Arbitrary<string | undefined> {
  return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...values, '', undefined) }, fc.string())
}

test('whatever the variables: TLS has a certificate folder, and was asked for', async (t) => {
  const environment = fc.record({
    DOCKER_HOST: oneOf('h', 'tcp://h:2375', 'https://h', 'http://h', 'unix://', 'ssh://h', '[::1]:2376', 'tcp://h/p'),
    DOCKER_HOST_IP: oneOf('tcp://10.0.0.5:2376', '10.0.0.5', '10.0.0.5:2375'),
    DOCKER_CONTEXT: oneOf('default', 'prod', '../x'),
    DOCKER_TLS_VERIFY: oneOf('1', '0', 'true'),
    DOCKER_TLS: oneOf('1'),
    DOCKER_CERT_PATH: oneOf('/certs', '~/certs', 'certs'),
    DOCKER_CONFIG: oneOf('/nowhere/config'),
    DOCKER_API_VERSION: oneOf('1.44', 'v1.44', '1'),
  })
  const property = fc.asyncProperty(environment, async (variables) => {
    const env = { HOME: '/nowhere', ...variables }
    try {
      const found = await resolveEndpoint({}, env)
      if (found.kind !== 'tls') return assert.equal(found.certPath, undefined)
      assert.match(found.certPath ?? '', /^\//)
      assert.notEqual(found.port, 2375)
      assert.notEqual(env.DOCKER_TLS_VERIFY ?? '', '')
    } catch (error) {
      if (!isDockerMtlsError(error)) throw error
    }
  })
  await assertProperty(t, property, { numRuns: 500, endOnFailure: true })
})
