import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NEWEST_API_VERSION } from '../../lib/base/api-version.ts'
import type { DockerClient } from '../../lib/index.ts'
import { pretend } from './support/pretend.ts'

type Call = (docker: DockerClient, value: never, more?: object) => PromiseLike<unknown>

/** A call with one option, its name, values that the daemon would ignore or misunderstand, and values that it takes. */
const OPTIONS: readonly (readonly [
  call: Call,
  option: string,
  wrong: readonly unknown[],
  right: readonly unknown[],
])[] = [
  [({ containers }, tail) => containers.logs('x', { tail }).text(), 'tail', ['abc', '5', -1, 1.5], [0, 10, 'all']],
  [({ services }, tail) => services.logs('x', { tail }).text(), 'tail', ['abc', -1], [10, 'all']],
  [({ containers }, condition) => containers.wait('x', { condition }), 'condition', ['stopped', 1], ['removed']],
  [({ containers }, limit) => containers.list({ limit }), 'limit', [-1], [0, 1]],
  [({ containers }, h) => containers.resize('x', { h, w: 1 }), 'h', [-1], [0, 1]],
  [({ exec }, w) => exec.resize('x', { h: 1, w }), 'w', [-1], [0, 1]],
  [({ networks }, scope) => networks.inspect('x', { scope }), 'scope', ['world'], ['swarm']],
  [({ volumes }, version) => volumes.update('x', {}, { version }), 'version', [-1], [0]],
  [({ system }, type) => system.df({ type }), 'type', ['images', ['image', 'x']], ['image', ['image', 'volume']]],
  [({ images }, reservedSpace) => images.buildPrune({ reservedSpace }), 'reservedSpace', [-1], [0]],
  [
    ({ services }, registryAuthFrom) => services.update('x', {}, { version: 1, registryAuthFrom }),
    'registryAuthFrom',
    ['next-spec'],
    ['spec'],
  ],
]

test('an option takes no value that the daemon would ignore', async (t) => {
  const { docker, asked } = await pretend(t, NEWEST_API_VERSION, '{}')
  for (const [call, option, wrong, right] of OPTIONS) {
    for (const value of wrong) {
      const wanted = {
        code: 'ERR_ARGUMENT_INVALID',
        message: new RegExp(`the option ${option} of .*: it is .*\\nPass `),
      }
      await assert.rejects(async () => call(docker, value as never), wanted, `${option}: ${String(value)}`)
    }
    assert.deepEqual(asked, [], option)
    for (const value of right) await Promise.resolve(call(docker, value as never)).catch(() => {})
    // Logs also ask for the container's terminal.
    assert.ok(asked.splice(0).length >= right.length, option)
  }
  const { containers } = docker
  const tail = { todo: "Pass an integer that is not negative, or 'all'." }
  await assert.rejects(async () => containers.logs('x', { tail: -1 }), tail)
  const condition = { todo: "Pass 'not-running', 'next-exit' or 'removed'." }
  await assert.rejects(containers.wait('x', { condition: 'gone' as never }), condition)
})

/** Calls with one filter, a value that doesn't exist, and one that does. */
const FILTERS: readonly (readonly [call: Call, filter: string, wrong: unknown, right: unknown])[] = [
  [({ containers }, filters) => containers.list(filters), 'status', 'runing', ['running', 'paused']],
  [({ containers }, filters) => containers.list(filters), 'health', ['healthy', 'ill'], 'healthy'],
  [({ networks }, filters) => networks.list(filters), 'type', 'own', 'custom'],
  [({ nodes }, filters) => nodes.list(filters), 'role', 'boss', 'manager'],
  [({ services }, filters) => services.list(filters), 'mode', 'single', 'global'],
  [({ tasks }, filters) => tasks.list(filters), 'desired-state', 'gone', 'running'],
  [({ system }, filters) => system.events(filters), 'type', 'containers', ['container']],
]

test('a filter takes only values that exist, and allowUnknown sends others', async (t) => {
  const { docker, asked } = await pretend(t, NEWEST_API_VERSION, '[]')
  for (const [call, filter, wrong, right] of FILTERS) {
    const given = { filters: { [filter]: wrong } }
    const wanted = { code: 'ERR_ARGUMENT_INVALID', message: new RegExp(`the filter ${filter}: it is ".*\\nPass '`) }
    await assert.rejects(async () => call(docker, given as never), wanted, filter)
    assert.deepEqual(asked, [], filter)
    await call(docker, { ...given, allowUnknown: true } as never)
    await call(docker, { filters: { [filter]: right } } as never)
    assert.equal(asked.splice(0).length, 2, filter)
  }
})
