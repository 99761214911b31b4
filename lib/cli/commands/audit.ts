import type { Command } from 'commander'
import type { Severity } from '../../audit/check.ts'
import { FAIL_ON, FAMILIES, FORMATS, PROFILES, SEVERITIES, type Profile, type ReportFormat } from '../../audit/names.ts'
import type { AuditReport, EvaluateOptions } from '../../audit/report.ts'
import type { Snapshot } from '../../audit/snapshot/snapshot.ts'
import { KEY_MODE, PUBLIC_MODE, writeFileAtomically } from '../../base/files.ts'
import { runStep, type OnStep } from '../../base/progress.ts'
import { SELF, sentence } from '../../base/sentence.ts'
import { printable } from '../../base/text.ts'
import type { EndpointOptions } from '../../endpoint/options.ts'
import type { DockerClient } from '../../engine/client.ts'
import { forEachHost, isSuccess } from '../../setup/for-each-host.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addCredentialOptions, many, once, oneOf, type EndpointFlags } from '../command-line/options.ts'
import { usageError } from '../errors.ts'
import { readBaseline, readExceptions, readSnapshot } from '../inputs/audit-files.ts'
import { addTargetOptions, targetsOf, type AuditTarget, type TargetFlags } from '../inputs/audit-targets.ts'
import { addConnectionOptions, connectOptions, localWarning, type ConnectFlags } from '../inputs/connect.ts'
import type { AuditedWithFixes } from '../reports/write-fixes.ts'
import { exitCodeOf, resultsOf, type FailedTarget } from '../reports/audit.ts'
import { Interrupted } from '../terminal/io.ts'
import { withProgress } from '../terminal/progress.ts'

interface AuditFlags extends TargetFlags, Omit<ConnectFlags, keyof EndpointFlags> {
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
  readonly snapshot?: string
  readonly replay?: readonly string[]
  readonly fix?: string
  readonly daemonJson?: string
  readonly json?: true
}

const WHERE = sentence`${SELF} audit`
/** Each needs one connection, and waits for the network most of the time. */
const HOSTS_AT_ONCE = 20

async function runAudit(flags: AuditFlags, context: Context): Promise<void> {
  const options = await evaluateOptions(flags, context)
  const outcomes =
    flags.replay === undefined
      ? await auditHosts(flags, options, context)
      : await replayAll(flags.replay, options, context)
  if (context.io.signal.reason instanceof Interrupted) throw context.io.signal.reason
  const { renderReport } = await import('../../audit/formats/render.ts')
  const { summaryOf } = await import('../../audit/formats/model.ts')
  const { resultText } = await import('../../audit/formats/words.ts')
  const { failOn = FAIL_ON, all = false, output = '-' } = flags
  const format = flags.json === true ? 'json' : (flags.format ?? 'text')
  const results = resultsOf(outcomes, context)
  const summary = summaryOf(results, { failOn })
  const isShown = output === '-'
  const { width, paint } = context
  const text = renderReport(results, format, { failOn, all, ...(isShown && { width, paint }) })
  if (!isShown) {
    await writeFileAtomically(output, text, { mode: PUBLIC_MODE })
    context.say(`${resultText(summary)} The report is in ${printable(output)}.`)
  }
  if (flags.fix !== undefined) {
    const { writeFixes } = await import('../reports/write-fixes.ts')
    const audited = outcomes.flatMap((outcome) => (isSuccess(outcome) ? [outcome.value] : []))
    await writeFixes(audited, { dir: flags.fix, daemonJson: flags.daemonJson }, context)
  }
  context.answer({ data: {}, text: isShown ? text : '', exitCode: exitCodeOf(summary) }, {})
}

/** Reads the files and checks the names first: an error in them must not cost a run over many hosts. */
async function evaluateOptions(flags: AuditFlags, { io }: Context): Promise<EvaluateOptions> {
  refuseContradictions(flags)
  const { CHECKS } = await import('../../audit/checks.ts')
  const { selectChecks } = await import('../../audit/select.ts')
  const selection = { only: namesIn(flags.only), skip: namesIn(flags.skip), profile: flags.profile }
  selectChecks(CHECKS, selection)
  return {
    ...selection,
    exceptions: flags.exceptions === undefined ? [] : await readExceptions(flags.exceptions, io),
    ...(flags.baseline !== undefined && { baseline: await readBaseline(flags.baseline, io) }),
    now: new Date(),
  }
}

function refuseContradictions({ replay, snapshot, host, context, hostsFile, fix, daemonJson }: AuditFlags): void {
  if (daemonJson !== undefined && fix === undefined)
    throw usageError(WHERE, '--daemon-json has a meaning only with --fix', 'Add --fix DIR, or leave it out.')
  if (replay === undefined) return
  const todo = 'A replay connects to no daemon: give only --replay.'
  const other = Object.entries({
    '--snapshot': snapshot,
    '--host': host,
    '--context': context,
    '--hosts-file': hostsFile,
  })
  const given = other.find(([, value]) => value !== undefined)
  if (given !== undefined) throw usageError(WHERE, `--replay and ${given[0]} can't be combined`, todo)
}

/** `--only C-PRIV,D-DEBUG --only tls`. */
function namesIn(values: readonly string[] | undefined): string[] | undefined {
  return values?.flatMap((value) => value.split(',')).map((name) => name.trim())
}

type Audited = Awaited<ReturnType<typeof forEachHost<AuditTarget, Result>>>
type Result = AuditedWithFixes | FailedTarget

async function replayAll(paths: readonly string[], options: EvaluateOptions, { io }: Context): Promise<Audited> {
  const { auditSnapshot } = await import('../../audit/report.ts')
  const snapshots = await Promise.all(paths.map((path) => readSnapshot(path, io)))
  return snapshots.map((snapshot) => ({ host: snapshot.target, value: auditSnapshot(snapshot, options) }))
}

async function auditHosts(flags: AuditFlags, options: EvaluateOptions, context: Context): Promise<Audited> {
  const { auditSnapshot } = await import('../../audit/report.ts')
  const targets = await targetsOf(flags, context.io)
  if (flags.snapshot !== undefined && targets.length > 1)
    throw usageError(WHERE, '--snapshot works only with one host', 'Save the snapshot of each host separately.')
  const { host: _host, context: _context, ...shared } = flags
  const common = await connectOptions(shared, context)
  const subjects = targets.map(({ host }) => host)
  return withProgress(
    context,
    {},
    (onStep) =>
      forEachHost(
        targets,
        async (target): Promise<Result> => {
          const hardens = flags.fix !== undefined
          const call = { target, options: { ...common, ...target.options }, onStep, isOne: targets.length === 1 }
          return reached(call, context, async (docker, snapshot) => {
            if (flags.snapshot !== undefined) await saveSnapshot(flags.snapshot, snapshot)
            const report = auditSnapshot(snapshot, options)
            if (!hardens) return report
            const { hardenFailing } = await import('../../audit/fix/harden-failing.ts')
            return { ...report, hardened: await hardenFailing(docker, report, context.io.signal) }
          })
        },
        HOSTS_AT_ONCE,
      ),
    subjects,
  )
}

/** One daemon of a run. */
interface Call {
  readonly target: AuditTarget
  readonly options: EndpointOptions
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
  { target, options, onStep, isOne }: Call,
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
    const collected = await runStep(
      onStep,
      { step: 'collect', title: 'read settings and containers', ...subject },
      async (step) => {
        const snapshot = await collectSnapshot(docker, { signal })
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

function define(command: Command, context: Context): void {
  addTargetOptions(command)
  addConnectionOptions(addCredentialOptions(command))
  command
    .option(
      '--profile <name>',
      `${PROFILES.join(', ')} (default: docker-mtls, all checks)`,
      oneOf('--profile', PROFILES),
    )
    .option(
      '--only <checks>',
      `run only these checks or families (${Object.keys(FAMILIES).join(', ')})`,
      many('--only'),
    )
    .option('--skip <checks>', 'leave out these checks or families', many('--skip'))
    .option(
      '--exceptions <file>',
      'a JSON file with accepted findings, each with a reason and a date',
      once('--exceptions'),
    )
    .option('--baseline <file>', 'an earlier JSON report: only what got worse since then fails', once('--baseline'))
    .option('--fail-on <severity>', `${SEVERITIES.join(', ')} (default: ${FAIL_ON})`, oneOf('--fail-on', SEVERITIES))
    .option('--format <format>', `${FORMATS.join(', ')} (default: text)`, oneOf('--format', FORMATS))
    .option('--output <file>', 'write the report to this file (default: stdout)', once('--output'))
    .option('--all', 'in the format text, also list what passed')
    .option('--snapshot <file>', 'also save what was read from the daemon, to audit it again later', once('--snapshot'))
    .option('--replay <file>', 'audit a saved snapshot instead of a daemon; repeatable', many('--replay'))
    .option(
      '--fix <dir>',
      'also write proposals into this folder: changes for daemon apply, and a hardened request for each failing container',
      once('--fix'),
    )
    .option(
      '--daemon-json <file>',
      'with --fix: the daemon.json of the host, to show how it would differ',
      once('--daemon-json'),
    )
    .addOption(command.createOption('--json', 'the same as --format json').conflicts('format'))
    .action((flags: AuditFlags) => runAudit(flags, context))
}

export const audit: CommandSpec = {
  description:
    'Checks the settings, containers and networks of daemons, and shows findings by severity, each with its remedy. It ' +
    'changes nothing. What it could not see is unknown, never passed. A failure on one host does not affect the others. ' +
    '--fix proposes changes, and makes none.' +
    '\n\n' +
    'Exit codes: 0 no finding of severity --fail-on or worse; 1 a host could not be audited, or not completely; 2 wrong ' +
    'command line; 3 findings of severity --fail-on or worse.',
  examples: [
    [sentence`${SELF} audit`, 'the daemon of DOCKER_HOST, or the local one'],
    [
      sentence`${SELF} audit --host build01 --host build02 --cert-path ~/.docker`,
      'several daemons, with one table at the end',
    ],
    [sentence`${SELF} audit --format sarif --output audit.sarif`, 'a file for code scanning'],
    [
      sentence`${SELF} audit --baseline audit.json --exceptions accepted.json`,
      'fail only if something got worse, in CI',
    ],
    [
      sentence`${SELF} audit --fix proposal --daemon-json daemon.json`,
      'propose changes, and how daemon.json would differ',
    ],
    [sentence`${SELF} audit --replay build01.json --only container`, 'audit a saved snapshot'],
  ],
  json: '{ format, tool: { name, version }, profile, summary: { failOn, hosts, notAudited, incomplete, failing }, checks: [{ id, title, family, severity, cis, why, remedy, references }], exceptions, hosts: [{ ok, target, at, engine, skipped, counts, accepted, unread, baseline, findings: [{ check, severity, status, failing, subject: { kind, id, name }, detail, exception, change }] }] }; a host that could not be audited has only { ok, target, error: { code, message } }.',
  stray: (extra) => sentence`Name the host with an option:  ${SELF} audit --host ${extra}`,
  define,
}
