import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sentencesOf } from '../../lib/base/error.ts'
import { DaemonError, isDockerMtlsError } from '../../lib/base/errors.ts'
import { parseJsonDocument } from '../../lib/base/json.ts'
import { command, sentence } from '../../lib/base/sentence.ts'
import { withoutEnd } from '../../lib/base/text.ts'
import { readDaemonJson } from '../../lib/daemon-config/existing-daemon-json.ts'
import { mergeDropIn } from '../../lib/daemon-config/render-for-host.ts'
import { flagsOf } from '../../lib/daemon-config/unit/flags.ts'
import { parseUnit } from '../../lib/daemon-config/unit/parse-unit.ts'
import { assignmentsOf, expand } from '../../lib/daemon-config/unit/variables.ts'
import { parseDataFacts } from '../../lib/daemon-config/userns/data-facts.ts'
import { planUserns } from '../../lib/daemon-config/userns/subuid-ranges.ts'
import { apiError } from '../../lib/engine/api-error.ts'
import { Patterns } from '../../lib/engine/workflows/build/ignore-patterns.ts'
import { parseLine } from '../../lib/keystore/ledger-line.ts'
import { parseRotation } from '../../lib/keystore/rotate/state.ts'
import { suggestClientName } from '../../lib/pki/client-name.ts'
import { parseReference } from '../../lib/registry/reference.ts'

const N = 200_000
/** With quadratic time, each takes many seconds. */
const LONGEST_MS = 2000

function inTime<Result>(read: () => Result): Result {
  const { user } = process.cpuUsage()
  const result = read()
  const ms = (process.cpuUsage().user - user) / 1000
  assert.ok(ms < LONGEST_MS, `it took ${ms} ms`)
  return result
}

describe('a foreign text takes linear time', () => {
  test('a unit with many continued lines', () => {
    const unit = inTime(() => parseUnit(`[Service]\nExecStart=/usr/bin/dockerd ${'\\\n'.repeat(N)} -D\n`))
    assert.deepEqual(unit.args, ['-D'])
  })

  test('a unit with many words, in its command or in a variable', () => {
    const unit = inTime(() => parseUnit(`[Service]\nExecStart=/usr/bin/dockerd $A${' -D'.repeat(N)}\n`))
    assert.equal(inTime(() => flagsOf(unit)).length, N + 1)
    const environment = `"A=${'-l x '.repeat(N)}"`
    const { argv } = inTime(() => expand(unit, assignmentsOf(unit, { environment, textOf: () => undefined })))
    assert.equal(argv.length, 3 * N)
  })

  test('a drop-in with many empty lines', () => {
    const merged = inTime(() => mergeDropIn(`[Unit]\n${'\n'.repeat(N)}After=x\n`, '[Service]\nExecStart=\n'))
    assert.match(merged, /After=x\n\n\[Service\]/)
  })

  test('the counts of many data folders', () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `containers ${index}.${index} 1\n`)
    assert.equal(inTime(() => parseDataFacts(lines.join(''))).remapped.size, 20_000)
  })

  test('many ranges of one user', () => {
    const subuid = Array.from({ length: 5000 }, (_, index) => `dockremap:${100_000 + index}:1\n`).join('')
    const facts = { passwd: '', group: '', subuid, subgid: subuid }
    assert.throws(() => inTime(() => planUserns('default', facts)), isDockerMtlsError)
  })

  test('names', () => {
    assert.equal(
      inTime(() => suggestClientName(`a${'-'.repeat(N)}b`)),
      `a${'-'.repeat(63)}`,
    )
    assert.throws(() => inTime(() => parseReference(`a${':1"a'.repeat(N)}`)), isDockerMtlsError)
  })
})

describe('a foreign text that is too much is refused with an error of ours', () => {
  const deep = '['.repeat(20_000) + ']'.repeat(20_000)

  test('a value that is nested too deeply', () => {
    assert.throws(() => parseJsonDocument(deep), SyntaxError)
    assert.deepEqual(parseJsonDocument('{"a":[[1]]}'), { a: [[1]] })
    assert.throws(() => readDaemonJson(`{"labels":${deep}}`), isDockerMtlsError)
    assert.throws(() => parseRotation(`{"version":${deep}}`, 'rotation.json'), isDockerMtlsError)
    assert.equal(parseLine(`{"kind":${deep}}`).fault, 'it is not JSON')
  })

  test('a unit whose variables make it endless', () => {
    const unit = parseUnit(`[Service]\nExecStart=/usr/bin/dockerd ${'${A} '.repeat(5000)}\n`)
    const environment = `A=${'x'.repeat(100_000)}`
    const expanding = (): unknown => expand(unit, assignmentsOf(unit, { environment, textOf: () => undefined }))
    assert.throws(expanding, { code: 'ERR_UNIT_INVALID' })
  })

  test('a word with endless one-letter flags', () => {
    const unit = parseUnit(`[Service]\nExecStart=/usr/bin/dockerd -${'D'.repeat(N)}\n`)
    assert.throws(() => flagsOf(unit), { code: 'ERR_UNIT_INVALID' })
    assert.equal(flagsOf({ args: ['-DDH', 'fd://'], prefix: '' }).length, 3)
  })

  test('a pattern that no regular expression can hold', () => {
    assert.throws(() => new Patterns([`${'x/'.repeat(N)}*`]), { code: 'ERR_BUILD_IGNORE_INVALID' })
    assert.throws(() => new Patterns(['?'.repeat(16_384)]), { code: 'ERR_BUILD_IGNORE_INVALID' })
    assert.ok(new Patterns(['?'.repeat(4096)]).match('x'.repeat(4096)).matches)
    assert.ok(new Patterns([`${'x/'.repeat(2000)}*`]))
  })
})

test('an error quotes the beginning of a long text', () => {
  const { message, daemonMessage } = apiError(
    500,
    { method: 'GET', path: '/info' },
    Buffer.from(`{"message":"${'x'.repeat(N)}"}`),
  )
  assert.ok(message.length < 10_000)
  assert.equal(daemonMessage?.length, N)
  const { message: whole } = apiError(500, { method: 'GET', path: '/info' }, Buffer.from('{"message":"short"}'))
  assert.match(whole, /"short"/)
})

test('the remedy of an error is recognized by its identity', () => {
  const todo = sentence`Try ${command('true')}`
  const error = new DaemonError('ERR_UNIT_INVALID', { tried: 'x', got: 'y', todo })
  assert.equal(sentencesOf(error).todo, todo)
})

test('characters are removed from the end only', () => {
  assert.equal(withoutEnd('--a--b--', '-'), '--a--b')
  assert.equal(withoutEnd('---', '-'), '')
  assert.equal(withoutEnd('', '-'), '')
})
