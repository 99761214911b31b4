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
 * Reads `--metrics`. A port alone is one of 127.0.0.1. Other machines may reach an address that is given.
 *
 * @throws {@link ArgumentError} ERR_USAGE
 */
export function metricsListener(given: string): MetricsListener {
  const hasAddress = !/^\d+$/.test(given)
  const listen = readListener(`tcp://${hasAddress ? given : `127.0.0.1:${given}`}`)
  if (!/^(?:(?:\[[^\]\s]+\]|[^:[\]\s]+):)?\d+$/.test(given) || listen.port > 65_535)
    throw usageError('the option --metrics', `${quoted(given)} is not a port`, 'Give a port, or ADDRESS:PORT.')
  return { ...listen, exposed: hasAddress }
}
