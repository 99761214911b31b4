import type { AnswerHeaders } from '../transport/collector.ts'
import {
  BadRequestError,
  ConflictError,
  DockerApiError,
  ForbiddenError,
  NotFoundError,
  NotModifiedError,
  ServerError,
  StreamError,
  UnauthorizedError,
  UnavailableError,
  type ApiErrorCode,
  type ApiFailure,
} from '../base/errors.ts'
import { command, sentence, type Sentence } from '../base/sentence.ts'
import { daemonMessage } from '../base/text.ts'
import {
  CORRECT_COMMAND,
  DENIED_BY_PLUGIN,
  isMessage,
  knownMessage,
  WRONG_VERSION,
  type KnownMessage,
} from './daemon-messages.ts'

type Meaning = readonly [ErrorClass: typeof DockerApiError, code: ApiErrorCode, todo: Sentence]

const READ_ITS_LOG: Sentence = sentence`Read the daemon's log:  ${command('journalctl', '-u', 'docker')}`

const STATUSES: Readonly<Record<number, Meaning>> = {
  304: [
    NotModifiedError,
    'ERR_API_NOT_MODIFIED',
    'The object is already in the requested state: there is nothing to do.',
  ],
  400: [BadRequestError, 'ERR_API_BAD_REQUEST', 'Correct the parameter that the daemon names.'],
  401: [UnauthorizedError, 'ERR_API_UNAUTHORIZED', 'Correct the credentials for the registry.'],
  403: [ForbiddenError, 'ERR_API_FORBIDDEN', 'Change the request: the daemon never allows this one.'],
  404: [NotFoundError, 'ERR_API_NOT_FOUND', 'Check the id or name, and that you are connected to the right daemon.'],
  409: [ConflictError, 'ERR_API_CONFLICT', 'Resolve the conflict first, such as a name in use or a running container.'],
  500: [ServerError, 'ERR_API_SERVER_ERROR', READ_ITS_LOG],
  501: [
    DockerApiError,
    'ERR_API_STATUS',
    'Enable this feature in the configuration of the daemon, or use another daemon.',
  ],
  503: [
    UnavailableError,
    'ERR_API_UNAVAILABLE',
    'Connect to a manager if the call is about a swarm. Otherwise try again when the daemon has started.',
  ],
}

const OTHER: Meaning = [DockerApiError, 'ERR_API_STATUS', READ_ITS_LOG]

/** Does the daemon refuse the version in the path? Compares the status first, since parsing a body takes time. */
export function isWrongVersion(status: number, body: Buffer): boolean {
  return status === WRONG_VERSION.status && isMessage(WRONG_VERSION, status, daemonMessage(body) ?? '')
}

/** Did an authorization plugin deny the request? Such an answer has no other sign of a daemon. */
export function isPluginRefusal(status: number, body: Buffer): boolean {
  return status === DENIED_BY_PLUGIN.status && isMessage(DENIED_BY_PLUGIN, status, daemonMessage(body) ?? '')
}

/** Why docker-mtls' own gateway gave this answer, in the place of the daemon's. Undefined: it is the daemon's. */
export function gatewayReason(headers: AnswerHeaders): string | undefined {
  const reason = headers['x-docker-mtls-reason']
  return Array.isArray(reason) ? reason[0] : reason
}

/** The newest version of the daemon's API, if a gateway says that it doesn't know it. */
export function unknownToGateway(headers: AnswerHeaders): string | undefined {
  const version = headers['x-docker-mtls-daemon-api']
  return typeof version === 'string' && /^\d+\.\d+$/.test(version) ? version : undefined
}

/** Did this answer come through docker-mtls' own gateway? It passes no such field of the daemon on. */
export function isOfGateway(headers: AnswerHeaders): boolean {
  return headers['x-docker-mtls-gateway'] !== undefined || gatewayReason(headers) !== undefined
}

function meaningOf(status: number, message: string, refusals: readonly KnownMessage[]): Meaning {
  const [ErrorClass, code, todo] = STATUSES[status] ?? OTHER
  const known = knownMessage(status, message)
  // A message with an error of its own means the same in every operation.
  if (known?.error) return [...known.error, known.todo]
  return [ErrorClass, code, (knownMessage(status, message, refusals) ?? known)?.todo ?? todo]
}

/** The parts of a request that errors name. */
export interface Named {
  readonly method: string
  readonly path: string
}

/** An id, of which docker shows the beginning. */
const LONG_ID = /(?<=\/)([0-9a-f]{12})[0-9a-f]{52}(?![^/])/g

/** The fields by which an error names its request, without the query, which may hold a secret. */
export function naming({ method, path: whole }: Named): Pick<ApiFailure, 'tried' | 'method' | 'path'> {
  const path = whole.replace(/\?.*/s, '')
  return { tried: `${method} ${path.replaceAll(LONG_ID, '$1')}`, method, path }
}

/** The two calls that dockerd answers with 304, and the container in their path. */
const STARTED_OR_STOPPED = /^\/containers\/([^/]+)\/(start|stop)$/

/** The state of a container that was to be started or stopped, if the answer is 304. */
function alreadyDone(status: number, path: string): Sentence | undefined {
  const [, id, action] = status === 304 ? (STARTED_OR_STOPPED.exec(path) ?? []) : []
  if (id === undefined) return undefined
  return `Container ${id} is already ${action === 'start' ? 'running' : 'stopped'}. There is nothing to do.`
}

/** docker-mtls adds the version itself. */
function versionTwice(status: number, path: string): Sentence | undefined {
  const [, version] = status === 404 ? (/^\/(v\d+(?:\.\d+)*)\//.exec(path) ?? []) : []
  return version && `Omit /${version} from the path: docker-mtls adds the version of the API itself.`
}

/** An answer with a status that is an error, and the beginning of its body. */
export interface Refused {
  readonly status: number
  readonly headers: AnswerHeaders
  readonly body: Buffer
}

/**
 * Makes a {@link DockerApiError} out of an answer's status.
 *
 * @param refusals - messages with a remedy for this operation
 */
export async function refusalError(
  refused: Refused,
  request: Named,
  refusals: readonly KnownMessage[] = [],
): Promise<DockerApiError> {
  const { status, body } = refused
  const reason = gatewayReason(refused.headers)
  if (reason === undefined) return apiError(status, request, body, refusals)
  const { gatewayRemedy } = await import('./gateway-refusals.ts')
  return apiError(status, request, body, refusals, { reason, todo: gatewayRemedy(status, reason) })
}

/**
 * The same for an answer without header fields.
 *
 * @param byGateway - why the gateway refused it, in the place of the daemon
 */
export function apiError(
  status: number,
  request: Named,
  body: Buffer,
  refusals: readonly KnownMessage[] = [],
  byGateway?: { readonly reason: string; readonly todo: Sentence | undefined },
): DockerApiError {
  const message = daemonMessage(body)
  const [ErrorClass, code, todo] = meaningOf(status, message ?? '', refusals)
  const named = naming(request)
  return new ErrorClass(code, {
    ...named,
    got: `the ${byGateway ? 'gateway' : 'daemon'} answered ${status}${message === undefined ? '' : `, "${message}"`}`,
    todo: byGateway?.todo ?? alreadyDone(status, named.path) ?? versionTwice(status, named.path) ?? todo,
    status,
    ...(message !== undefined && { daemonMessage: message }),
    ...(byGateway && { gatewayReason: byGateway.reason }),
  })
}

/** A failure that the daemon reports in the body of a successful answer. */
export function failureInside(request: Named, message: string, refusals: readonly KnownMessage[] = []): StreamError {
  return new StreamError('ERR_API_STREAM_FAILED', {
    ...naming(request),
    got: `the daemon reported a failure halfway, "${message}"`,
    todo: knownMessage(200, message, refusals)?.todo ?? READ_ITS_LOG,
    status: 200,
    daemonMessage: message,
  })
}

/** An exec whose stream was opened, but whose program could not be started. */
export function execFailed(request: Named, message: string, exitCode: number | null = null): StreamError {
  return new StreamError('ERR_API_EXEC_FAILED', {
    ...naming(request),
    got: `the daemon can't start the command${exitCode === null ? '' : ` (exit code ${exitCode})`}: "${message}"`,
    todo: knownMessage(101, message)?.todo ?? CORRECT_COMMAND,
    status: 101,
    daemonMessage: message,
  })
}

type UnreadableCode = 'ERR_API_RESPONSE_INVALID' | 'ERR_API_STREAM_INVALID' | 'ERR_API_STREAM_TRUNCATED'

const CHECK_PROXIES = 'Check the proxies in between: one of them may change the answers of the daemon.'

/** The remedies for answers that can't be read. */
const UNREADABLE: Readonly<Record<UnreadableCode, Sentence>> = {
  ERR_API_RESPONSE_INVALID: CHECK_PROXIES,
  ERR_API_STREAM_INVALID: CHECK_PROXIES,
  ERR_API_STREAM_TRUNCATED: sentence`Check that the daemon is still running, then call again:  ${command('systemctl', 'status', 'docker')}`,
}

/** An answer that isn't in the format of its operation. */
export function unreadable(code: UnreadableCode, request: Named, got: string, cause?: unknown): DockerApiError {
  return new DockerApiError(code, {
    ...naming(request),
    got,
    todo: UNREADABLE[code],
    status: 200,
    cause,
  })
}
