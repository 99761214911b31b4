import { ours, sentence, type Sentence } from '../base/sentence.ts'
import { enumerate } from '../base/text.ts'
import { HAS_TLS, WITHOUT_CLIENT_CERTIFICATE } from '../base/wordings/dockerd.ts'
import { formatTarget, isListenerOf, readListener, targetOf } from '../daemon-config/listener-target.ts'
import { flagsOf, isOn } from '../daemon-config/unit/flags.ts'
import { networkListeners, type SettingsInForce } from '../daemon-config/settings-in-force.ts'
import { SOCKET_UNIT, type FoundUnit } from '../daemon-config/unit/installed-unit.ts'
import { assignmentsOf, expand, type UnitEnvironment } from '../daemon-config/unit/variables.ts'
import type { HostFile } from '../host/fact-records.ts'
import type { FactCall } from '../host/facts-script.ts'
import { isActive, type HostFacts } from '../host/facts.ts'
import type { Conflict } from './conflicts.ts'
import { CLOSE_PASSED } from './ports.ts'
import { environmentOf } from './start.ts'

/** The listeners on the network at which dockerd lets everybody in without a client certificate. */
export function openListeners(found: FoundUnit, inForce: SettingsInForce): string[] {
  return hasSwitch('tlsverify', found, inForce) ? [] : networkListeners(inForce)
}

/** Those of {@link openListeners} that systemd passes to dockerd. */
export function openPassed(found: FoundUnit, inForce: SettingsInForce): string[] {
  return openListeners(found, inForce).filter((listener) => inForce.passed.includes(listener))
}

/** Is a switch of dockerd on, as a flag or in daemon.json? */
export function hasSwitch(switched: string, { unit }: FoundUnit, { daemonJson }: SettingsInForce): boolean {
  const flag = flagsOf(unit).findLast(({ name }) => name === switched)
  return flag === undefined ? daemonJson[switched] === true : isOn(flag)
}

/**
 * Going back must not open a port to everybody.
 *
 * @param found - the unit that dockerd would have, and its settings
 * @param whose - what was installed since: docker-mtls, or the gateway
 * @param already - the listeners that let everybody in now, too
 * @param copies - the files that would come back. An edited one comes back as it is
 */
export function plaintextBefore(
  found: FoundUnit,
  then: SettingsInForce,
  whose: string,
  already: readonly string[] = [],
  copies: readonly HostFile[] = [],
): Conflict[] {
  const open = openListeners(found, then).filter((listener) => !already.includes(listener))
  const passed = open.filter((listener) => then.passed.includes(listener))
  const own = open.filter((listener) => !passed.includes(listener))
  if (own.length === 0) return passedConflict(passed)
  const named = copies.filter(({ text = '' }) =>
    own.some((listener) => text.includes(`:${readListener(listener).port}`)),
  )
  const where = enumerate(named.map(({ path }) => path))
  return [
    ...passedConflict(passed),
    {
      code: 'ERR_APPLY_CONFLICT',
      kind: 'plaintext-before',
      what: own.join(', '),
      got: `dockerd listened there before ${whose}, and let everybody in without a certificate`,
      todo:
        where === ''
          ? 'docker-mtls does not open it again. Restore what you need by hand, without that listener.'
          : `docker-mtls would restore ${where}: remove the listener from it, then run this again.`,
    },
  ]
}

/** systemd passes these listeners to a dockerd without TLS. */
export function passedConflict(passed: readonly string[]): Conflict[] {
  if (passed.length === 0) return []
  return [
    {
      code: 'ERR_APPLY_CONFLICT',
      kind: 'open-plaintext-port',
      what: SOCKET_UNIT,
      got: `without TLS, dockerd lets everybody in on ${enumerate(passed)}, which systemd passes to it`,
      todo: CLOSE_PASSED,
    },
  ]
}

/** Listeners that docker.socket has only in its files, because it was not restarted since. */
export function opensLater(found: FoundUnit, inForce: SettingsInForce, { sockets = [] }: HostFacts): Sentence[] {
  const later = openPassed(found, inForce).filter(
    (listener) => !sockets.some((socket) => isListenerOf(socket, listener)),
  )
  if (later.length === 0) return []
  return [
    sentence`docker.socket opens ${enumerate(later)} at its next start, and dockerd lets everybody in there without a certificate. ${CLOSE_PASSED}`,
  ]
}

/** The facts that {@link opensOnRestart} needs: at which of these listeners does dockerd speak TLS? Connecting starts no dockerd. */
export function tlsQuestions(facts: HostFacts, found: FoundUnit, inForce: SettingsInForce): FactCall[] {
  if (!isActive(facts)) return []
  return openListeners(found, inForce).map((listener) => {
    const host = formatTarget(targetOf(listener))
    return ['said', `tls:${listener}`, 'sh', '-c', ASK_PLAINLY, 'sh', host]
  })
}

const ASK_PLAINLY = `timeout 10 docker -H "$1" version 2>&1 | grep -o '${HAS_TLS.pattern.source}'`

/** Can a word that only systemd can expand turn the verification on? `--label=%H` can't. */
function maySwitch(word: string): boolean {
  const [begin = ''] = word.replaceAll(/["']/g, '').split(/[$%]/)
  return '--tlsverify'.startsWith(begin) || begin.startsWith('--tlsverify')
}

/** The environment of dockerd after a restart. If its unit has changed, systemd still tells the earlier one. */
function environmentAfter({ paths }: FoundUnit, facts: HostFacts): UnitEnvironment {
  const now = environmentOf(facts)
  if (facts.property('service', 'NeedDaemonReload') !== 'yes') return now
  const texts = paths.map((path) => now.textOf(path) ?? '').join('\n')
  const settings = texts.replaceAll(/\\\n/g, ' ').matchAll(/^[ \t]*Environment[ \t]*=[ \t]*(.*)$/gm)
  // An empty one drops those before it.
  const values = [...settings].map(([, value = '']) => value)
  return { ...now, environment: values.slice(values.lastIndexOf('') + 1).join(' ') }
}

/**
 * Listeners that are closed only because dockerd wasn't restarted yet. The rollback of an apply that fails would restart it.
 * A dockerd that lets everybody in must not be refused, so this counts only what is known.
 *
 * @param isOfDaemon - is it an apply of dockerd, which can take settings over?
 */
export function opensOnRestart(
  found: FoundUnit,
  inForce: SettingsInForce,
  facts: HostFacts,
  isOfDaemon = false,
): Conflict[] {
  const warned = facts.info?.['Warnings']
  // dockerd warns of its listeners with TLS that require no client certificate (moby, fillAPIInfo).
  if (facts.info === undefined || WITHOUT_CLIENT_CERTIFICATE.pattern.test(JSON.stringify(warned ?? ''))) return []
  // The other functions here don't read what variables say.
  const { flags, unknown } = expand(found.unit, assignmentsOf(found.unit, environmentAfter(found, facts)))
  const verified = flags.findLast(({ name }) => name === 'tlsverify')
  if (unknown.some(maySwitch) || (verified !== undefined && isOn(verified))) return []
  return openListeners(found, inForce)
    .filter((listener) => HAS_TLS.pattern.test(facts.fact(`tls:${listener}`)))
    .map((listener) => ({
      code: 'ERR_APPLY_CONFLICT',
      kind: 'plaintext-before',
      what: listener,
      got: 'dockerd requires client certificates there now, but its files no longer do: any restart would open it, also the rollback of a failed apply',
      todo: isOfDaemon
        ? sentence`Put its TLS settings back, then run this again. If they were in daemon.json, run then:  ${ours('daemon', 'apply', '--daemon-json')}`
        : 'Put its TLS settings back, then run this again.',
    }))
}
