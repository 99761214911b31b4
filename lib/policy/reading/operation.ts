import type { Operation } from '../../engine/operation.ts'
import { OPERATIONS, REMOVE_LINK } from '../operations.ts'
import type { ReadRequest } from '../request.ts'
import { Unreadable } from './unreadable.ts'

/** What dockerd's router finds for a request. */
export interface Route {
  readonly operation: Operation
  readonly parameters: Readonly<Record<string, string>>
}

interface Pattern {
  readonly operation: Operation
  readonly names: readonly string[]
  readonly path: RegExp
}

/** The names of these have slashes: `me/app`, `registry.example/me/app`. */
const WITH_SLASHES = /^\/(images|plugins|distribution)\//

const PATTERNS: readonly Pattern[] = [...OPERATIONS, REMOVE_LINK].map(toPattern)
/** Those without parameters, by method and path. */
const EXACT: ReadonlyMap<string, Pattern> = new Map(
  PATTERNS.flatMap((one) => (one.names.length === 0 ? [[`${one.operation.method} ${one.operation.path}`, one]] : [])),
)

/**
 * Chooses the operation as dockerd does, by the exact method and the decoded path. The last segments decide, so that
 * `/images/json/json` inspects the image `json`. dockerd would also look for a container `a/b`, which can't exist.
 */
export function chooseOperation(method: string, segments: readonly string[]): Route {
  const path = `/${segments.join('/')}`
  // A path without parameters wins: GET /images/json isn't an image.
  const chosen = EXACT.get(`${method} ${path}`) ?? fitting(method, path)[0]
  if (!chosen) throw unknownOperation(path)
  return { operation: chosen.operation, parameters: parametersOf(chosen, path) }
}

function fitting(method: string, path: string): Pattern[] {
  const all = PATTERNS.filter((pattern) => pattern.operation.method === method && pattern.path.test(path))
  return all.toSorted((one, other) => one.names.length - other.names.length)
}

/** Refuses a path with an alias that doesn't remove a link. */
export function checkLink(operation: Operation, query: ReadRequest['query']): void {
  if (operation === REMOVE_LINK && query.get('link')?.[0] !== 'true') throw unknownOperation('')
}

function unknownOperation(path: string): Unreadable {
  return new Unreadable('OPERATION_UNKNOWN', 'the method and path', whyUnknown(path))
}

/** `policy/calls/` judges what is sent to `/grpc`, call by call. Whoever asks about requests alone can't allow it. */
const whyUnknown = (path: string): string =>
  path === '/grpc' ? "only a gateway can judge BuildKit's calls" : 'the Engine API has no such operation'

function toPattern(operation: Operation): Pattern {
  const value = WITH_SLASHES.test(operation.path) ? '(.+)' : '([^/]+)'
  const parts = operation.path.split(/\{\w+\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  return { operation, names, path: new RegExp(`^${parts.join(value)}$`, 'su') }
}

function parametersOf({ names, path }: Pattern, text: string): Record<string, string> {
  const [, ...values] = path.exec(text) ?? []
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
}
