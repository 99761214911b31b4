import type { OnStep } from '../../base/progress.ts'
import { isSuccess, type Outcome } from '../../setup/for-each-host.ts'
import type { SetupTarget } from '../../setup/target.ts'
import type { Context } from '../command.ts'
import { withProgress, type ProgressFlags } from '../terminal/progress.ts'
import { rollBackNowLine, type failureReporter } from './setup.ts'

/** All that the steps of one call of setup share. */
export interface HostsCall<Options, Flags extends ProgressFlags = ProgressFlags> {
  readonly targets: readonly SetupTarget[]
  readonly options: Options
  readonly flags: Flags
  readonly context: Context
  readonly reportFailures: ReturnType<typeof failureReporter>
}

/** Does a part of the work on the hosts, shows its progress and reports its failures. */
export async function withSteps<Options, Value>(
  { targets, options, flags, context, reportFailures }: HostsCall<Options>,
  work: (options: Options & { readonly onStep: OnStep }) => Promise<Outcome<Value>[]>,
): Promise<Outcome<Value>[]> {
  const hosts = targets.map(({ host }) => host)
  const outcomes = await withProgress(context, flags, (onStep) => work({ ...options, onStep }), hosts)
  reportFailures(outcomes)
  return outcomes
}

/**
 * {@link withSteps} for work that changes the hosts. After Ctrl-C, it reports for each host whether the changes were rolled
 * back.
 */
export async function withRollback<Options extends { readonly rollbackAfter?: number | undefined }, Value>(
  planned: readonly Outcome<SetupTarget>[],
  call: HostsCall<Options>,
  work: (options: Options & { readonly onStep: OnStep }) => Promise<Outcome<Value>[]>,
): Promise<Outcome<Value>[]> {
  const { ROLLBACK_AFTER_S } = await import('../../apply/options.ts')
  const { rollbackReporter } = await import('./rollback.ts')
  const hosts = new Map(valuesOf(planned).map((one) => [one.host, one]))
  const atOnce = (host: string): string => {
    const target = hosts.get(host)
    return target === undefined ? '' : rollBackNowLine(target)
  }
  const after = call.options.rollbackAfter ?? ROLLBACK_AFTER_S
  const reporter = rollbackReporter(call.context, { after, atOnce }, [...hosts.keys()])
  const done = await withSteps(call, (shown) => work({ ...shown, onStep: reporter.watch(shown.onStep) }))
  reporter.end()
  return done
}

/** The values of the hosts that succeeded. */
export function valuesOf<Value>(outcomes: readonly Outcome<Value>[]): Value[] {
  return outcomes.filter(isSuccess).map(({ value }) => value)
}
