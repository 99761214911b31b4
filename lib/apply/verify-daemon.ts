import { pause } from '../base/abort.ts'
import { isDockerMtlsError, ProvisionError } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'
import { enumerate } from '../base/text.ts'
import { runStep, type OnStep, type StepTalk } from '../base/progress.ts'
import { daemonListeners, socketsOf, type DaemonListener, type Viewpoint } from './listener-status.ts'
import type { ProbeIdentity } from './options.ts'
import type { ApplyPlan } from './plan.ts'
import { verifyListener, type VerificationCheck } from './verify-listener.ts'
import { formatTarget, targetOf, type Target } from '../daemon-config/listener-target.ts'

/** Options of {@link verifyDaemon}. */
export interface VerificationOptions extends Viewpoint {
  /** The client certificate to test. Without it, the report says that client access wasn't tested. */
  readonly probe?: ProbeIdentity | undefined
  readonly onStep?: OnStep | undefined
  /** Turns the error of a listener that can't be reached into one that tells more. */
  readonly explainUnreachable?: ((error: unknown) => unknown) | undefined
}

/** The part of a plan that is tested. */
export type VerifiedPlan = Pick<ApplyPlan, 'settings' | 'server'>

/** How long a listener may take after dockerd has told systemd that it is ready. */
const PORT_MS = 15_000
const POLL_MS = 250

/**
 * Tests a daemon from outside, at each configured listener, and at all others that serve its API, such as a port of
 * docker.socket.
 *
 * @returns the checks, in the order of the listeners; all have passed
 * @throws {@link ProvisionError} ERR_HOST_COMMAND_FAILED, with all failed checks
 * @throws {@link ConnectionError} if a listener can't be reached
 */
export function verifyDaemon(plan: VerifiedPlan, options: VerificationOptions): Promise<readonly VerificationCheck[]> {
  const title = 'test with real connections who gets in'
  return runStep(options.onStep, { step: 'prove', title }, async (talk) => {
    const { listen } = plan.settings
    const targets = listen.map((listener) => targetOf(listener, options.address, listen))
    const configured = await Promise.all(targets.map((target) => verifyAt(target, plan, options, talk)))
    const expected = { known: listen, certificates: [plan.server.facts.fingerprint256] }
    const others = await daemonListeners(await socketsOf(options.shell), options, expected)
    const besides = await Promise.all(others.map((other) => verifyOther(other, plan, options)))
    const checks = [...configured, ...besides].flat()
    refuseFailed(checks)
    talk.result(`${checks.length} of ${checks.length} checks passed`)
    return checks
  })
}

/** Connects, and waits until dockerd listens. */
async function verifyAt(
  target: Target,
  { server }: VerifiedPlan,
  { probe, signal, explainUnreachable = (error) => error }: VerificationOptions,
  talk: StepTalk,
): Promise<VerificationCheck[]> {
  const deadline = Date.now() + PORT_MS
  for (;;) {
    try {
      return await verifyListener({ ...target, server, probe, signal })
    } catch (error) {
      if (!isDockerMtlsError(error, 'ERR_CONNECTION_REFUSED') || Date.now() > deadline) throw explainUnreachable(error)
      talk.wait(`dockerd to listen on ${formatTarget(target)}`)
      await pause(POLL_MS, signal)
    }
  }
}

async function verifyOther(
  { listener, isPlaintext, seen }: DaemonListener,
  { server }: VerifiedPlan,
  { probe, address, signal }: VerificationOptions,
): Promise<VerificationCheck[]> {
  const target = targetOf(listener, address)
  if (isPlaintext) return [openTo(formatTarget(target))]
  // It can't be reached from here.
  if (seen === undefined) return []
  return verifyListener({ ...target, server, probe, signal })
}

function openTo(at: string): VerificationCheck {
  return { name: 'plaintext', at, ok: false, got: 'dockerd listens there as well and answers everybody in plaintext' }
}

function refuseFailed(checks: readonly VerificationCheck[]): void {
  const failed = checks.filter(({ ok }) => !ok)
  if (failed.length === 0) return
  const places = [...new Set(failed.map(({ at }) => at))]
  const said = places.map((place) => {
    const words = failed.flatMap(({ at, got }) => (at === place ? [got] : [])).join('; ')
    return places.length === 1 ? words : `${place}: ${words}`
  })
  throw new ProvisionError('ERR_HOST_COMMAND_FAILED', {
    tried: `testing the daemon at ${enumerate(places)} from outside`,
    got: said.join('; '),
    todo: sentence`Look for other settings of dockerd in its unit and its variables:  ${command('systemctl', 'cat', 'docker.service')}`,
  })
}
