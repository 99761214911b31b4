import { isDockerMtlsError } from '../../base/errors.ts'
import { sentence } from '../../base/sentence.ts'
import { formatEndpoint } from '../../endpoint/endpoint.ts'
import type { Environment } from '../../endpoint/environment.ts'
import type { EndpointOptions } from '../../endpoint/options.ts'
import { nameSource, ResolutionLog } from '../../endpoint/resolution-log.ts'
import { resolveWithLog, type ResolvedEndpoint } from '../../endpoint/resolve.ts'
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
    return { steps: [failedBy('endpoint', error, { source: log.considered }), ...warningsOf(log)] }
  }
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
