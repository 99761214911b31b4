import { refuseConflicts, type Conflict } from '../apply/conflicts.ts'
import type { HostPlan } from '../apply/host-plan.ts'
import { ROLLBACK_AFTER_S } from '../apply/options.ts'
import { settlePending } from '../apply/rollback/pending.ts'
import type { Probe } from '../apply/source.ts'
import type { OnStep } from '../base/progress.ts'
import { ours, sentence, type CommandPart, type Sentence } from '../base/sentence.ts'
import { gatherFacts, type HostFacts } from '../host/facts.ts'
import { localShell } from '../host/local-shell.ts'
import { refuseHost } from '../host/preconditions.ts'
import type { HostShell } from '../host/shell.ts'
import type { Answer, Context } from './command.ts'
import { endProbe, keepProbe } from './inputs/probe.ts'
import { rollbackPlanText } from './reports/rollback-plan.ts'
import { rollbackReporter } from './reports/rollback.ts'
import { confirm, type ConfirmFlags } from './terminal/confirm.ts'
import { withProgress } from './terminal/progress.ts'

/** Flags of all commands that change this host. */
export interface HostFlags extends ConfirmFlags {
  readonly rollbackAfter?: string
  readonly dryRun?: true
  readonly json?: true
}

type HostReport = { readonly clientProven: boolean } | undefined

/** What a command wants of this host. `changeHost` does it: plan, question, change, answer. */
export interface HostChange<Plan extends HostPlan, Report extends HostReport> {
  readonly shell: HostShell
  readonly inspect: () => Promise<Plan>
  /** For --dry-run. @defaultValue `inspect` */
  readonly preview?: () => Promise<Plan>
  /** Tests the new files with their programs; only for --dry-run, since the change does so itself. */
  readonly validate?: (plan: Plan) => Promise<void>
  readonly planData: (plan: Plan) => object
  readonly planText: (plan: Plan, isDryRun: boolean) => string
  /** Warnings of --dry-run, beside those of the plan. */
  readonly planWarnings?: (plan: Plan) => readonly Sentence[]
  /** Who rolls an unfinished apply back first: `The next one`, `daemon remove`. */
  readonly next: string
  /** Warnings that come even before a refusal of conflicts. */
  readonly notes?: (plan: Plan) => readonly Sentence[]
  /** The answer if there is nothing to do. */
  readonly nothing?: (plan: Plan) => Answer | undefined
  /** Undefined: nobody has to be asked. */
  readonly question: (plan: Plan) => string | undefined
  /** A sentence about the result of a no. */
  readonly unchanged?: string
  readonly carryOut: (plan: Plan, onStep: OnStep) => Promise<Report>
  /** When and how the host rolls back without us. Undefined: nothing is said about it after Ctrl-C. */
  readonly rollback?: { readonly after: number | undefined; readonly command: CommandPart }
  /** The client certificate of the test, which is deleted once it has been tested. */
  readonly probe?: Probe | undefined
  readonly answer: (plan: Plan, report: Report) => Answer | Promise<Answer>
}

/** An unfinished apply makes a plan uncertain. */
export function pendingWarning(next: string, where = ''): string {
  return `An earlier apply did not finish${where}. ${next} first rolls it back, and may then find other files than these.`
}

/** No client certificate was tested in an apply. */
export const UNPROVEN: Sentence = sentence`No client certificate was tested. To test one here, create a one-day client certificate with  init --probe ; to omit the test, add  --no-client-proof . Or connect from a client's machine:  ${ours('ping')}`

/** Changes this host: shows the plan and asks, shows the steps, and answers. A plan with conflicts is refused before. */
export async function changeHost<Plan extends HostPlan, Report extends HostReport>(
  change: HostChange<Plan, Report>,
  flags: HostFlags,
  context: Context,
): Promise<void> {
  if (flags.dryRun === true) return answerPlan(change, flags, context)
  const plan = await settle(await change.inspect(), change, flags, context)
  for (const note of change.notes?.(plan) ?? []) context.warn(note)
  refuseConflicts(plan)
  const nothing = change.nothing?.(plan)
  if (nothing) return context.answer(nothing, flags)
  for (const { text } of plan.warnings) context.warn(text)
  const question = change.question(plan)
  if (question !== undefined) {
    if (flags.json !== true) context.say(change.planText(plan, false).trimEnd())
    await confirm(question, flags, context, change.unchanged)
  }
  const report = await carryOut(change, plan, flags, context)
  const answer = await change.answer(plan, report)
  if (change.probe && report?.clientProven === true) await endProbe(change.probe.folder, context)
  context.answer(answer, flags)
}

async function answerPlan<Plan extends HostPlan, Report extends HostReport>(
  change: HostChange<Plan, Report>,
  flags: HostFlags,
  context: Context,
): Promise<void> {
  const plan = await (change.preview ?? change.inspect)()
  const failed = plan.conflicts.length > 0
  if (!failed) await change.validate?.(plan)
  const warnings = [
    ...plan.warnings.map(({ text }) => text),
    ...(plan.isPending ? [pendingWarning(change.next)] : []),
    ...(change.planWarnings?.(plan) ?? []),
  ]
  context.answer({ data: change.planData(plan), text: change.planText(plan, true), warnings, failed }, flags)
}

/** Rolls back an unfinished apply of this host, if there is one. */
async function settle<Plan extends HostPlan>(
  first: Plan,
  { shell, inspect }: Pick<HostChange<Plan, HostReport>, 'shell' | 'inspect'>,
  flags: HostFlags,
  context: Context,
): Promise<Plan> {
  if (!first.isPending) return first
  await withProgress(context, flags, (onStep) => settlePending(shell, onStep, context.io.signal))
  return inspect()
}

/** Shows the steps, and reports after Ctrl-C whether the changes were rolled back. */
async function carryOut<Plan extends HostPlan, Report extends HostReport>(
  { rollback, probe, carryOut: work }: HostChange<Plan, Report>,
  plan: Plan,
  flags: HostFlags,
  context: Context,
): Promise<Report> {
  if (rollback === undefined) return withProgress(context, flags, (onStep) => work(plan, onStep))
  const { after = ROLLBACK_AFTER_S, command } = rollback
  const reporter = rollbackReporter(context, { after, atOnce: () => [command] })
  try {
    const report = await withProgress(context, flags, (onStep) => work(plan, reporter.watch(onStep)))
    reporter.end()
    return report
  } catch (error) {
    reporter.end(error)
    if (probe !== undefined) await keepProbe(probe.folder, context)
    throw error
  }
}

/** A plan of a rollback. */
type UndoPlan = Parameters<typeof rollbackPlanText>[0] & { readonly conflicts: readonly Conflict[] }

/** Undoes the last change of this host. */
export interface HostUndo<Plan extends UndoPlan, Report> {
  readonly plan: (shell: HostShell, facts: HostFacts, signal: AbortSignal) => Promise<Plan>
  readonly question: (plan: Plan) => string
  readonly carryOut: (
    plan: Plan,
    options: { readonly shell: HostShell; readonly onStep: OnStep; readonly signal: AbortSignal },
  ) => Promise<Report>
  readonly answer: (plan: Plan, report: Report, warnings: readonly string[]) => Answer
}

/** Undoes a change of this host: shows what comes back and asks, shows the steps, and answers. */
export async function undoOnHost<Plan extends UndoPlan, Report>(
  undo: HostUndo<Plan, Report>,
  flags: HostFlags,
  context: Context,
): Promise<void> {
  const shell = localShell()
  const { signal } = context.io
  const facts = await gatherFacts(shell, signal)
  refuseHost(facts, shell.name, 'undo')
  const plan = await undo.plan(shell, facts, signal)
  refuseConflicts(plan)
  const losses = plan.losses.map(({ text }) => context.typed(text))
  if (flags.json === true) for (const text of losses) context.warn(text)
  else context.say(rollbackPlanText(plan, context))
  await confirm(undo.question(plan), flags, context)
  const report = await withProgress(context, flags, (onStep) => undo.carryOut(plan, { shell, onStep, signal }))
  context.answer(undo.answer(plan, report, losses), flags)
}
