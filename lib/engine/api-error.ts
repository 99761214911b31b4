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
} from '../base/errors.ts'
import { MEND_COMMAND, PLUGIN_REFUSED, sayingOf, WRONG_VERSION, type Saying } from './daemon-words.ts'

type Wording = readonly [ErrorClass: typeof DockerApiError, code: ApiErrorCode, todo: string]

const STATUSES: Readonly<Record<number, Wording>> = {
  304: [NotModifiedError, 'ERR_API_NOT_MODIFIED', 'Nothing was changed: it was in that state already.'],
  400: [BadRequestError, 'ERR_API_BAD_REQUEST', 'Correct the parameters: the daemon says which.'],
  401: [UnauthorizedError, 'ERR_API_UNAUTHORIZED', 'Log in to the registry, or correct its credentials.'],
  403: [ForbiddenError, 'ERR_API_FORBIDDEN', 'The daemon never allows this: its own words say why.'],
  404: [NotFoundError, 'ERR_API_NOT_FOUND', 'Check the id or name, and that this is the daemon you meant.'],
  409: [ConflictError, 'ERR_API_CONFLICT', 'Resolve what stands in the way: a name in use, a container that runs.'],
  500: [ServerError, 'ERR_API_SERVER_ERROR', "Look at the daemon's log:  journalctl -u docker"],
  501: [DockerApiError, 'ERR_API_STATUS', "The daemon can't do this as it is set up: its own words say why."],
  503: [
    UnavailableError,
    'ERR_API_UNAVAILABLE',
    'The daemon is not ready for this (no swarm, or still starting): set it up or try later.',
  ],
}

const OTHER: Wording = [DockerApiError, 'ERR_API_STATUS', "Look at the daemon's log:  journalctl -u docker"]

/** Is it the version in the path that the daemon refuses? */
export function isWrongVersion(status: number, body: Buffer): boolean {
  return bodySays(WRONG_VERSION, status, body)
}

/** Has an authorization plugin refused it? Such an answer has no other sign of a daemon. */
export function isPluginRefusal(status: number, body: Buffer): boolean {
  return bodySays(PLUGIN_REFUSED, status, body)
}

/** By the status first: to read a body that is no JSON takes as long as the rest of a ping. */
function bodySays(saying: Saying, status: number, body: Buffer): boolean {
  return status === saying.status && saying.said.test(daemonMessage(body) ?? '')
}

function wordingOf(status: number, message: string): Wording {
  const [ErrorClass, code, todo] = STATUSES[status] ?? OTHER
  const saying = sayingOf(status, message)
  return [...(saying?.as ?? ([ErrorClass, code] as const)), saying?.todo ?? todo]
}

/** More of a foreign error page says nothing. */
const LONGEST_TEXT = 500

/** The daemon's own words: `{"message": "..."}`, or plain text from what is not quite the daemon. */
export function daemonMessage(body: Buffer): string | undefined {
  const text = body.toString('utf8').trim()
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    if (typeof message === 'string' && message !== '') return message.trim()
  } catch {
    // A plain-text body is a message, too.
  }
  return text.slice(0, LONGEST_TEXT) || undefined
}

/** A request, as far as errors name it. */
export interface Named {
  readonly method: string
  readonly path: string
}

const withoutQuery = ({ path }: Named): string => path.replace(/\?.*/s, '')

/** The one factory from an answer's status to a {@link DockerApiError}. */
export function apiError(status: number, request: Named, body: Buffer): DockerApiError {
  const message = daemonMessage(body)
  const [ErrorClass, code, todo] = wordingOf(status, message ?? '')
  const path = withoutQuery(request)
  return new ErrorClass(code, {
    tried: `${request.method} ${path}`,
    got: `the daemon answered ${status}${message === undefined ? '' : `, "${message}"`}`,
    todo,
    status,
    method: request.method,
    path,
    ...(message !== undefined && { daemonMessage: message }),
  })
}

/** A failure that the daemon reports inside an answer whose status was a success. */
export function failureInside(request: Named, message: string): StreamError {
  const path = withoutQuery(request)
  return new StreamError('ERR_API_STREAM_FAILED', {
    tried: `${request.method} ${path}`,
    got: `the daemon began well and then said "${message}"`,
    todo: "Its words say what failed; more is in the daemon's log:  journalctl -u docker",
    status: 200,
    method: request.method,
    path,
    daemonMessage: message,
  })
}

/** An exec that never became a process, though its stream had begun. */
export function execFailed(request: Named, message: string, exitCode: number | null = null): StreamError {
  const path = withoutQuery(request)
  return new StreamError('ERR_API_EXEC_FAILED', {
    tried: `${request.method} ${path}`,
    got: `the command could not be started${exitCode === null ? '' : ` (${exitCode})`}, "${message}"`,
    todo: sayingOf(101, message)?.todo ?? MEND_COMMAND,
    status: 101,
    method: request.method,
    path,
    daemonMessage: message,
  })
}

/** An answer that can't be read as what it has to be. */
export function unreadable(
  code: 'ERR_API_RESPONSE_INVALID' | 'ERR_API_STREAM_INVALID' | 'ERR_API_STREAM_TRUNCATED',
  request: Named,
  got: string,
  cause?: unknown,
): DockerApiError {
  const path = withoutQuery(request)
  return new DockerApiError(code, {
    tried: `${request.method} ${path}`,
    got,
    todo: 'Look whether the daemon was stopped meanwhile, or a proxy changes what it sends.',
    status: 200,
    method: request.method,
    path,
    cause,
  })
}
