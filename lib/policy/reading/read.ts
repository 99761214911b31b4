import type { PolicyRequest, ReadRequest, Reason } from '../request.ts'
import { bodyFieldNames, readBody } from './body.ts'
import { checkConnectionHeaders, hasRegistryAuth } from './headers.ts'
import { ignoredNames } from './ignored.ts'
import { namedOperation } from '../operations.ts'
import { checkLink, chooseOperation } from './operation.ts'
import { parametersOf } from './query-parameters.ts'
import { readQuery } from './query.ts'
import { parseTarget } from './target.ts'
import { Unreadable } from './unreadable.ts'
import { splitVersion } from './version.ts'

/**
 * Reads a request as dockerd reads it, or says why that isn't certain.
 *
 * @example
 * ```ts
 * import { readRequest } from 'docker-mtls/policy'
 * const reading = readRequest({ method: 'GET', target: '/v1.47/containers/web/json' })
 * if ('operation' in reading) console.log(reading.operation.name) // 'containers.inspect'
 * ```
 */
export function readRequest(request: PolicyRequest): ReadRequest | Reason {
  return readAsNeeded(request, () => true)
}

/**
 * Reads a request, but its body only if it is needed.
 *
 * @param needsBody - asked with what is before the body
 */
export function readAsNeeded(request: PolicyRequest, needsBody: (head: ReadRequest) => boolean): ReadRequest | Reason {
  try {
    return read(request, needsBody)
  } catch (error) {
    if (error instanceof Unreadable) return error.reason
    throw error
  }
}

/** Whether {@link readRequest} could read the request. */
export function isRead(reading: ReadRequest | Reason): reading is ReadRequest {
  return 'operation' in reading
}

function read(request: PolicyRequest, needsBody: (head: ReadRequest) => boolean): ReadRequest {
  const { segments, search } = parseTarget(request.target)
  const { version, rest } = splitVersion(segments)
  const { operation, parameters } = chooseOperation(request.method, rest)
  checkConnectionHeaders(operation, request.headers ?? {})
  const { query, leftOut } = readQuery(operation, search, {
    ignored: ignoredNames(operation, bodyFieldNames(operation)),
    leavesOut: request.isRewritten === true,
  })
  checkLink(operation, query)
  const head: ReadRequest = {
    operation: namedOperation(operation, query),
    ...(version !== undefined && { version }),
    parameters,
    query,
    ...(leftOut.length > 0 && { leftOut }),
    ...(operation.name === 'services.update' && hasRegistryAuth(request.headers ?? {}) && { hasRegistryAuth: true }),
  }
  if (!needsBody(head)) return head
  const ignored = ignoredNames(operation, parametersOf(operation).keys())
  const body = readBody(operation, request, { ignored, query })
  return { ...head, ...(body !== undefined && { body }) }
}
