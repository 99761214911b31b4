/** Why a certificate was revoked (RFC 5280 section 5.3.1). */
export type RevocationReason =
  | 'keyCompromise'
  | 'cACompromise'
  | 'affiliationChanged'
  | 'superseded'
  | 'cessationOfOperation'
  | 'privilegeWithdrawn'

/** Their numbers in a list. */
export const REASON_NUMBERS: Readonly<Record<RevocationReason, number>> = {
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
}

export function isReason(value: unknown): value is RevocationReason {
  return typeof value === 'string' && Object.hasOwn(REASON_NUMBERS, value)
}
