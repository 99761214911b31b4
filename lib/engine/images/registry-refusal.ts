import { AuthorizationDeniedError, DockerApiError } from '../../base/errors.ts'
import { HUB } from '../../registry/reference.ts'

type Remedy = readonly [said: RegExp, todo: (registry: string) => string]

/**
 * What the daemon hands on of a registry (moby, distribution/errors.go and registry/auth.go; containerd,
 * core/remotes/docker), and what is to be done then. To whoever may not see a repository it doesn't exist.
 */
const REMEDIES: readonly Remedy[] = [
  [
    /access denied|access (to the resource is )?(denied|forbidden)|authentication required|unauthorized|no basic auth credentials|incorrect username or password|authorization failed|insufficient_scope/i,
    (registry) =>
      `Correct the name, or give credentials for ${registry}: the option auth takes { username, password }, or what loadRegistryCredentials() returns after  ${loginTo(registry)}`,
  ],
  [
    /toomanyrequests|too many requests|rate limit/i,
    (registry) => `Wait, or give credentials for ${registry} as the option auth: who is known may ask more often.`,
  ],
  [
    /manifest unknown|name unknown|not found: (manifest|name)|manifest for \S+ not found/i,
    (registry) => `Correct the name or its tag: ${registry} has none such, or doesn't show it to whoever asks.`,
  ],
  [/tag does not exist|not exist locally/i, () => 'Give an image that name first:  docker.images.tag(ID, NAME)'],
  [
    /server gave HTTP response to HTTPS client|x509:|tls:/i,
    (registry) =>
      `The daemon trusts no such registry: put the CA of ${registry} into /etc/docker/certs.d/${registry}/ca.crt on its host.`,
  ],
  [
    /dial tcp|no such host|i\/o timeout|connection refused|context deadline exceeded|Client\.Timeout/i,
    (registry) => `Correct the name, or let the daemon's host reach ${registry}: its network, DNS and proxy count.`,
  ],
]

const loginTo = (registry: string): string => (registry === HUB ? 'docker login' : `docker login ${registry}`)

/** A failure of a call in which the daemon asks a registry: which one, and what is to be done. */
export function explainRefusal(error: unknown, registry: string): unknown {
  // A plugin's refusal is the daemon's own, whatever words it has.
  if (!(error instanceof DockerApiError) || error instanceof AuthorizationDeniedError) return error
  const { code, tried, got, status, method, path, daemonMessage = '' } = error
  const [, todo] = REMEDIES.find(([said]) => said.test(daemonMessage)) ?? []
  if (todo === undefined) return error
  const ErrorClass = error.constructor as typeof DockerApiError
  return new ErrorClass(code, {
    tried: `${tried}, which asks the registry ${registry}`,
    got,
    todo: todo(registry),
    status,
    method,
    path,
    daemonMessage,
    cause: error,
  })
}
