import { isOver } from '../identity/dates.ts'
import { resolve } from 'node:path'
import { listGranted, type ListedGranted } from '../keystore/granted.ts'
import type { PolicyRule } from '../policy/file/types.ts'
import { readPolicyText } from './policy-file.ts'
import { grantOf, isEndedEarly, isPast } from './rules.ts'

/**
 * `in force`: certificate and rule are there. `ended`: by itself. `revoked`: its certificate is. `without rule`: this policy has
 * none. `without files`: its certificate isn't in this folder.
 */
export type GrantState = 'in force' | 'ended' | 'revoked' | 'without rule' | 'without files'

/** A grant, as folder and policy show it. */
export interface ListedGrant {
  readonly name: string
  readonly state: GrantState
  /** When it ends, or ended. */
  readonly until?: Date
  readonly fingerprint256?: string
  /** The folder of its files. */
  readonly files?: string
  /** The rule that it wrote. */
  readonly rule?: PolicyRule
}

/**
 * Lists the grants of a folder and of a policy file, by their names.
 *
 * @throws {@link PolicyError} ERR_POLICY_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function listGrants(root: string, policy: string, now: number = Date.now()): Promise<ListedGrant[]> {
  const { rules } = (await readPolicyText(policy)).policy
  const written = rules.filter((rule) => grantOf(rule) !== undefined)
  const ofFolder = (await listGranted(root)).map((one) => fromFolder(one, written, now))
  const known = new Set(ofFolder.map(({ rule }) => rule?.name))
  const ofPolicy = written.filter(({ name }) => !known.has(name)).map((rule) => fromPolicy(rule, now))
  return [...ofFolder, ...ofPolicy].toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

function fromFolder(
  { name, paths, facts, isRevoked }: ListedGranted,
  written: readonly PolicyRule[],
  now: number,
): ListedGrant {
  const files = resolve(paths.folder)
  if (facts === undefined) return { name, state: 'ended', files }
  const { fingerprint256, validTo: until } = facts
  const rule = written.find(({ who }) => who.fingerprint?.[0] === fingerprint256)
  const state = isOver(until.getTime(), now) ? 'ended' : isRevoked ? 'revoked' : rule ? 'in force' : 'without rule'
  return { name, state, until, fingerprint256, files, ...(rule && { rule }) }
}

function fromPolicy(rule: PolicyRule, now: number): ListedGrant {
  const until = new Date(rule.until ?? '')
  const [fingerprint256 = ''] = rule.who.fingerprint ?? []
  const state = isPast(rule, now) ? 'ended' : isEndedEarly(rule) ? 'revoked' : 'without files'
  return { name: grantOf(rule) ?? '', state, until, fingerprint256, rule }
}
