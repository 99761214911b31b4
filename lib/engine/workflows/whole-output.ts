import { isDockerMtlsError, DockerApiError } from '../../base/errors.ts'
import { unreadable } from '../api-error.ts'
import type { Containers } from '../containers/containers.ts'
import { ATTACH } from '../containers/operations.ts'
import type { StepOptions } from './in-time.ts'
import { expandPath } from '../path.ts'
import type { OutputChunk } from '../stream/frames.ts'

type Stream = OutputChunk['stream']

/** Outputs below this size are compared completely. In bytes. */
const SMALL = 1024 * 1024
/** How much of the end of larger outputs is compared. In characters. */
const TAIL = 32 * 1024
/** How many messages of the log are read for that. */
const TAIL_LINES = 100

/**
 * What has arrived of a container's output, as far as a log keeps it: the ASCII characters. The driver json-file replaces all
 * bytes that aren't UTF-8.
 */
export class Received {
  #size = 0
  readonly #counts: Record<Stream, number> = { stdout: 0, stderr: 0 }
  readonly #tails: Record<Stream, string> = { stdout: '', stderr: '' }

  add(stream: Stream, data: Buffer): void {
    this.#size += data.length
    const text = asciiOf(data)
    this.#counts[stream] += text.length
    this.#tails[stream] = (this.#tails[stream] + text).slice(-TAIL)
  }

  get isSmall(): boolean {
    return this.#size < SMALL
  }

  count(stream: Stream): number {
    return this.#counts[stream]
  }

  tail(stream: Stream): string {
    return this.#tails[stream]
  }
}

function asciiOf(data: Buffer): string {
  return data.toString('latin1').replaceAll(/[\x80-\xff]+/g, '')
}

/**
 * Compares a run's output with the container's log. A connection through a proxy that ends TLS itself may be cut although it
 * ends properly, and dockerd sometimes loses output of a container that ends at once.
 *
 * @throws DockerApiError ERR_API_STREAM_TRUNCATED if the log has more
 */
export async function checkWhole(
  containers: Containers,
  id: string,
  received: Received,
  step: StepOptions,
): Promise<void> {
  const logged = new Received()
  try {
    const options = { ...step, ...(!received.isSmall && { tail: TAIL_LINES }) }
    for await (const { stream, data } of containers.logs(id, options)) {
      logged.add(stream, data)
      if (lacks(received, logged, stream)) throw truncated(id)
    }
  } catch (error) {
    // The log can't be read: the container has the logging driver none, or one that only writes.
    if (!(error instanceof DockerApiError) || isDockerMtlsError(error, 'ERR_API_STREAM_TRUNCATED')) throw error
    return
  }
  if (received.isSmall) return
  for (const stream of ['stdout', 'stderr'] as const) {
    if (!received.tail(stream).endsWith(logged.tail(stream).slice(-received.tail(stream).length))) throw truncated(id)
  }
}

/** Logs may be shorter: a driver may drop the beginning. */
function lacks(received: Received, logged: Received, stream: Stream): boolean {
  return received.isSmall && logged.count(stream) > received.count(stream)
}

function truncated(id: string): DockerApiError {
  const got = "the output ended before it was complete: the container's log has more"
  const request = { method: ATTACH.method, path: expandPath(ATTACH.path, [id]) }
  return unreadable('ERR_API_STREAM_TRUNCATED', request, got)
}
