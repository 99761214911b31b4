import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { NEWEST_API_VERSION } from '../../lib/base/api-version.ts'
import type { Operation } from '../../lib/engine/operation.ts'
import { CALLS, type Given } from './operations-table.ts'
import { ROWS, callsOf, shapeOf, type Row } from './support/rows.ts'
import { loadOperations } from './support/operations.ts'
import { startFakeScene, type Asked, type FakeScene } from './support/fake-engine.ts'

const operations = await loadOperations()

function operationsOf(row: Row): Operation[] {
  return operations.filter(({ method, path }) => method === row.method && shapeOf(path) === shapeOf(row.path))
}

interface Parameter {
  readonly name: string
  /** Undefined for text, and for what has a form of its own. */
  readonly kind: 'boolean' | 'integer' | undefined
}

/** Each name in the query; conformance.test.ts compares them with the specification. */
function parametersOf(row: Row): Parameter[] {
  const takes = operationsOf(row).flatMap(({ query = {} }) =>
    Object.entries(query).map(([option, { as: name = option, encode }]) => [name, encode] as const),
  )
  return [...new Map(takes)].map(([name, encode]) => {
    return { name, kind: encode === 'boolean' || encode === 'integer' ? encode : undefined }
  })
}

/** Images are asked for by other names than they are given; their tests are `images.test.ts` and those of builds. */
const rows = ROWS.filter(({ methods }) => !/^(images|distribution)\./.test(methods.join()))
/** A ping has no version, and so no row in what this fake notes. */
const calls = rows.flatMap((row) => row.methods.flatMap(callsOf).map((name) => [name, row] as const))
const noted = calls.filter(([name]) => !name.startsWith('system.ping'))

/** What is sent though nobody said it. */
const DEFAULTS: Readonly<Record<string, string>> = {
  'containers.attach': 'stream=true&stdout=true&stderr=true',
  'containers.attachWebSocket': 'stream=true&stdout=true&stderr=true',
  'containers.logs': 'stdout=true&stderr=true',
  'containers.stats once': 'stream=false',
  'plugins.enable': 'timeout=0',
  'services.logs': 'stdout=true&stderr=true',
  'tasks.logs': 'stdout=true&stderr=true',
}

/** Arguments that travel in the query: the ids are in the path, and these come after them. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  'containers.archive.get': 'path=two',
  'containers.archive.put': 'path=two',
  'containers.archive.stat': 'path=two',
  'containers.rename': 'name=two',
  'plugins.create': 'name=one',
  'plugins.privileges': 'remote=one',
  'plugins.pull': 'remote=one',
  'plugins.upgrade': 'remote=two',
}

const scene = (t: TestContext): Promise<FakeScene> => startFakeScene(t, { version: NEWEST_API_VERSION })

/** The first request of a call, which the fake answers with a 404. */
async function sent({ docker, fake }: FakeScene, name: string, given: Partial<Given>): Promise<Asked> {
  const before = fake.asked.length
  const call = async (): Promise<unknown> =>
    CALLS[name]?.(docker, { a: 'one', b: 'two', body: {}, options: {}, ...given })
  await assert.rejects(call(), { status: 404 }, `${name} ${JSON.stringify(given)}`)
  const asked = fake.asked[before]
  assert.ok(asked, `${name}: nothing was sent`)
  return asked
}

/** Options that take only some values. */
const CHOICES: Readonly<Record<string, string>> = {
  condition: 'removed',
  registryAuthFrom: 'spec',
  rollback: 'previous',
  scope: 'swarm',
  type: 'image',
}

/** A value of an option, and how it is written. */
function sample({ name, kind }: Parameter): readonly [given: unknown, written: string] {
  if (kind === 'boolean') return [false, 'false']
  if (kind === 'integer') return [7, '7']
  if (name === 'filters') return [{ key: 'value' }, '{"key":["value"]}']
  if (name === 'since' || name === 'until') return [new Date(1_500), '1.500000000']
  const choice = CHOICES[name] ?? 'words'
  return [choice, choice]
}

/** Options whose names aren't those of the query. */
const OPTIONS: Readonly<Record<string, string>> = {
  signal: 'killSignal',
  'one-shot': 'oneShot',
  timeout: 'clientTimeout',
}

function pathOf({ path }: Row): string {
  const ids = ['one', 'two']
  return path.replaceAll(/\{\w+\}/g, () => ids.shift() ?? '')
}

describe('what is sent without any option', () => {
  for (const [name, row] of noted) {
    test(name, async (t) => {
      const { method, path, query } = await sent(await scene(t), name, {})
      assert.deepEqual([method, path], [row.method, pathOf(row)])
      assert.equal(String(query), DEFAULTS[name] ?? ARGUMENTS[name] ?? '')
    })
  }
})

test('pings are GET and HEAD', async (t) => {
  const { docker, fake } = await scene(t)
  await docker.system.ping()
  await docker.system.pingHead()
  assert.deepEqual(fake.pings.slice(-2), ['GET', 'HEAD'])
})

describe('what each option becomes', () => {
  for (const [name, row] of noted) {
    const taken = new URLSearchParams(ARGUMENTS[name])
    for (const parameter of parametersOf(row).filter((one) => !taken.has(one.name))) {
      // A single answer is what this call is there for.
      if (name === 'containers.stats once' && parameter.name === 'stream') continue
      test(`${name}: ${parameter.name}`, async (t) => {
        const [value, written] = sample(parameter)
        const options = {
          ...(parameter.name === 'filters' && { allowUnknown: true }),
          [OPTIONS[parameter.name] ?? parameter.name]: value,
        }
        const { query } = await sent(await scene(t), name, { options })
        assert.deepEqual(query.getAll(parameter.name), [written])
      })
    }
  }
})

describe('what a body becomes', () => {
  const body = { Probe: { deep: [1, 'two', null] } }
  const added: Readonly<Record<string, object>> = {
    'exec.start': { Detach: false },
    'exec.start detached': { Detach: true },
  }
  for (const [name, row] of noted.filter(([, one]) => operationsOf(one)[0]?.body === 'json')) {
    if (name === 'system.auth') continue
    test(name, async (t) => {
      const { docker, fake } = await scene(t)
      const refused = async (): Promise<unknown> => CALLS[name]?.(docker, { a: 'one', b: 'two', body, options: {} })
      const code = name === 'plugins.set' ? 'ERR_ARGUMENT_INVALID' : 'ERR_API_FIELD_UNKNOWN'
      await assert.rejects(refused(), { code })
      const options = { allowUnknown: true }
      const { body: came, headers } = await sent({ docker, fake }, name, { body, options })
      assert.deepEqual(JSON.parse(String(came)), { ...body, ...added[name] }, row.id)
      assert.equal(headers['content-type'], 'application/json')
    })
  }

  test('a tar is called one', async (t) => {
    const { headers, body: came } = await sent(await scene(t), 'plugins.create', {})
    assert.equal(headers['content-type'], 'application/x-tar')
    assert.equal(came.length, 1024)
  })

  test('bytes of a secret and of a config go as base64, whatever holds them', async (t) => {
    const here = await scene(t)
    for (const name of ['secrets.create', 'configs.create']) {
      for (const Data of [new Uint8Array([0, 255, 254]), Buffer.from([0, 255, 254])]) {
        const { body: came } = await sent(here, name, { body: { Name: 'x', Data } })
        assert.deepEqual(JSON.parse(String(came)), { Name: 'x', Data: 'AP/+' }, name)
      }
    }
  })
})

describe('credentials go to whoever asks a registry', () => {
  const auth = { username: 'ann', password: 'secret', serveraddress: 'registry.example.com' }
  const a = 'registry.example.com/team/one'
  const service = { TaskTemplate: { ContainerSpec: { Image: a } } }
  const asking: Readonly<Record<string, Partial<Given>>> = {
    'distribution.inspect': { a },
    'plugins.privileges': { a },
    'plugins.pull': { a },
    'plugins.push': { a },
    'plugins.upgrade': { b: a },
    'services.create': { body: service },
    'services.update': { body: service },
  }
  for (const [name, given] of Object.entries(asking)) {
    test(name, async (t) => {
      const here = await scene(t)
      const { headers } = await sent(here, name, { ...given, options: { auth } })
      const said = Buffer.from(String(headers['x-registry-auth']), 'base64url').toString('utf8')
      assert.deepEqual(JSON.parse(said), auth)
      // dockerd 26 wants the header of whoever asks a registry, even from nobody; a swarm would keep it.
      const nobody = name.startsWith('services.') ? undefined : Buffer.from('{}').toString('base64')
      assert.equal((await sent(here, name, given)).headers['x-registry-auth'], nobody)
    })
  }
})

describe('a signal that is aborted beforehand', () => {
  for (const [name] of calls) {
    test(name, async (t) => {
      const { docker, fake } = await scene(t)
      const reason = new Error('not any more')
      const options = { signal: AbortSignal.abort(reason) }
      await assert.rejects(
        async () => CALLS[name]?.(docker, { a: 'one', b: 'two', body: {}, options }),
        (error) => error === reason,
      )
      assert.deepEqual(fake.asked, [])
    })
  }
})

test('every operation but those of images is here', () => {
  const here = new Set(rows.map(({ method, path }) => `${method} ${shapeOf(path)}`))
  assert.ok(here.size > 90, `only ${here.size} operations`)
})
