import { posix } from 'node:path'
import type { ContainerCreateRequest, FilesystemChange } from '../../engine/containers/types/create.ts'

/** Folders that a container with a read-only root still has to write to. */
export interface WrittenFolders {
  /** For files that nobody misses after a restart. */
  readonly temporary: readonly string[]
  /** Folders with files of the image, or with data. */
  readonly data: readonly string[]
  /** Folders of programs and system files. Making them writable would undo the read-only root. */
  readonly programs: readonly string[]
}

const TEMPORARY = /^\/(?:tmp|run|var\/(?:run|tmp|lock|cache))(?:\/|$)/
const PROGRAMS = /^\/(?:etc|usr|usr\/local)?$|^\/(?:usr\/(?:local\/)?)?(?:s?bin|lib\w*|boot)(?:\/|$)/

const ADDED = 1
/** More mounts than anyone wants; what writes to that many folders needs its root. */
const MOST = 20

/**
 * The folders in which a container has changed files.
 *
 * @param changes - what `GET /containers/ID/changes` lists
 * @param mounted - where something is mounted already: dockerd makes these folders itself
 */
export function writtenFolders(changes: readonly FilesystemChange[], mounted: readonly string[]): WrittenFolders {
  const added = new Set(changes.filter(({ Kind }) => Kind === ADDED).map(({ Path }) => Path))
  const parents = new Set(changes.map(({ Path }) => posix.dirname(Path)))
  const leaves = changes.filter(({ Path }) => !parents.has(Path) && !mounted.some((path) => isBelow(path, Path)))
  const folders = new Set(leaves.map(({ Path }) => writableFor(Path, added)))
  const open = [...folders].filter((folder) => !mounted.some((path) => isBelow(folder, path))).toSorted()
  const programs = open.filter((folder) => PROGRAMS.test(folder))
  const rest = open.filter((folder) => !PROGRAMS.test(folder))
  if (rest.length > MOST) return { temporary: [], data: [], programs: ['/'] }
  return {
    temporary: rest.filter((folder) => TEMPORARY.test(folder)),
    data: rest.filter((folder) => !TEMPORARY.test(folder)),
    programs,
  }
}

/**
 * What has to be writable for a path. Among temporary files, that is a folder of the image, or the whole of /run and the like.
 * Elsewhere it is the folder that the container made: dockerd can mount something there, although the image doesn't have it.
 */
function writableFor(path: string, added: ReadonlySet<string>): string {
  let folder = posix.dirname(path)
  while (added.has(folder)) {
    const parent = posix.dirname(folder)
    const isTop = TEMPORARY.test(folder) ? !TEMPORARY.test(parent) : !added.has(parent)
    if (isTop) return folder
    folder = parent
  }
  return folder
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

/** Everyone may write there, as in /tmp: the new user doesn't own the folders of the image. */
const TMPFS = 'rw,noexec,nosuid,nodev,size=64m,mode=1777'

/**
 * Makes folders writable beside a read-only root: temporary ones in memory, the others as volumes, which get the files of the
 * image.
 */
export function withWritable(
  body: ContainerCreateRequest,
  { temporary, data }: Pick<WrittenFolders, 'temporary' | 'data'>,
): ContainerCreateRequest {
  if (temporary.length + data.length === 0) return body
  const { HostConfig, Volumes } = body
  const Tmpfs = { ...HostConfig?.Tmpfs, ...Object.fromEntries(temporary.map((folder) => [folder, TMPFS])) }
  return {
    ...body,
    ...(data.length > 0 && { Volumes: { ...Volumes, ...Object.fromEntries(data.map((folder) => [folder, {}])) } }),
    HostConfig: { ...HostConfig, ...(temporary.length > 0 && { Tmpfs }) },
  }
}
