import { ours, SELF, type Sentence, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { ApplyReport } from '../../apply/carry-out.ts'
import type { ApplyPlan } from '../../apply/plan.ts'
import type { Probe } from '../../apply/source.ts'
import type { UnmetPrecondition } from '../../host/preconditions.ts'
import type { HostShell } from '../../host/shell.ts'
import { noteDelivered } from '../../keystore/presented.ts'
import { applyData, planData, planText, resultText } from '../reports/apply.ts'
import {
  addApplyOptions,
  addNoClientProof,
  rollbackAfterOf,
  requestedSettings,
  type ApplyFlags,
} from '../command-line/apply-options.ts'
import type { CommandSpec, Context } from '../command.ts'
import { serverFolder } from '../inputs/server-folder.ts'
import { confirm, type ConfirmFlags } from '../terminal/confirm.ts'
import { addFrom, addJsonLines, addYes, once, strayRemap } from '../command-line/options.ts'

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
  const source = await findSource(await serverFolder(flags.from, context))
  const probe = await findProbe(flags.probeIdentity, source)
  const shell = localShell()
  const { signal } = context.io
  const requested = await requestedSettings(flags, context.io)
  if (flags.dryRun === true) {
    const { previewApply } = await import('../../apply/preview.ts')
    return answerPlan(await previewApply({ ...source, ...requested }, shell, signal), shell, flags, context)
  }
  const inspect = (): Promise<ApplyPlan> => planApply({ ...source, ...requested }, shell, signal)
  const first = await inspect()
  if (source.folder !== undefined) await (await import('../inputs/probe.ts')).dropExpiredProbe(source.folder)
  const { settled, withRollbackReport } = await import('../reports/rollback.ts')
  const plan = await settled(first, { shell, inspect, flags }, context)
  await agree(plan, flags, context)
  const consent = (seen: string): Promise<void> =>
    confirm(
      [
        `dockerd runs with other settings than it is configured with (${seen}).`,
        ...plan.losses.map(({ text }) => context.typed(text)),
        'Restart docker?',
      ].join(' '),
      flags,
      context,
    )
  const options = { shell, probe: probe?.identity, rollbackAfter, signal, consent }
  const { carryOut } = await import('../../apply/carry-out.ts')
  const report = await withRollbackReport(
    context,
    { after: rollbackAfter, atOnce: () => [ours('daemon', 'rollback')], flags, probe },
    (onStep) => carryOut(plan, { ...options, onStep }),
  )
  if (source.folder !== undefined) await noteDelivered(source.folder)
  await answerReport(plan, { report, probe }, flags, context)
}

async function answerPlan(plan: ApplyPlan, shell: HostShell, flags: DaemonApplyFlags, context: Context): Promise<void> {
  const failed = plan.conflicts.length > 0
  const { validate } = await import('../../apply/validate.ts')
  const { cantApply } = plan
  if (!failed && cantApply === undefined) await validate(plan, shell, context.io.signal)
  const warnings = [
    ...plan.warnings.map(({ text }) => text),
    ...(plan.isPending ? [PENDING] : []),
    ...(cantApply === undefined ? [] : [elsewhere(cantApply, plan.start.path)]),
  ]
  context.answer({ data: planData(plan, context), text: planText(plan, context, true), warnings, failed }, flags)
}

/** The files are the same on a server, as long as its unit is. */
function elsewhere({ got, todo }: UnmetPrecondition, unit: string): Sentence {
  const assumed = unit === '' ? " It assumes the unit of docker-ce and a server's usual files." : ''
  return sentence`This plan can't be applied here: ${got}. It shows the files that a server with systemd would get.${assumed} ${todo}`
}

const PENDING =
  'An earlier apply did not finish. The next one first rolls it back, and may then find other files than these.'

/** Shows the plan and asks; a plan with conflicts is refused before. */
async function agree(plan: ApplyPlan, flags: DaemonApplyFlags, context: Context): Promise<void> {
  const { refuseConflicts } = await import('../../apply/conflicts.ts')
  refuseConflicts(plan)
  for (const { text } of plan.warnings) context.warn(text)
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
  const data = applyData(plan, report, context)
  const warnings = unproven ? [UNPROVEN] : []
  context.answer({ data, text: resultText(plan, report, context), warnings, failed: unproven }, flags)
}

const UNPROVEN = sentence`No client certificate was tested. To test one here, create a one-day client certificate with  init --probe ; to omit the test, add  --no-client-proof . Or connect from a client's machine:  ${ours('ping')}`

function define(command: Command, context: Context): void {
  addFrom(command)
  addApplyOptions(command)
  command.option(
    '--probe-identity <dir>',
    'the folder of a one-day client certificate to test access with; deleted afterwards (default: probe in that folder)',
    once('--probe-identity'),
  )
  addNoClientProof(command).option('--dry-run', 'show the changes, and make none')
  addYes(command)
  addJsonLines(command).action((flags: DaemonApplyFlags) => runApply(flags, context))
}

export const daemonApply: CommandSpec = {
  description:
    'Installs the certificates, the drop-in and daemon.json that init created, with automatic rollback. Run it on the ' +
    'server, as root. It first checks for everything that would keep dockerd from starting, shows the changes and asks. ' +
    'Then it saves the current files, writes the new ones, restarts docker, and verifies with real connections that your ' +
    'clients get in and nobody else does. If anything fails, it rolls everything back, even if it is killed or the power ' +
    'fails. It tests with a one-day client certificate created by  init --probe .\n\n' +
    'You can run it again at any time: it changes only what differs. With --dry-run it also runs where nothing can be applied, ' +
    'such as in a container or on a laptop.',
  examples: [
    [sentence`${SELF} daemon apply --dry-run`, 'show the changes, with diffs'],
    [sentence`${SELF} daemon apply`, 'on the server, right after  init --probe'],
    [sentence`${SELF} daemon apply --from server --daemon-json --yes`, 'from a copy of the folder, without questions'],
    [
      sentence`${SELF} daemon apply --userns-remap --live-restore`,
      'run containers in user namespaces, and keep them running while dockerd restarts',
    ],
  ],
  json: 'lines { type: "step", step, title, state, milliseconds }, then { type: "result", form, files, written, restarted, proof: [{ name, ok, at, got }], clientProven, rollback }; with --dry-run one line, { type: "result", files, conflicts, warnings, losses, restarts, cantApply }; cantApply is the code of the reason why this machine can only show the plan',
  jsonLines: true,
  stray: (extra, flags) =>
    strayRemap(['daemon', 'apply'], extra, flags) ??
    sentence`Name the folder with an option:  ${SELF} daemon apply --from ${extra}`,
  define,
}
