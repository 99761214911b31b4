import type { Command } from 'commander'
import { carryOut, type ApplyReport } from '../../apply/carry-out.ts'
import { planApply, type ApplyPlan } from '../../apply/plan.ts'
import { previewApply } from '../../apply/preview.ts'
import { findProbe, findSource } from '../../apply/source.ts'
import { validate } from '../../apply/validate.ts'
import { ours, SELF, type Sentence, sentence } from '../../base/sentence.ts'
import { localShell } from '../../host/local-shell.ts'
import type { UnmetPrecondition } from '../../host/preconditions.ts'
import { noteDelivered } from '../../keystore/presented.ts'
import { changeHost, UNPROVEN, type HostFlags } from '../change-host.ts'
import {
  addApplyOptions,
  addNoClientProof,
  rollbackAfterOf,
  requestedSettings,
  type ApplyFlags,
} from '../command-line/apply-options.ts'
import type { CommandSpec, Context } from '../command.ts'
import { dropExpiredProbe } from '../inputs/probe.ts'
import { serverFolder } from '../inputs/server-folder.ts'
import { applyData, planData, planText, resultText } from '../reports/apply.ts'
import { confirm } from '../terminal/confirm.ts'
import { addFrom, addJsonLines, addYes, once, strayRemap } from '../command-line/options.ts'

interface DaemonApplyFlags extends ApplyFlags, HostFlags {
  readonly from?: string
  readonly probeIdentity?: string
  readonly clientProof?: false
}

async function runApply(flags: DaemonApplyFlags, context: Context): Promise<void> {
  const rollbackAfter = await rollbackAfterOf(flags)
  const source = await findSource(await serverFolder(flags.from, context))
  const probe = await findProbe(flags.probeIdentity, source)
  const shell = localShell()
  const { signal } = context.io
  const requested = { ...source, ...(await requestedSettings(flags, context.io)) }
  await changeHost<ApplyPlan, ApplyReport>(
    {
      shell,
      preview: () => previewApply(requested, shell, signal),
      validate: async (plan) => {
        if (plan.cantApply === undefined) await validate(plan, shell, signal)
      },
      inspect: async () => {
        const plan = await planApply(requested, shell, signal)
        if (source.folder !== undefined) await dropExpiredProbe(source.folder)
        return plan
      },
      planData: (plan) => planData(plan, context),
      planText: (plan, isDryRun) => planText(plan, context, isDryRun),
      planWarnings: ({ cantApply, start }) => (cantApply === undefined ? [] : [elsewhere(cantApply, start.path)]),
      next: 'The next one',
      question: ({ restarts }) => (restarts ? 'Write these files and restart docker?' : undefined),
      carryOut: (plan, onStep) => {
        const consent = (seen: string): Promise<void> => confirm(restartQuestion(plan, seen, context), flags, context)
        return carryOut(plan, { shell, probe: probe?.identity, rollbackAfter, signal, consent, onStep })
      },
      rollback: { after: rollbackAfter, command: ours('daemon', 'rollback') },
      probe,
      answer: async (plan, report) => {
        if (source.folder !== undefined) await noteDelivered(source.folder)
        const failed = !report.clientProven && flags.clientProof !== false
        const text = resultText(plan, report, context)
        return { data: applyData(plan, report, context), text, warnings: failed ? [UNPROVEN] : [], failed }
      },
    },
    flags,
    context,
  )
}

function restartQuestion({ losses }: ApplyPlan, seen: string, context: Context): string {
  return [
    `dockerd runs with other settings than it is configured with (${seen}).`,
    ...losses.map(({ text }) => context.typed(text)),
    'Restart docker?',
  ].join(' ')
}

/** The files are the same on a server, as long as its unit is. */
function elsewhere({ got, todo }: UnmetPrecondition, unit: string): Sentence {
  const assumed = unit === '' ? " It assumes the unit of docker-ce and a server's usual files." : ''
  return sentence`This plan can't be applied here: ${got}. It shows the files that a server with systemd would get.${assumed} ${todo}`
}

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
