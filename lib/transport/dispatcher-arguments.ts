import type { Endpoint } from '../endpoint/endpoint.ts'
import { ArgumentError } from '../base/errors.ts'

/** The required fields of each kind of endpoint. */
const FIELDS: Readonly<Record<Endpoint['kind'], Readonly<Record<string, 'string' | 'number'>>>> = {
  tls: { host: 'string', port: 'number', prefix: 'string' },
  unix: { path: 'string' },
  npipe: { path: 'string' },
  ssh: { host: 'string' },
}

/** Rejects values that aren't endpoints, which would otherwise cause obscure errors in undici or Node. */
export function checkEndpoint(endpoint: unknown): void {
  if (isEndpoint(endpoint)) return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'reading the endpoint of createDispatcher',
    got: typeof endpoint === 'string' ? 'it is a string, not an endpoint' : "it isn't an endpoint",
    todo: "Pass  parseHost('tcp://HOST:2376')  or  await resolveEndpoint()",
  })
}

/** Checks the shape and not the class, since the identity may come from another copy of this package. */
export function checkIdentity(identity: unknown): void {
  if (identity === undefined || typeof fieldOf(identity, 'current') === 'function') return
  const promised = typeof fieldOf(identity, 'then') === 'function'
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'reading the identity of createDispatcher',
    got: promised ? 'it is a promise' : "it isn't an identity",
    todo: "Pass  await loadIdentity('/path/to/folder')  or  await loadIdentity({ ca, cert, key })",
  })
}

function isEndpoint(value: unknown): boolean {
  const kind = fieldOf(value, 'kind')
  if (typeof kind !== 'string' || !Object.hasOwn(FIELDS, kind)) return false
  return Object.entries(FIELDS[kind as Endpoint['kind']]).every(([name, type]) => typeof fieldOf(value, name) === type)
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}
