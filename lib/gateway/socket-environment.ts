/** The variables with which docker, and everything that reads its variables, uses a local socket. Undefined: unset. */
export function socketEnvironment(socket: string): Record<string, string | undefined> {
  const unset = ['DOCKER_CONTEXT', 'DOCKER_TLS', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH', 'DOCKER_API_VERSION']
  return { ...Object.fromEntries(unset.map((name) => [name, undefined])), DOCKER_HOST: `unix://${socket}` }
}
