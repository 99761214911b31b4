import { resolve } from 'node:path'
import type { Command } from 'commander'
import { SELF, sentence } from '../../base/sentence.ts'
import { isSuccess, type Outcome } from '../../setup/for-each-host.ts'
import type { UndoOptions, UndoPlan } from '../../setup/undo/plan.ts'
import { rollbackAfterOf, type ApplyFlags } from '../command-line/apply-options.ts'
import { pendingWarning } from '../change-host.ts'
import type { Context } from '../command.ts'
import { refuseOptions } from '../command-line/useless-options.ts'
import { dockerConfig } from '../inputs/docker-config.ts'
import { withFolder, type FolderFlags } from '../inputs/key-folder.ts'
import { valuesOf, withRollback, withSteps, type HostsCall } from '../reports/host-steps.ts'
import { failureReporter, hostList, hostsData } from '../reports/setup.ts'
import {
  contextWarnings,
  doneText,
  exposureWarnings,
  failureWarnings,
  folderWarnings,
  leftIn,
  leftText,
  undoData,
  undoText,
} from '../reports/setup-undo.ts'
import { confirm, type ConfirmFlags } from '../terminal/confirm.ts'

interface UndoFlags extends FolderFlags, ConfirmFlags, Pick<ApplyFlags, 'rollbackAfter'> {
  readonly dryRun?: true
  readonly json?: true
}

const USEFUL: ReadonlySet<string> = new Set(['undo', 'dir', 'home', 'dryRun', 'rollbackAfter', 'yes', 'json'])

/**
 * Refuses options of setup that say how to set a host up.
 *
 * @throws {@link ArgumentError} ERR_USAGE
 */
export function refuseUselessOptions(command: Command): void {
  refuseOptions(command, (name) => !USEFUL.has(name), { where: sentence`${SELF} setup --undo`, flag: '--undo' })
}

type Call = HostsCall<UndoOptions, UndoFlags>

/** Takes back what setup has done on hosts, and for them on this machine. */
export async function undoSetup(urls: readonly string[], flags: UndoFlags, context: Context): Promise<void> {
  const { parseTargets } = await import('../../setup/target.ts')
  const { planUndo, isNothingToUndo } = await import('../../setup/undo/plan.ts')
  const targets = parseTargets(urls)
  const rollbackAfter = await rollbackAfterOf(flags)
  const { dir } = await withFolder(flags, context)
  const { io } = context
  const dryRun = flags.dryRun === true
  const options = { dir, config: dockerConfig(io.env), dryRun, rollbackAfter, signal: io.signal }
  const call = { targets, options, flags, context, reportFailures: failureReporter(context) }
  const planned = await withSteps(call, (shown) => planUndo(targets, shown))
  if (dryRun) return answerPlan(planned, call)
  const plans = valuesOf(planned).filter((plan) => !isNothingToUndo(plan))
  if (plans.length === 0) return answerDone(planned, call)
  await agree(plans, call)
  const { undoOnHosts } = await import('../../setup/undo/carry-out.ts')
  await answerDone(await withRollback(planned, call, (shown) => undoOnHosts(planned, shown)), call)
}

/** Asks once for all hosts. */
async function agree(plans: readonly UndoPlan[], { options, flags, context }: Call): Promise<void> {
  for (const warning of [...folderWarnings(plans, options.dir), ...exposureWarnings(plans)]) context.warn(warning)
  if (flags.json !== true) context.say(undoText(plans, context).trimEnd())
  const restarted = plans.filter(({ remove }) => remove.changes.length > 0)
  const restart = restarted.length === 0 ? '' : `, and restart docker on ${hostList(restarted)}`
  const gateways = plans.filter(({ gateway }) => gateway !== undefined)
  const stop = gateways.length === 0 ? '' : `, stop the gateway on ${hostList(gateways)}`
  await confirm(`Remove all this of ${hostList(plans)}${stop}${restart}?`, flags, context, 'Nothing was removed.')
}

function answerPlan(planned: readonly Outcome<UndoPlan>[], { targets, options, flags, context }: Call): void {
  const plans = valuesOf(planned)
  const failed = !planned.every(isSuccess) || plans.some(({ remove }) => remove.conflicts.length > 0)
  const pending = plans.flatMap(({ host, remove }) =>
    remove.isPending ? [`${host}: ${pendingWarning('setup --undo', ' there')}`] : [],
  )
  const warnings = [
    ...pending,
    ...folderWarnings(plans, options.dir),
    ...exposureWarnings(plans),
    ...contextWarnings(plans, context),
  ]
  const hosts = hostsData(planned, targets, undoData, context)
  const data = { folder: resolve(options.dir), hosts, warnings: warnings.map(context.typed) }
  context.answer({ data, text: undoText(plans, context), warnings, failed }, flags)
}

async function answerDone(
  done: readonly Outcome<UndoPlan>[],
  { targets, options: { dir }, flags, context }: Call,
): Promise<void> {
  const { isNothingToUndo } = await import('../../setup/undo/plan.ts')
  const plans = valuesOf(done)
  const failed = targets.filter(({ host }) => !plans.some((plan) => plan.host === host))
  const warnings = [...contextWarnings(plans, context), ...(await failureWarnings(failed, dir))]
  const left = await leftIn(dir)
  const hosts = hostsData(
    done,
    targets,
    (plan) => ({ ...undoData(plan, context), removed: !isNothingToUndo(plan) }),
    context,
  )
  const data = { folder: resolve(dir), hosts, ...(left && { left }), warnings: warnings.map(context.typed) }
  const lines = plans.map((plan) => doneText(plan, isNothingToUndo(plan)))
  const text = `${[...lines, ...leftText(left, context)].join('\n')}\n`
  context.answer({ data, text, warnings, failed: failed.length > 0 }, flags)
}
