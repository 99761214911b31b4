import { pause } from '../../base/abort.ts'
import { isDockerMtlsError, ProvisionError, sentencesOf } from '../../base/errors.ts'
import { runStep, type StepTalk } from '../../base/progress.ts'
import { shellLine } from '../../base/quoting/posix.ts'
import { enumerate } from '../../base/text.ts'
import { IN_FORCE_PATH, parseInForce } from '../../daemon-config/gateway-in-force.ts'
import { GATEWAY_UNIT } from '../../daemon-config/gateway-unit.ts'
import { formatTarget, isListenerOf, targetOf } from '../../daemon-config/listener-target.ts'
import { isBelow } from '../../daemon-config/unit/service.ts'
import { shellProgram } from '../../host/script.ts'
import type { HostShell } from '../../host/shell.ts'
import { parseSockets, socketsScript } from '../../host/sockets.ts'
import { READ_DAEMON_LOG, READ_GATEWAY_LOG } from '../carry-out.ts'
import { sha256 } from '../changes.ts'
import type { ProbeIdentity } from '../options.ts'
import { whyNoAnswer } from '../rollback/old-daemon.ts'
import { daemonListeners, socketsOf } from '../listener-status.ts'
import type { VerificationOptions } from '../verify-daemon.ts'
import { verifyListener, type VerificationCheck } from '../verify-listener.ts'
import { GATEWAY_FOLDER } from './files.ts'
import type { GatewayPlan } from './plan.ts'
import { readGatewayState, type GatewayState } from './state.ts'

/** The part of a plan that is tested. */
export type VerifiedGateway = Pick<GatewayPlan, 'listen' | 'server' | 'issuer' | 'changes' | 'starts' | 'state'>

/** How long the gateway may take until it listens. */
const START_MS = 20_000
const POLL_MS = 100
/** Within this time, a gateway uses changed files, or says that it can't. */
const RELOAD_MS = 5_000

/**
 * Tests from outside that the gateway answers, and dockerd no longer does; and on the host that dockerd answers on its local
 * socket, and that the service runs without having been restarted.
 *
 * @returns the checks; all have passed
 * @throws {@link ProvisionError} ERR_HOST_COMMAND_FAILED, with all failed checks
 */
export function verifyGateway(
  plan: VerifiedGateway,
  options: VerificationOptions,
): Promise<readonly VerificationCheck[]> {
  const { shell, address, probe, signal, explainUnreachable = (error) => error } = options
  const title = 'test with real connections that the gateway answers, and who gets in'
  return runStep(options.onStep, { step: 'prove', title }, async (talk) => {
    const target = targetOf(plan.listen, address, [plan.listen])
    const at = formatTarget(target)
    const began = await untilListening(plan, options, talk)
    const files = await filesInUse(plan, began, options)
    const listener = { ...target, server: plan.server, others: plan.issuer?.cert, probe, signal }
    const checks = await verifyListener(listener).catch((error: unknown) => {
      throw explainUnreachable(error)
    })
    if (probe !== undefined) checks.push({ at, ...(await policyAnswer(at, probe)) })
    if (files !== undefined) checks.push({ at: IN_FORCE_PATH, ...files })
    checks.push({ at, ...(await isStill(began, shell)) }, ...(await daemonChecks(plan, options, talk)))
    refuseFailed(checks)
    talk.result(`${checks.length} of ${checks.length} checks passed`)
    return checks
  })
}

/** Waits until the process of the service listens. A service that ends is restarted every second, and would never be ready. */
export async function untilListening(
  { listen, starts, state }: Pick<VerifiedGateway, 'listen' | 'starts' | 'state'>,
  { shell, signal }: Pick<VerificationOptions, 'shell' | 'signal'>,
  talk?: StepTalk,
): Promise<GatewayState> {
  const restarts = starts ? 0 : state.restarts
  for (const deadline = Date.now() + START_MS; ; await pause(POLL_MS, signal)) {
    const now = await readGatewayState(shell)
    if (now.active === 'active' && now.restarts <= restarts && (await listens(now, listen, shell))) return now
    const isOver = now.restarts > restarts || now.active === 'failed' || now.active === 'inactive'
    if (!isOver && Date.now() < deadline) {
      talk?.wait(`the gateway to listen on ${formatTarget(targetOf(listen))}`)
      continue
    }
    const got = isOver ? 'it ends again after its start' : `it doesn't listen after ${START_MS / 1000} s`
    throw failed(shell, `${got}: ${(await lastWords(shell)) || 'its log is empty'}`)
  }
}

/** After a complete rollback, a gateway that has run listens again. */
export async function verifyOldGateway(
  { listen, state }: Pick<VerifiedGateway, 'listen' | 'state'>,
  options: Pick<VerificationOptions, 'shell' | 'signal'>,
): Promise<void> {
  if (state.active !== 'active') return
  try {
    await untilListening({ listen, starts: false, state }, options)
  } catch (cause) {
    if (!isDockerMtlsError(cause, 'ERR_HOST_COMMAND_FAILED')) throw cause
    throw new ProvisionError('ERR_APPLY_ROLLBACK_FAILED', { ...sentencesOf(cause), cause })
  }
}

/** Waits until the gateway uses the files of the plan, and says so. */
async function filesInUse(
  { changes }: VerifiedGateway,
  { pid }: GatewayState,
  { shell, signal }: VerificationOptions,
): Promise<Check> {
  const isOwn = isBelow([GATEWAY_FOLDER])
  const own = changes.filter(({ action, path }) => action !== 'remove' && isOwn(path))
  const wanted = own.map(({ path, text }) => [path, sha256(text)] as const)
  for (const deadline = Date.now() + RELOAD_MS; ; await pause(POLL_MS, signal)) {
    const said = parseInForce((await shell.run(shellProgram(shellLine('cat', IN_FORCE_PATH)))).stdout)
    const isOver = Date.now() >= deadline
    const sums = said?.pid === pid ? said.sums : undefined
    const older = wanted.filter(([path, sum]) => sums?.get(path) !== sum).map(([path]) => path)
    if (sums && older.length === 0)
      return { name: 'files', ok: true, got: 'the gateway uses all its files as they are' }
    if (isOver) {
      const what = sums
        ? `still doesn't use ${enumerate(older)}`
        : `doesn't say in ${IN_FORCE_PATH} which files it uses`
      const got = `the gateway ${what}: ${(await lastWords(shell, WARNING)) || 'its log is empty'}`
      return { name: 'files', ok: false, got }
    }
  }
}

async function listens({ pid }: GatewayState, listen: string, shell: HostShell): Promise<boolean> {
  const sockets = parseSockets((await shell.run(socketsScript(pid))).stdout) ?? []
  return sockets.some((socket) => isListenerOf(socket, listen) || isByName(socket.port, listen))
}

/** The address of a name is unknown here. */
function isByName(port: number, listen: string): boolean {
  const [, host = '', own = ''] = /^tcp:\/\/(.*):(\d+)$/.exec(listen) ?? []
  return Number(own) === port && /[a-z]/i.test(host) && !host.includes('[')
}

const ERROR = /^ERR_\w+: /
/** What a gateway prints that goes on without a changed file. */
const WARNING = /^Warning: /

/** The last error in the log of the service, or else its last line. */
async function lastWords(shell: HostShell, kind = ERROR): Promise<string> {
  const log = shellLine('journalctl', '-u', GATEWAY_UNIT, '-o', 'cat', '--no-pager', '-n', '20')
  const { stdout } = await shell.run(shellProgram('journalctl --sync 2>/dev/null || true', log))
  const lines = stdout.split('\n').filter((line) => line.trim() !== '')
  const words = lines.findLast((line) => kind.test(line)) ?? lines.at(-1) ?? ''
  return words.slice(0, 500).replace(/\.$/, '')
}

/** A check without its address. */
type Check = Omit<VerificationCheck, 'at'>

/** Sends a request with the client certificate. A policy need not admit it: its refusal comes from the gateway, too. */
async function policyAnswer(host: string, probe: ProbeIdentity): Promise<Check> {
  const { connect } = await import('../../engine/connect.ts')
  try {
    const docker = await connect({ host, ...probe }, {})
    await docker.close()
    return { name: 'policy', ok: true, got: 'the policy lets the client certificate in, and the daemon answers' }
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    const ok = error.code === 'ERR_API_FORBIDDEN'
    const got = ok
      ? `it refuses the client itself, in the place of dockerd: ${error.got}`
      : `a request with the client certificate fails: ${error.got}`
    return { name: 'policy', ok, got }
  }
}

/** The same process still runs. */
async function isStill(began: GatewayState, shell: HostShell): Promise<Check> {
  const now = await readGatewayState(shell)
  const ok = now.active === 'active' && now.pid === began.pid
  const got = ok
    ? `${GATEWAY_UNIT} (process ${now.pid}) answers there`
    : `${GATEWAY_UNIT} has ended meanwhile: ${await lastWords(shell)}`
  return { name: 'gateway', ok, got }
}

/** dockerd answers on its local socket, and nowhere else. */
async function daemonChecks(
  { server }: VerifiedGateway,
  options: VerificationOptions,
  talk: StepTalk,
): Promise<VerificationCheck[]> {
  const why = await whyNoAnswer(options.shell, talk, options.signal)
  const sockets = why === undefined ? await socketsOf(options.shell) : []
  const open = await daemonListeners(sockets, options, { certificates: [server.facts.fingerprint256] })
  const local = why === undefined ? 'dockerd answers on its local socket' : `dockerd doesn't answer locally: ${why}`
  return [
    { name: 'daemon', at: 'the local socket', ok: why === undefined, got: local },
    ...open.map(({ listener: at }) => ({ name: 'daemon', at, ok: false, got: 'dockerd still listens there' }) as const),
  ]
}

function refuseFailed(checks: readonly VerificationCheck[]): void {
  const wrong = checks.filter(({ ok }) => !ok)
  if (wrong.length === 0) return
  throw new ProvisionError('ERR_HOST_COMMAND_FAILED', {
    tried: 'testing the gateway from outside',
    got: wrong.map(({ at, got }) => `${at}: ${got}`).join('; '),
    todo: wrong.every(({ name }) => name === 'daemon') ? READ_DAEMON_LOG : READ_GATEWAY_LOG,
  })
}

function failed({ name }: HostShell, got: string): ProvisionError {
  return new ProvisionError('ERR_HOST_COMMAND_FAILED', {
    tried: `starting ${GATEWAY_UNIT} on ${name}`,
    got,
    todo: READ_GATEWAY_LOG,
  })
}
