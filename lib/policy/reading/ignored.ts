import type { Operation } from '../../engine/operation.ts'

/**
 * Query parameters and fields that clients send and that no dockerd with API 1.24 or later reads (moby, api/server/router: all
 * uses of `r.Form` and all bodies): options for dockerode 5.0 itself, and what Docker's SDK for Python 7.1 has from older APIs.
 */
const LEGACY: Readonly<Record<string, readonly string[]>> = {
  'containers.attach': ['hijack'],
  'containers.list': ['trunc_cmd'],
  'exec.create': ['Container'],
  'exec.start': ['hijack', 'stdin'],
  'images.list': ['only_ids'],
  'images.tag': ['force'],
}

/** What may be in the query or in the outermost object of the body without any effect. It is omitted. */
export function ignoredNames({ name }: Operation, others: Iterable<string>): ReadonlySet<string> {
  return new Set([...(LEGACY[name] ?? []), ...others])
}

/** Lists without an effect while they are empty: dockerode writes this one of HostConfig beside it. */
export const IGNORED_IF_EMPTY: Readonly<Record<string, readonly string[]>> = { 'containers.create': ['VolumesFrom'] }
