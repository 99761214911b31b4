import type { Command } from 'commander'
import { FAIL_ON, FAMILIES, FORMATS, PROFILES, SEVERITIES } from '../../audit/names.ts'
import type { EvaluateOptions } from '../../audit/report.ts'
import { isFolder, PUBLIC_MODE, requireWritable, writeFileAtomically } from '../../base/files.ts'
import { SELF, sentence } from '../../base/sentence.ts'
import { printable } from '../../base/text.ts'
import { isSuccess } from '../../setup/for-each-host.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addCredentialOptions, choice, many, once } from '../command-line/options.ts'
import { usageError } from '../errors.ts'
import { readBaseline, readExceptions, readSnapshot } from '../inputs/audit-files.ts'
import { auditHosts, type Audited, type AuditFlags } from '../inputs/audit-hosts.ts'
import { addTargetOptions } from '../inputs/audit-targets.ts'
import { addConnectionOptions } from '../inputs/connect.ts'
import { exitCodeOf, resultsOf } from '../reports/audit.ts'
import { Interrupted } from '../terminal/io.ts'

const WHERE = sentence`${SELF} audit`

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
  await checkOutputs(flags)
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

/** Checks the places for the results, since they are written only after the audit. */
async function checkOutputs({ output = '-', snapshot, fix }: AuditFlags): Promise<void> {
  for (const path of [output, snapshot]) if (path !== undefined && path !== '-') await requireWritable(path)
  if (fix !== undefined) await isFolder(fix)
}

function refuseContradictions(flags: AuditFlags): void {
  const { replay, snapshot, host, context, hostsFile, local, fix, daemonJson } = flags
  if (daemonJson !== undefined && fix === undefined)
    throw usageError(WHERE, '--daemon-json has a meaning only with --fix', 'Add --fix DIR, or leave it out.')
  if (replay === undefined) return
  const todo = 'A replay connects to no daemon: give only --replay.'
  const other = Object.entries({
    '--local': local,
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

async function replayAll(paths: readonly string[], options: EvaluateOptions, { io }: Context): Promise<Audited> {
  const { auditSnapshot } = await import('../../audit/report.ts')
  const { hasGateway } = await import('../../audit/snapshot/has-gateway.ts')
  const snapshots = await Promise.all(paths.map((path) => readSnapshot(path, io)))
  return snapshots.map((snapshot) => {
    const value = { ...auditSnapshot(snapshot, options), hasGateway: hasGateway(snapshot) }
    return { host: snapshot.target, value }
  })
}

function define(command: Command, context: Context): void {
  addTargetOptions(command)
  addConnectionOptions(addCredentialOptions(command))
  command
    .option(
      '--local',
      'also read the files of this machine, on which the daemon runs; as root. Over ssh://, those of the host are always read',
    )
    .addOption(
      choice(
        '--profile <name>',
        `choose the checks: ${PROFILES.join(', ')} (default: docker-mtls, all checks)`,
        PROFILES,
      ),
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
    .option(
      '--baseline <file>',
      'an earlier JSON report: fail only if something got worse since then',
      once('--baseline'),
    )
    .addOption(
      choice(
        '--fail-on <severity>',
        `exit with code 3 from this severity on: ${SEVERITIES.join(', ')} (default: ${FAIL_ON})`,
        SEVERITIES,
      ),
    )
    .addOption(choice('--format <format>', `format of the report: ${FORMATS.join(', ')} (default: text)`, FORMATS))
    .option('--output <file>', 'write the report to this file (default: stdout)', once('--output'))
    .option('--all', 'in the format text, also list passed checks')
    .option(
      '--request-timeout <time>',
      'time limit for each request to the daemon; checks without an answer are unknown (default: 10s)',
      once('--request-timeout'),
    )
    .option(
      '--snapshot <file>',
      'also save the data that was read from the daemon, to audit it again later',
      once('--snapshot'),
    )
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
    'changes nothing. A check that could not see its setting is unknown, never passed. You can pass several hosts: a ' +
    'failure on one does not affect the others. --fix proposes changes, and makes none.' +
    '\n\n' +
    'Exit codes: 0 no failures of severity --fail-on or worse; 1 a host could not be audited, or only incompletely; 2 ' +
    'invalid command line; 3 failures of severity --fail-on or worse.',
  examples: [
    [sentence`${SELF} audit`, 'the daemon of DOCKER_HOST, or the local one'],
    [
      sentence`${SELF} audit --host build01 --host build02 --cert-path ~/.docker`,
      'several daemons, with one table at the end',
    ],
    [
      sentence`sudo ${SELF} audit --local --host unix:///run/docker.sock`,
      'also the files and settings of this host, as the CIS Docker Benchmark demands',
    ],
    [sentence`${SELF} audit --host ssh://admin@build01`, 'the same over ssh'],
    [sentence`${SELF} audit --format sarif --output audit.sarif`, 'a file for code scanning'],
    [sentence`${SELF} audit --format html --output audit.html`, 'a page to read, file and print'],
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
  json: '{ format, tool: { name, version }, profile, summary: { failOn, hosts, notAudited, incomplete, failing, compared }, checks: [{ id, title, family, severity, cis, why, remedy, references }], exceptions, hosts: [{ ok, target, at, engine, keyExchange, skipped, withoutHost, counts, accepted, unread, certificates: [{ owner, name, validFrom, validTo, expiry }], baseline, findings: [{ check, severity, status, failing, subject: { kind, id, name }, detail, exception, change }] }] }; a host that could not be audited has only { ok, target, error: { code, message } }.',
  stray: (extra) => sentence`Name the host with an option:  ${SELF} audit --host ${extra}`,
  define,
}
