import type { Situation } from './conflicts.ts'
import type { DaemonSettings } from '../daemon-config/settings-in-force.ts'
import { openParents } from './parents.ts'
import { runningIn, stopSentence } from './running.ts'
import type { ServerFiles } from './server-files.ts'

/** A month, as `cert list` has it: enough to make and carry over another. */
const SOON_MS = 30 * 86_400_000

/** What a person should know before: sentences. */
export function warningsOf(
  { inForce, facts, settings: { tlsDir } }: Situation,
  { facts: certificate }: ServerFiles,
): string[] {
  const left = certificate.validTo.getTime() - Date.now()
  return [
    ...inForce.plaintext.map((host) => `dockerd listens on ${host} now, where nobody should: that listener is closed.`),
    ...leftBehind(inForce.settings.tlsDir, tlsDir),
    ...openParents(facts),
    ...(left < SOON_MS
      ? [`The server's certificate ends on ${certificate.validTo.toISOString().slice(0, 10)}:  docker-mtls cert renew`]
      : []),
    ...(facts.property('service', 'UnitFileState') === 'disabled'
      ? ['docker.service is not enabled: it does not start with the machine.  systemctl enable docker.service']
      : []),
  ]
}

/** A key that nobody uses any more is one that nobody looks after. */
function leftBehind(before: string | undefined, after: string | undefined): string[] {
  if (before === undefined || before === after) return []
  return [`The server's files in ${before} are not used any more: remove them, once you need no way back.`]
}

/** What stops, or is out of sight, once dockerd is restarted with the new configuration: sentences. */
export function lossesOf({ facts, liveRestore }: Situation): string[] {
  const running = runningIn(facts)
  return running === 0 || liveRestore ? [] : [`${stopSentence(running)}; --live-restore lets containers go on.`]
}

/** Says of listeners that stay, and that init would have otherwise, how they are changed. */
export function keptListeners({ listen }: DaemonSettings, ofInit: DaemonSettings | undefined): string[] {
  const wanted = ofInit?.listen ?? []
  const [first] = wanted
  if (first === undefined || listen.length === 0 || wanted.join(' ') === listen.join(' ')) return []
  return [
    `dockerd listens on ${listen.join(' and ')}, and that stays; override.conf says ${wanted.join(' and ')}:  --listen ${first.replace('tcp://', '')}  changes it.`,
  ]
}
