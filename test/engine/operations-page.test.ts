import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
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
  return [...text.matchAll(/^\| (.+?)( \*)? \| `([A-Z]+ \S+)` \| (\S*) ?\|$/gm)].map(
    ([, methods = '', star = '', route, since]) => `${route} ${since} ${methodsIn(methods).join(' ')}${star}`,
  )
}

test('the page of all operations says what the table of the tests says', () => {
  const wanted = ROWS.map(
    ({ method, path, since = '', methods, reason }) =>
      `${method} ${path} ${since} ${methods.join(' ')}${reason === undefined ? '' : ' *'}`,
  )
  const said = rowsOf(page('operations.md'))
  assert.ok(said.length >= 112, `only ${said.length} rows were read`)
  assert.deepEqual(said.toSorted(), wanted.toSorted())
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
