import { KEPT_MS } from '../base/expiry.ts'
import { isOver } from '../identity/dates.ts'
import { editPolicy, type PolicyEdit } from '../policy/file/edit.ts'
import { parsePolicy } from '../policy/file/parse.ts'
import type { Policy, PolicyRule } from '../policy/file/types.ts'
import type { OpenPolicy } from './policy-file.ts'
import { endedRuleName, grantOf, isEndedEarly, isOnlyFor, ruleName } from './rules.ts'

/** A certificate of a grant. */
export interface GrantCertificate {
  readonly fingerprint256: string
  readonly validTo: Date
}

/** A certificate of a grant with rules that are for it, and what ends them. */
export interface NamedCertificate extends GrantCertificate {
  readonly rules: readonly PolicyRule[]
  /** Absent: they have ended. */
  readonly edit?: PolicyEdit
}

/** Finds the certificates that a policy names, whatever its rules are called: a person may have renamed one. */
export function findNamed(
  { rules }: Policy,
  grant: string,
  certificates: readonly GrantCertificate[],
): NamedCertificate[] {
  return certificates.flatMap((one) => {
    const own = rules.filter((rule) => isFor(rule, one))
    const edit = editOf(grant, one, own, rules)
    return own.length === 0 ? [] : [{ ...one, rules: own, ...(edit && { edit }) }]
  })
}

/** The rules that were taken out, and those that stay and allow nothing. */
export interface EndedRules {
  readonly removed: readonly string[]
  readonly kept: readonly string[]
}

/**
 * Ends the rules in the file.
 *
 * @throws {@link PolicyError} ERR_POLICY_INVALID
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function endRules(
  open: OpenPolicy,
  path: string,
  grant: string,
  named: readonly NamedCertificate[],
): Promise<EndedRules> {
  const text = named.reduce((whole, { edit }) => (edit ? editPolicy(whole, path, edit) : whole), open.text)
  await open.replace(text)
  const left = parsePolicy(text, path).rules
  const isOwn = (rule: PolicyRule): boolean => grantOf(rule) === grant
  const before = named.flatMap(({ rules }) => rules.filter(isOwn).map(({ name }) => name))
  const firsts = named.flatMap((one) => left.find((rule) => isFor(rule, one)) ?? [])
  return {
    removed: before.filter((rule) => !left.some(({ name }) => name === rule)),
    kept: firsts.filter((rule) => isEndedEarly(rule) || isOwn(rule)).map(({ name }) => name),
  }
}

const isFor = ({ who }: PolicyRule, { fingerprint256 }: GrantCertificate): boolean =>
  who.fingerprint?.includes(fingerprint256) ?? false

/**
 * Until a day after the certificate expires, a rule before all others is for it, and allows nothing: a gateway that doesn't have the new
 * revocation list, or whose clock is behind, would take a later rule for it, such as one for several certificates.
 */
function editOf(
  grant: string,
  { fingerprint256: fingerprint, validTo }: GrantCertificate,
  rules: readonly PolicyRule[],
  all: readonly PolicyRule[],
): PolicyEdit | undefined {
  if (isOver(validTo.getTime(), Date.now() - KEPT_MS)) {
    const own = rules.filter((rule) => grantOf(rule) === grant).map(({ name }) => name)
    return own.length === 0 ? undefined : { remove: own }
  }
  if (rules[0] && isEndedEarly(rules[0])) return undefined
  const until = validTo.toISOString().replace('.000Z', 'Z')
  const remove = rules.filter((rule) => isOnlyFor(rule, fingerprint)).map((rule) => rule.name)
  const usual = ruleName(grant, fingerprint)
  // A person may have let the rule of the grant be for other certificates, too.
  const isTaken = all.some((rule) => rule.name === usual && !remove.includes(usual))
  const name = isTaken ? endedRuleName(grant, fingerprint) : usual
  const add = { name, fingerprint, level: 'read-only', until, hostPaths: [], allowsNothing: true } as const
  return { remove, add, comment: 'ended early; docker-mtls grant takes it out after its end' }
}
