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

/** Containers that outlive the daemon stay in the other user namespaces' folder, and nobody sees them any more. */
export const LEFT_BEHIND = {
  got: 'live-restore keeps them running while dockerd restarts, and with other user namespaces it would not see them any more',
  todo: 'Stop them first:  docker stop $(docker ps -q)',
} as const
