import { compareVersions, NEWEST_API_VERSION, OLDEST_API_VERSION } from '../base/api-version.ts'
import { ConnectionError, DockerApiError } from '../base/errors.ts'
import { option, sentence, type Sentence } from '../base/sentence.ts'
import type { AnswerHeaders } from '../transport/collector.ts'

/** The remedy for a pinned version that is too old or too new. */
export const REMOVE_PIN: Sentence = sentence`Remove DOCKER_API_VERSION and ${option('apiVersion')}, and connect again. docker-mtls then negotiates the version.`

/** The information that `/_ping` gives about a daemon. */
export interface Ping {
  /** The newest API version that the daemon serves; undefined if it doesn't say. */
  readonly apiVersion: string | undefined
  /** The daemon's operating system: `linux` or `windows`. */
  readonly osType: string | undefined
  /** The daemon has experimental features enabled. */
  readonly experimental: boolean
  /** The daemon's default builder: `1` classic builder, `2` BuildKit. */
  readonly builderVersion: string | undefined
  /**
   * `inactive`, `pending`, `error`, `locked`, `active/worker` or `active/manager`; undefined before Docker Engine 23.
   */
  readonly swarm: string | undefined
  /** E.g. `Docker/26.1.5 (linux)`. */
  readonly server: string | undefined
}

/** The engine that a daemon is. Podman, which serves Docker's API, names itself among the parts of its version. */
export function engineName({
  Components,
}: {
  readonly Components?: readonly { readonly Name: string }[] | undefined
}): 'Docker' | 'Podman' {
  return Components?.some(({ Name }) => Name === 'Podman Engine') ? 'Podman' : 'Docker'
}

/** Podman's version, which it gives with its answer to a ping: `Libpod/5.8.6 (linux)`. Undefined for another engine. */
export function podmanVersion({ server }: Ping): string | undefined {
  return /^Libpod\/(\d[\w.+-]*)/.exec(server ?? '')?.[1]
}

const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value)

/** The version in the headers of an answer, if it is valid. */
export function versionHeader(headers: AnswerHeaders): string | undefined {
  const version = one(headers['api-version'])
  return version !== undefined && /^\d+\.\d+$/.test(version) ? version : undefined
}

export function readPing(headers: AnswerHeaders): Ping {
  return {
    apiVersion: versionHeader(headers),
    osType: one(headers['ostype']),
    experimental: headers['docker-experimental'] === 'true',
    builderVersion: one(headers['builder-version']),
    swarm: one(headers['swarm']),
    server: one(headers.server),
  }
}

/** Is this a daemon's answer to `GET /_ping`, and not that of a proxy or another web server? */
export function isDockerPing(status: number, { apiVersion }: Ping, body: Buffer): boolean {
  return apiVersion !== undefined || (status === 200 && body.toString('latin1').trim() === 'OK')
}

export function notDocker(tried: string, status: number, headers: AnswerHeaders): ConnectionError {
  const server = headers.server === undefined ? '' : `, server ${JSON.stringify(headers.server)}`
  return new ConnectionError('ERR_SERVER_NOT_DOCKER', {
    tried,
    got: `an HTTP server answered that is not a Docker daemon (status ${status}${server})`,
    todo: 'Correct the host, port or path prefix. A proxy in between must forward all paths, including /_ping, to dockerd.',
  })
}

/**
 * Refuses a pinned version that the daemon doesn't serve, since no call could work, and one that is older than our oldest, since
 * the daemon would silently ignore fields that are newer.
 */
export function checkPinned(pinned: string, served: string | undefined, target: string): string {
  if (compareVersions(pinned, OLDEST_API_VERSION) < 0) {
    // Without the pin, too, a daemon may be too old.
    chooseVersion(served, target)
    throw pinnedTooOld(pinned, target)
  }
  if (served === undefined || compareVersions(pinned, served) <= 0) return pinned
  throw new DockerApiError('ERR_API_VERSION_UNSUPPORTED', {
    tried: `connecting to ${target} with API version ${pinned}`,
    got: `the daemon serves API versions up to ${served}`,
    todo: REMOVE_PIN,
    status: 200,
    method: 'GET',
    path: '/_ping',
  })
}

function pinnedTooOld(pinned: string, target: string): DockerApiError {
  return new DockerApiError('ERR_API_VERSION_UNSUPPORTED', {
    tried: `connecting to ${target} with API version ${pinned}`,
    got: `docker-mtls needs at least ${OLDEST_API_VERSION}`,
    todo: REMOVE_PIN,
    status: 200,
    method: 'GET',
    path: '/_ping',
  })
}

/** The version to use with a daemon that serves up to `served`: the older of both sides' newest. */
export function chooseVersion(served: string | undefined, target: string): string {
  if (served === undefined || compareVersions(served, NEWEST_API_VERSION) >= 0) return NEWEST_API_VERSION
  if (compareVersions(served, OLDEST_API_VERSION) >= 0) return served
  throw new DockerApiError('ERR_API_VERSION_UNSUPPORTED', {
    tried: `negotiating the API version with ${target}`,
    got: `the daemon serves API versions up to ${served}, and docker-mtls needs at least ${OLDEST_API_VERSION}`,
    todo: 'Update Docker Engine on that host to 19.03 or later.',
    status: 200,
    method: 'GET',
    path: '/_ping',
  })
}
