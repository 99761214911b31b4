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
  fingerprint: ({ fingerprint256 }) => [fingerprint256],
  issuer: ({ issuerFingerprints256 }) => issuerFingerprints256,
}

/**
 * The rule that decides about a caller: the first one that applies.
 *
 * @param policy - the result of `parsePolicy()` or `definePolicy()`
 * @param identity - the caller
 * @returns undefined if there is none: the caller may do nothing
 * @example
 * ```ts
 * const policy = parsePolicy(await readFile('policy.yaml', 'utf8'), 'policy.yaml')
 * const rule = matchRule(policy, identityOfCertificate(cert))
 * ```
 */
export function matchRule(policy: Policy, identity: PolicyIdentity): PolicyRule | undefined {
  return policy.rules.find(({ who }) => applies(who, identity))
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
