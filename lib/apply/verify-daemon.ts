import { pause } from '../base/abort.ts'
import { isDockerMtlsError, ProvisionError } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'
import { enumerate } from '../base/text.ts'
import { probeServer } from '../probe/server.ts'
import { shellProgram } from '../host/script.ts'
import type { HostShell } from '../host/shell.ts'
import { parseSockets, socketsScript, type TcpSocket } from '../host/sockets.ts'
import { UNIT_NAME } from '../daemon-config/unit/installed-unit.ts'
import { runStep, type OnStep, type StepTalk } from '../base/progress.ts'
import type { ProbeIdentity } from './options.ts'
import type { ApplyPlan } from './plan.ts'
import { verifyListener, type VerificationCheck } from './verify-listener.ts'
import { formatTarget, isListenerOf, isLoopback, targetOf, type Target } from '../daemon-config/listener-target.ts'
import { shellLine } from '../base/quoting/posix.ts'

/** Options of {@link verifyDaemon}. */
export interface VerificationOptions {
  readonly shell: HostShell
  /** The client certificate to test. Without it, the report says that client access wasn't tested. */
  readonly probe?: ProbeIdentity | undefined
  /** The address by which the host is reached from here. @defaultValue that of the listener, or loopback */
  readonly address?: string | undefined
  readonly signal?: AbortSignal | undefined
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
    const sockets = await socketsOf(options.shell)
    const others = sockets.filter((socket) => !listen.some((listener) => isListenerOf(socket, listener)))
    const besides = await Promise.all(others.map((socket) => verifyOther(socket, plan, options)))
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

/** The TCP sockets of dockerd. */
export async function socketsOf(shell: HostShell): Promise<TcpSocket[]> {
  const { stdout } = await shell.run(socketsScript())
  const sockets = parseSockets(stdout)
  if (sockets !== undefined) return sockets
  throw new ProvisionError('ERR_HOST_COMMAND_FAILED', {
    tried: `reading the sockets of dockerd on ${shell.name}`,
    got: 'no sockets of its process are visible below /proc',
    todo: sentence`Check whether it is running:  ${command('systemctl', 'status', UNIT_NAME)}`,
  })
}

/** A socket may serve the API, or something else: metrics, or a swarm. */
async function verifyOther(
  socket: TcpSocket,
  plan: VerifiedPlan,
  options: VerificationOptions,
): Promise<VerificationCheck[]> {
  const { server } = plan
  const { shell, probe, address, signal } = options
  const target = targetOf(formatTarget({ host: socket.address, port: socket.port }), address)
  // The loopback of another host can be reached only there; our own is a different one.
  const isFar = !shell.isHere && isLoopback(socket.address)
  const report = isFar ? undefined : await probeServer({ ...target, ...(signal && { signal }) }).catch(unreached)
  if (report === undefined ? await answersThere(socket, shell) : report.plaintext === 'docker') {
    return [openTo(formatTarget(target))]
  }
  if (report?.certificate?.fingerprint256 !== server.facts.fingerprint256) return []
  return verifyListener({ ...target, server, probe, signal })
}

/** It may be unreachable from here. */
function unreached(error: unknown): undefined {
  if (!isDockerMtlsError(error)) throw error
}

function openTo(at: string): VerificationCheck {
  return { name: 'plaintext', at, ok: false, got: 'dockerd listens there as well and answers everybody in plaintext' }
}

/** A socket that can't be reached from here is tested on its host. */
export async function answersThere({ address, port }: TcpSocket, shell: HostShell): Promise<boolean> {
  const at = formatTarget(targetOf(formatTarget({ host: address, port })))
  return (await shell.run(shellProgram(shellLine('timeout', '10', 'docker', '-H', at, 'version')))).code === 0
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
