import { AuthorizationDeniedError, DockerApiError } from '../../base/errors.ts'
import { command, sentence, type CommandPart, type Sentence } from '../../base/sentence.ts'
import * as said from '../../base/wordings/registries.ts'
import type { Wording } from '../../base/wordings/wording.ts'
import { HUB } from '../../registry/reference.ts'

const ON_THE_HOST = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/

type Remedy = readonly [wording: Wording, todo: (registry: string) => Sentence]

/** Remedies for what the daemon says of its connection to a registry. */
const CONNECTIONS: readonly Remedy[] = [
  [
    said.PLAIN_HTTP,
    (registry) =>
      ON_THE_HOST.test(registry)
        ? `Add 127.0.0.0/8 and ::1/128 to "insecure-registries" in daemon.json: since Docker 29.10, such a list has them only if you name them.`
        : `Enable TLS on ${registry}: it answers with plain HTTP, and the daemon expects HTTPS.`,
  ],
  [
    said.UNTRUSTED,
    (registry) =>
      `On the host of the daemon, save the CA certificate of ${registry} as /etc/docker/certs.d/${registry}/ca.crt`,
  ],
  [
    said.UNREACHABLE,
    (registry) =>
      `Check the name, and the network, DNS and proxy settings of the daemon's host: it can't reach ${registry}.`,
  ],
]

/** The same, and messages of registries that it passes on. */
const REMEDIES: readonly Remedy[] = [
  [
    said.ACCESS_DENIED,
    (registry) =>
      sentence`Check the name. If the repository is private, run  ${loginTo(registry)}  and set the option auth to loadRegistryCredentials().`,
  ],
  [
    said.TOO_MANY_REQUESTS,
    (registry) =>
      `Wait, or pass credentials for ${registry} with the option auth: registries allow more requests after a login.`,
  ],
  [
    said.NO_MANIFEST,
    (registry) => `Check the name and the tag: ${registry} has no such image, or doesn't show it to you.`,
  ],
  [said.NO_SUCH_TAG, () => 'Give the image this name first:  docker.images.tag(ID, NAME)'],
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
  return remedies.find(([{ pattern }]) => pattern.test(daemonMessage))?.[1](registry)
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
