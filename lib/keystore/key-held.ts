import { openCertificate } from '../identity/certificate.ts'
import { caPaths, clientPaths, commandLine } from './layout.ts'
import { readLedger } from './ledger.ts'
import { readIfThere } from '../base/files.ts'

/**
 * Is the key of the certificate that is in a client's folder on that client's own machine? By the ledger: a key that is
 * merely missing has been here.
 */
export async function isKeyElsewhere(root: string, name: string): Promise<boolean> {
  const { cert, key } = clientPaths(root, name)
  const pem = await readIfThere(cert)
  if (pem === undefined || (await readIfThere(key)) !== undefined) return false
  return wasRequested(caPaths(root).ledger, pem)
}

/** Does the ledger say that this certificate was signed for a request? */
export async function wasRequested(ledger: string, pem: string): Promise<boolean> {
  const fingerprint = fingerprintOf(pem)
  const entries = await readLedger(ledger)
  return entries.some(({ fingerprint256, keyHeld }) => keyHeld === 'client' && fingerprint256 === fingerprint)
}

function fingerprintOf(pem: string): string | undefined {
  try {
    return openCertificate(pem).fingerprint256
  } catch {
    return undefined
  }
}

/** What renews a client whose key is on its own machine: the commands for there and for here. */
export function requestAgain(root: string, name: string): string {
  const sign = commandLine('cert', 'sign', `${name}.csr`, '--dir', root)
  return `There:  ${commandLine('client', 'request', name)} ; then here, with what that wrote:  ${sign}`
}
