import { metricsTarget } from '../../apply/gateway/metrics.ts'
import { readListener } from '../../daemon-config/listener-target.ts'
import { quoted } from '../../base/text.ts'
import { usageError } from '../errors.ts'

/** Where metrics are served. */
export interface MetricsListener {
  readonly host: string
  readonly port: number
  /** May other machines reach it? */
  readonly exposed: boolean
}

/**
 * Checks `--metrics` for the service of a gateway, which has no capabilities.
 *
 * @throws {@link ArgumentError} ERR_USAGE
 * @throws {@link DaemonError} ERR_LISTEN_INVALID, ERR_LISTEN_PLAINTEXT
 */
export async function checkServiceMetrics(given: string): Promise<void> {
  const { port } = metricsListener(given)
  const { FIRST_FREE_PORT } = await import('../../daemon-config/gateway-unit.ts')
  if (port < FIRST_FREE_PORT)
    throw usageError(
      'the option --metrics',
      `${quoted(given)} is a port below ${FIRST_FREE_PORT}`,
      'Give a greater one.',
    )
  const { parseListen } = await import('../../daemon-config/listen.ts')
  parseListen(metricsTarget(given))
}

/**
 * Reads `--metrics`. A port alone is one of 127.0.0.1. Other machines may reach an address that is given.
 *
 * @throws {@link ArgumentError} ERR_USAGE
 */
export function metricsListener(given: string): MetricsListener {
  const listen = readListener(metricsTarget(given))
  if (!/^(?:(?:\[[^\]\s]+\]|[^:[\]\s]+):)?\d+$/.test(given) || listen.port > 65_535)
    throw usageError('the option --metrics', `${quoted(given)} is not a port`, 'Give a port, or ADDRESS:PORT.')
  return { ...listen, exposed: given.includes(':') }
}
