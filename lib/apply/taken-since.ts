import { isDockerMtlsError, ProvisionError, sentencesOf } from '../base/errors.ts'
import { gatherFacts, gatherFurtherFacts } from '../host/facts.ts'
import type { HostShell } from '../host/shell.ts'
import { gatewayQuestion, parseGatewayState } from './gateway/state.ts'
import { portConflicts } from './ports.ts'

/**
 * After a failed apply: the error that names the program that has taken one of its ports since the plan was made, if there is one.
 *
 * @param listen - the listeners that dockerd or the gateway could not open
 */
export async function takenSince(
  cause: unknown,
  listen: readonly string[],
  shell: HostShell,
): Promise<ProvisionError | undefined> {
  if (!isDockerMtlsError(cause, 'ERR_HOST_COMMAND_FAILED')) return undefined
  const facts = await gatherFurtherFacts(shell, await gatherFacts(shell), { more: [gatewayQuestion()] })
  const { pid } = parseGatewayState(facts.fact('gateway'))
  const [taken] = portConflicts(facts, listen, [pid])
  if (taken === undefined) return undefined
  const { got, todo } = taken
  return new ProvisionError('ERR_HOST_COMMAND_FAILED', { tried: sentencesOf(cause).tried, got, todo, cause })
}
