import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { explainEndpoint, type Explanation } from '../../lib/endpoint/explain.ts'
import type { EndpointOptions } from '../../lib/endpoint/options.ts'
import { resolveEndpoint } from '../../lib/endpoint/resolve.ts'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { fill, temporaryHome, write, writeContext } from './support/home.ts'
import { TRUTH_TABLE } from './truth-table.ts'

/** `source: verdict` for all that is set, as short as a person would tell it. */
function told({ steps }: Explanation): string[] {
  return steps.filter(({ verdict }) => verdict !== 'not set').map(({ source, verdict }) => `${source}: ${verdict}`)
}

const HOME = { HOME: '/nowhere' }
const REST = ['currentContext: ignored', 'local socket: ignored']

describe('explainEndpoint tells', () => {
  const rows: [string, EndpointOptions, Record<string, string>, string[]][] = [
    ['of an empty environment', {}, {}, ['local socket: chosen']],
    [
      'of the canonical three',
      {},
      { DOCKER_HOST: 'tcp://h', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/c' },
      ['DOCKER_HOST: chosen', ...REST, 'DOCKER_TLS_VERIFY: chosen', 'DOCKER_CERT_PATH: chosen'],
    ],
    [
      'that DOCKER_HOST_IP was ignored',
      {},
      { DOCKER_HOST: 'tcp://h', DOCKER_HOST_IP: '10.0.0.5', DOCKER_TLS_VERIFY: '1', DOCKER_CONFIG: '/c' },
      ['DOCKER_HOST: chosen', 'DOCKER_HOST_IP: ignored', ...REST, 'DOCKER_TLS_VERIFY: chosen', 'DOCKER_CONFIG: chosen'],
    ],
    [
      'that a socket has no TLS',
      {},
      { DOCKER_HOST: 'unix://', DOCKER_TLS_VERIFY: '1', DOCKER_TLS: '1', DOCKER_CONTEXT: 'x' },
      ['DOCKER_HOST: chosen', 'DOCKER_CONTEXT: ignored', ...REST, 'DOCKER_TLS_VERIFY: ignored', 'DOCKER_TLS: ignored'],
    ],
    [
      'that options switch the environment off',
      { host: 'h', certPath: '~/c', apiVersion: '1.44' },
      { DOCKER_HOST: 'tcp://other', DOCKER_TLS_VERIFY: '1', DOCKER_API_VERSION: '1.40' },
      [
        'option host: chosen',
        'option certPath: chosen',
        'DOCKER_HOST: ignored',
        ...REST,
        'DOCKER_TLS_VERIFY: ignored',
        'option apiVersion: chosen',
        'DOCKER_API_VERSION: ignored',
      ],
    ],
    [
      'of values without showing them',
      { host: 'h', ca: 'a', cert: 'b', key: 'c' },
      {},
      ['option host: chosen', 'options ca, cert, key: chosen', ...REST],
    ],
    [
      'what was refused, and that nothing else is tried',
      {},
      { DOCKER_HOST: 'tcp://h:2375', DOCKER_HOST_IP: 'h', DOCKER_TLS_VERIFY: '1' },
      ['DOCKER_HOST: refused', 'DOCKER_HOST_IP: ignored', ...REST, 'DOCKER_TLS_VERIFY: ignored'],
    ],
    [
      'which variable is missing',
      {},
      { DOCKER_HOST: 'tcp://h', DOCKER_CERT_PATH: '/c' },
      ['DOCKER_HOST: chosen', ...REST, 'DOCKER_TLS_VERIFY: refused', 'DOCKER_CERT_PATH: ignored'],
    ],
    [
      'of DOCKER_TLS',
      {},
      { DOCKER_HOST: 'tcp://h', DOCKER_TLS: '1' },
      ['DOCKER_HOST: chosen', ...REST, 'DOCKER_TLS: refused'],
    ],
    [
      'of certificates without a daemon',
      {},
      { DOCKER_CERT_PATH: '/c' },
      ['local socket: ignored', 'DOCKER_CERT_PATH: refused'],
    ],
    ['of an unknown context', {}, { DOCKER_CONTEXT: 'none' }, ['DOCKER_CONTEXT: refused', ...REST]],
    ['of a version', {}, { DOCKER_API_VERSION: 'x' }, ['local socket: chosen', 'DOCKER_API_VERSION: refused']],
    [
      'of mistaken arguments, and of nothing else',
      { hosts: 'h' } as EndpointOptions,
      { DOCKER_HOST: 'h' },
      ['arguments: refused'],
    ],
    ['of a file that is not there', { envFile: '/nowhere/.env' }, {}, ['option envFile: refused', ...REST]],
  ]
  for (const [name, options, env, expected] of rows) {
    test(name, async () => assert.deepEqual(told(await explainEndpoint(options, { ...HOME, ...env })), expected))
  }

  test('of an env file that counts, and of one that does not', async (t) => {
    const home = await temporaryHome(t)
    const envFile = join(home, '.env')
    await writeFile(envFile, 'DOCKER_HOST=tcp://h\nDOCKER_TLS_VERIFY=1\n')
    const counts = await explainEndpoint({ envFile }, { HOME: home })
    assert.deepEqual(told(counts).slice(0, 2), ['option envFile: chosen', `DOCKER_HOST in ${envFile}: chosen`])
    const doesNot = await explainEndpoint({ envFile }, { HOME: home, DOCKER_HOST: 'unix://' })
    assert.deepEqual(told(doesNot).slice(0, 2), ['option envFile: ignored', 'DOCKER_HOST: chosen'])
    assert.match(doesNot.steps.find(({ source }) => source === 'option envFile')?.because ?? '', /sets DOCKER_HOST/)
  })

  test('of the current context', async (t) => {
    const home = await temporaryHome(t)
    await writeContext(join(home, '.docker'), 'prod', { Host: 'unix:///run/d.sock' })
    await write(join(home, '.docker/config.json'), '{"currentContext":"prod"}')
    const { steps } = await explainEndpoint({}, { HOME: home, DOCKER_TLS: '1', DOCKER_CONTEXT: '' })
    const step = (name: string): unknown => steps.find(({ source }) => source === name)
    const because = 'the context leads to unix:///run/d.sock'
    assert.deepEqual(step('currentContext'), { source: 'currentContext', value: 'prod', verdict: 'chosen', because })
    const empty = 'it is empty, which counts as not set'
    assert.deepEqual(step('DOCKER_CONTEXT'), { source: 'DOCKER_CONTEXT', verdict: 'not set', because: empty })
    const own = 'the context prod leads to unix:///run/d.sock, which has no TLS'
    assert.deepEqual(step('DOCKER_TLS'), { source: 'DOCKER_TLS', value: '1', verdict: 'ignored', because: own })
  })

  test('that a variable is not set, where it is refused for that', async () => {
    const fates: [string, Record<string, string>, string][] = [
      ["DOCKER_TLS_VERIFY isn't set", { DOCKER_HOST: 'tcp://h', DOCKER_CERT_PATH: '/c' }, 'DOCKER_CERT_PATH'],
      ['DOCKER_HOST is refused', { DOCKER_HOST: 'tcp://h:2375', DOCKER_CERT_PATH: '/c' }, 'DOCKER_CERT_PATH'],
    ]
    for (const [fate, env, passedOver] of fates) {
      const { steps } = await explainEndpoint({}, { ...HOME, ...env })
      const step = steps.find(({ source }) => source === passedOver)
      assert.equal(step?.because, `${fate}, and no other source was looked at`)
    }
  })

  test('the password of no URL', async () => {
    const { steps, error } = await explainEndpoint({}, { ...HOME, DOCKER_HOST: 'tcp://me:pw@h' })
    assert.equal(steps.find(({ verdict }) => verdict === 'refused')?.value, 'tcp://***@h')
    assert.equal(error?.code, 'ERR_HOST_INVALID')
  })
})

test('explaining and resolving agree on every row of the truth table', async (t) => {
  for (const row of TRUTH_TABLE) {
    const home = await temporaryHome(t)
    const { env, options, files = {}, contexts = {} } = fill(row, { IP: '10.0.0.5', HOME: home })
    for (const [path, text] of Object.entries(files)) await write(join(home, path), text)
    for (const [name, stored] of Object.entries(contexts)) await writeContext(join(home, '.docker'), name, stored)
    const resolved = await resolveEndpoint(options, { HOME: home, ...env }).catch((error: unknown) => error)
    const { endpoint, error, steps } = await explainEndpoint(options, { HOME: home, ...env })
    if (isDockerMtlsError(resolved)) assert.equal(error?.message, resolved.message, row.name)
    else assert.deepEqual(endpoint, resolved, row.name)
    const refused = steps.filter(({ verdict }) => verdict === 'refused')
    assert.equal(refused.length, error === undefined ? 0 : 1, row.name)
    for (const { because } of steps) assert.match(because, /\w/)
  }
})
