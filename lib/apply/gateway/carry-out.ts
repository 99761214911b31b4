import { isWritten } from '../changes.ts'
import { refuseConflicts } from '../conflicts.ts'
import { runGuarded } from '../carry-out.ts'
import { runStep } from '../../base/progress.ts'
import { validate } from '../validate.ts'
import type { VerificationOptions } from '../verify-daemon.ts'
import type { VerificationCheck } from '../verify-listener.ts'
import { GATEWAY_FOLDER, GATEWAY_USER, ownListener } from './files.ts'
import { verifyListeners } from './listeners.ts'
import { metricsTarget } from './metrics.ts'
import type { GatewayPlan } from './plan.ts'
import { verifyGateway, verifyOldGateway } from './verify.ts'
import { ranWithoutUnit, verifyWithoutUnit } from './without-unit.ts'

/** The result of an apply. */
export interface GatewayReport {
  /** Identifies the rollback; absent if nothing had to be changed. */
  readonly id?: string
  /** The written files. */
  readonly written: readonly string[]
  /** Was dockerd restarted? */
  readonly restarted: boolean
  readonly proof: readonly VerificationCheck[]
  /** Did the gateway accept a client certificate? */
  readonly clientProven: boolean
}

/** Options of {@link carryOutGateway}. */
export interface GatewayApplyOptions extends VerificationOptions {
  /** When the host rolls back by itself, in seconds after the first change. @defaultValue 180 */
  readonly rollbackAfter?: number | undefined
  /** What the host needs before the first change, once the configuration is valid. Nothing undoes it. */
  readonly prepare?: (() => Promise<void>) | undefined
}

/**
 * Carries out a plan: validates, backs up, writes, restarts dockerd if it has to, starts the gateway, and tests both from
 * outside. If any of it fails, everything is rolled back, and dockerd listens as before.
 *
 * @throws {@link ProvisionError} ERR_APPLY_CONFLICT, ERR_APPLY_INVALID, ERR_APPLY_PENDING: nothing was changed.
 *   ERR_APPLY_ROLLED_BACK: all changes were rolled back. ERR_APPLY_ROLLBACK_FAILED: they were not
 * @throws the signal's reason, after everything was rolled back
 */
export async function carryOutGateway(plan: GatewayPlan, options: GatewayApplyOptions): Promise<GatewayReport> {
  refuseConflicts(plan)
  const { shell, onStep, signal } = options
  const { closes } = plan
  await runStep(onStep, { step: 'validate', title: 'validate the configuration with systemd and dockerd' }, () =>
    validateGateway(plan, options),
  )
  await options.prepare?.()
  if (plan.isDone) return reportOf(plan, await verifyGateway(plan, options))
  const guarded = {
    changes: plan.changes,
    tlsDir: GATEWAY_FOLDER,
    reloadsFirst: plan.reloadsFirst,
    remaps: false,
    keepsDocker: !plan.restarts,
    gateway: { user: GATEWAY_USER, starts: plan.starts },
    listen: [plan.listen, ...(plan.metrics === undefined ? [] : [metricsTarget(plan.metrics)])],
    facts: plan.facts,
  }
  const verifyOld = async (cause: unknown): Promise<void> => {
    await verifyListeners(closes, shell, signal)
    const listen = ownListener(plan.facts)
    if (ranWithoutUnit(plan)) await verifyWithoutUnit(shell, cause)
    else if (listen !== undefined && plan.isServing) await verifyOldGateway({ listen, state: plan.state }, options)
  }
  const { id, seen } = await runGuarded(guarded, { ...options, verifyOld }, () => verifyGateway(plan, options))
  return { id, ...reportOf(plan, seen) }
}

/**
 * Validates dockerd's configuration, if it changes, with the host's own systemd and dockerd.
 *
 * @throws {@link ProvisionError} ERR_APPLY_INVALID, with their messages
 */
export async function validateGateway(
  { start, usernsRemap }: GatewayPlan,
  { shell, signal }: Pick<GatewayApplyOptions, 'shell' | 'signal'>,
): Promise<void> {
  if (start === undefined) return
  const settings = { listen: [], ...(usernsRemap !== undefined && { usernsRemap }) }
  await validate({ start, settings, changes: [], tlsDir: GATEWAY_FOLDER }, shell, signal)
}

function reportOf({ changes, restarts }: GatewayPlan, proof: readonly VerificationCheck[]): GatewayReport {
  const clientProven = proof.some(({ name, ok }) => name === 'client' && ok)
  return { written: changes.filter(isWritten).map(({ path }) => path), restarted: restarts, proof, clientProven }
}
