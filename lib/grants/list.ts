import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { isThere } from '../base/files.ts'
import { isOver } from '../identity/dates.ts'
import { listGranted, listIssuedGranted, type ListedGranted } from '../keystore/granted.ts'
import { isFromCurrentCa, revocationsByFingerprint } from '../keystore/keystore.ts'
import type { PolicyRule } from '../policy/file/types.ts'
import { readPolicyText } from './policy-file.ts'
import { grantOf, isEndedEarly, isPast } from './rules.ts'

/**
 * `in force`: certificate and rule are there. `ended`: by itself. `revoked`: its certificate is. `not revoked`: its rule was ended, and its
 * certificate wasn't revoked. `of a replaced CA`: whoever trusts only the CA of now refuses it. `without rule`: this policy has none.
 * `without files`: its certificate isn't in this folder, or can't be read there.
 */
export type GrantState =
  | 'in force'
  | 'ended'
  | 'revoked'
  | 'not revoked'
  | 'of a replaced CA'
  | 'without rule'
  | 'without files'

/** A grant, as folder and policy show it. */
export interface ListedGrant {
  readonly name: string
  readonly state: GrantState
  /** When it ends, or ended. */
  readonly until?: Date
  readonly fingerprint256?: string
  /** The folder of its files. */
  readonly files?: string
  /** The first rule for its certificate. */
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
  const ofFolder = await Promise.all((await listGranted(root)).map((one) => fromFolder(root, one, rules, now)))
  const known = new Set(ofFolder.map(({ fingerprint256 }) => fingerprint256))
  const written = rules.filter((rule) => grantOf(rule) !== undefined && !known.has(rule.who.fingerprint?.[0]))
  const revocations = await revocationsByFingerprint(root)
  const ofPolicy = written.map((rule) => fromPolicy(rule, revocations, now))
  return [...ofFolder, ...ofPolicy].toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

async function fromFolder(
  root: string,
  granted: ListedGranted,
  rules: readonly PolicyRule[],
  now: number,
): Promise<ListedGrant> {
  const { name, paths, facts, isRevoked } = granted
  if (facts === undefined) return withoutCertificate(root, granted, rules, now)
  const files = resolve(paths.folder)
  const { fingerprint256, validTo: until } = facts
  const rule = ruleFor(fingerprint256, rules)
  const state = isOver(until.getTime(), now)
    ? 'ended'
    : isRevoked
      ? 'revoked'
      : (await isFromCurrentCa(root, await readFile(paths.cert, 'utf8')))
        ? stateByRule(rule)
        : 'of a replaced CA'
  return { name, state, until, fingerprint256, files, ...(rule && { rule }) }
}

/** Its certificate can't be read, or is gone. The ledger may show that it's valid, or know none of this name. */
async function withoutCertificate(
  root: string,
  { name, paths }: ListedGranted,
  rules: readonly PolicyRule[],
  now: number,
): Promise<ListedGrant> {
  const files = resolve(paths.folder)
  const issued = await listIssuedGranted(root, name)
  const isPassed = ({ validTo }: (typeof issued)[number]): boolean => isOver(validTo.getTime(), now)
  const newest = issued.findLast((one) => !one.isRevoked && !isPassed(one)) ?? issued.at(-1)
  if (newest === undefined) return { name, state: (await isThere(paths.cert)) ? 'without files' : 'ended', files }
  const { fingerprint256, validTo: until } = newest
  const rule = ruleFor(fingerprint256, rules)
  const stateNow = rule !== undefined && isEndedEarly(rule) ? 'not revoked' : 'without files'
  const state = isPassed(newest) ? 'ended' : newest.isRevoked ? 'revoked' : stateNow
  return { name, state, until, fingerprint256, files, ...(rule && { rule }) }
}

/** A person may have renamed it. */
function ruleFor(fingerprint256: string, rules: readonly PolicyRule[]): PolicyRule | undefined {
  return rules.find(({ who }) => who.fingerprint?.includes(fingerprint256))
}

function stateByRule(rule: PolicyRule | undefined): GrantState {
  if (rule === undefined) return 'without rule'
  return isEndedEarly(rule) ? 'not revoked' : 'in force'
}

function fromPolicy(rule: PolicyRule, revocations: ReadonlyMap<string, unknown>, now: number): ListedGrant {
  const until = new Date(rule.until ?? '')
  const [fingerprint256 = ''] = rule.who.fingerprint ?? []
  const isRevoked = isEndedEarly(rule) || revocations.has(fingerprint256)
  const state = isPast(rule, now) ? 'ended' : isRevoked ? 'revoked' : 'without files'
  return { name: grantOf(rule) ?? '', state, until, fingerprint256, rule }
}
