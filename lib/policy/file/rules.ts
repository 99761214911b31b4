import { isWithin } from '../../container/host-path.ts'
import { enumerate, quoted } from '../../base/text.ts'
import type { Complaint, Fault, Path } from './fault.ts'
import type { PolicyRule, Who } from './types.ts'

/** Faults of rules as a whole, in a value that may have any other fault. */
export function ruleFaults(value: unknown): Fault[] {
  const rules = fieldOf(value, 'rules')
  if (!Array.isArray(rules)) return []
  if (rules.length > MOST_RULES)
    return [fault(['rules'], `there are more than ${MOST_RULES} rules`, 'Put callers into groups.')]
  if (rules.length === 0)
    return [fault(['rules'], 'there are no rules', 'Add a rule: without one, nobody may do anything.')]
  return [
    ...nameFaults(rules),
    ...rules.flatMap((rule, index) => [
      ...whoFaults(rule, index, rules.length - 1),
      ...limitFaults(rule, index),
      ...renewFaults(rule, index),
      ...pathFaults(rule, index),
    ]),
  ]
}

/** The limit keeps the comparison of all rules fast. */
const MOST_RULES = 1000

function nameFaults(rules: readonly unknown[]): Fault[] {
  const names = rules.map((rule) => fieldOf(rule, 'name'))
  const first = new Map(names.map((name, index) => [name, index] as const).toReversed())
  return names.flatMap((name, index) => {
    if (typeof name !== 'string' || first.get(name) === index) return []
    return fault(['rules', index, 'name'], `another rule has the name ${quoted(name)}`, 'Give each rule its own name.')
  })
}

function whoFaults(rule: unknown, index: number, last: number): Fault[] {
  const who = fieldOf(rule, 'who')
  if (typeof who !== 'object' || who === null || Array.isArray(who)) return []
  const path: Path = ['rules', index, 'who']
  const conditions = Object.keys(who).filter((key) => fieldOf(who, key) !== undefined)
  if (conditions.length === 0)
    return [fault(path, 'it has no condition', 'Name the callers, or write { any: true } in the last rule.')]
  if (conditions.includes('any')) {
    if (conditions.length > 1) return [fault([...path, 'any'], 'there are other conditions beside any', 'Remove any.')]
    const got = 'rules after it would never apply, as it means every caller'
    const isLast = index === last || fieldOf(rule, 'until') !== undefined
    return isLast ? [] : [fault([...path, 'any'], got, 'Move the rule to the end.')]
  }
  const others = conditions.filter((key) => key !== 'socket')
  if (!conditions.includes('socket') || others.length === 0) return []
  const got = `no caller has ${enumerate(others)} on a local socket, where there is no certificate`
  return [fault([...path, 'socket'], got, 'Write two rules.')]
}

/** Whoever is root on the host gets around any limit. */
function limitFaults(rule: unknown, index: number): Fault[] {
  const level = fieldOf(rule, 'level')
  if (level !== 'privileged' && fieldOf(level, 'enforce') !== 'privileged') return []
  const got = 'the level privileged has no limits, as who has it is root on the host'
  return ['owner', 'allow', 'deny', 'only']
    .filter((key) => fieldOf(rule, key) !== undefined)
    .map((key) => fault(['rules', index, key], got, `Remove ${key}, or use the level baseline.`))
}

/** Who has no certificate of their own can't renew one, and a renewed certificate has another fingerprint. */
function renewFaults(rule: unknown, index: number): Fault[] {
  if (fieldOf(rule, 'renew') === undefined) return []
  const who = fieldOf(rule, 'who')
  const path: Path = ['rules', index, 'renew']
  if (fieldOf(who, 'any') !== undefined)
    return [fault(path, 'the rule is for every caller, whoever it is', 'Write a rule that names who may renew.')]
  if (fieldOf(who, 'socket') !== undefined)
    return [fault(path, 'callers on a local socket have no certificate', 'Remove renew.')]
  if (fieldOf(who, 'fingerprint') === undefined) return []
  const got = 'a renewed certificate has another fingerprint, so the rule would not apply to it'
  return [fault(path, got, 'Name the callers by commonName, and their CA by issuer, or remove renew.')]
}

/** An allowed folder that a container with another allowed folder can replace by a link. */
function pathFaults(rule: unknown, index: number): Fault[] {
  const given = fieldOf(fieldOf(rule, 'allow'), 'hostPaths')
  if (!Array.isArray(given)) return []
  const writable = given.filter((one) => fieldOf(one, 'readOnly') !== true).map((one) => fieldOf(one, 'path'))
  return given.flatMap((one, at) => {
    const path = fieldOf(one, 'path')
    const outer = writable.find((folder) => typeof path === 'string' && isInside(path, folder))
    if (typeof outer !== 'string') return []
    const got = `a container that changes ${outer} can put a symbolic link there, to any other folder`
    return fault(['rules', index, 'allow', 'hostPaths', at, 'path'], got, `Allow ${outer} alone, or only to read.`)
  })
}

function isInside(path: string, folder: unknown): boolean {
  return typeof folder === 'string' && path !== folder && isWithin(path, folder)
}

/** Rules that no caller reaches, because an earlier rule without an end applies to the same callers. */
export function unreachable(rules: readonly PolicyRule[]): Fault[] {
  const sets = rules.map(({ who }) =>
    Object.entries(who).map(([key, values]) => [key, new Set<unknown>(listed(values))] as const),
  )
  return rules.flatMap(({ who }, index) => {
    const earlier = sets
      .slice(0, index)
      .findIndex((conditions, before) => rules[before]?.until === undefined && includes(conditions, who))
    const name = rules[earlier]?.name ?? ''
    const got = `no caller gets here, as the rule ${quoted(name)} applies to the same callers`
    return earlier === -1
      ? []
      : fault(['rules', index, 'who'], got, `Move the rule before ${quoted(name)}, or remove it.`)
  })
}

/** Do these conditions hold for every caller for whom those of `who` hold? */
function includes(conditions: readonly (readonly [string, ReadonlySet<unknown>])[], who: Who): boolean {
  return conditions.every(([key, values]) => {
    const own = who[key as keyof Who]
    return own !== undefined && listed(own).every((value) => values.has(value))
  })
}

function listed(values: true | readonly string[]): readonly unknown[] {
  return values === true ? [true] : values
}

function fieldOf(value: unknown, key: string): unknown {
  const isObject = typeof value === 'object' && value !== null
  return isObject && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
}

function fault(path: Path, got: string, todo: string): Fault {
  return { path, says: (): Complaint => ({ got, todo }) }
}
