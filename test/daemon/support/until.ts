import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'

/** Longer than anything here takes on a loaded machine. */
const LONG_MS = 40_000

/** Asks again and again until there is an answer. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  for (const start = Date.now(); Date.now() - start < LONG_MS; await delay(50)) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
  }
  assert.fail(`${what}: not within ${LONG_MS} ms`)
}
