const UNSET = ['DOCKER_CONTEXT', 'DOCKER_TLS', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH', 'BUILDKIT_HOST']

/**
 * The variables with which docker, and everything that reads its variables, uses a local socket. Undefined: unset.
 *
 * buildx would use another builder than that of the daemon if a variable names one, or `docker buildx use --global` has. Its builder
 * `default` is that of the daemon.
 */
export function socketEnvironment(socket: string): Record<string, string | undefined> {
  const unset = Object.fromEntries(UNSET.map((name) => [name, undefined]))
  return { ...unset, DOCKER_HOST: `unix://${socket}`, BUILDX_BUILDER: 'default' }
}
