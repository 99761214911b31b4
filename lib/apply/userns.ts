import { findClosedParents, findHiddenData, type ClosedParent } from '../daemon-config/userns/hidden-data.ts'
import { parseDataFacts } from '../daemon-config/userns/data-facts.ts'
import { flagsOf, lastValue } from '../daemon-config/unit/flags.ts'
import { withLine } from '../daemon-config/userns/parse-subids.ts'
import { planUserns, type UsernsPlan } from '../daemon-config/userns/subuid-ranges.ts'
import type { ParsedUnit } from '../daemon-config/unit/parse-unit.ts'
import { DaemonError, isDockerMtlsError } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'
import type { Warning } from '../base/warning.ts'
import type { HostFacts } from '../host/facts.ts'
import type { FactCall } from '../host/facts-script.ts'
import { keptMode, type WantedFile } from './changes.ts'
import type { SettingsInForce } from '../daemon-config/settings-in-force.ts'

/** The consequences of user namespaces on a host. */
export interface UserNamespaces {
  readonly plan?: UsernsPlan
  /** /etc/subuid and /etc/subgid, where lines are missing. */
  readonly files: readonly WantedFile[]
  /** Images, containers and networks that will be hidden. */
  readonly losses: readonly Warning[]
  /** Folders that the containers' root can't enter, with a remedy for each. */
  readonly closed: readonly ClosedParent[]
}

/** The facts that {@link decideUserns} needs. */
export function usernsQuestions(
  unit: ParsedUnit,
  { daemonJson }: SettingsInForce,
  value: string | false | undefined,
): FactCall[] {
  const [user = '', group = user] = (value || '').split(':')
  return [
    ['data', dataRootOf(unit, daemonJson)],
    ['networks'],
    // Accounts may come from elsewhere than /etc/passwd (nsswitch.conf(5)).
    ...getent('account', 'passwd', user),
    ...getent('group', 'group', group),
  ]
}

function getent(name: string, database: string, word: string): FactCall[] {
  return word === '' || word === 'default' ? [] : [['said', name, 'getent', database, word]]
}

function dataRootOf(unit: ParsedUnit, json: SettingsInForce['daemonJson']): string {
  const key = json['data-root']
  const named = lastValue(flagsOf(unit), 'data-root')
  return named ?? (typeof key === 'string' && key !== '' ? key : '/var/lib/docker')
}

/**
 * Determines the effects of a change of user namespaces: the ranges, the missing lines, and the data that will be hidden.
 *
 * @param value - the new value; undefined: off
 * @throws {@link DaemonError} ERR_USERNS_INVALID
 */
export function decideUserns(value: string | undefined, inForce: SettingsInForce, facts: HostFacts): UserNamespaces {
  const plan = value === undefined ? undefined : planUserns(value, textsOf(facts))
  const data = parseDataFacts(facts.fact('data'))
  const change = { before: folderInForce(inForce, facts), after: plan?.dataFolder, networks: networksIn(facts) }
  return {
    ...(plan && { plan }),
    files: plan === undefined ? [] : missingLines(plan, facts),
    losses: findHiddenData(data, change),
    closed: plan === undefined ? [] : findClosedParents(data, plan),
  }
}

function networksIn({ fact }: HostFacts): number | undefined {
  const networks = fact('networks')
  return networks === '' ? undefined : Number(networks)
}

function textsOf({ file, fact }: HostFacts): Parameters<typeof planUserns>[1] {
  const textOf = (path: string): string | undefined => file(path)?.text
  return {
    passwd: `${textOf('/etc/passwd') ?? ''}\n${fact('account')}`,
    group: `${textOf('/etc/group') ?? ''}\n${fact('group')}`,
    subuid: textOf('/etc/subuid'),
    subgid: textOf('/etc/subgid'),
    loginDefs: textOf('/etc/login.defs'),
  }
}

/** Undefined if the user namespaces of the running daemon can't be determined: that is no reason to stop. */
function folderInForce({ settings }: SettingsInForce, facts: HostFacts): string | undefined {
  try {
    return settings.usernsRemap === undefined ? undefined : planUserns(settings.usernsRemap, textsOf(facts)).dataFolder
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return undefined
  }
}

function missingLines({ missing }: UsernsPlan, facts: HostFacts): WantedFile[] {
  const wanted = [
    ['/etc/subuid', missing.subuid],
    ['/etc/subgid', missing.subgid],
  ] as const
  return wanted.flatMap(([path, line]) => {
    if (line === undefined) return []
    const before = facts.file(path)
    if (before !== undefined && before.text === undefined) throw tooLong(path)
    return [{ path, mode: keptMode(before), text: withLine(before?.text ?? '', line) }]
  })
}

/** A part of the file must not replace the whole. */
function tooLong(path: string): DaemonError {
  return new DaemonError('ERR_USERNS_INVALID', {
    tried: `adding a range to ${path}`,
    got: 'the file is too long to be read',
    todo: sentence`Add a range yourself:  ${command('usermod', '--add-subuids', '165536-231071', '--add-subgids', '165536-231071', 'dockremap')}`,
  })
}
