/**
 * Which lane a request takes. fetch hands no options of its own to a dispatcher, so method and path decide, here alone.
 *
 * `short`: answers at once; a bounded pool serves it best.
 * `patient`: streams, hijacks, moves archives, waits for a container or a registry, or is unknown to us. It may
 * rightly be silent for hours, and must never take a short call's place.
 */
export type Lane = 'short' | 'patient'

const ID = '[^/?]+'
/** Image and plugin names hold slashes. */
const NAME = '[^?]+'

/** The operations of the Engine API (1.55) that answer at once. Everything else is patient. */
const SHORT: Record<string, string[]> = {
  GET: [
    '_ping',
    'version',
    'info',
    'containers/json',
    `containers/${ID}/(json|top|changes)`,
    'images/json',
    `images/${NAME}/(json|history|attestations)`,
    `exec/${ID}/json`,
    `(volumes|networks|nodes|services|tasks|secrets|configs)(/${ID})?`,
    'plugins',
    `plugins/${NAME}/json`,
    'swarm(/unlockkey)?',
  ],
  HEAD: ['_ping', `containers/${ID}/archive`],
  PUT: [`volumes/${ID}`],
  POST: [
    `containers/${ID}/(resize|start|kill|update|rename|pause|unpause|exec)`,
    `exec/${ID}/resize`,
    `(containers|volumes|networks|services|secrets|configs)/create`,
    `networks/${ID}/(connect|disconnect)`,
    `(nodes|services|secrets|configs)/${ID}/update`,
    `images/${NAME}/tag`,
    `plugins/${NAME}/(enable|disable|set)`,
  ],
  DELETE: [`(containers|volumes|networks|nodes|services|secrets|configs)/${ID}`, `(images|plugins)/${NAME}`],
}

const PATTERNS = new Map(
  Object.entries(SHORT).map(([method, paths]) => [method, new RegExp(`^(v\\d+\\.\\d+/)?(${paths.join('|')})(\\?|$)`)]),
)

/** Chooses the lane of one request; `path` is without the endpoint's prefix and the first slash. */
export function laneOf(method: string, path: string, upgrade: boolean): Lane {
  return !upgrade && PATTERNS.get(method)?.test(path) === true ? 'short' : 'patient'
}
