import { withTimeout } from '../../base/abort.ts'
import { DockerApiError } from '../../base/errors.ts'
import { unreadable } from '../api-error.ts'
import { START } from '../exec/operations.ts'
import { expandPath } from '../path.ts'
import type { EventsOptions } from '../system/options.ts'
import type { EventMessage } from '../system/types/events.ts'
import type { StepOptions } from './in-time.ts'

export type Events = (options: EventsOptions) => AsyncIterable<EventMessage>

/** The exit code of a program that could not be started. */
const NOT_STARTED = 126
/** dockerd sends the event up to two seconds after it has the exit code. */
const EVENT_MS = 3_000
const LATE = new Error('the event did not come')

/**
 * dockerd also says 126 if it could not send the whole output: a proxy had ended the stream properly. Then the event has another exit code
 * (moby, daemon/exec.go and monitor.go). Docker 28 keeps an exit code that came before: then nothing shows the cut, since a program may also
 * close its output long before it ends.
 *
 * @throws DockerApiError ERR_API_STREAM_TRUNCATED
 */
export async function checkExitCode(
  events: Events,
  { id, container, exitCode }: { readonly id: string; readonly container: string; readonly exitCode: number },
  step: StepOptions,
): Promise<void> {
  if (exitCode !== NOT_STARTED) return
  const said = await codeInEvent(events, { id, container }, step)
  if (said === undefined || said === String(exitCode)) return
  const request = { method: START.method, path: expandPath(START.path, [id]) }
  const got = 'the output ended before it was complete: the daemon could not send all of it'
  throw unreadable('ERR_API_STREAM_TRUNCATED', request, got)
}

/** Undefined: nobody knows. Podman has no such event, and a gateway may refuse it. */
async function codeInEvent(
  events: Events,
  { id, container }: { readonly id: string; readonly container: string },
  { signal }: StepOptions,
): Promise<string | undefined> {
  const filters = { container, event: 'exec_die' }
  try {
    return await withTimeout({ timeout: EVENT_MS, signal, late: LATE }, async (inTime) => {
      // From the beginning, since the daemon's clock may differ. It keeps 256 events.
      for await (const { Actor } of events({ since: 0, filters, signal: inTime }))
        if (Actor.Attributes['execID'] === id) return Actor.Attributes['exitCode']
      return undefined
    })
  } catch (error) {
    if (error === LATE || error instanceof DockerApiError) return undefined
    throw error
  }
}
