import type { CertificateState } from '../../keystore/renew/known.ts'

/** The states as a person reads them; --json keeps the stable values. */
export const STATES: Readonly<Record<CertificateState, string>> = {
  'in use': 'in use',
  'ends soon': 'expires soon',
  ended: 'expired',
  'not delivered': 'not delivered',
  'of a replaced CA': 'of a replaced CA',
  probe: 'one-day client',
  grant: 'granted',
  removed: 'removed',
  replaced: 'replaced',
  revoked: 'revoked',
}
