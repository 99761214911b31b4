import { ArgumentError, ConflictError, NotFoundError } from '../../../base/errors.ts'
import { serves } from '../../newer.ts'
import type { NetworkCreateRequest, NetworkCreateResponse, NetworkInspect } from '../../networks/types/networks.ts'
import type { RequestOptions } from '../../request-options.ts'
import type { StepOptions } from '../in-time.ts'
import { changing, ensuring, ifFound } from './call.ts'
import { differences, refuseDifferent } from './differences.ts'
import type { Ensured, EnsuredObject } from './result.ts'

/** Others may create and remove it at the same time. */
const ATTEMPTS = 5

/** The calls of networks that it needs. */
interface NetworkCalls {
  inspect(id: string, options: RequestOptions): Promise<NetworkInspect>
  create(network: NetworkCreateRequest, options: RequestOptions): Promise<NetworkCreateResponse>
}

/** Those, and the API version that they use. */
interface Calls {
  readonly networks: NetworkCalls
  readonly version: string
}

/** Implements {@link Networks.ensure}. */
export function ensureNetwork(
  calls: Calls,
  network: NetworkCreateRequest,
  options: RequestOptions,
): Promise<EnsuredObject> {
  requireName(network, 'networks.ensure()')
  return ensuring('networks.ensure()', options, (step) => ensure(calls, network, step))
}

async function ensure(
  { networks, version }: Calls,
  network: NetworkCreateRequest,
  step: StepOptions,
): Promise<EnsuredObject> {
  // Docker Engine 25 always checks for duplicates (Engine API 1.44, version history).
  const body = serves(version, '1.44') ? network : { ...network, CheckDuplicate: true }
  for (let attempt = 1; ; attempt++) {
    const found = await find(networks, network.Name, step)
    if (found) return check(network, found)
    try {
      return { changed: true, id: (await networks.create(body, step)).Id }
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === ATTEMPTS) throw error
    }
  }
}

/** By its name alone: the daemon also takes the beginning of an id. */
async function find(networks: NetworkCalls, name: string, step: StepOptions): Promise<NetworkInspect | undefined> {
  const found = await ifFound(networks.inspect(name, step))
  return found?.Name === name ? found : undefined
}

function check(network: NetworkCreateRequest, found: NetworkInspect): EnsuredObject {
  const { CheckDuplicate: _, ...requested } = network
  refuseDifferent('network', network.Name, differences(requested, found), {
    path: '/networks/create',
    todo: `Request the settings that it has, or remove it first with  docker.networks.ensureRemoved('${network.Name}')  if you don't need it.`,
  })
  return { changed: false, id: found.Id }
}

/** Implements {@link Networks.ensureRemoved}. */
export function ensureNetworkRemoved(
  networks: { remove(id: string, options: RequestOptions): Promise<void> },
  id: string,
  options: RequestOptions,
): Promise<Ensured> {
  return ensuring('networks.ensureRemoved()', options, (step) => changing(networks.remove(id, step), NotFoundError))
}

/** Refuses a body without a name, by which an existing object is found. */
export function requireName(body: { readonly Name?: unknown }, of: string): void {
  if (typeof body === 'object' && body !== null && typeof body.Name === 'string' && body.Name !== '') return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the body of ${of}`,
    got: 'it has no Name',
    todo: "Pass the fields of the API, among them a name: { Name: 'data' }.",
  })
}
