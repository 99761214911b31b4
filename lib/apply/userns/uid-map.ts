import { ProvisionError } from '../../base/errors.ts'

/** A line of /proc/PID/uid_map (user_namespaces(7)). */
export interface IdMapping {
  /** The first id in the container. */
  readonly inside: number
  /** The same id on the host. */
  readonly outside: number
  readonly count: number
}

/** Parses /proc/PID/uid_map; undefined for any other text. */
export function parseIdMap(text: string): IdMapping[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const mappings = lines.flatMap((line) => {
    const [, inside, outside, count] = /^\s*(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s*$/.exec(line) ?? []
    return count === undefined ? [] : [{ inside: Number(inside), outside: Number(outside), count: Number(count) }]
  })
  return mappings.length === lines.length && mappings.length > 0 ? mappings : undefined
}

/**
 * Checks the map of a container's first process: its root must be another user on the host, and none of its users the host's
 * root.
 *
 * @param text - of /proc/PID/uid_map
 * @param wanted - the expected root
 * @returns the map, and who the root is
 * @throws {@link ProvisionError} ERR_USERNS_NOT_IN_FORCE
 */
export function judgeIdMap(text: string, wanted?: number): { uidMap: IdMapping[]; remappedRoot: number } {
  const uidMap =
    parseIdMap(text) ??
    refuse('its uid_map has no line of three numbers', 'Read the file /proc/PID/uid_map of a container on the host.')
  const root = uidMap.find(({ inside }) => inside === 0)
  if (root === undefined)
    return refuse('its uid_map has no root', 'Check whether the daemon has another default runtime.')
  const words = uidMap.map(({ inside, outside, count }) => `${inside} ${outside} ${count}`).join(', ')
  if (uidMap.some(({ outside }) => outside === 0)) {
    return refuse(
      `its root is the host's: its uid_map is ${words}`,
      'Set userns-remap in one place only, and restart dockerd.',
    )
  }
  if (wanted !== undefined && root.outside !== wanted) {
    const got = `its root is ${root.outside} on the host, but ${wanted} in /etc/subuid: its uid_map is ${words}`
    return refuse(got, 'Restart dockerd: it uses an earlier /etc/subuid or userns-remap.')
  }
  return { uidMap, remappedRoot: root.outside }
}

function refuse(got: string, todo: string): never {
  throw new ProvisionError('ERR_USERNS_NOT_IN_FORCE', { tried: 'inspecting a container from outside', got, todo })
}
