import { fail, pass, unknown, warn, type Verdict } from '../verdict.ts'

/** Judges the variables with which the Docker CLI finds a daemon (docker/cli, cli/flags/options.go). */
export function judgeDockerHost(env: readonly string[]): Verdict {
  const host = valueOf(env, 'DOCKER_HOST')
  if (host === undefined || host === '') return pass()
  const scheme = /^([a-z]+):\/\//i.exec(host)?.[1]?.toLowerCase() ?? 'tcp'
  if (['unix', 'fd', 'npipe', 'ssh', 'https'].includes(scheme)) return pass(`DOCKER_HOST=${host}`)
  if (scheme !== 'tcp' && scheme !== 'http') return unknown(`DOCKER_HOST=${host} has an unknown form`)
  return judgeTcp(host, env)
}

function judgeTcp(host: string, env: readonly string[]): Verdict {
  if (valueOf(env, 'DOCKER_TLS_VERIFY')) return pass(`DOCKER_HOST=${host}, with TLS`)
  if (valueOf(env, 'DOCKER_TLS')) return warn(`DOCKER_HOST=${host}, with TLS that does not verify the daemon`)
  const isOfTls = /:2376\/?$/.test(host) || env.some((entry) => entry.startsWith('DOCKER_TLS_CERTDIR'))
  if (isOfTls) return warn(`DOCKER_HOST=${host} without DOCKER_TLS_VERIFY, although it seems intended for TLS`)
  const isLoopback = /^[a-z]+:\/\/(?:localhost|127\.[\d.]+|\[::1\])(?=[:/]|$)/i.test(host)
  return isLoopback ? warn(`DOCKER_HOST=${host}, without TLS on loopback`) : fail(`DOCKER_HOST=${host}, without TLS`)
}

/** The last entry counts, as for every program. */
function valueOf(env: readonly string[], name: string): string | undefined {
  return env.findLast((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1)
}
