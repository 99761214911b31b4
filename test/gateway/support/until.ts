import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { GatewayEvent, RequestEnded } from '../../../lib/gateway.ts'

/** Waits until something holds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let round = 0; round < 500; round++) {
    if (holds()) return
    await delay(10)
  }
  assert.fail(`not in time: ${what}`)
}

/** The requests that have ended, once there are so many: a client has read its answer before the gateway reports the end. */
export async function untilEnded(events: readonly GatewayEvent[], count: number): Promise<RequestEnded[]> {
  const ended = (): RequestEnded[] => events.filter((event) => event.event === 'request')
  await until(() => ended().length >= count, `${count} requests have ended`)
  return ended()
}
