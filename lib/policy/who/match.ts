import { ArgumentError } from '../../base/errors.ts'
import { isOver } from '../../identity/dates.ts'
import type { Policy, PolicyRule, Who } from '../file/types.ts'
import type { CertificateIdentity, PolicyIdentity } from './identity.ts'

/** The values of a certificate that each condition compares. */
const VALUES: Readonly<
  Record<Exclude<keyof Who, 'any' | 'socket'>, (certificate: CertificateIdentity) => readonly string[]>
> = {
  commonName: ({ commonName }) => (commonName === undefined ? [] : [commonName]),
  organizationalUnit: ({ organizationalUnits }) => organizationalUnits,
  dns: ({ dns }) => dns,
  uri: ({ uris }) => uris,
  ip: ({ ips }) => ips,
  fingerprint: ({ fingerprint256, renewedFrom256 }) => [fingerprint256, ...(renewedFrom256 ? [renewedFrom256] : [])],
  issuer: ({ issuerFingerprints256 }) => issuerFingerprints256,
}

/**
 * The rule that decides about a caller: the first one that applies and hasn't ended.
 *
 * @param policy - the result of `parsePolicy()` or `definePolicy()`
 * @param identity - the caller
 * @param at - the time of the request
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID for a rule with an end, if there is no time
 * @returns undefined if there is none: the caller may do nothing
 * @example
 * ```ts
 * const policy = parsePolicy(await readFile('policy.yaml', 'utf8'), 'policy.yaml')
 * const rule = matchRule(policy, identityOfCertificate(cert), new Date())
 * ```
 */
export function matchRule(policy: Policy, identity: PolicyIdentity, at?: Date): PolicyRule | undefined {
  return policy.rules.find((rule) => applies(rule.who, identity) && !hasEnded(rule, at))
}

/** The last rule that applied to a caller to whom none applies any more. */
export function endedRule({ rules }: Policy, identity: PolicyIdentity): PolicyRule | undefined {
  const ended = rules.filter(({ who, until }) => until !== undefined && applies(who, identity))
  return ended.toSorted((one, other) => endOf(other) - endOf(one))[0]
}

/** Has the rule ended at this time? Without a time, nobody knows. */
export function hasEnded(rule: PolicyRule, at: Date | undefined): boolean {
  if (rule.until === undefined) return false
  if (at instanceof Date && !Number.isNaN(at.getTime())) return isOver(endOf(rule), at.getTime())
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `deciding by the rule ${rule.name}, which ends`,
    got: 'the request has no time',
    todo: 'Pass the time of the request:  at: new Date() .',
  })
}

/** In milliseconds. */
function endOf({ until }: PolicyRule): number {
  return until === undefined ? Infinity : Date.parse(until)
}

function applies(who: Who, identity: PolicyIdentity): boolean {
  const conditions = Object.keys(who) as (keyof Who)[]
  return conditions.length > 0 && conditions.every((condition) => holds(condition, who, identity))
}

function holds(condition: keyof Who, who: Who, identity: PolicyIdentity): boolean {
  if (condition === 'any') return true
  const accepted = who[condition] ?? []
  return valuesOf(condition, identity).some((value) => accepted.includes(value))
}

function valuesOf(condition: Exclude<keyof Who, 'any'>, identity: PolicyIdentity): readonly string[] {
  if (condition === 'socket') return 'socket' in identity ? [identity.socket] : []
  return 'certificate' in identity ? VALUES[condition](identity.certificate) : []
}
