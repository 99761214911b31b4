import type { Snapshot } from '../snapshot/snapshot.ts'
import { isWithin, normalizeHostPath } from '../../container/host-path.ts'
import { infoOf } from './user-namespace.ts'

/** Where dockerd keeps its data if nobody says otherwise. */
export const DEFAULT_DATA_ROOT = '/var/lib/docker'

/** Where the daemon keeps its data. Undefined if it did not report that. */
export function dataRootOf(snapshot: Snapshot): string | undefined {
  const root = infoOf(snapshot)?.DockerRootDir
  return root === undefined || root === '' ? undefined : normalizeHostPath(root)
}

/** Whether a path is in a volume that the daemon made, or in a plugin. */
export function isInVolume(path: string, snapshot: Snapshot): boolean {
  const root = dataRootOf(snapshot) ?? DEFAULT_DATA_ROOT
  return [`${root}/volumes`, `${root}/plugins`].some((folder) => isWithin(path, folder))
}
