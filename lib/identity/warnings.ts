import type { CertificateFacts } from './certificate.ts'
import { describe, renewalRemedy, type Named } from './checks.ts'
import { DAY, formatDate, inWords } from './dates.ts'

/** Before a certificate ends there should be time to make another. */
const SOON_MS = 30 * DAY

/** What is no error, and should be known. */
export interface Observed {
  readonly client: Named
  readonly authorities: readonly Named[]
  readonly keyName: string
  /** The permission bits of the key's file, where it is one. */
  readonly keyMode?: number | undefined
  readonly keyWasEncrypted: boolean
  /** Public parts that hold a private key as well. */
  readonly exposed: readonly string[]
}

/** The warnings of an identity, each one sentence with its remedy. */
export function warningsOf(observed: Observed, now: number): string[] {
  return [
    ...keyWarnings(observed),
    ...observed.exposed.map((name) => `${name} holds a private key too: take it out, since this file is handed on.`),
    ...expiryWarning(observed.client, now),
    ...observed.authorities.flatMap((authority) => expiryWarning(authority, now)),
    ...withoutCommonName(observed.client),
  ]
}

function keyWarnings({ keyName, keyMode, keyWasEncrypted }: Observed): string[] {
  const warnings: string[] = []
  // Windows has no such bits; Node makes them up there.
  if (keyMode !== undefined && (keyMode & 0o066) !== 0 && process.platform !== 'win32') {
    const mode = keyMode.toString(8).padStart(4, '0')
    warnings.push(`${keyName} is open to group or others (mode ${mode}):  chmod 600 ${keyName}`)
  }
  if (keyWasEncrypted)
    warnings.push(`${keyName} is encrypted: this package reads it, the Docker CLI and dockerd don't.`)
  return warnings
}

function expiryWarning(certificate: Named, now: number): string[] {
  const { validTo } = certificate.facts
  const left = validTo.getTime() - now
  if (left > SOON_MS) return []
  const what = left < 0 ? `expired ${inWords(left)} ago, on` : `ends in ${inWords(left)}, on`
  return [`${describe(certificate)} ${what} ${formatDate(validTo)}. ${renewalRemedy(certificate.facts, now)}`]
}

/** The authorization plugins of dockerd are told the common name as the user (moby, pkg/authorization). */
function withoutCommonName(client: { name: string; facts: CertificateFacts }): string[] {
  if (client.facts.commonName !== undefined && client.facts.commonName !== '') return []
  return [`${client.name} has no common name: an authorization plugin of the daemon would see no user.`]
}
