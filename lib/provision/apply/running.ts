import type { HostFacts } from '../host/facts.ts'

/** How many containers run, as far as the daemon could be asked. */
export function runningIn({ info }: HostFacts): number {
  return Number(info?.['ContainersRunning'] ?? 0)
}

/** Without its end. */
export function stopSentence(running: number): string {
  const what = running === 1 ? 'The one container that runs' : `The ${running} containers that run`
  return `${what} will be stopped by dockerd's restart`
}
