import { refusal, type Fault } from './fault.ts'
import { faultsOf } from './issues.ts'
import { normalise } from './normalise.ts'
import { ruleFaults, unreachable } from './rules.ts'
import { POLICY } from './schema.ts'
import type { Policy } from './types.ts'
import { readYaml, type Source } from './yaml.ts'

/**
 * Parses a policy file: YAML 1.2, or JSON. Everything that isn't known is refused.
 *
 * @param text - the text of the file
 * @param where - how errors name it, usually the path of the file
 * @returns the policy, frozen, with all names normalised
 * @throws {@link PolicyError} ERR_POLICY_INVALID. Its `faults` are up to 20, each with its line and column
 * @example
 * ```ts
 * const policy = parsePolicy(await readFile('policy.yaml', 'utf8'), 'policy.yaml')
 * ```
 */
export function parsePolicy(text: string, where: string): Policy {
  const source = readYaml(text, where)
  return check(source.value, where, source)
}

/**
 * Checks a policy that is written in code, by the same rules as those of a file.
 *
 * @param value - an object as in the file
 * @returns the policy, frozen, with all names normalised
 * @throws {@link PolicyError} ERR_POLICY_INVALID. Its `faults` have paths, and no lines
 * @example
 * ```ts
 * const policy = definePolicy({
 *   version: 1,
 *   rules: [{ name: 'ci', who: { organizationalUnit: 'ci' }, level: 'restricted' }],
 * })
 * ```
 */
export function definePolicy(value: unknown): Policy {
  return check(value, undefined)
}

function check(value: unknown, where: string | undefined, source?: Source): Policy {
  const checked = POLICY.safeParse(value)
  const faults = [...(checked.success ? [] : faultsOf(checked.error.issues, value)), ...ruleFaults(value)]
  if (!checked.success || faults.length > 0) throw refusal(where, sorted(faults, source), source?.placeOf)
  const policy = normalise(checked.data)
  const dead = unreachable(policy.rules)
  if (dead.length > 0) throw refusal(where, dead, source?.placeOf)
  return policy
}

/** In the order of the file. */
function sorted(faults: readonly Fault[], source: Source | undefined): readonly Fault[] {
  if (source === undefined) return faults
  const placed = faults.map((fault) => ({ fault, offset: source.offsetOf(fault) }))
  return placed.toSorted((one, other) => one.offset - other.offset).map(({ fault }) => fault)
}
