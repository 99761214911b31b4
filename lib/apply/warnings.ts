import { command, option, ours, sentence } from '../base/sentence.ts'
import { enumerate, formatDay } from '../base/text.ts'
import type { Warning } from '../base/warning.ts'
import { expiresSoon } from '../base/expiry.ts'
import type { Situation } from './conflicts.ts'
import type { DaemonSettings } from '../daemon-config/settings-in-force.ts'
import { openListeners } from './plaintext-before.ts'
import { runningIn, stopSentence } from './running.ts'
import type { ServerFiles } from './server-files.ts'

/** Warnings about a plan. */
export function warningsOf(
  { found, inForce, facts, settings: { tlsDir } }: Pick<Situation, 'found' | 'inForce' | 'facts' | 'settings'>,
  { facts: certificate }: ServerFiles,
): Warning[] {
  const lifetime = { from: certificate.validFrom.getTime(), to: certificate.validTo.getTime() }
  const open = openListeners(found, inForce)
  return [
    ...inForce.plaintext.map((host) =>
      open.includes(host)
        ? {
            code: 'plaintext-listener-closed',
            text: `dockerd listens on ${host} without TLS, or without client certificates. The apply closes that listener.`,
          }
        : {
            code: 'listener-closed',
            text: `dockerd listens on ${host}. The apply closes that listener: clients need another address.`,
          },
    ),
    ...leftBehind(inForce.settings.tlsDir, tlsDir),
    ...(expiresSoon(lifetime, Date.now())
      ? [
          {
            code: 'certificate-expires-soon',
            text: sentence`The server's certificate expires on ${formatDay(certificate.validTo)}. Renew it:  ${ours('cert', 'renew')}`,
          },
        ]
      : []),
    ...(facts.property('service', 'UnitFileState') === 'disabled'
      ? [
          {
            code: 'service-disabled',
            text: sentence`docker.service doesn't start at boot. Enable it:  ${command('systemctl', 'enable', 'docker.service')}`,
          },
        ]
      : []),
  ]
}

/** Nobody looks after an unused key. */
function leftBehind(before: string | undefined, after: string | undefined): Warning[] {
  if (before === undefined || before === after) return []
  const text = `The server's files in ${before} are no longer used. Remove them once you don't need a rollback any more.`
  return [{ code: 'unused-server-files', text }]
}

/** The containers that stop when dockerd restarts with the new configuration. */
export function lossesOf({ facts, liveRestore }: Pick<Situation, 'facts' | 'liveRestore'>): Warning[] {
  const running = runningIn(facts)
  if (running === 0 || liveRestore) return []
  const text = sentence`${stopSentence(running)}. To keep containers running, add  ${option('liveRestore')}`
  return [{ code: 'containers-stop', text }]
}

/** Tells how to change listeners that stay although init has rendered others. */
export function keptListeners({ listen }: DaemonSettings, ofInit: DaemonSettings | undefined): Warning[] {
  const wanted = ofInit?.listen ?? []
  const [first] = wanted
  if (first === undefined || listen.length === 0 || wanted.join(' ') === listen.join(' ')) return []
  const text = sentence`dockerd keeps listening on ${enumerate(listen)}, although override.conf has ${enumerate(wanted)}. To change that, add  ${option('listen', first.slice('tcp://'.length))}`
  return [{ code: 'listeners-kept', text }]
}
