import type { Dispatcher } from 'undici'
import { SHORT_CALLS } from './short-calls.ts'

/**
 * Which connections a request uses.
 *
 * `short`: the daemon answers at once; a bounded pool serves it best.
 * `patient`: streams, hijacks, moves archives, waits for a container or a registry, or is unknown to us. It may
 * rightly be silent for hours, and must never take a short call's place.
 */
export type Lane = 'short' | 'patient'

/** Our own calls name their lane. Other callers can't: fetch passes no options of its own on to a dispatcher. */
export type LaneDispatchOptions = Dispatcher.DispatchOptions & { readonly lane?: Lane | undefined }

/** Names of images and plugins hold slashes; no other name or id does. */
const SLASHES = /^\/(images|plugins)\//

function patternOf(path: string): string {
  return path.slice(1).replaceAll(/\{\w+\}/g, SLASHES.test(path) ? '[^?]+' : '[^/?]+')
}

/** One pattern for each method. */
const PATTERNS: ReadonlyMap<string, RegExp> = new Map(
  [...new Set(SHORT_CALLS.map((call) => call.split(' ')[0] ?? ''))].map((method) => {
    const paths = SHORT_CALLS.filter((call) => call.startsWith(`${method} `)).map((call) =>
      patternOf(call.slice(method.length + 1)),
    )
    return [method, new RegExp(`^(v\\d+\\.\\d+/)?(${paths.join('|')})(\\?|$)`)]
  }),
)

/** The lane that a request names, or else the one of its method and path. An upgrade keeps its connection. */
export function chooseLane({ method, upgrade, lane }: LaneDispatchOptions, path: string): Lane {
  if (upgrade) return 'patient'
  return lane === 'short' || lane === 'patient' ? lane : laneOf(method, path)
}

/** The lane of a request that names none; `path` is without the endpoint's prefix and the first slash. */
export function laneOf(method: string, path: string): Lane {
  return PATTERNS.get(method)?.test(path) === true ? 'short' : 'patient'
}
