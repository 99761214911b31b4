import { ArgumentError, ConnectionError } from '../../base/errors.ts'
import { daemonMessage, printable } from '../../base/text.ts'
import { NO_MANAGER, SEVERAL_IDS } from '../../base/wordings/one-call.ts'
import type { WireAnswer } from '../../transport/collector.ts'
import type { DockerDispatcher } from '../../transport/dispatcher.ts'
import { collect, type WireRequest } from '../../transport/send.ts'
import { RESPONSE_TIMEOUT_MS } from '../../transport/tls-policy.ts'
import type { Shared } from '../shared.ts'
import type { InspectKind } from '../types.ts'

const PATHS: Readonly<Record<InspectKind, readonly [string, string]>> = {
  daemon: ['/', ''],
  container: ['/containers/', '/json'],
  exec: ['/exec/', '/json'],
  image: ['/images/', '/json?manifests=1'],
  network: ['/networks/', ''],
  volume: ['/volumes/', ''],
  service: ['/services/', ''],
  task: ['/tasks/', ''],
  node: ['/nodes/', ''],
  secret: ['/secrets/', ''],
  config: ['/configs/', ''],
  plugin: ['/plugins/', '/json'],
}

/** Sends a GET. */
type Get = (path: string) => Promise<{ readonly status: number; readonly body: Buffer }>

/** For whom, and how far to ask: until the signal aborts, and as long as its answer isn't too large. */
type Bounds = Partial<Pick<WireRequest, 'method' | 'caller' | 'onlyDockerd' | 'signal' | 'refuse'>>

/** In no lane with few connections: these would be those of requests of clients, and of inspections that get no answer. */
const ask = (dispatcher: DockerDispatcher, path: string, bounds?: Bounds): Promise<WireAnswer> =>
  collect(dispatcher, { method: 'GET', path, lane: 'patient', idleTimeout: RESPONSE_TIMEOUT_MS, ...bounds })

/** Parses what the daemon says, which can take long. */
export type Parse = (body: Buffer) => Promise<unknown>

export const parseBody: Parse = async (body) => JSON.parse(body.toString()) as unknown

/**
 * Asks the daemon about something, in the version by which the answer is judged. Null: there is no such thing.
 *
 * @throws {@link ConnectionError} ERR_SERVER_NOT_DOCKERD, if only dockerd's answers count
 */
export function inspectThing(
  { dispatcher, onlyDockerd, served }: Pick<Shared, 'dispatcher' | 'onlyDockerd' | 'served'>,
  kind: InspectKind,
  name: string,
  { parse, ...bounds }: Bounds & { readonly parse?: Parse } = {},
): Promise<unknown> {
  const get: Get = (path) => served.ask(path, (versioned) => ask(dispatcher, versioned, { ...bounds, onlyDockerd }))
  return inspectBy(get, kind, name, parse)
}

/** The same with a request of the caller's own. */
export async function inspectBy(get: Get, kind: InspectKind, name: string, parse: Parse = parseBody): Promise<unknown> {
  const { status, body } = await get(pathOf(kind, name))
  if (status === 404 || isAboutName(kind, status, body)) return null
  if (status === 200) return parse(body)
  const message = daemonMessage(body)
  throw new ConnectionError('ERR_SERVER_NOT_DOCKER', {
    tried: `inspecting the ${kind} ${JSON.stringify(name)}`,
    got: `the daemon answered with the status ${status}${message === undefined ? '' : `: ${printable(message.slice(0, 200))}`}`,
    todo: "Check the daemon's log.",
  })
}

/** @throws if the daemon doesn't answer, or isn't well */
export async function pingDaemon(dispatcher: DockerDispatcher, bounds: Bounds): Promise<WireAnswer> {
  const answer = await ask(dispatcher, '/_ping', bounds)
  if (answer.status !== 200) throw new Error(`the status is ${answer.status}`)
  return answer
}

/** No thing has an invalid name, and the beginning of several ids names none of them. A volume that isn't there is created. */
function isAboutName(kind: InspectKind, status: number, body: Buffer): boolean {
  if (kind === 'volume') return false
  // Services are in swarms.
  if (kind === 'service' && status === 503) return NO_MANAGER.pattern.test(daemonMessage(body) ?? '')
  return status === 400 || (status === 500 && SEVERAL_IDS.pattern.test(daemonMessage(body) ?? ''))
}

/** Only names of images and plugins have slashes; no name may lead elsewhere. */
function pathOf(kind: InspectKind, name: string): string {
  const segments = Object.hasOwn(PATHS, kind) && typeof name === 'string' ? name.split('/') : ['']
  const isOther = kind === 'daemon' && name !== 'info'
  const hasSlashes = segments.length > 1 && kind !== 'image' && kind !== 'plugin'
  if (isOther || hasSlashes || segments.some((segment) => /^\.{0,2}$/.test(segment))) {
    throw new ArgumentError('ERR_PATH_SEGMENT_INVALID', {
      tried: `inspecting the ${kind} ${JSON.stringify(name)}`,
      got: 'there can be no such thing',
      todo: 'Pass a kind that inspect() knows, and the name or id of a thing.',
    })
  }
  const [before, after] = PATHS[kind]
  return before + segments.map(encodeURIComponent).join('/') + after
}
