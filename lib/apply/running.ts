import { command, sentence, type Sentence } from '../base/sentence.ts'
import type { HostFacts } from '../host/facts.ts'

/** How many containers run, if the daemon could be asked. */
export function runningIn({ info }: HostFacts): number {
  return Number(info?.['ContainersRunning'] ?? 0)
}

/** Without a full stop. */
export function stopSentence(running: number): string {
  const what = running === 1 ? 'the one running container' : `the ${running} running containers`
  return `Restarting dockerd stops ${what}`
}

/** Containers that outlive dockerd stay in the data folder of the previous user namespaces, which the new dockerd doesn't use. */
export const LEFT_BEHIND: { readonly got: string; readonly todo: Sentence } = {
  got: 'live-restore keeps them running while dockerd restarts, and with other user namespaces dockerd would no longer see them',
  todo: sentence`Stop them first (${command('docker', 'ps')} lists them):  ${command('docker', 'stop', 'NAME')}`,
}
