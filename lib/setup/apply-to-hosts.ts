import { connect } from '../engine/connect.ts'
import { isDockerMtlsError, ProvisionError } from '../base/errors.ts'
import { carryOut, type ApplyReport } from '../apply/carry-out.ts'
import { runStep } from '../base/progress.ts'
import type { IssuedCertificates } from './issue-certificates.ts'
import { ensureContext, type ContextResult } from './context.ts'
import { continueWith, type Outcome } from './for-each-host.ts'
import type { SetupOptions } from './options.ts'
import { about, type PlannedHost } from './plan-hosts.ts'

/** A host that was set up, and seen to answer. */
export interface SetHost extends PlannedHost {
  readonly report: ApplyReport
  /** Of dockerd, as it said itself over mTLS. */
  readonly version: string
  readonly made?: ContextResult
}

/**
 * Carries out the plans: applies with the way back, proves from here, connects as the client, and makes the context.
 *
 * @returns of each host what came of it; of one that failed the host is as it was, or the error says otherwise
 */
export function applyToHosts(
  planned: readonly Outcome<PlannedHost>[],
  certified: IssuedCertificates,
  options: SetupOptions,
): Promise<Outcome<SetHost>[]> {
  return continueWith(planned, async (one) => {
    const { shell, plan, names, host, url } = one
    const { rollbackAfter, signal } = options
    const report = await carryOut(plan, {
      shell,
      // The very client that will use it, and from here, where its key is.
      probe: certified.identity,
      address: names.reach.value,
      rollbackAfter,
      signal,
      onStep: about(host, options.onStep),
    }).catch((error: unknown) => {
      throw blamingTheFirewall(error, url)
    })
    const version = await verify(one, certified, options)
    const made = await makeContext(one, certified, options)
    return { ...one, report, version, ...(made && { made }) }
  })
}

const BLOCKED = ['ERR_CONNECT_TIMEOUT', 'ERR_CONNECTION_REFUSED', 'ERR_HOST_UNREACHABLE'] as const

/** dockerd listens, as systemd has seen, and ssh gets there: what is in the way is in front of that port. */
function blamingTheFirewall(error: unknown, url: string): unknown {
  if (!isDockerMtlsError(error, 'ERR_APPLY_ROLLED_BACK')) return error
  const { cause, todo } = error
  if (!isDockerMtlsError(cause, ...BLOCKED) || !cause.tried.includes('tcp://')) return error
  const port = /\d+$/.exec(url)?.[0]
  const open = `Open port ${port} for this machine, in the firewall of the host (with ufw:  ufw allow ${port}/tcp ) and in that of its network or cloud; or name what it is reached by:  --name ADDRESS`
  return new ProvisionError('ERR_APPLY_ROLLED_BACK', {
    tried: `connecting to ${url}`,
    got: `ssh gets to that host, and nothing gets to port ${port} (${error.got})`,
    todo: todo.replace(cause.todo, () => open),
    cause: error,
  })
}

/** As any program of the client's will do it: by the name, and with the files, that its variables have. */
function verify({ url, host }: PlannedHost, { identity }: IssuedCertificates, options: SetupOptions): Promise<string> {
  const { client, signal, onStep } = options
  const { ca, cert, key } = identity
  const title = `connect to ${url} as ${client}`
  return runStep(onStep, { step: 'verify', title, subject: host }, async ({ result }) => {
    const docker = await connect({ host: url, ca, cert, key, ...(signal && { signal }) }, {})
    try {
      const { Version, ApiVersion } = await docker.version({ ...(signal && { signal }) })
      result(`Docker ${Version}, API ${ApiVersion}`)
      return Version
    } finally {
      await docker.close()
    }
  })
}

async function makeContext(
  { context, host }: PlannedHost,
  { client }: IssuedCertificates,
  { onStep }: SetupOptions,
): Promise<ContextResult | undefined> {
  if (context === undefined) return undefined
  const title = `make the docker context ${context.name}`
  return runStep(onStep, { step: 'context', title, subject: host }, async ({ result }) => {
    const made = await ensureContext(context, client.paths.folder)
    result(made.action)
    return made
  })
}
