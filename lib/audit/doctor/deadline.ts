import { pause, unlessAborted } from '../../base/abort.ts'

/** How long a diagnosis may take after the time-out for connecting, in milliseconds: less than a second, with all of its work. */
const GRACE_MS = 600
/** Reserved for putting the findings together, in milliseconds. */
const RESERVE_MS = 150

/** The time of a diagnosis. All looks share it, so a silent server delays it only once. */
export class Deadline {
  /** Aborts when the time is up, or when the caller aborts. */
  readonly signal: AbortSignal
  /** In milliseconds. */
  readonly connectTimeout: number
  readonly #end: number

  constructor(signal: AbortSignal, connectTimeout: number) {
    this.signal = signal
    this.connectTimeout = connectTimeout
    this.#end = performance.now() + timeLimit(connectTimeout) - RESERVE_MS
  }

  /** The time that is left for an answer, in milliseconds. */
  get left(): number {
    return Math.max(1, Math.ceil(this.#end - performance.now()))
  }
}

/** The longest time of a diagnosis, in milliseconds. */
export function timeLimit(connectTimeout: number): number {
  return connectTimeout + GRACE_MS
}

/** The result of a look: a value, or why there is none. */
export type Seen<Value> = { readonly value: Value } | { readonly error: unknown }

/** Waits for a look until the time is up. Never rejects. */
export async function see<Value>(look: Promise<Value>, signal: AbortSignal): Promise<Seen<Value>> {
  try {
    return { value: await unlessAborted(look, signal) }
  } catch (error) {
    return { error }
  }
}

export function valueOf<Value>(seen: Seen<Value>): Value | undefined {
  return 'value' in seen ? seen.value : undefined
}

/** Waits for the end of something that nobody needs, but not for long. Never rejects. */
export async function atMost(work: Promise<unknown>, milliseconds: number): Promise<void> {
  const ended = new AbortController()
  await Promise.race([work.catch(() => {}), pause(milliseconds, ended.signal).catch(() => {})])
  ended.abort()
}
