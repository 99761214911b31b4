import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FOREIGN_RUNTIME, foreignRuntime, refuseForeignRuntime } from '../../lib/base/runtime.ts'
import { ConnectionError } from '../../lib/index.ts'

describe('the runtime', () => {
  const { bun: _bun, deno: _deno, ...node } = process.versions as NodeJS.ProcessVersions & Record<string, string>

  test('is Node.js here', () => {
    assert.equal(FOREIGN_RUNTIME, undefined)
    assert.doesNotThrow(() => refuseForeignRuntime('inspecting a server'))
  })

  test('is known by process.versions, since Deno and Bun have a version of Node.js, too', () => {
    assert.equal(foreignRuntime(node), undefined)
    assert.deepEqual(foreignRuntime({ ...node, deno: '2.9.6' }), { name: 'Deno', version: '2.9.6' })
    assert.deepEqual(foreignRuntime({ ...node, bun: '1.4.5' }), { name: 'Bun', version: '1.4.5' })
  })

  test('is named with its version and the remedy where it is refused', () => {
    assert.throws(
      () => refuseForeignRuntime('inspecting a server', { name: 'Bun', version: '1.4.5' }),
      (error: unknown) => {
        assert.ok(error instanceof ConnectionError)
        assert.equal(error.code, 'ERR_RUNTIME_UNSUPPORTED')
        assert.match(error.message, /^inspecting a server: this is Bun 1\.4\.5, .*\nRun it with Node\.js\./)
        return true
      },
    )
  })
})
