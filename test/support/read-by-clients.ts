import { setImmediate as nextPoll, setTimeout as delay } from 'node:timers/promises'

/**
 * Waits this long, and until the clients in this process have read what had been sent to them. Where data and a reset arrive
 * before a client looks, libuv reports the end of the stream instead of the reset (uv__read() and POLLHUP).
 */
export async function readByClients(milliseconds: number): Promise<void> {
  await delay(milliseconds)
  await nextPoll()
}
