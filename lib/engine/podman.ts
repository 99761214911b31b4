import { DockerApiError } from '../base/errors.ts'
import { daemonMessage } from '../base/text.ts'
import * as said from '../base/wordings/podman.ts'
import type { Wording } from '../base/wordings/wording.ts'
import { naming, type Named, type Refused } from './api-error.ts'

/** By status: a path without a route, one with other methods, the update of a secret, and a part of a swarm. */
const LACKED: Readonly<Record<number, Wording>> = {
  404: said.NO_ROUTE,
  405: said.NO_METHOD,
  501: said.NO_UPDATE,
  503: said.NO_SWARM,
}

const USE_DOCKER = 'Use another call, or Docker Engine. The page docs/podman.md lists the calls that Podman has.'

/** What to do instead, by the first part of the path. */
const INSTEAD: Readonly<Record<string, string>> = {
  session: "Build with { builder: 'classic' }, and without the option secrets: BuildKit needs Docker Engine.",
  grpc: 'Use POST /build: BuildKit needs Docker Engine.',
}

/** The error for a call that this version of Podman doesn't have; undefined if its answer means something else. */
export function lackedCall(version: string, { status, body }: Refused, request: Named): DockerApiError | undefined {
  const words = daemonMessage(body) ?? ''
  if (LACKED[status]?.pattern.test(words) !== true) return undefined
  const named = naming(request)
  const [, first = ''] = named.path.split('/')
  return new DockerApiError('ERR_API_CALL_UNSUPPORTED', {
    ...named,
    got: `Podman ${version} doesn't have this call of Docker's API, and answered ${status}, "${words}"`,
    todo: INSTEAD[first] ?? USE_DOCKER,
    status,
    daemonMessage: words,
  })
}
