import { builtEntry, OURS } from '../contenders.ts'
import type { Plan } from '../plan.ts'
import { runProgram, type DaemonEnv } from '../processes.ts'
import type { Problem } from '../rounds.ts'

/** Pings that are sent all at once to a port that says nothing. In milliseconds. */
export interface SilentPort {
  readonly pings: number
  readonly connectTimeout: number
  /** When the last of them has failed. */
  readonly last: number
}

/** Only this package: a raw pool makes them wait for each other. */
export async function measureSilentPort(
  daemon: DaemonEnv,
  { silentPings: pings, silentMilliseconds: connectTimeout }: Plan,
  problems: Problem[],
): Promise<SilentPort> {
  try {
    const { output } = await runProgram('silent-port', [builtEntry('.'), String(pings), String(connectTimeout)], daemon)
    return { pings, connectTimeout, last: Number(output) }
  } catch (error) {
    problems.push({ who: OURS, what: (error as Error).message })
    return { pings, connectTimeout, last: Number.NaN }
  }
}
