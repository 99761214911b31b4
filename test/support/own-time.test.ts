import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startOwnClock } from './own-time.ts'

test('the clock counts what this process computes and waits for, and not the time in which it cannot run', async () => {
  const waited = startOwnClock()
  await delay(300)
  assert.ok(waited() > 100)
  const computed = startOwnClock()
  for (const began = performance.now(); performance.now() - began < 300;);
  assert.ok(computed() > 50)
  const kept = startOwnClock()
  spawnSync(process.execPath, ['-e', 'setTimeout(() => {}, 1_000)'])
  assert.ok(kept() < 500)
})
