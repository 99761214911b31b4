import type { EventsOptions } from '../../system/options.ts'

/** Options of {@link System.followEvents}. */
export interface FollowEventsOptions extends Omit<EventsOptions, 'until'> {
  /**
   * Called after each reconnection, before the events that follow it. The stream waits for a promise that it returns. If it
   * fails because the connection is cut again, it is called again after the next reconnection; any other failure ends the
   * stream.
   */
  readonly onReconnect?: (reconnection: Reconnection) => void | Promise<void>
}

/** A stream of events that was interrupted, and goes on. */
export interface Reconnection {
  /**
   * The daemon still had the last event that you got, so none is missing. If `false`, some may be missing: list the objects
   * again.
   */
  readonly complete: boolean
  /** What interrupted the stream; undefined if the daemon ended it, as it does when it stops. */
  readonly error: unknown
}
