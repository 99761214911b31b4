/**
 * The environment of every process that docker-mtls starts: without our own variables. One of them is the passphrase of the CA
 * key, which no credential helper or other program needs, and ssh's `SendEnv *` would send it to a host.
 */
export function childEnvironment(env: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^DOCKER_MTLS_/i.test(name)))
}
