import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'

/** Waits until something holds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let round = 0; round < 500; round++) {
    if (holds()) return
    await delay(10)
  }
  assert.fail(`not in time: ${what}`)
}
