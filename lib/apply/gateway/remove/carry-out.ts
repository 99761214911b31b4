import { ProvisionError } from '../../../base/errors.ts'
import { runStep } from '../../../base/progress.ts'
import { GATEWAY_UNIT } from '../../../daemon-config/gateway-unit.ts'
import { daemonListeners, inspectListener, socketsOf } from '../../listener-status.ts'
import { isWritten } from '../../changes.ts'
import { READ_GATEWAY_LOG, runGuarded } from '../../carry-out.ts'
import { refuseConflicts } from '../../conflicts.ts'
import { whyNoAnswer } from '../../rollback/old-daemon.ts'
import { validate } from '../../validate.ts'
import { verifyDaemon } from '../../verify-daemon.ts'
import type { VerificationCheck } from '../../verify-listener.ts'
import type { GatewayApplyOptions } from '../carry-out.ts'
import { GATEWAY_FOLDER } from '../files.ts'
import { readGatewayState } from '../state.ts'
import { verifyOldGateway } from '../verify.ts'
import type { GatewayRemovePlan } from './plan.ts'

/** The result of a removal. */
export interface GatewayRemoveReport {
  /** Identifies the rollback. */
  readonly id: string
  /** The removed files. */
  readonly removed: readonly string[]
  /** The written files, those of dockerd. */
  readonly written: readonly string[]
  /** Was dockerd restarted? */
  readonly restarted: boolean
  readonly proof: readonly VerificationCheck[]
  /** Did dockerd accept a client certificate? */
  readonly clientProven: boolean
}

/**
 * Removes the gateway of a host: stops it, removes its files, lets dockerd take its place if that is planned, and tests the
 * result. If any of it fails, everything is rolled back, and the gateway runs as before.
 *
 * @param plan - of a host with a gateway
 * @throws {@link ProvisionError} ERR_APPLY_CONFLICT, ERR_APPLY_INVALID, ERR_APPLY_PENDING: nothing was changed.
 *   ERR_APPLY_ROLLED_BACK: all changes were rolled back. ERR_APPLY_ROLLBACK_FAILED: they were not
 * @throws the signal's reason, after everything was rolled back
 */
export async function carryOutGatewayRemove(
  plan: GatewayRemovePlan,
  options: GatewayApplyOptions,
): Promise<GatewayRemoveReport> {
  refuseConflicts(plan)
  const { changes, daemon, facts } = plan
  const { shell, onStep, signal } = options
  if (daemon !== undefined) {
    const title = 'validate the configuration with systemd and dockerd'
    await runStep(onStep, { step: 'validate', title }, () => validate(daemon, shell, signal))
  }
  const guarded = {
    changes,
    tlsDir: daemon?.tlsDir ?? GATEWAY_FOLDER,
    reloadsFirst: daemon?.reloadsFirst ?? false,
    remaps: daemon?.remaps ?? false,
    keepsDocker: daemon === undefined,
    leaves: GATEWAY_FOLDER,
    listen: daemon?.settings.listen ?? [],
    facts,
  }
  const verifyOld = (): Promise<void> => verifyOldGateway(plan, options)
  const { id, seen } = await runGuarded(guarded, { ...options, verifyOld }, () => verifyRemoved(plan, options))
  return {
    id,
    removed: changes.flatMap(({ path, action }) => (action === 'remove' ? [path] : [])),
    written: changes.flatMap((change) => (isWritten(change) && change.action !== 'remove' ? [change.path] : [])),
    restarted: daemon !== undefined,
    proof: seen,
    clientProven: seen.some(({ name, ok }) => name === 'client' && ok),
  }
}

const OPEN_TO_ALL = 'dockerd lets everybody in there without a certificate'

/** The gateway is gone, and dockerd answers: on its local socket, and where it has taken its place. */
async function verifyRemoved(
  { listen, daemon, open }: GatewayRemovePlan,
  options: GatewayApplyOptions,
): Promise<VerificationCheck[]> {
  const { shell, onStep, signal } = options
  const ofDaemon = daemon === undefined ? [] : await verifyDaemon(daemon, options)
  const title = 'check that the gateway is gone, and that dockerd answers'
  return runStep(onStep, { step: 'gone', title }, async (talk) => {
    const why = await whyNoAnswer(shell, talk, signal)
    const sockets = why === undefined ? await socketsOf(shell) : []
    const plain = (await daemonListeners(sockets, options, { known: open })).filter(({ isPlaintext }) => isPlaintext)
    const { active, pid } = await readGatewayState(shell)
    const isGone = pid === 0 && active !== 'active' && active !== 'activating'
    const hasOther = daemon === undefined && shell.isHere && (await answers(listen, signal))
    const checks: VerificationCheck[] = [
      {
        name: 'daemon',
        at: 'the local socket',
        ok: why === undefined,
        got: why === undefined ? 'dockerd answers on its local socket' : `dockerd doesn't answer locally: ${why}`,
      },
      ...plain.map(({ listener: at }) => ({ name: 'plaintext', at, ok: false, got: OPEN_TO_ALL }) as const),
      {
        name: 'gateway',
        at: listen,
        ok: isGone && !hasOther,
        got: isGone
          ? hasOther
            ? 'something still answers there'
            : 'the gateway is gone'
          : `${GATEWAY_UNIT} is ${active}`,
      },
    ]
    const wrong = checks.filter(({ ok }) => !ok)
    if (wrong.length === 0) return [...ofDaemon, ...checks]
    throw new ProvisionError('ERR_HOST_COMMAND_FAILED', {
      tried: `removing the gateway of ${shell.name}`,
      got: wrong.map(({ at, got }) => `${at}: ${got}`).join('; '),
      todo: READ_GATEWAY_LOG,
    })
  })
}

async function answers(listen: string, signal: AbortSignal | undefined): Promise<boolean> {
  return (await inspectListener(listen, 'hidden', signal)).seen !== undefined
}
