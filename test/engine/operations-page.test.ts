import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { NEWEST_API_VERSION } from '../../lib/base/api-version.ts'
import { levelOf } from '../../lib/policy/levels/operations.ts'
import { lacks } from '../support/requirements.ts'
import { ROWS } from './support/rows.ts'
import { idleClient, reach } from './support/idle-client.ts'

const page = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')

/** `docker.containers.list()` and the like, as a page names them in code. */
function methodsIn(text: string): string[] {
  const spans = [...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '')
  return spans.flatMap((code) =>
    [...code.matchAll(/\bdocker((?:\.[a-z]\w*)+)\(/g)].map(([, path]) => (path ?? '').slice(1)),
  )
}

function rowsOf(text: string): string[] {
  return [...text.matchAll(/^\| (.+?)( \*)? \| `([A-Z]+ \S+)` \| (\S*) ?\| `([\w-]+)` \|$/gm)].map(
    ([, methods = '', star = '', route, since, level]) =>
      `${route} ${since} ${level} ${methodsIn(methods).join(' ')}${star}`,
  )
}

/** The strictest levels that include what these methods call. */
function levelsOf(methods: readonly string[]): string {
  return [...new Set(methods.flatMap((name) => levelOf(name)?.strictest ?? []))].join(' or ')
}

test('the page of all operations says what the table of the tests says', () => {
  const wanted = ROWS.map(
    ({ method, path, since = '', methods, reason }) =>
      `${method} ${path} ${since} ${levelsOf(methods)} ${methods.join(' ')}${reason === undefined ? '' : ' *'}`,
  )
  const said = rowsOf(page('operations.md'))
  assert.ok(said.length >= 112, `only ${said.length} rows were read`)
  assert.deepEqual(said.toSorted(), wanted.toSorted())
  const specified = ROWS.filter(({ id }) => !id.startsWith('+'))
  for (const name of ['operations.md', '../README.md'])
    assert.match(
      page(name),
      new RegExp(`${specified.length} operations of (Engine )?API ${NEWEST_API_VERSION}\\b`),
      name,
    )
})

/** dockerode's methods that the left cells of the page name: `container.inspect`. A bare name belongs to the last object. */
function leftMethods(text: string): Set<string> {
  const cells = text.split('\n').flatMap((line) => /^\| (`.*?) \| /.exec(line)?.[1] ?? [])
  return new Set(
    cells.flatMap((cell) => {
      let owner = ''
      return [...cell.matchAll(/`(?:(\w+)\.)?(\w+)(?=[(`])/g)].map(([, object = owner, method = '']) => {
        owner = object
        return `${object}.${method}`
      })
    }),
  )
}

/** What only dockerode itself calls, or an old daemon has. */
const NOT_FOR_APPS: ReadonlySet<string> = new Set(['docker.runCallback', 'docker.runPromise', 'container.copy'])

test('every method of dockerode is on the page for its users', { skip: lacks('peer dockerode') }, async () => {
  const { default: Docker } = await import('dockerode')
  const docker = new Docker({ socketPath: '/nonexistent' })
  const kinds = [
    'Config',
    'Container',
    'Exec',
    'Image',
    'Network',
    'Node',
    'Plugin',
    'Secret',
    'Service',
    'Task',
    'Volume',
  ]
  const getters = docker as unknown as Readonly<Record<string, (id: string) => object>>
  const objects: [string, object | undefined][] = kinds.map((kind) => [
    kind.toLowerCase(),
    getters[`get${kind}`]?.('x'),
  ])
  const methods = [...objects, ['docker', docker] as const].flatMap(([name, object = {}]) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(object))
      .filter((key) => key !== 'constructor' && typeof (object as never)[key] === 'function')
      .map((key) => `${name}.${key}`),
  )
  assert.ok(methods.length > 120, `only ${methods.length} methods were found`)
  const named = leftMethods(page('from-dockerode.md'))
  assert.deepEqual(
    methods.filter((method) => !named.has(method) && !NOT_FOR_APPS.has(method)),
    [],
  )
})

test('every method that the page for users of dockerode leads to is there', () => {
  const client = idleClient()
  const right = page('from-dockerode.md')
    .split('\n')
    .flatMap((line) => (/^\|.*\|$/.test(line) ? (line.split(' | ').at(-1) ?? '') : []))
    .join('\n')
  const methods = [...new Set(methodsIn(right))]
  assert.ok(methods.length > 45, `only ${methods.length} methods were found`)
  assert.deepEqual(
    methods.filter((path) => typeof reach(client, path) !== 'function'),
    [],
  )
})
