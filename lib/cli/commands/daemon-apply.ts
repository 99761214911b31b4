import { ours, SELF, type Sentence, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { ApplyReport, CarryOutOptions } from '../../apply/carry-out.ts'
import type { ApplyPlan } from '../../apply/plan.ts'
import type { Probe } from '../../apply/source.ts'
import type { HostShell } from '../../host/shell.ts'
import { applyData, planData, planText, resultText } from '../reports/apply.ts'
import { addApplyOptions, rollbackAfterOf, requestedSettings, type ApplyFlags } from '../command-line/apply-options.ts'
import type { CommandSpec, Context } from '../command.ts'
import { confirm, type ConfirmFlags } from '../terminal/confirm.ts'
import { addJsonLines, addYes, once } from '../command-line/options.ts'
import { withProgress } from '../terminal/progress.ts'

interface DaemonApplyFlags extends ApplyFlags, ConfirmFlags {
  readonly from?: string
  readonly probeIdentity?: string
  readonly clientProof?: false
  readonly dryRun?: true
  readonly json?: true
}

async function runApply(flags: DaemonApplyFlags, context: Context): Promise<void> {
  const { findProbe, findSource } = await import('../../apply/source.ts')
  const { planApply } = await import('../../apply/plan.ts')
  const { localShell } = await import('../../host/local-shell.ts')
  const rollbackAfter = await rollbackAfterOf(flags)
  const source = await findSource(flags.from)
  const probe = await findProbe(flags.probeIdentity, source)
  const shell = localShell()
  const { signal } = context.io
  const look = (): Promise<ApplyPlan> => planApply({ ...source, ...requestedSettings(flags) }, shell, signal)
  const first = await look()
  if (flags.dryRun === true) return answerPlan(first, shell, flags, context)
  if (source.folder !== undefined) await (await import('../inputs/probe.ts')).dropEndedProbe(source.folder)
  if (first.isPending) {
    const { settlePending } = await import('../../apply/rollback/pending.ts')
    await withProgress(context, flags, (onStep) => settlePending(shell, onStep, signal))
  }
  const plan = first.isPending ? await look() : first
  await agree(plan, flags, context)
  const consent = (seen: string): Promise<void> =>
    confirm(
      [`What runs is not what is configured (${seen}).`, ...plan.losses, 'Restart docker?'].join(' '),
      flags,
      context,
    )
  const options = { shell, probe: probe?.identity, rollbackAfter, signal, consent }
  const report = await carryOutPlan(plan, options, flags, context).catch(async (error: unknown) => {
    if (probe !== undefined) await (await import('../inputs/probe.ts')).keepProbe(probe.folder, context)
    throw error
  })
  await answerReport(plan, { report, probe }, flags, context)
}

/** Where Ctrl-C ends it, it is said what has become of the changes. */
async function carryOutPlan(
  plan: ApplyPlan,
  options: CarryOutOptions,
  flags: DaemonApplyFlags,
  context: Context,
): Promise<ApplyReport> {
  const { carryOut } = await import('../../apply/carry-out.ts')
  const { ROLLBACK_AFTER_S } = await import('../../apply/options.ts')
  const { goingBackTeller } = await import('../reports/rollback.ts')
  const after = options.rollbackAfter ?? ROLLBACK_AFTER_S
  const teller = goingBackTeller(context, { after, atOnce: rollbackCommand })
  try {
    const report = await withProgress(context, flags, (onStep) =>
      carryOut(plan, { ...options, onStep: teller.watch(onStep) }),
    )
    teller.end()
    return report
  } catch (error) {
    teller.end(error)
    throw error
  }
}

function rollbackCommand(): Sentence {
  return [ours('daemon', 'rollback')]
}

async function answerPlan(plan: ApplyPlan, shell: HostShell, flags: DaemonApplyFlags, context: Context): Promise<void> {
  const failed = plan.conflicts.length > 0
  const { validate } = await import('../../apply/validate.ts')
  if (!failed) await validate(plan, shell, context.io.signal)
  const warnings = [...plan.warnings, ...(plan.isPending ? [PENDING] : [])]
  context.answer({ data: planData(plan), text: planText(plan, context, true), warnings, failed }, flags)
}

const PENDING =
  'An apply did not end. The next one puts back what it has left, and may then see other files than these.'

/** The plan is shown to whoever is asked; what can't be carried out is not asked about. */
async function agree(plan: ApplyPlan, flags: DaemonApplyFlags, context: Context): Promise<void> {
  const { refuseConflicts } = await import('../../apply/conflicts.ts')
  refuseConflicts(plan)
  for (const warning of plan.warnings) context.warn(warning)
  if (!plan.restarts) return
  if (flags.json !== true) context.say(planText(plan, context, false))
  await confirm('Write these files and restart docker?', flags, context)
}

interface Outcome {
  readonly report: ApplyReport
  readonly probe: Probe | undefined
}

async function answerReport(
  plan: ApplyPlan,
  { report, probe }: Outcome,
  flags: DaemonApplyFlags,
  context: Context,
): Promise<void> {
  const unproven = !report.clientProven && flags.clientProof !== false
  if (report.clientProven && probe !== undefined) {
    const { endProbe } = await import('../inputs/probe.ts')
    await endProbe(probe.folder, context)
  }
  const data = applyData(plan, report)
  const warnings = unproven ? [UNPROVEN] : []
  context.answer({ data, text: resultText(plan, report, context), warnings, failed: unproven }, flags)
}

const UNPROVEN = sentence`It was not proven that a client gets in. Try one from its own machine,  ${SELF} ping , or give this command a certificate of a day: init makes one with  --probe . Where that is not wanted:  --no-client-proof`

function define(command: Command, context: Context): void {
  command.option(
    '--from <dir>',
    "the folder  server  that init made (default: ./docker-mtls/server, ./server, then '.')",
    once('--from'),
  )
  addApplyOptions(command)
  command
    .option(
      '--probe-identity <dir>',
      "a client's certificate to prove access with; deleted afterwards (default: probe in that folder)",
      once('--probe-identity'),
    )
    .option('--no-client-proof', 'it is no failure that no client was tried')
    .option('--dry-run', 'show what would be done, and change nothing')
  addYes(command)
  addJsonLines(command).action((flags: DaemonApplyFlags) => runApply(flags, context))
}

export const daemonApply: CommandSpec = {
  description:
    'Installs what init made, on the server, as root: certificates, drop-in, daemon.json. First it looks for everything ' +
    'that would keep dockerd from starting. Then it keeps what is there, writes, restarts, and proves from outside that ' +
    'clients get in and nobody else does. If any of that fails, everything is put back; also if it is killed, or the ' +
    'power goes. Run it again whenever you like: what is as it should be stays.',
  examples: [
    [sentence`${SELF} daemon apply --dry-run`, 'what would be done, with the differences'],
    [
      sentence`${SELF} daemon apply`,
      'right after  init --probe , on the server, which proves that clients get in, too',
    ],
    [sentence`${SELF} daemon apply --from server --daemon-json --yes`, "a copy of init's folder, without questions"],
    [
      sentence`${SELF} daemon apply --userns-remap --live-restore`,
      'containers in user namespaces, and going on while dockerd restarts',
    ],
  ],
  json: 'lines { type: "step", step, title, state, milliseconds }, then { type: "result", form, files, written, restarted, proof: [{ name, ok, at, got }], clientProven, rollback }; with --dry-run one line, { type: "result", files, conflicts, warnings, losses, restarts }',
  jsonLines: true,
  stray: (extra, flags) =>
    typeof flags['usernsRemap'] === 'string'
      ? sentence`A value of --userns-remap is written with an equals sign:  ${SELF} daemon apply --userns-remap=${extra}`
      : sentence`The folder is an option:  ${SELF} daemon apply --from ${extra}`,
  define,
}
