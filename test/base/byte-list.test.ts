import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteList } from '../../lib/base/byte-list.ts'
import { assertProperty, fc } from '../support/properties.ts'

const size = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 4090, max: 4100 }), fc.constant(70_000))

test('it returns what was pushed, whatever the sizes of the chunks', (t) => {
  assertProperty(
    t,
    fc.property(fc.array(size, { maxLength: 40 }), (sizes) => {
      const chunks = sizes.map((length, index) => Buffer.alloc(length, index + 1))
      const list = new ByteList()
      for (const chunk of chunks) list.push(chunk)
      const whole = Buffer.concat(chunks)
      assert.equal(list.size, whole.length)
      assert.ok(list.take().equals(whole))
      assert.equal(list.size, 0)
      assert.equal(list.take().length, 0)
    }),
  )
})

test('a single chunk is not copied', () => {
  const list = new ByteList()
  const chunk = Buffer.from('x')
  list.push(chunk)
  assert.equal(list.take(), chunk)
})

test('chunks of one byte, alone and between larger ones, take no more than twice their bytes', () => {
  for (const sizes of [[1], [1, 4096]]) {
    const list = new ByteList()
    const before = process.memoryUsage()
    for (let index = 0; list.size < 32 * 1024 * 1024; index++) list.push(Buffer.alloc(sizes[index % sizes.length] ?? 1))
    const after = process.memoryUsage()
    const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
    // Buffers of one byte that were not collected yet count as well.
    assert.ok(grown < 3 * list.size, `${grown} bytes for ${list.size}`)
    list.take()
  }
})
