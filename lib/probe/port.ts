import { isDockerMtlsError } from '../base/errors.ts'
import { withDeadline } from './deadline.ts'
import { PROBE_OPTIONS, resolveTarget, type ProbeOptions } from './options.ts'
import { askWithoutTls, type PlaintextAnswer } from './plaintext.ts'

/** The answer of a port to a ping without TLS. `closed`: nothing listens. `filtered`: no connection could be opened in time. */
export type PortAnswer = PlaintextAnswer | 'closed' | 'filtered'

/**
 * Asks one port whether it answers without TLS.
 *
 * @throws the reason of the signal
 */
export async function askPort(options: ProbeOptions): Promise<PortAnswer> {
  const target = resolveTarget(options, PROBE_OPTIONS, 'askPort')
  try {
    return await withDeadline(target, (deadline) => askWithoutTls(target, deadline))
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return error.code === 'ERR_CONNECTION_REFUSED' ? 'closed' : 'filtered'
  }
}
