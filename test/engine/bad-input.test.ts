import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { NEWEST_API_VERSION } from '../../lib/base/api-version.ts'
import type { Operation } from '../../lib/engine/operation.ts'
import { DockerApiError, isDockerMtlsError, type DockerClient } from '../../lib/index.ts'
import { CALLS, type Given } from './operations-table.ts'
import { ROWS, callsOf, shapeOf } from './support/rows.ts'
import { startFakeScene, type Asked, type FakeScene } from './support/fake-engine.ts'
import { REQUEST_OPTIONS } from '../../lib/engine/request-options.ts'
import { loadOperations } from './support/operations.ts'

const operations = await loadOperations()

/** Nothing that an id or a name can be, and what might be taken for another one. */
const HOSTILE: readonly unknown[] = [
  '',
  '.',
  '..',
  '../x',
  'a/../../containers/prod',
  'a/..',
  'a?force=1',
  'a#b',
  'a b',
  'a%2Fb',
  'a%00b',
  'a\0b',
  'a\r\nX-Injected: yes',
  'a\\..\\b',
  'ä€😀',
  '\ud800',
  'a\udc00b',
  'x'.repeat(10_000),
  '-rf',
  '__proto__',
  'constructor',
  7,
  null,
  undefined,
  {},
  [],
  ['..'],
  Symbol('x'),
  10n,
  () => 'x',
  { toString: () => '../x' },
  cyclic(),
]

function cyclic(): object {
  const value: Record<string, unknown> = {}
  value['self'] = value
  return value
}

const scene = (t: TestContext): Promise<FakeScene> => startFakeScene(t, { version: NEWEST_API_VERSION })

/** Which of its parts a call takes: it reads them. */
async function partsOf(docker: DockerClient, name: string): Promise<Set<keyof Given>> {
  const parts = new Set<keyof Given>()
  const given = { a: 'one', b: 'two', body: {}, options: {} }
  const spy = new Proxy(given, {
    get: (target, key: keyof Given) => {
      parts.add(key)
      return target[key]
    },
  })
  await Promise.resolve(CALLS[name]?.(docker, spy)).catch(() => {})
  return parts
}

function operationsOf(name: string): Operation[] {
  return operations.filter((operation) => operation.name === name.replace(/ .*/, ''))
}

/** The ways in which a request reaches one of these endpoints: none else may be reached. */
function matches(name: string, asked: Asked): boolean {
  return operationsOf(name).some(({ method, path }) => {
    const pattern = new RegExp(`^${shapeOf(path).replaceAll('.', '\\.').replaceAll('{}', '[^/?#]+')}$`)
    return asked.method === method && pattern.test(asked.path)
  })
}

/** dockerd decodes a path, its slashes too, before it resolves dot segments (Go, net/http; gorilla/mux). */
function leadsAway(path: string): boolean {
  return decodeURIComponent(path)
    .split('/')
    .slice(1)
    .some((part) => part === '' || part === '.' || part === '..')
}

/** Whether it is the one that was meant. Names of images are written out, and taken apart: `a` is `docker.io/library/a`, and `latest`. */
function names({ path, query, headers }: Asked, value: unknown, isImage: boolean): boolean {
  const parts = [...path.split('/').map(decodeURIComponent), ...query.values(), headers['x-docker-expose-session-uuid']]
  return parts.includes(value as string) || (isImage && parts.some((part) => part?.includes(String(value))))
}

async function attempt(
  { docker, fake }: FakeScene,
  name: string,
  given: Given,
): Promise<{ error: unknown; sent: Asked[] }> {
  const before = fake.asked.length
  const error: unknown = await (async () => CALLS[name]?.(docker, given))().then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return { error, sent: fake.asked.slice(before) }
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : `${typeof value} ${Array.isArray(value)}`
}

/** Refused before it was sent, with one of our errors, or answered by the fake's 404. */
function assertTyped(error: unknown, sent: readonly Asked[], what: string): void {
  if (name404(error)) return
  assert.ok(isDockerMtlsError(error), `${what}: ${String(error)}`)
  assert.deepEqual(sent, [], `${what}: it was refused, and sent all the same`)
  assert.ok(error.message.length < 2_000, `${what}: a message of ${error.message.length} characters`)
}

function name404(error: unknown): boolean {
  return error instanceof DockerApiError && error.status === 404
}

describe('ids and names', () => {
  for (const name of Object.keys(CALLS)) {
    test(name, async (t) => {
      const here = await scene(t)
      const parts = await partsOf(here.docker, name)
      const places = (['a', 'b'] as const).filter((part) => parts.has(part))
      for (const place of places) {
        for (const value of HOSTILE) {
          const what = `${place} = ${shown(value)}`
          const given = { a: 'one', b: 'two', body: {}, options: {}, [place]: value } as Given
          const { error, sent } = await attempt(here, name, given)
          assertTyped(error, sent, what)
          for (const asked of sent) {
            assert.ok(matches(name, asked), `${what}: it reached ${asked.method} ${asked.path}`)
            assert.ok(!leadsAway(asked.path), `${what}: it leads to another endpoint: ${asked.path}`)
            assert.ok(
              names(asked, value, /^(images|distribution|plugins)/.test(name)),
              `${what}: it named another one: ${asked.path}?${String(asked.query)}`,
            )
            assert.equal(asked.headers['x-injected'], undefined)
          }
        }
      }
    })
  }
})

describe('options', () => {
  for (const name of Object.keys(CALLS)) {
    test(name, async (t) => {
      const here = await scene(t)
      const wrong: [unknown, string][] = [
        [null, 'ERR_ARGUMENT_INVALID'],
        ['all', 'ERR_ARGUMENT_INVALID'],
        [7, 'ERR_ARGUMENT_INVALID'],
        [[], 'ERR_ARGUMENT_INVALID'],
        [{ unknown: 1 }, 'ERR_OPTION_UNKNOWN'],
        [{ signal: 'now' }, 'ERR_ARGUMENT_INVALID'],
        [{ signal: { aborted: true } }, 'ERR_ARGUMENT_INVALID'],
      ]
      for (const [options, code] of wrong) {
        const { error, sent } = await attempt(here, name, { a: 'one', b: 'two', body: {}, options: options as object })
        const what = `${JSON.stringify(options)}: ${String(error)}`
        assert.ok(isDockerMtlsError(error), what)
        assert.equal(error.code, code, what)
        assert.deepEqual(sent, [], what)
      }
      for (const { query = {} } of operationsOf(name)) {
        for (const option of Object.keys(query)) {
          const values = [Symbol('x'), 10n, () => 'x', new Map([['all', 'x']]), NaN, cyclic(), [cyclic()]]
          for (const value of [...values, Object.create(null)]) {
            const { error, sent } = await attempt(here, name, {
              a: 'one',
              b: 'two',
              body: {},
              options: { [option]: value },
            })
            assertTyped(error, sent, `${option} = ${typeof value}`)
          }
        }
      }
    })
  }
})

/** What JavaScript would let pass, and the daemon take for something else. */
const WRONG: Readonly<Record<string, readonly unknown[]>> = {
  boolean: ['yes', 'off', 'false', '', 0, 1, null, [true]],
  integer: ['5', '', 1.5, true, null, Infinity, [5]],
  json: ['x', 7, true, null, () => 'x', Symbol('x'), new Map([['a', 'b']]), new URLSearchParams('a=b')],
}

describe('booleans, whole numbers and options that are sent as JSON are nothing else', () => {
  // The one call that says itself whether it is a stream.
  for (const name of Object.keys(CALLS).filter((call) => call !== 'containers.stats once')) {
    const wrong = operationsOf(name).flatMap(({ query = {} }) =>
      Object.entries(query).flatMap(([option, { encode = '' }]) =>
        (WRONG[encode] ?? []).map((value) => [option, value] as const),
      ),
    )
    if (wrong.length === 0) continue
    test(name, async (t) => {
      const here = await scene(t)
      for (const [option, value] of wrong) {
        const { error, sent } = await attempt(here, name, {
          a: 'one',
          b: 'two',
          body: {},
          options: { [option]: value },
        })
        const what = `${option} = ${shown(value)}: ${String(error)}`
        assert.equal((error as { code?: string }).code, 'ERR_ARGUMENT_INVALID', what)
        assert.match(String(error), new RegExp(`the option ${option} of `), what)
        assert.deepEqual(sent, [], what)
      }
    })
  }
})

describe('options that are put into the body are no fields of it, nor are fields in lower case', () => {
  const taking = operations.filter(({ body, lowerCase }) => body === 'json' && lowerCase !== true)
  for (const { name, query = {}, own = [] } of taking) {
    test(name, async (t) => {
      const here = await scene(t)
      for (const option of [...Object.keys(query), ...own, ...REQUEST_OPTIONS]) {
        const body = { Name: 'x', [option]: 'x' }
        for (const call of callsOf(name)) {
          const { error, sent } = await attempt(here, call, { a: 'one', b: 'two', body, options: {} })
          assert.equal((error as { code?: string }).code, 'ERR_ARGUMENT_INVALID', `${option}: ${String(error)}`)
          assert.match((error as { todo?: string }).todo ?? '', new RegExp(`with the options.*\\{ ${option} \\}`))
          assert.deepEqual(sent, [], option)
        }
      }
      for (const call of callsOf(name)) {
        const given = { a: 'one', b: 'two', body: { noSuchField: 'x' }, options: {} }
        const { error, sent } = await attempt(here, call, given)
        if (name === 'plugins.set') assert.match(String(error), /it is an object, not an array\./)
        else assert.match(String(error), /the API has no field noSuchField, .*\nCorrect the name, or omit it\. /)
        assert.deepEqual(sent, [], call)
      }
    })
  }

  test('what is undefined is not there', async (t) => {
    const { docker, fake } = await scene(t)
    await assert.rejects(docker.containers.create({ Image: 'x', name: undefined } as object), name404)
    assert.equal(fake.asked.length, 1)
  })
})

describe('bodies', () => {
  for (const name of Object.keys(CALLS)) {
    test(name, async (t) => {
      const here = await scene(t)
      if (!(await partsOf(here.docker, name)).has('body')) return
      const collections = [new Map([['Image', 'x']]), { Labels: new Map([['a', 'b']]) }, { Args: new Set(['a']) }]
      for (const body of [cyclic(), { big: 10n }, ...collections, 'text', 7, null, () => 'x', Buffer.from('x')]) {
        const given = { a: 'one', b: 'two', body: body as object, options: {} }
        const { error, sent } = await attempt(here, name, given)
        assertTyped(error, sent, `body = ${typeof body} ${shown(body)}`)
      }
    })
  }
})

test('every operation of the table is tried', () => {
  const tried = new Set(Object.keys(CALLS).map((name) => name.replace(/ .*/, '')))
  for (const { methods } of ROWS) for (const method of methods) assert.ok(tried.has(method), method)
})
