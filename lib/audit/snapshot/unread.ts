import type { Snapshot } from './snapshot.ts'

/** A part of a daemon that could not be read. */
export interface Unread {
  /** Which part: `containers`, `container web`. May contain foreign text: escape it to show it. */
  readonly part: string
  /** Why it couldn't be read. Foreign text: escape it to show it. */
  readonly reason: string
}

/** What every audit needs. Other parts may be missing for good reasons, such as those of a swarm without one. */
const NEEDED = ['version', 'info', 'containers', 'networks', 'volumes'] as const

/**
 * The parts of a snapshot that are missing although every daemon has them.
 *
 * @param isHostNeeded - does a check look at the files of the host?
 */
export function unreadOf(snapshot: Snapshot, isHostNeeded: boolean): Unread[] {
  const parts = NEEDED.flatMap((part) => {
    const found = snapshot[part]
    return 'unknown' in found ? [{ part, reason: found.unknown }] : []
  })
  const containers = 'value' in snapshot.containers ? snapshot.containers.value : []
  const inspects = containers.flatMap(({ name, inspect }) =>
    'unknown' in inspect ? [{ part: `container ${name}`, reason: inspect.unknown }] : [],
  )
  const { host } = snapshot
  const files =
    isHostNeeded && host !== null && 'unknown' in host ? [{ part: 'files of the host', reason: host.unknown }] : []
  return [...parts, ...inspects, ...files]
}
