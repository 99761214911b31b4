import { flagsOf, isOn } from '../daemon-config/unit/flags.ts'
import type { SettingsInForce } from '../daemon-config/settings-in-force.ts'
import type { FoundUnit } from '../daemon-config/unit/installed-unit.ts'
import type { Conflict } from './conflicts.ts'

/** The listeners on the network at which dockerd lets everybody in without a client certificate. */
export function openListeners(found: FoundUnit, inForce: SettingsInForce): string[] {
  return hasSwitch('tlsverify', found, inForce) ? [] : [...inForce.settings.listen, ...inForce.plaintext]
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
 */
export function plaintextBefore(
  found: FoundUnit,
  then: SettingsInForce,
  whose: string,
  already: readonly string[] = [],
): Conflict[] {
  const open = openListeners(found, then).filter((listener) => !already.includes(listener))
  if (open.length === 0) return []
  return [
    {
      code: 'ERR_APPLY_CONFLICT',
      kind: 'plaintext-before',
      what: open.join(', '),
      got: `dockerd listened there before ${whose}, and let everybody in without a certificate`,
      todo: 'docker-mtls does not open it again. Restore what you need by hand, without that listener.',
    },
  ]
}
