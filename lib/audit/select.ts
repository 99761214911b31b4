import { ArgumentError } from '../base/errors.ts'
import { similarName } from '../base/options.ts'
import { option, sentence, type Sentence } from '../base/sentence.ts'
import { quoted } from '../base/text.ts'
import type { Check, CisVersion } from './check.ts'
import { FAMILIES, PROFILES, type Profile } from './names.ts'
import type { Snapshot } from './snapshot/snapshot.ts'

/** Which checks to run. */
export interface Selection {
  /** Runs only these checks and families. @defaultValue all of the profile */
  readonly only?: readonly string[] | undefined
  /** Leaves out these checks and families. */
  readonly skip?: readonly string[] | undefined
  /** @defaultValue `docker-mtls`: all checks */
  readonly profile?: Profile | undefined
}

/**
 * Chooses checks by id, family and profile.
 *
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID for a name that doesn't exist, and if no check is left: an audit that looks
 *   at nothing must not pass
 */
export function selectChecks(checks: readonly Check[], { only, skip = [], profile }: Selection): Check[] {
  const isWanted = only === undefined ? () => true : matcher(checks, only, 'only')
  const isSkipped = matcher(checks, skip, 'skip')
  const cis = cisOf(profile)
  const left = checks.filter(
    (check) => isWanted(check) && !isSkipped(check) && (cis === undefined || check.cis[cis] !== undefined),
  )
  if (left.length > 0) return left
  throw invalid(
    'the selection of checks',
    'it leaves no check to run',
    'Name other checks, families or another profile.',
  )
}

/**
 * Chooses checks as {@link selectChecks} does, for a daemon whose host's files may not have been read. Without them, the checks
 * of the family `host` are left out: each would only say that. They stay if a profile of the benchmark or `only` demands them.
 */
export function selectFor({ host }: Pick<Snapshot, 'host'>, checks: readonly Check[], selection: Selection): Check[] {
  const selected = selectChecks(checks, selection)
  if (host !== null || selection.only !== undefined || cisOf(selection.profile) !== undefined) return selected
  const others = selected.filter((check) => !needsHost(check))
  return others.length > 0 ? others : selected
}

/** Does a check look at the files of the host? */
export function needsHost({ family }: Pick<Check, 'family'>): boolean {
  return family === 'host'
}

function matcher(checks: readonly Check[], names: readonly string[], from: 'only' | 'skip'): (check: Check) => boolean {
  if (!Array.isArray(names))
    throw invalid(sentence`the option ${option(from)}`, 'it is not a list', 'Pass a list of ids and families.')
  const ids = checks.map(({ id }) => id)
  const wanted = new Set(names.map((name) => knownName(name, ids, from)))
  return ({ id, family }) => wanted.has(id) || wanted.has(family)
}

/** The id or family that a name stands for, in any case. */
function knownName(name: string, ids: readonly string[], from: string): string {
  const known = [...ids, ...Object.keys(FAMILIES)]
  const found = known.find((one) => one.toLowerCase() === name.toLowerCase())
  if (found !== undefined) return found
  const got = `there is no check and no family ${quoted(name)}`
  throw invalid(sentence`the option ${option(from)}`, got, hintFor(name, known))
}

/** A similar name alone: the list of all checks is long. */
function hintFor(name: string, known: readonly string[]): string {
  const families = `The families are ${Object.keys(FAMILIES).join(', ')}; a report in JSON lists all checks.`
  const near = similarName(name, known)
  return near === undefined ? families : `Did you mean ${near}? ${families}`
}

function cisOf(profile: Profile = 'docker-mtls'): CisVersion | undefined {
  switch (profile) {
    case 'cis-1.6':
      return '1.6'
    case 'cis-1.8':
      return '1.8'
    case 'docker-mtls':
      return undefined
    default:
      throw invalid(
        sentence`the option ${option('profile')}`,
        `there is no profile ${quoted(String(profile))}`,
        `The profiles are ${PROFILES.join(', ')}.`,
      )
  }
}

function invalid(tried: Sentence, got: string, todo: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', { tried, got, todo })
}
