import { DockerApiError, type ApiErrorCode } from '../errors.ts'

const CODES: Readonly<Record<number, [ApiErrorCode, string]>> = {
  304: ['ERR_API_NOT_MODIFIED', 'Nothing was changed: it was in that state already.'],
  400: ['ERR_API_BAD_REQUEST', 'Correct the parameters: the daemon says which.'],
  401: ['ERR_API_UNAUTHORIZED', 'Log in to the registry, or correct its credentials.'],
  403: [
    'ERR_API_FORBIDDEN',
    "Ask who runs the daemon: an authorization plugin decides by the certificate's common name.",
  ],
  404: ['ERR_API_NOT_FOUND', 'Check the id or name, and that this is the daemon you meant.'],
  409: ['ERR_API_CONFLICT', 'Resolve what stands in the way: a name in use, a container that runs.'],
  500: ['ERR_API_SERVER_ERROR', "Look at the daemon's log:  journalctl -u docker"],
  503: [
    'ERR_API_UNAVAILABLE',
    'The daemon is not ready for this (no swarm, or still starting): set it up or try later.',
  ],
}

const OTHER: [ApiErrorCode, string] = ['ERR_API_STATUS', "Look at the daemon's log:  journalctl -u docker"]

/** What the daemon says to a version in the path that it doesn't serve. */
const WRONG_VERSION = /client version \S+ is too (new|old)/

/** Is it the version in the path that the daemon refuses? */
export function isWrongVersion(status: number, body: Buffer): boolean {
  return status === 400 && WRONG_VERSION.test(daemonMessage(body) ?? '')
}

const VERSION_REFUSED: [ApiErrorCode, string] = [
  'ERR_API_VERSION_UNSUPPORTED',
  'Leave DOCKER_API_VERSION and the option apiVersion away and connect again: then the version is negotiated.',
]

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

/** The one factory from an answer's status to a {@link DockerApiError}. */
export function apiError(
  status: number,
  { method, path }: { method: string; path: string },
  body: Buffer,
): DockerApiError {
  const [code, todo] = isWrongVersion(status, body) ? VERSION_REFUSED : (CODES[status] ?? OTHER)
  const message = daemonMessage(body)
  const shown = path.replace(/\?.*/s, '')
  return new DockerApiError(code, {
    tried: `${method} ${shown}`,
    got: `the daemon answered ${status}${message === undefined ? '' : `, "${message}"`}`,
    todo,
    status,
    method,
    path: shown,
    ...(message !== undefined && { daemonMessage: message }),
  })
}
