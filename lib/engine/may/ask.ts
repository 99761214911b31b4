import { ArgumentError, ConnectionError } from '../../base/errors.ts'
import { quoted } from '../../base/text.ts'
import { formatEndpoint } from '../../endpoint/endpoint.ts'
import type { WireAnswer } from '../../transport/collector.ts'
import type { LaneDispatchOptions } from '../../transport/lanes.ts'
import { collect } from '../../transport/send.ts'
import { limitOf } from '../../transport/time-limits.ts'
import { gatewayReason, refusalError } from '../api-error.ts'
import type { RequestOptions } from '../request-options.ts'
import type { Send } from '../send.ts'
import { CapturingSend } from './capture.ts'
import type { Permission, PermissionReason } from './permission.ts'

/** No daemon has this path: it answers 404, and carries nothing out. */
const QUESTION = { method: 'POST', path: '/_docker-mtls/may' } as const

/** Methods whose operation has another name. */
const OPERATIONS: Readonly<Record<string, string>> = {
  'containers.statsOnce': 'containers.stats',
  'exec.startDetached': 'exec.start',
}

/**
 * Asks the gateway whether a call may be sent. The call itself runs on a client without connections.
 *
 * @param clientOf - makes such a client
 */
export async function may(
  send: Send,
  clientOf: (send: Send) => object,
  name: string,
  args: readonly unknown[],
): Promise<Permission> {
  const capturing = new CapturingSend(send)
  const call = methodOf(clientOf(capturing), name)
  let failure: unknown
  try {
    await call(...args)
  } catch (error) {
    failure = error
  }
  const { request, operation } = capturing
  if (request === undefined) throw failure ?? several(name)
  if (operation?.name !== (OPERATIONS[name] ?? name)) throw several(name)
  return ask(send, request, args.at(-1))
}

function methodOf(client: object, name: unknown): (...args: readonly unknown[]) => unknown {
  const words = typeof name === 'string' ? name.split('.') : []
  const method = words.pop() ?? ''
  const resource = words.reduce<unknown>(
    (at, word) => (isObject(at) && Object.hasOwn(at, word) ? at[word] : undefined),
    client,
  )
  const prototype = isObject(resource) ? (Object.getPrototypeOf(resource) as Record<string, unknown>) : {}
  const found = Object.hasOwn(prototype, method) && method !== 'constructor' ? prototype[method] : undefined
  if (words.length > 0 && typeof found === 'function') return found.bind(resource) as ReturnType<typeof methodOf>
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `may(${typeof name === 'string' ? quoted(name) : '...'})`,
    got: 'there is no call of this name',
    todo: "Pass the name of a method without the client, such as 'containers.create', and then its arguments.",
  })
}

async function ask(send: Send, request: LaneDispatchOptions, last: unknown): Promise<Permission> {
  const { signal, timeout } = (isObject(last) ? last : {}) as RequestOptions
  const { dispatcher } = send
  const answer = await collect(dispatcher, {
    ...QUESTION,
    lane: 'short',
    ...question(request),
    signal: signal instanceof AbortSignal ? signal : undefined,
    limit: limitOf('may()', timeout),
  })
  if (gatewayReason(answer.headers) !== undefined) throw await refusalError(answer, QUESTION)
  return permissionIn(answer) ?? refuse(send, answer)
}

/** The request as the fields of a question, and its body if that is JSON. An archive isn't read. */
function question({ method, path, headers, body, upgrade }: LaneDispatchOptions): {
  readonly headers: Record<string, string | string[]>
  readonly body?: string
} {
  const own = upgrade === 'websocket' ? {} : (headers as Record<string, string | string[]> | undefined)
  const isJson = typeof body === 'string' && own?.['content-type'] === 'application/json'
  const hasStream = !isJson && body !== null && body !== undefined
  return {
    headers: {
      ...own,
      'x-docker-mtls-method': method,
      'x-docker-mtls-target': path,
      ...(typeof upgrade === 'string' && { 'x-docker-mtls-upgrade': upgrade }),
      ...(hasStream && { 'x-docker-mtls-body': 'unseen' }),
    },
    ...(isJson && { body }),
  }
}

/** Undefined if it isn't the answer of a gateway, with everything that such an answer has. */
function permissionIn({ status, body }: WireAnswer): Permission | undefined {
  const value = status === 200 ? parsed(body) : undefined
  if (!isObject(value) || typeof value['allowed'] !== 'boolean') return undefined
  const { allowed, reasons, warnings, operation, rule, level, until } = value
  if (!Array.isArray(reasons) || !Array.isArray(warnings) || (allowed ? reasons.length > 0 : reasons.length === 0))
    return undefined
  const texts = Object.entries({ operation, rule, level, until }).filter(([, text]) => typeof text === 'string')
  return {
    allowed,
    reasons: reasons.map(reasonOf),
    warnings: warnings.map(String),
    ...(Object.fromEntries(texts) as Pick<Permission, 'operation' | 'rule' | 'level' | 'until'>),
  }
}

function reasonOf(value: unknown): PermissionReason {
  const { code, message, where } = Object(value) as Record<string, unknown>
  return { code: String(code), message: String(message), ...(typeof where === 'string' && { where }) }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function refuse({ dispatcher }: Send, { status }: WireAnswer): never {
  throw new ConnectionError('ERR_GATEWAY_REQUIRED', {
    tried: `asking ${formatEndpoint(dispatcher.endpoint)} what this client may do`,
    got: `it is no gateway of docker-mtls: it answered ${status}`,
    todo: 'Connect to a gateway. The call was not sent. For a policy file, use decide() of docker-mtls/policy.',
  })
}

function several(name: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `may(${quoted(name)})`,
    got: 'this call sends another request first, or several',
    todo: 'Ask about each request of it, by the names of their own methods.',
  })
}
