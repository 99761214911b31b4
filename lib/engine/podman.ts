import { DockerApiError } from '../base/errors.ts'
import { daemonMessage } from '../base/text.ts'
import { naming, type Named, type Refused } from './api-error.ts'

/** Podman, pkg/api: a path without a route, one with other methods, the update of a secret, a part of a swarm, and what it lists as missing. */
const LACKED: Readonly<Record<number, RegExp>> = {
  404: /^(?:Not Found|Path \S+ is not supported)$/,
  405: /^Method Not Allowed$/,
  501: /^update is not supported$/,
  503: /^Podman does not support service: /,
}

const USE_DOCKER = 'Use another call, or Docker Engine. The page docs/podman.md lists the calls that Podman has.'

/** What to do instead, by the first part of the path. */
const INSTEAD: Readonly<Record<string, string>> = {
  session: "Build with { builder: 'classic' }, and without the option secrets: BuildKit needs Docker Engine.",
  grpc: 'Use POST /build: BuildKit needs Docker Engine.',
}

/** The error for a call that this version of Podman doesn't have; undefined if its answer means something else. */
export function lackedCall(version: string, { status, body }: Refused, request: Named): DockerApiError | undefined {
  const message = daemonMessage(body) ?? ''
  if (LACKED[status]?.test(message) !== true) return undefined
  const named = naming(request)
  const [, first = ''] = named.path.split('/')
  return new DockerApiError('ERR_API_CALL_UNSUPPORTED', {
    ...named,
    got: `Podman ${version} doesn't have this call of Docker's API, and answered ${status}, "${message}"`,
    todo: INSTEAD[first] ?? USE_DOCKER,
    status,
    daemonMessage: message,
  })
}
