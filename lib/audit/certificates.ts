import { judgeExpiry } from './checks/certificates.ts'
import type { Snapshot } from './snapshot/snapshot.ts'
import type { AuditedCertificate } from './snapshot/tls-schema.ts'
import type { Status } from './verdict.ts'

/** A certificate of the connection in a report. */
export interface ReportedCertificate {
  /** Whose it is. */
  readonly owner: 'server' | 'client' | 'ca'
  /** Its common name, or its subject. Foreign text: escape it to show it. */
  readonly name: string
  /** In ISO 8601. */
  readonly validFrom: string
  /** In ISO 8601. */
  readonly validTo: string
  /** How the checks of expiry judge it: `warn` and `fail` as its end comes nearer, `unknown` if its dates can't be read. */
  readonly expiry: Status
}

/** The certificates of the connection: of the server, the client and its CAs. */
export function certificatesOf({ tls, at }: Snapshot): ReportedCertificate[] {
  if ('unknown' in tls || tls.value === null) return []
  const { server, client, cas } = tls.value
  const now = Date.parse(at)
  const describe = (owner: ReportedCertificate['owner'], certificate: AuditedCertificate): ReportedCertificate => {
    const { commonName, subject, validFrom, validTo } = certificate
    const name = commonName === undefined || commonName === '' ? subject : commonName
    return { owner, name, validFrom, validTo, expiry: judgeExpiry(certificate, now).status }
  }
  return [describe('server', server), describe('client', client), ...cas.map((ca) => describe('ca', ca))]
}
