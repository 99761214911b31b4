import { ours, sentence, type Sentence } from '../base/sentence.ts'
import { openCertificate } from '../identity/certificate.ts'
import { caPaths, clientPaths } from './layout.ts'
import { readLedger } from './ledger.ts'
import { readIfThere } from '../base/files.ts'

/** Is the key of a client on the client's own machine? The ledger distinguishes this from a missing key. */
export async function isKeyElsewhere(root: string, name: string): Promise<boolean> {
  const { cert, key } = clientPaths(root, name)
  const pem = await readIfThere(cert)
  if (pem === undefined || (await readIfThere(key)) !== undefined) return false
  return wasRequested(caPaths(root).ledger, pem)
}

/** Does the ledger say that this certificate was signed for a request? */
async function wasRequested(ledger: string, pem: string): Promise<boolean> {
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

/** Why this folder can't do something for a client whose key is on its own machine. */
export function elsewhereFault(name: string): string {
  return `its key is on the machine of ${name} and was never here`
}

/** How to renew a client whose key is on its own machine. */
export function requestAgain(root: string, name: string): Sentence {
  const sign = ours('cert', 'sign', `${name}.csr`, '--dir', root)
  return sentence`On the client's machine, create a request:  ${ours('client', 'request', name)}  Then sign it here:  ${sign}`
}
