import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { childEnvironment } from '../../lib/base/child-environment.ts'

const LIB = fileURLToPath(new URL('../../lib', import.meta.url))
const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*$/gm
const IMPORT = /^import \{([^}]*)\} from 'node:child_process'$/m
/** A function that starts a process, and what follows it. An event may have the same name. */
const START = /(?<!')\b(?:spawn|execFile)\b[\s\S]{0,150}/g

describe('the environment of child processes', () => {
  test('has none of our own variables, in any case', () => {
    const env = { DOCKER_MTLS_CA_PASSPHRASE: 'x', docker_mtls_home: 'x', DOCKER_HOST: 'tcp://h', PATH: '/bin' }
    assert.deepEqual(childEnvironment(env), { DOCKER_HOST: 'tcp://h', PATH: '/bin' })
  })

  test('is made by one function, wherever lib/ starts a process', async () => {
    const files = (await readdir(LIB, { recursive: true })).filter((name) => name.endsWith('.ts'))
    let found = 0
    for (const name of files) {
      const text = (await readFile(join(LIB, name), 'utf8')).replaceAll(COMMENT, '')
      const [line = '', imported = ''] = IMPORT.exec(text) ?? []
      const rest = text.replace(line, '')
      // Other functions, and other ways to load them, would need a place in this test.
      assert.doesNotMatch(rest, /child_process/, name)
      assert.match(imported, /^(?: (?:spawn|execFile|type \w+),?)* ?$/, name)
      const starts = imported === '' ? [] : (rest.match(START) ?? [])
      for (const start of starts) assert.match(start, /^[^;]*\benv: childEnvironment\(/, `${name}: ${start}`)
      found += starts.length
    }
    assert.equal(found, 8)
  })
})
