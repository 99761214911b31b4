import { DockerApiError } from '../../base/errors.ts'
import { isOfGateway, unknownToGateway } from '../../engine/api-error.ts'
import { Send } from '../../engine/send.ts'
import type { EndpointOptions } from '../../endpoint/options.ts'
import type { ResolvedEndpoint } from '../../endpoint/resolve.ts'
import type { Identity } from '../../identity/identity.ts'
import { createDispatcher, type DockerDispatcher } from '../../transport/dispatcher.ts'
import type { Peer } from '../../transport/peer.ts'
import { INFO, VERSION, type InfoFacts, type VersionFacts } from '../snapshot/daemon-schema.ts'
import { atMost, type Deadline, type Seen } from './deadline.ts'

/** The connection that a client would open, with every check of one. */
export interface Attempt {
  /** Why there is no connection. */
  readonly error?: unknown
  /** The verified server; for TLS only. Present once both sides have accepted each other's certificate. */
  readonly peer?: Peer
  /** The negotiated API version. */
  readonly apiVersion?: string
  readonly version?: Seen<VersionFacts>
  readonly info?: Seen<InfoFacts>
  /** How far the daemon's clock is ahead of ours, in milliseconds. */
  readonly ahead?: number
  /** Set if a gateway of docker-mtls has answered. */
  readonly gateway?: true
  /** The newest version of the daemon's API, if a gateway says that it doesn't know it. */
  readonly unknownApi?: string
}

/** In bytes: the answers that are read here are small, and a server may send without end. */
const MOST_BYTES = 4 * 1_048_576
/** How long to wait for connections to end, in milliseconds: ssh may take longer. */
const CLOSE_MS = 100

/** Connects as {@link connect} does, and asks for the daemon's version and settings. Never rejects. */
export async function attempt(
  endpoint: ResolvedEndpoint,
  identity: Identity | undefined,
  { proxy }: EndpointOptions,
  deadline: Deadline,
): Promise<Attempt> {
  const { connectTimeout } = deadline
  let dispatcher: DockerDispatcher
  try {
    dispatcher = createDispatcher(endpoint, identity, { connectTimeout, proxy, maxAnswerBytes: MOST_BYTES })
  } catch (error) {
    return { error }
  }
  const send = new Send(dispatcher, endpoint.apiVersion)
  try {
    await send.negotiate(deadline.left, deadline.signal)
    const asked = await Promise.all([ask(send, '/version', VERSION, deadline), ask(send, '/info', INFO, deadline)])
    return { ...peerOf(dispatcher), apiVersion: send.version, ...answers(...asked) }
  } catch (error) {
    return { ...peerOf(dispatcher), error, ...refusedByGateway(error) }
  } finally {
    await atMost(dispatcher.destroy(), CLOSE_MS)
  }
}

function peerOf({ peer }: DockerDispatcher): Pick<Attempt, 'peer'> {
  return peer === undefined ? {} : { peer }
}

/** An answer, and the time of it on both sides. */
interface Answer<Value> {
  readonly value: Value
  /** Our time halfway between the question and its answer, in milliseconds since 1970. */
  readonly at: number
  /** The daemon's time in the header Date (RFC 9110, section 6.6.1), to the second. */
  readonly date: number
  readonly isOfGateway: boolean
  readonly unknownApi: string | undefined
}

async function ask<Value>(
  send: Send,
  path: string,
  type: { parse: (json: unknown) => Value },
  { left, signal }: Deadline,
): Promise<Seen<Answer<Value>>> {
  const began = Date.now()
  try {
    const answer = await send.open({ method: 'GET', path, signal, timeout: left })
    const at = (began + Date.now()) / 2
    const date = Date.parse(String(answer.headers['date']))
    const { headers } = answer
    const through = { isOfGateway: isOfGateway(headers), unknownApi: unknownToGateway(headers) }
    return { value: { value: type.parse(await answer.json()), at, date, ...through } }
  } catch (error) {
    return { error }
  }
}

function answers(
  version: Seen<Answer<VersionFacts>>,
  info: Seen<Answer<InfoFacts>>,
): Pick<Attempt, 'version' | 'info' | 'ahead' | 'gateway' | 'unknownApi'> {
  const times = [
    ...('value' in info ? [Date.parse(info.value.value.SystemTime ?? '') - info.value.at] : []),
    ...[version, info].flatMap((seen) => ('value' in seen ? [seen.value.date - seen.value.at] : [])),
  ]
  const ahead = times.find((time) => !Number.isNaN(time))
  const through = [version, info].some((seen) =>
    'value' in seen ? seen.value.isOfGateway : refusedByGateway(seen.error).gateway,
  )
  const unknownApi = 'value' in version ? version.value.unknownApi : undefined
  return {
    version: plain(version),
    info: plain(info),
    ...(ahead !== undefined && { ahead }),
    ...(through && { gateway: true }),
    ...(unknownApi !== undefined && { unknownApi }),
  }
}

function refusedByGateway(error: unknown): Pick<Attempt, 'gateway'> {
  return error instanceof DockerApiError && error.gatewayReason !== undefined ? { gateway: true } : {}
}

function plain<Value>(seen: Seen<Answer<Value>>): Seen<Value> {
  return 'value' in seen ? { value: seen.value.value } : seen
}
