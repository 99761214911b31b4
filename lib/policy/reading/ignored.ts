import type { Operation } from '../../engine/operation.ts'
import type { ReadRequest } from '../request.ts'

/**
 * Query parameters and fields that clients send and that no dockerd with API 1.24 or later reads (moby, api/server/router: all
 * uses of `r.Form` and all bodies): options for dockerode 5.0 itself, what Docker's SDK for Python 7.1 has from older APIs, and
 * mistakes of Docker's SDK for Node.js 0.0.17.
 */
const LEGACY: Readonly<Record<string, readonly string[]>> = {
  'containers.attach': ['hijack'],
  'containers.list': ['trunc_cmd'],
  'containers.stats': ['oneShot'],
  'exec.create': ['Container'],
  'exec.start': ['hijack', 'stdin'],
  'images.list': ['only_ids'],
  'images.tag': ['force'],
  'system.pingHead': ['accept'],
}

/** Of the operations that need a body, those that clients call without one, for an empty object: dockerd takes it so. */
export const MAY_LACK_BODY: ReadonlySet<string> = new Set(['exec.start'])

/** What may be in the query or in the outermost object of the body without any effect. It is omitted. */
export function ignoredNames({ name }: Operation, others: Iterable<string>): ReadonlySet<string> {
  return new Set([...(LEGACY[name] ?? []), ...others])
}

/** Lists without an effect while they are empty: dockerode writes this one of HostConfig beside it. */
export const IGNORED_IF_EMPTY: Readonly<Record<string, readonly string[]>> = { 'containers.create': ['VolumesFrom'] }

/** The one value of `remote` with which a build has its context in the body of a request. */
const UPLOAD = 'upload-request'

/**
 * Whether dockerd fetches what else would be in the body, and reads no body (moby, api/server/router/image, builder/remotecontext).
 * dockerode then sends its options there.
 */
export function ignoresArchive({ name }: Operation, query: ReadRequest['query']): boolean {
  const first = (parameter: string): string => query.get(parameter)?.[0] ?? ''
  if (name === 'images.create') return first('fromImage') !== '' || !['', '-'].includes(first('fromSrc'))
  return name === 'images.build' && !['', UPLOAD].includes(first('remote'))
}
