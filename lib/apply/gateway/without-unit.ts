import { isDockerMtlsError, ProvisionError } from '../../base/errors.ts'
import { ours, sentence } from '../../base/sentence.ts'
import type { Warning } from '../../base/warning.ts'
import type { HostFacts } from '../../host/facts.ts'
import type { HostShell } from '../../host/shell.ts'
import type { LastApply } from '../rollback/last-apply.ts'
import { UNIT_PATH } from './files.ts'
import { readGatewayState, type GatewayState } from './state.ts'

/** Does the gateway run although somebody has removed its unit file? Once it is stopped, systemd can't start it again. */
export function ranWithoutUnit({ state, facts }: { readonly state: GatewayState; readonly facts: HostFacts }): boolean {
  return state.active === 'active' && facts.file(UNIT_PATH) === undefined
}

/** Warns before an apply. */
export function withoutUnit(host: { readonly state: GatewayState; readonly facts: HostFacts }): Warning[] {
  if (!ranWithoutUnit(host)) return []
  const text =
    'The gateway runs without its unit file. If this apply is rolled back, that gateway does not come back, and nobody can connect through it.'
  return [{ code: 'gateway-without-unit', text }]
}

/** Warns before a rollback. */
export function lostGateway({ gateway }: LastApply): Warning[] {
  if (gateway?.isLost !== true) return []
  const text = sentence`The gateway before the apply ran without its unit file and does not come back: nobody can connect through it. For a new one, run then:  ${ours('gateway', 'apply')}`
  return [{ code: 'gateway-lost', text }]
}

/**
 * After a complete rollback, a gateway that ran without its unit file must still run: the apply may have failed before it stopped it.
 *
 * @throws {@link ProvisionError} ERR_APPLY_ROLLBACK_FAILED
 */
export async function verifyWithoutUnit(shell: HostShell, cause: unknown): Promise<void> {
  const { active } = await readGatewayState(shell)
  if (active === 'active') return
  const why = isDockerMtlsError(cause) ? cause.got : String(cause)
  throw new ProvisionError('ERR_APPLY_ROLLBACK_FAILED', {
    tried: `starting the gateway on ${shell.name} again after a complete rollback`,
    got: `it ran without its unit file, so systemd cannot start it: nobody can connect through it. The apply failed because of: ${why}`,
    todo: sentence`Fix what made the apply fail, then run it again:  ${ours('gateway', 'apply')}`,
    cause,
  })
}
