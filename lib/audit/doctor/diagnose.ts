import type { Diagnosis } from './diagnosis.ts'
import { withTimeout } from '../../base/abort.ts'
import { refuseForeignRuntime } from '../../base/runtime.ts'
import { errorWithCode } from '../../base/system-error.ts'
import { formatEndpoint, type Endpoint } from '../../endpoint/endpoint.ts'
import type { Environment } from '../../endpoint/environment.ts'
import type { EndpointOptions } from '../../endpoint/options.ts'
import type { ResolvedEndpoint } from '../../endpoint/resolve.ts'
import type { Identity } from '../../identity/identity.ts'
import { CONNECT_TIMEOUT_MS } from '../../transport/tls-policy.ts'
import { clockStep, listenersStep } from './api-steps.ts'
import { attempt, type Attempt } from './attempt.ts'
import { DANGERS, dangers } from './dangers.ts'
import { Deadline, timeLimit } from './deadline.ts'
import { seeEndpoint } from './endpoint-step.ts'
import { expirySteps } from './expiry.ts'
import { seeIdentity } from './identity-step.ts'
import { localPath, LOCAL_STEPS, socketDangers, sshPath, SSH_STEPS } from './other-paths.ts'
import { proxyPath, PROXY_STEPS } from './proxy-path.ts'
import { notSeen, type DetailedStep, type StepName } from './step.ts'
import { gatherTls } from './tls-evidence.ts'
import { tlsPath, TLS_STEPS } from './tls-path.ts'

/** A diagnosis whose sentences are data, so that the command line can render them for its reader. */
export interface DetailedDiagnosis extends Omit<Diagnosis, 'steps'> {
  readonly steps: readonly DetailedStep[]
}

/** See `diagnose()`; with the sentences as data. */
export async function diagnoseInDetail(options: EndpointOptions, env: Environment): Promise<DetailedDiagnosis> {
  refuseForeignRuntime('inspecting a connection')
  const began = performance.now()
  const { endpoint, steps: first } = await seeEndpoint(options, env)
  const { signal, connectTimeout = CONNECT_TIMEOUT_MS } = options
  const limits = { timeout: timeLimit(connectTimeout), signal, late: errorWithCode('ETIMEDOUT', 'the time is up') }
  const rest =
    endpoint === undefined
      ? skippedAfter('endpoint', ['identity', ...TLS_STEPS, ...HIDDEN])
      : await withTimeout(limits, (inTime) => look({ endpoint, options, env }, new Deadline(inTime, connectTimeout)))
  signal?.throwIfAborted()
  const steps = [...first, ...rest]
  return {
    ...(endpoint !== undefined && { endpoint: formatEndpoint(endpoint) }),
    connects: steps.some(({ step, status }) => step === 'api' && (status === 'ok' || status === 'warning')),
    ok: !steps.some(({ status }) => status === 'failed'),
    milliseconds: Math.round(performance.now() - began),
    steps,
  }
}

/** What a working connection hides. */
const HIDDEN: readonly StepName[] = ['clock', ...DANGERS, 'expiry']

/** What is diagnosed. */
interface Question {
  readonly endpoint: ResolvedEndpoint
  readonly options: EndpointOptions
  readonly env: Environment
}

async function look(question: Question, deadline: Deadline): Promise<DetailedStep[]> {
  const { endpoint, options } = question
  if (endpoint.kind === 'tls') return lookAtTls({ ...question, endpoint }, deadline)
  const tried = await attempt(endpoint, undefined, options, deadline)
  const path = endpoint.kind === 'ssh' ? await sshPath(endpoint, tried, deadline) : await localPath(endpoint, tried)
  const names = endpoint.kind === 'ssh' ? SSH_STEPS : LOCAL_STEPS
  const open = endpoint.kind === 'ssh' ? [] : await socketDangers(endpoint)
  return [...path, ...skippedRest(path, names), ...open, ...told(tried, faultIn(path))]
}

type TlsQuestion = Question & { readonly endpoint: Extract<Endpoint, { kind: 'tls' }> }

async function lookAtTls(question: TlsQuestion, deadline: Deadline): Promise<DetailedStep[]> {
  const { options } = question
  const { identity, steps } = await seeIdentity(question)
  if (identity === undefined) {
    const names = options.proxy === undefined ? TLS_STEPS : PROXY_STEPS
    return [...steps, ...skippedAfter('identity', [...names, ...HIDDEN])]
  }
  const path = options.proxy === undefined ? lookDirectly : lookThroughProxy
  return [...steps, ...(await path(question, identity, deadline))]
}

async function lookDirectly(
  { endpoint, options }: TlsQuestion,
  identity: Identity,
  deadline: Deadline,
): Promise<DetailedStep[]> {
  const evidence = await gatherTls(endpoint, identity, options, deadline)
  const path = tlsPath(evidence)
  const fault = faultIn(path)
  return [
    ...path,
    ...skippedRest(path, TLS_STEPS),
    ...clockSteps(evidence.attempt, fault),
    ...dangers(evidence, fault),
    ...expirySteps(evidence),
  ]
}

async function lookThroughProxy(
  { endpoint, options }: TlsQuestion,
  identity: Identity,
  deadline: Deadline,
): Promise<DetailedStep[]> {
  const tried = await attempt(endpoint, identity, options, deadline)
  const path = proxyPath(tried, identity)
  const expiry = expirySteps({ certificate: tried.peer?.certificate, identity, attempt: tried })
  return [...path, ...skippedRest(path, PROXY_STEPS), ...told(tried, faultIn(path)), ...expiry]
}

/** What the daemon itself says, if it was reached. */
function told(tried: Attempt, fault: StepName | undefined): DetailedStep[] {
  return [
    ...clockSteps(tried, fault),
    ...(fault === undefined ? [listenersStep(tried)] : skippedAfter(fault, ['neighbours'])),
  ]
}

function clockSteps(tried: Attempt, fault: StepName | undefined): DetailedStep[] {
  return fault === undefined ? [clockStep(tried)] : skippedAfter(fault, ['clock'])
}

function faultIn(path: readonly DetailedStep[]): StepName | undefined {
  return path.find(({ status }) => status === 'failed')?.step
}

/** The steps behind a fault, as one finding each. */
function skippedRest(path: readonly DetailedStep[], names: readonly StepName[]): DetailedStep[] {
  const last = faultIn(path)
  return last === undefined ? [] : skippedAfter(last, names.slice(names.indexOf(last) + 1))
}

function skippedAfter(step: StepName, names: readonly StepName[]): DetailedStep[] {
  return names.map((name) => notSeen(name, step))
}
