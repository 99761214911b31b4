import type { Connection } from '../arriving/connections.ts'
import type { GatewayEvent } from '../events.ts'
import { refusal, type Refusal } from '../refusal.ts'
import type { Revoked } from '../trust/revoked.ts'
import type { Trust } from '../trust/trust.ts'
import type { RenewalAsked, Renewals, Renewed } from './renewals.ts'

/** What renews certificates at a gateway. */
export interface Renewing {
  /** Undefined: it was created without an issuer. */
  readonly renewals: Renewals | undefined
  readonly trust: Trust | undefined
  readonly revoked: Revoked
  readonly report: (event: GatewayEvent) => void
}

/** Renews the certificate of a connection, and reports it. */
export async function renewFor(
  { renewals, trust, revoked, report }: Renewing,
  { peer, caller }: Connection,
  asked: RenewalAsked,
): Promise<Renewed | Refusal> {
  if (renewals === undefined || trust === undefined || peer === undefined)
    return refusal(503, 'RENEWAL_UNAVAILABLE', 'this gateway renews no certificates: it was started without --issuer')
  if (trust.issuer && revoked.has(trust.issuer.certificate))
    return refusal(503, 'RENEWAL_UNAVAILABLE', 'the issuer of this gateway has been revoked')
  const renewed = await renewals.renew(trust, peer, asked)
  if ('status' in renewed) return renewed
  const { serial, notAfter } = renewed
  const origin = trust.originOf(peer)?.serial.toUpperCase() ?? ''
  report({ event: 'renewal', ...caller, serial, notAfter: notAfter.toISOString(), origin })
  return renewed
}
