import { join } from 'node:path'
import { isDockerMtlsError } from '../../base/errors.ts'
import { command, sentence, type Sentence } from '../../base/sentence.ts'
import { formatEndpoint } from '../../endpoint/endpoint.ts'
import type { Environment } from '../../endpoint/environment.ts'
import type { EndpointOptions } from '../../endpoint/options.ts'
import { nameSource, ResolutionLog } from '../../endpoint/resolution-log.ts'
import { resolveWithLog, type ResolvedEndpoint } from '../../endpoint/resolve.ts'
import { showHost } from '../../endpoint/text.ts'
import { findFolders } from './layouts.ts'
import { failedBy, ok, splitRemedy, warning, type DetailedStep } from './step.ts'

/** The endpoint, if it could be resolved, and the findings about it. */
export interface EndpointSeen {
  readonly endpoint?: ResolvedEndpoint
  readonly steps: readonly DetailedStep[]
}

/**
 * Resolves the endpoint.
 *
 * @throws the reason of an aborted signal, and mistakes in the call
 */
export async function seeEndpoint(options: EndpointOptions, env: Environment): Promise<EndpointSeen> {
  const log = new ResolutionLog()
  try {
    const endpoint = await resolveWithLog(options, env, log)
    return { endpoint, steps: [chosen(endpoint), ...warningsOf(log)] }
  } catch (error) {
    if (!isDockerMtlsError(error) || log.considered === 'arguments') throw error
    const step = failedBy('endpoint', error, { source: log.considered })
    const remedy = isAboutTls(error) ? await dindRemedy(env) : undefined
    return { steps: [remedy === undefined ? step : { ...step, ...remedy }, ...warningsOf(log)] }
  }
}

/** Half of the variables of docker:dind are set. */
function isAboutTls(error: unknown): boolean {
  return isDockerMtlsError(error, 'ERR_TLS_VERIFY_REQUIRED', 'ERR_PLAINTEXT_PORT', 'ERR_HOST_REQUIRED')
}

function chosen(endpoint: ResolvedEndpoint): DetailedStep {
  const { kind, source, context, certPath, apiVersion } = endpoint
  const url = formatEndpoint(endpoint)
  const why =
    source === 'local socket'
      ? 'the daemon of this machine, because no option, variable or context names another'
      : sentence`selected by ${nameSource(source)}`
  const facts = {
    url,
    kind,
    source,
    ...(context !== undefined && { context }),
    ...(certPath !== undefined && { certPath }),
    ...(apiVersion !== undefined && { apiVersion }),
  }
  return ok('endpoint', sentence`${url}, ${why}`, facts)
}

function warningsOf({ warnings }: ResolutionLog): DetailedStep[] {
  return warnings.map(({ code, text }) =>
    warning('endpoint', { code: 'ENDPOINT_WARNING', ...splitRemedy(text), facts: { about: code } }),
  )
}

/**
 * The remedy if the image docker:dind made certificates. Only the image docker:cli sets the other variables itself
 * (docker-library/docker, docker-entrypoint.sh); in any other image of a CI job, DOCKER_TLS_CERTDIR alone has no effect.
 */
export async function dindRemedy(env: Environment): Promise<{ remedy: Sentence } | undefined> {
  const folder = env['DOCKER_TLS_CERTDIR']
  if (folder === undefined) return undefined
  if (folder === '') {
    return {
      remedy: sentence`DOCKER_TLS_CERTDIR is empty, which turns TLS off in docker:dind. Set it for the service and the job, and use the TLS port:  ${exported('/certs')}`,
    }
  }
  const [found] = await findFolders({ env })
  if (found !== undefined) {
    return {
      remedy: sentence`DOCKER_TLS_CERTDIR alone has no effect in this image. Set the other variables, too:  ${exported(folder, env)}`,
    }
  }
  return {
    remedy: sentence`docker:dind creates ${join(folder, 'client')} when it starts, but it isn't there yet. Wait until it exists, and mount its volume into this container. Then:  ${exported(folder, env)}`,
  }
}

/** The variables of the image docker:cli. The host of another service stays. */
function exported(folder: string, env: Environment = {}): ReturnType<typeof command> {
  const { DOCKER_HOST: host = '' } = env
  const isTls = /^tcp:\/\/[^/:]+(?::2376)?$/.test(host)
  return command(
    'export',
    `DOCKER_HOST=${isTls ? showHost(host) : 'tcp://docker:2376'}`,
    'DOCKER_TLS_VERIFY=1',
    `DOCKER_CERT_PATH=${join(folder, 'client')}`,
  )
}
