import { expiryOf } from '../base/expiry.ts'
import { command, sentence } from '../base/sentence.ts'
import type { Warning } from '../base/warning.ts'
import { describe, renewalRemedy, type Named } from './checks.ts'
import { formatDate, inWords } from '../base/dates.ts'

/** The parts of an identity that warnings are about. */
export interface Observed {
  readonly client: Named
  readonly authorities: readonly Named[]
  readonly keyName: string
  /** The permission bits of the key's file, if it is a file. */
  readonly keyMode?: number | undefined
  readonly keyWasEncrypted: boolean
  /** The names of public parts that also contain a private key. */
  readonly exposed: readonly string[]
}

/** The warnings of an identity, each with its remedy. */
export function warningsOf(observed: Observed, now: number): Warning[] {
  return [
    ...keyWarnings(observed),
    ...observed.exposed.map((name) => ({
      code: 'KEY_IN_PUBLIC_FILE',
      text: `${name} also contains a private key. Remove the key: others get this file.`,
    })),
    ...expiryWarning(observed.client, now),
    ...observed.authorities.flatMap((authority) => expiryWarning(authority, now)),
    ...withoutCommonName(observed.client),
  ]
}

function keyWarnings({ keyName, keyMode, keyWasEncrypted }: Observed): Warning[] {
  const warnings: Warning[] = []
  // Windows has no such bits; Node invents them there.
  if (keyMode !== undefined && (keyMode & 0o066) !== 0 && process.platform !== 'win32') {
    const mode = keyMode.toString(8).padStart(4, '0')
    const text = sentence`Other users can access ${keyName} (mode ${mode}). Restrict it:  ${command('chmod', '600', keyName)}`
    warnings.push({ code: 'KEY_OPEN_TO_OTHERS', text })
  }
  if (keyWasEncrypted) {
    warnings.push({
      code: 'KEY_ENCRYPTED',
      text: `${keyName} is encrypted: docker-mtls can read it, the Docker CLI and dockerd can't.`,
    })
  }
  return warnings
}

function expiryWarning(certificate: Named, now: number): Warning[] {
  const { validFrom, validTo } = certificate.facts
  const end = expiryOf({ from: validFrom.getTime(), to: validTo.getTime() }, now)
  if (end === 'later' || end === 'due') return []
  const left = validTo.getTime() - now
  const isOver = end === 'expired'
  const expiry = isOver ? `expired ${inWords(left)} ago, on` : `expires in ${inWords(left)}, on`
  const text = sentence`${describe(certificate)} ${expiry} ${formatDate(validTo)}. ${renewalRemedy(certificate.facts, now)}`
  return [{ code: isOver ? 'CERTIFICATE_EXPIRED' : 'CERTIFICATE_EXPIRES_SOON', text }]
}

/** dockerd passes the common name to its authorization plugins as the user (moby, pkg/authorization). */
function withoutCommonName(client: Named): Warning[] {
  if (client.facts.commonName !== undefined && client.facts.commonName !== '') return []
  const text = `${client.name} has no common name, so the daemon's authorization plugins can't tell who the user is.`
  return [{ code: 'NO_COMMON_NAME', text }]
}
