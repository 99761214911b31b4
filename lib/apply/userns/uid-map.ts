import { ProvisionError } from '../../base/errors.ts'

/** A line of /proc/PID/uid_map (user_namespaces(7)). */
export interface IdMapping {
  /** The first id in the container. */
  readonly inside: number
  /** What that is on the host. */
  readonly outside: number
  readonly count: number
}

/** Reads /proc/PID/uid_map; undefined for what is none. */
export function parseIdMap(text: string): IdMapping[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const mappings = lines.flatMap((line) => {
    const [, inside, outside, count] = /^\s*(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s*$/.exec(line) ?? []
    return count === undefined ? [] : [{ inside: Number(inside), outside: Number(outside), count: Number(count) }]
  })
  return mappings.length === lines.length && mappings.length > 0 ? mappings : undefined
}

/**
 * Judges the map of a container's first process: its root must be somebody else on the host, and nobody in it the host's
 * root.
 *
 * @param text - what /proc/PID/uid_map says
 * @param wanted - whom its root should be
 * @returns the map, and who the root is
 * @throws {@link ProvisionError} ERR_USERNS_NOT_IN_FORCE
 */
export function judgeIdMap(text: string, wanted?: number): { uidMap: IdMapping[]; remappedRoot: number } {
  const uidMap = parseIdMap(text) ?? refuse('its uid_map has no line of three numbers', 'Look at it on the host.')
  const root = uidMap.find(({ inside }) => inside === 0)
  if (root === undefined) return refuse('its uid_map has no root', 'See whether another runtime is the default one.')
  const words = uidMap.map(({ inside, outside, count }) => `${inside} ${outside} ${count}`).join(', ')
  if (uidMap.some(({ outside }) => outside === 0)) {
    return refuse(
      `its root is the host's: its uid_map is ${words}`,
      'Give userns-remap in one place, and restart dockerd.',
    )
  }
  if (wanted !== undefined && root.outside !== wanted) {
    const got = `its root is ${root.outside} on the host, and ${wanted} by /etc/subuid: its uid_map is ${words}`
    return refuse(got, 'Restart dockerd: it has read /etc/subuid, or another userns-remap, before.')
  }
  return { uidMap, remappedRoot: root.outside }
}

function refuse(got: string, todo: string): never {
  throw new ProvisionError('ERR_USERNS_NOT_IN_FORCE', { tried: 'looking at a container from outside', got, todo })
}
