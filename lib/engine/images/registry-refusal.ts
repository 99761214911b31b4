import { AuthorizationDeniedError, DockerApiError } from '../../base/errors.ts'
import { command, sentence, type CommandPart, type Sentence } from '../../base/sentence.ts'
import { HUB } from '../../registry/reference.ts'

type Remedy = readonly [pattern: RegExp, todo: (registry: string) => Sentence]

/** Messages of the daemon about its connection to a registry. */
const CONNECTIONS: readonly Remedy[] = [
  [
    /server gave HTTP response to HTTPS client/i,
    (registry) => `Enable TLS on ${registry}: it answers with plain HTTP, and the daemon expects HTTPS.`,
  ],
  [
    /x509:|tls:/i,
    (registry) =>
      `On the host of the daemon, save the CA certificate of ${registry} as /etc/docker/certs.d/${registry}/ca.crt`,
  ],
  [
    /dial tcp|no such host|i\/o timeout|connection refused|context deadline exceeded|Client\.Timeout/i,
    (registry) =>
      `Check the name, and the network, DNS and proxy settings of the daemon's host: it can't reach ${registry}.`,
  ],
]

/**
 * Messages of registries that the daemon passes on (moby, distribution/errors.go and registry/auth.go; containerd,
 * core/remotes/docker), and their remedies. A registry answers alike for a repository that doesn't exist and for one
 * that you may not see.
 */
const REMEDIES: readonly Remedy[] = [
  [
    /access denied|access (to the resource is )?(denied|forbidden)|authentication required|unauthorized|no basic auth credentials|incorrect username or password|authorization failed|insufficient_scope/i,
    (registry) =>
      sentence`Check the name. If the repository is private, run  ${loginTo(registry)}  and set the option auth to loadRegistryCredentials().`,
  ],
  [
    /toomanyrequests|too many requests|rate limit/i,
    (registry) =>
      `Wait, or pass credentials for ${registry} with the option auth: registries allow more requests after a login.`,
  ],
  [
    /manifest unknown|name unknown|not found: (manifest|name)|manifest for \S+ not found/i,
    (registry) => `Check the name and the tag: ${registry} has no such image, or doesn't show it to you.`,
  ],
  [/tag does not exist|not exist locally/i, () => 'Give the image this name first:  docker.images.tag(ID, NAME)'],
  ...CONNECTIONS,
]

function loginTo(registry: string): CommandPart {
  return registry === HUB ? command('docker', 'login') : command('docker', 'login', registry)
}

/** The remedy for a message of a registry, if it is known. */
export function registryRemedy(
  daemonMessage: string,
  registry: string,
  remedies: readonly Remedy[] = REMEDIES,
): Sentence | undefined {
  return remedies.find(([pattern]) => pattern.test(daemonMessage))?.[1](registry)
}

/** The same for a call that is not about an image, such as a search: only the connection to the registry has a remedy. */
export function explainUnreachable(error: unknown, registry: string): unknown {
  return explainRefusal(error, registry, CONNECTIONS)
}

/** Adds the registry and a remedy to a failure of a call for which the daemon asks a registry. */
export function explainRefusal(error: unknown, registry: string, remedies = REMEDIES): unknown {
  // An authorization plugin belongs to the daemon, whatever its message says.
  if (!(error instanceof DockerApiError) || error instanceof AuthorizationDeniedError) return error
  const { code, tried, got, status, method, path, daemonMessage = '' } = error
  const todo = registryRemedy(daemonMessage, registry, remedies)
  if (todo === undefined) return error
  const ErrorClass = error.constructor as typeof DockerApiError
  return new ErrorClass(code, {
    tried: `${tried}, for which the daemon asks the registry ${registry}`,
    got,
    todo,
    status,
    method,
    path,
    daemonMessage,
    cause: error,
  })
}
