import { isOver } from '../identity/dates.ts'
import type { PolicyRule } from '../policy/file/types.ts'

/** The name of a grant, and the beginning of the fingerprint of its certificate. */
const NAME = /^(?:grant|ended)-([A-Za-z0-9][A-Za-z0-9_-]{0,48})-([0-9a-f]{8})$/

/** The name of the rule of a grant. */
export function ruleName(grant: string, fingerprint256: string): string {
  return `grant-${grant}-${beginning(fingerprint256)}`
}

/** The name of the rule that ends a grant, if a person's rule has {@link ruleName}. It is as long. */
export function endedRuleName(grant: string, fingerprint256: string): string {
  return `ended-${grant}-${beginning(fingerprint256)}`
}

/** The name of the grant that wrote a rule. Undefined: a person wrote it, whatever it is called. */
export function grantOf({ name, who, until }: PolicyRule): string | undefined {
  const [, grant, start] = NAME.exec(name) ?? []
  const [fingerprint = '', ...others] = who.fingerprint ?? []
  const isOurs = until !== undefined && Object.keys(who).length === 1 && others.length === 0
  return isOurs && start === beginning(fingerprint) ? grant : undefined
}

/** Is a rule for this certificate, and for no other one? */
export function isOnlyFor({ who }: PolicyRule, fingerprint256: string): boolean {
  return Object.keys(who).length === 1 && who.fingerprint?.length === 1 && who.fingerprint[0] === fingerprint256
}

/** Has `grant end` ended this grant, before its time? Its rule then allows nothing until its certificate ends. */
export function isEndedEarly({ only }: PolicyRule): boolean {
  return only.operations?.length === 0
}

/** Has its time come? */
export function isPast({ until = '' }: PolicyRule, now: number = Date.now()): boolean {
  return isOver(Date.parse(until), now)
}

function beginning(fingerprint256: string): string {
  return fingerprint256.replaceAll(':', '').slice(0, 8).toLowerCase()
}
