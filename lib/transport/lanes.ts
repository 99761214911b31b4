import type { Dispatcher } from 'undici'
import { SHORT_CALLS } from './short-calls.ts'

/**
 * The pool of connections that a request uses.
 *
 * `short`: for calls that the daemon answers immediately. The pool is bounded.
 * `patient`: for streams, hijacked connections, archives, waiting for a container or a registry, and unknown requests.
 * They may be silent for hours, and must never block a short call.
 */
export type Lane = 'short' | 'patient'

/** Our own calls name their lane. Other callers can't: fetch doesn't pass custom options to a dispatcher. */
export type LaneDispatchOptions = Dispatcher.DispatchOptions & {
  readonly lane?: Lane | undefined
  /** For whom a gateway sends it: over ssh, the requests of one caller don't wait for those of another. */
  readonly caller?: string | undefined
  /** Each new connection for it must first prove to lead to dockerd, which a gateway's policy can judge. */
  readonly onlyDockerd?: boolean | undefined
  /** The limit behind its `headersTimeout` and `bodyTimeout`, for errors. */
  readonly idleTimeout?: number | undefined
}

/** Only the names of images and plugins may contain slashes. */
const SLASHES = /^\/(images|plugins)\//

function patternOf(path: string): string {
  return path.slice(1).replaceAll(/\{\w+\}/g, SLASHES.test(path) ? '[^?]+' : '[^/?]+')
}

const PATTERNS: ReadonlyMap<string, RegExp> = new Map(
  [...new Set(SHORT_CALLS.map((call) => call.split(' ')[0] ?? ''))].map((method) => {
    const paths = SHORT_CALLS.filter((call) => call.startsWith(`${method} `)).map((call) =>
      patternOf(call.slice(method.length + 1)),
    )
    return [method, new RegExp(`^(v\\d+\\.\\d+/)?(${paths.join('|')})(\\?|$)`)]
  }),
)

/**
 * Returns the lane that the request names, or else the lane for its method and path. Upgrades keep their connection, so
 * they are always `patient`.
 */
export function chooseLane({ method, upgrade, lane }: LaneDispatchOptions, path: string): Lane {
  if (upgrade) return 'patient'
  return lane === 'short' || lane === 'patient' ? lane : laneOf(method, path)
}

/** Returns the lane for a method and a path. `path` has neither the endpoint's prefix nor the leading slash. */
export function laneOf(method: string, path: string): Lane {
  return PATTERNS.get(method)?.test(path) === true ? 'short' : 'patient'
}
