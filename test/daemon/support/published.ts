import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { RequestEvent } from '../../../lib/transport/diagnostics.ts'

/** What the library publishes of its requests while something runs. */
export async function published(run: () => Promise<unknown>): Promise<readonly RequestEvent[]> {
  const events: RequestEvent[] = []
  const note = (event: unknown): void => void events.push(event as RequestEvent)
  subscribe('docker-mtls:request', note)
  await run().finally(() => unsubscribe('docker-mtls:request', note))
  return events
}
