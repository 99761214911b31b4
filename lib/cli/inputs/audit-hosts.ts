import { noteConnection } from './note-connection.ts'
import type { Severity } from '../../audit/check.ts'
import type { Profile, ReportFormat } from '../../audit/names.ts'
import type { AuditReport, EvaluateOptions } from '../../audit/report.ts'
import type { CollectOptions } from '../../audit/snapshot/collect.ts'
import type { Snapshot } from '../../audit/snapshot/snapshot.ts'
import { KEY_MODE, writeFileAtomically } from '../../base/files.ts'
import { runStep, type OnStep } from '../../base/progress.ts'
import { SELF, sentence } from '../../base/sentence.ts'
import type { EndpointOptions } from '../../endpoint/options.ts'
import type { DockerClient } from '../../engine/client.ts'
import { forEachHost } from '../../setup/for-each-host.ts'
import type { Context } from '../command.ts'
import { readTime, type EndpointFlags } from '../command-line/options.ts'
import { usageError } from '../errors.ts'
import type { FailedTarget } from '../reports/audit.ts'
import type { AuditedWithFixes } from '../reports/write-fixes.ts'
import { withProgress } from '../terminal/progress.ts'
import { targetsOf, type AuditTarget, type TargetFlags } from './audit-targets.ts'
import { connectOptions, localWarning, type ConnectFlags } from './connect.ts'

/** The options of `audit`. */
export interface AuditFlags extends TargetFlags, Omit<ConnectFlags, keyof EndpointFlags> {
  readonly certPath?: string
  readonly dotenv?: string
  readonly tlsOnPort2375?: true
  readonly profile?: Profile
  readonly only?: readonly string[]
  readonly skip?: readonly string[]
  readonly exceptions?: string
  readonly baseline?: string
  readonly failOn?: Severity
  readonly format?: ReportFormat
  readonly output?: string
  readonly all?: true
  readonly local?: true
  readonly snapshot?: string
  readonly requestTimeout?: string
  readonly replay?: readonly string[]
  readonly fix?: string
  readonly daemonJson?: string
  readonly json?: true
}

const WHERE = sentence`${SELF} audit`
/** Each needs one connection, and waits for the network most of the time. */
const HOSTS_AT_ONCE = 20

/** What came of each daemon. */
export type Audited = Awaited<ReturnType<typeof forEachHost<AuditTarget, Result>>>
type Result = AuditedWithFixes | FailedTarget

/** Connects to each daemon, reads and judges it, with progress. */
export async function auditHosts(flags: AuditFlags, options: EvaluateOptions, context: Context): Promise<Audited> {
  const { auditSnapshot } = await import('../../audit/report.ts')
  const { hasGateway } = await import('../../audit/snapshot/has-gateway.ts')
  const targets = await targetsOf(flags, context.io)
  if (flags.snapshot !== undefined && targets.length > 1)
    throw usageError(WHERE, '--snapshot works only with one host', 'Save the snapshot of each host separately.')
  if (flags.local === true && targets.length > 1)
    throw usageError(
      WHERE,
      '--local works only with one host',
      'It reads the files of this machine: name its daemon alone.',
    )
  const { host: _host, context: _context, ...shared } = flags
  const common = await connectOptions(shared, context)
  const collect = await collectOptions(flags, options)
  const subjects = targets.map(({ host }) => host)
  return withProgress(
    context,
    {},
    (onStep) =>
      forEachHost(
        targets,
        async (target): Promise<Result> => {
          const hardens = flags.fix !== undefined
          const connection = { ...common, ...target.options }
          const call = { target, options: connection, collect, onStep, isOne: targets.length === 1 }
          return reached(call, context, async (docker, snapshot) => {
            if (flags.snapshot !== undefined) await saveSnapshot(flags.snapshot, snapshot)
            const report = auditSnapshot(snapshot, options)
            if (!hardens) return report
            const { hardenFailing } = await import('../../audit/fix/harden-failing.ts')
            const hardened = await hardenFailing(docker, report, context.io.signal)
            return { ...report, hasGateway: hasGateway(snapshot), hardened }
          })
        },
        HOSTS_AT_ONCE,
      ),
    subjects,
  )
}

/** A saved snapshot has the files of the host, whichever checks are run now. */
async function collectOptions(flags: AuditFlags, selection: EvaluateOptions): Promise<CollectOptions> {
  const { requestTimeout, local, snapshot } = flags
  const { CHECKS } = await import('../../audit/checks.ts')
  const { needsHost, selectChecks } = await import('../../audit/select.ts')
  const isHostNeeded = snapshot !== undefined || selectChecks(CHECKS, selection).some(needsHost)
  return {
    hostFiles: isHostNeeded ? (local === true ? 'local' : 'remote') : 'none',
    ...(requestTimeout !== undefined && { requestTimeout: readTime('--request-timeout', requestTimeout) }),
  }
}

/** One daemon of a run. */
interface Call {
  readonly target: AuditTarget
  readonly options: EndpointOptions
  readonly collect: CollectOptions
  readonly onStep: OnStep
  readonly isOne: boolean
}

type Use = (docker: DockerClient, snapshot: Snapshot) => Promise<AuditReport>

async function reached(call: Call, context: Context, use: Use): Promise<Result> {
  try {
    return await connectAndCollect(call, context, use)
  } catch (error) {
    return { target: await nameOf(call, context), error }
  }
}

async function connectAndCollect(
  { target, options, collect, onStep, isOne }: Call,
  context: Context,
  use: Use,
): Promise<AuditReport> {
  const { signal, env } = context.io
  const { connect } = await import('../../engine/connect.ts')
  const { collectSnapshot } = await import('../../audit/snapshot/collect.ts')
  const subject = isOne ? {} : { subject: target.host }
  const docker = await runStep(onStep, { step: 'connect', title: 'connect', ...subject }, () =>
    connect({ ...options, signal }, env),
  )
  try {
    for (const warning of warningsOf(docker)) context.warn(isOne ? warning : `${target.host}: ${warning}`)
    await noteConnection(docker, context)
    const collected = await runStep(
      onStep,
      { step: 'collect', title: 'read settings and containers', ...subject },
      async (step) => {
        const snapshot = await collectSnapshot(docker, { ...collect, signal })
        const { containers } = snapshot
        if ('value' in containers) step.result(`${containers.value.length} containers`)
        return snapshot
      },
    )
    return await use(docker, collected)
  } finally {
    await docker.close()
  }
}

function warningsOf(docker: DockerClient): string[] {
  return [...docker.warnings, ...localWarning(docker)]
}

/** The endpoint of a daemon that wasn't reached, as reports write it. */
async function nameOf({ target, options }: Call, { io }: Context): Promise<string> {
  const { explainEndpoint } = await import('../../endpoint/explain.ts')
  const { formatEndpoint } = await import('../../endpoint/endpoint.ts')
  const { endpoint } = await explainEndpoint(options, io.env).catch(() => ({ endpoint: undefined }))
  return endpoint === undefined ? target.host : formatEndpoint(endpoint)
}

/** Only for its owner: it lists everything that runs on a host. */
async function saveSnapshot(path: string, snapshot: Snapshot): Promise<void> {
  const { safeJson } = await import('../../audit/formats/foreign.ts')
  await writeFileAtomically(path, safeJson(snapshot), { mode: KEY_MODE })
}
