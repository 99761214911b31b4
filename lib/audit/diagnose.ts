import type { Environment } from '../endpoint/environment.ts'
import type { EndpointOptions } from '../endpoint/options.ts'
import type { Diagnosis } from './doctor/diagnosis.ts'

export type { Diagnosis } from './doctor/diagnosis.ts'
export type { DoctorStep, Facts, FindingCode, StepCode, StepName, StepStatus } from './doctor/step.ts'

/**
 * Finds out why you can't connect to a daemon, or when you won't be able to. It follows the path of a connection step by
 * step, up to the first fault: endpoint, files, name, TCP, TLS, certificates, API. Then it looks for dangers that a working
 * connection hides: clients without a certificate, any CA accepted, ports without TLS, certificates that expire soon.
 *
 * It takes at most `connectTimeout` plus one second. It sends requests only over the verified connection that `connect()` would
 * open. For everything else, it uses handshakes without a request, and a ping without TLS to ports that should refuse it.
 *
 * @param options - as for `connect()`
 * @param env - used instead of `process.env`
 * @returns all findings. An unreachable daemon is a finding, not an error
 * @throws {@link ArgumentError} for an unknown option, a wrong type, and options that contradict each other
 * @throws ERR_RUNTIME_UNSUPPORTED in Deno and Bun
 * @throws the reason of `options.signal` if that is aborted
 * @example
 * ```ts
 * const { ok, steps } = await diagnose({ host: 'tcp://build01:2376', certPath: '~/.docker' })
 * for (const { status, finding, remedy } of steps) if (status === 'failed') console.log(finding, remedy)
 * ```
 */
export async function diagnose(options: EndpointOptions = {}, env: Environment = process.env): Promise<Diagnosis> {
  // An audit of a saved snapshot needs no connection, and loads nothing for it.
  const [{ diagnoseInDetail }, { plainStep }] = await Promise.all([
    import('./doctor/diagnose.ts'),
    import('./doctor/step.ts'),
  ])
  const { steps, ...rest } = await diagnoseInDetail(options, env)
  return { ...rest, steps: steps.map(plainStep) }
}
