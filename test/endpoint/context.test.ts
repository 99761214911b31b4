import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { inspect } from 'node:util'
import { formatEndpoint } from '../../lib/endpoint/endpoint.ts'
import { resolveEndpoint } from '../../lib/endpoint/resolve.ts'
import { metaPath, temporaryHome, tlsPath, write, writeContext } from './support/home.ts'

const ALL = ['ca.pem', 'cert.pem', 'key.pem']

function missing(...tools: [string, string][]): string | false {
  const gone = tools.filter(([tool, argument]) => spawnSync(tool, [argument]).error !== undefined)
  return gone.length === 0 ? false : `${gone.map(([tool]) => tool).join(' and ')} is not installed`
}

/** The real Docker CLI in a home of its own. */
class DockerCli {
  readonly home: string

  constructor(home: string) {
    this.home = home
  }

  get config(): string {
    return join(this.home, 'config')
  }

  run(...args: string[]): void {
    const env = { PATH: process.env['PATH'], HOME: this.home, DOCKER_CONFIG: this.config }
    const { status, stderr } = spawnSync('docker', args, { env, cwd: this.home, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  }

  /** It refuses TLS credentials that is no PEM. */
  makeCertificate(): void {
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=x']
    const { status, stderr } = spawnSync('openssl', [...args, '-keyout', 'key.pem', '-out', 'ca.pem'], {
      cwd: this.home,
    })
    assert.equal(status, 0, String(stderr))
  }
}

async function cli(t: TestContext): Promise<DockerCli> {
  const docker = new DockerCli(await temporaryHome(t))
  docker.makeCertificate()
  return docker
}

const FILES = 'ca=ca.pem,cert=ca.pem,key=key.pem'

describe(
  'contexts that the Docker CLI has made',
  { skip: missing(['docker', '--version'], ['openssl', 'version']) },
  () => {
    const taken: [string, string, boolean][] = [
      [`host=tcp://build01:2376,${FILES}`, 'tcp://build01:2376', true],
      [`host=https://build01/docker,${FILES}`, 'tcp://build01:443/docker', true],
      ['host=unix:///run/d.sock', 'unix:///run/d.sock', false],
      ['host=ssh://me@build01:22', 'ssh://me@build01:22', false],
    ]
    const refused: [string, string][] = [
      ['host=tcp://build01:2376', 'ERR_CONTEXT_INSECURE'],
      ['host=tcp://build01:2376,ca=ca.pem', 'ERR_CONTEXT_INSECURE'],
      ['host=tcp://build01:2376,cert=ca.pem,key=key.pem', 'ERR_CONTEXT_INSECURE'],
      [`host=tcp://build01:2376,skip-tls-verify=true,${FILES}`, 'ERR_CONTEXT_INSECURE'],
      [`host=http://build01:2376,${FILES}`, 'ERR_PLAINTEXT_REFUSED'],
      [`host=tcp://build01:2375,${FILES}`, 'ERR_PLAINTEXT_PORT'],
    ]

    test('are read, by option, by variable and as the current one', async (t) => {
      const docker = await cli(t)
      const env = { HOME: docker.home, DOCKER_CONFIG: docker.config }
      for (const [index, [endpoint, expected, hasTls]] of taken.entries()) {
        const name = `context-${index}`
        docker.run('context', 'create', name, '--docker', endpoint)
        docker.run('context', 'use', name)
        const found = [
          await resolveEndpoint({ context: name }, env),
          await resolveEndpoint({}, { ...env, DOCKER_CONTEXT: name }),
          await resolveEndpoint({}, env),
        ]
        const sources = ['option context', 'DOCKER_CONTEXT', `currentContext in ${docker.config}/config.json`]
        assert.deepEqual(
          found.map(({ source }) => source),
          sources,
        )
        for (const one of found) {
          assert.equal(formatEndpoint(one), expected)
          assert.equal(one.context, name)
          assert.equal(one.certPath, hasTls ? tlsPath(docker.config, name) : undefined)
          for (const file of hasTls ? ALL : [])
            assert.match(await readFile(join(one.certPath ?? '', file), 'utf8'), /^-----BEGIN /)
        }
      }
      docker.run('context', 'use', 'default')
      assert.equal((await resolveEndpoint({}, env)).kind, 'unix')
    })

    test('are refused where they would be weaker', async (t) => {
      const docker = await cli(t)
      for (const [index, [endpoint, code]] of refused.entries()) {
        docker.run('context', 'create', `context-${index}`, '--docker', endpoint)
        const resolving = resolveEndpoint(
          { context: `context-${index}` },
          { HOME: docker.home, DOCKER_CONFIG: docker.config },
        )
        await assert.rejects(resolving, { code }, endpoint)
      }
    })
  },
)

const meta = (docker: unknown): string => JSON.stringify({ Name: 'prod', Metadata: {}, Endpoints: { docker } })

describe('a context store that no CLI would write', () => {
  const rows: [string, string, string][] = [
    ['no JSON', '{', 'ERR_CONTEXT_INVALID'],
    ['an array', '[]', 'ERR_CONTEXT_INVALID'],
    ['null', 'null', 'ERR_CONTEXT_INVALID'],
    [
      'another name',
      JSON.stringify({ Name: '../x', Endpoints: { docker: { Host: 'unix:///x' } } }),
      'ERR_CONTEXT_INVALID',
    ],
    ['no endpoints', JSON.stringify({ Name: 'prod' }), 'ERR_CONTEXT_INVALID'],
    ['no endpoint for docker', JSON.stringify({ Name: 'prod', Endpoints: { kubernetes: {} } }), 'ERR_CONTEXT_INVALID'],
    ['an endpoint that is text', meta('tcp://h'), 'ERR_CONTEXT_INVALID'],
    ['no host', meta({}), 'ERR_CONTEXT_INVALID'],
    ['an empty host', meta({ Host: '' }), 'ERR_CONTEXT_INVALID'],
    ['a host that is no text', meta({ Host: 7 }), 'ERR_CONTEXT_INVALID'],
    ['SkipTLSVerify as text', meta({ Host: 'unix:///x', SkipTLSVerify: 'false' }), 'ERR_CONTEXT_INVALID'],
    ['SkipTLSVerify for a socket', meta({ Host: 'unix:///x', SkipTLSVerify: true }), 'ERR_CONTEXT_INSECURE'],
    ['a bad host', meta({ Host: 'tcp://h:0' }), 'ERR_HOST_INVALID'],
    ['a hostile host', meta({ Host: 'ssh://-oProxyCommand=id' }), 'ERR_HOST_INVALID'],
    ['a named pipe', meta({ Host: 'npipe:////server/pipe/x' }), 'ERR_HOST_INVALID'],
    ['a password in the host', meta({ Host: 'tcp://me:hunter2@h' }), 'ERR_HOST_INVALID'],
  ]
  for (const [name, text, code] of rows) {
    test(`${name}: ${code}`, async (t) => {
      const home = await temporaryHome(t)
      await write(metaPath(join(home, '.docker'), 'prod'), text)
      await assert.rejects(resolveEndpoint({ context: 'prod' }, { HOME: home }), (error: Error & { code?: string }) => {
        assert.equal(error.code, code)
        assert.match(error.message, /the context prod \(option context\)/)
        assert.doesNotMatch(inspect(error), /hunter2/)
        return true
      })
    })
  }

  for (const name of [
    '../x',
    '..',
    '.',
    'x',
    'a/b',
    'a\\b',
    'a\0b',
    'a b',
    '-oX',
    '.hidden',
    'a\nb',
    '\u00e9\u00e9',
    'prod ',
  ]) {
    test(`the name ${inspect(name)} is refused, whether or not it is stored`, async (t) => {
      const home = await temporaryHome(t)
      const config = join(home, '.docker')
      await writeContext(config, name, { Host: 'unix:///x' })
      const expected = { name: 'EndpointError', code: 'ERR_CONTEXT_NAME_INVALID', message: /^[^\p{Cc}]+\n[^\p{Cc}]+$/u }
      await assert.rejects(resolveEndpoint({ context: name }, { HOME: home }), expected)
      await assert.rejects(resolveEndpoint({}, { HOME: home, DOCKER_CONTEXT: name }), expected)
      await write(join(config, 'config.json'), JSON.stringify({ currentContext: name }))
      await assert.rejects(resolveEndpoint({}, { HOME: home }), expected)
    })
  }

  for (const gone of ALL) {
    test(`TLS credentials without ${gone} is refused by its name`, async (t) => {
      const home = await temporaryHome(t)
      const config = join(home, '.docker')
      await writeContext(config, 'prod', { Host: 'tcp://h', tls: ALL })
      await rm(join(tlsPath(config, 'prod'), gone))
      // A folder of that name is no file either.
      await mkdir(join(tlsPath(config, 'prod'), gone))
      const expected = { code: 'ERR_CONTEXT_INSECURE', got: new RegExp(`lacks ${gone}`) }
      await assert.rejects(resolveEndpoint({ context: 'prod' }, { HOME: home }), expected)
      const own = await resolveEndpoint({ context: 'prod', ca: 'a', cert: 'b', key: 'c' }, { HOME: home })
      assert.deepEqual([own.kind, own.certPath], ['tls', undefined])
    })
  }

  test('port 2375 takes the option here too', async (t) => {
    const home = await temporaryHome(t)
    await writeContext(join(home, '.docker'), 'prod', { Host: 'tcp://h:2375', tls: ALL })
    const found = await resolveEndpoint({ context: 'prod', tlsOnPort2375: true }, { HOME: home })
    assert.equal(formatEndpoint(found), 'tcp://h:2375')
  })

  test('a named pipe is read wherever it is', async (t) => {
    const home = await temporaryHome(t)
    await writeContext(join(home, '.docker'), 'desktop', { Host: 'npipe:////./pipe/dockerDesktopLinuxEngine' })
    const { kind, source } = await resolveEndpoint({}, { HOME: home, DOCKER_CONTEXT: 'desktop' })
    assert.deepEqual([kind, source], ['npipe', 'DOCKER_CONTEXT'])
  })

  test('unknown keys are left alone', async (t) => {
    const home = await temporaryHome(t)
    const extra = {
      Name: 'prod',
      Metadata: { Description: 'x', y: 1 },
      Endpoints: { docker: { Host: 'unix:///x', z: 1 } },
    }
    await write(metaPath(join(home, '.docker'), 'prod'), JSON.stringify(extra))
    assert.equal((await resolveEndpoint({ context: 'prod' }, { HOME: home })).kind, 'unix')
  })
})

describe('DOCKER_CONFIG', () => {
  const rows: [string, string, RegExp][] = [
    ['no JSON', '{', /not contain a JSON object/],
    ['a list', '[]', /not contain a JSON object/],
    ['empty', '', /not contain a JSON object/],
    ['a currentContext that is no text', '{"currentContext":7}', /currentContext is not a string/],
  ]
  for (const [name, text, message] of rows) {
    test(`with a config.json that is ${name}`, async (t) => {
      const home = await temporaryHome(t)
      await write(join(home, 'c', 'config.json'), text)
      const expected = { code: 'ERR_CONFIG_INVALID', message }
      await assert.rejects(resolveEndpoint({}, { HOME: home, DOCKER_CONFIG: '~/c' }), expected)
    })
  }

  test('is a folder: a file is refused', async (t) => {
    const home = await temporaryHome(t)
    await write(join(home, 'config.json'), '{}')
    const env = { HOME: home, DOCKER_CONFIG: join(home, 'config.json') }
    await assert.rejects(resolveEndpoint({}, env), {
      code: 'ERR_CONFIG_INVALID',
      got: /is a file, not a folder/,
    })
    await assert.rejects(resolveEndpoint({ context: 'prod' }, env), { code: 'ERR_CONTEXT_INVALID' })
  })

  for (const text of ['{}', '{"auths":{},"currentContext":""}']) {
    test(`that names no context: ${text}`, async (t) => {
      const home = await temporaryHome(t)
      await write(join(home, 'config.json'), text)
      assert.equal((await resolveEndpoint({}, { HOME: home, DOCKER_CONFIG: home })).source, 'local socket')
    })
  }

  test('that is not there', async () => {
    const env = { HOME: '/nowhere', DOCKER_CONFIG: '/nowhere/config' }
    assert.equal((await resolveEndpoint({}, env)).source, 'local socket')
    await assert.rejects(resolveEndpoint({ context: 'prod' }, env), {
      code: 'ERR_CONTEXT_NOT_FOUND',
      got: 'there is no context prod in /nowhere/config',
      todo: 'List the contexts:  docker-mtls context ls',
    })
  })

  for (const value of ['/a\0b', '~other/.docker', '$HOME/.docker']) {
    test(`that is no path: ${inspect(value)}`, async () => {
      await assert.rejects(resolveEndpoint({}, { DOCKER_CONFIG: value }), { code: 'ERR_CONFIG_INVALID' })
    })
  }

  test('with a config.json that is a folder', async (t) => {
    const home = await temporaryHome(t)
    await mkdir(join(home, 'config.json'))
    await assert.rejects(resolveEndpoint({}, { HOME: home, DOCKER_CONFIG: home }), { code: 'ERR_CONFIG_INVALID' })
  })
})
