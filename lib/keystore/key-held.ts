import { ours, sentence, type Sentence } from '../base/sentence.ts'
import { fingerprintsIn } from '../identity/certificate.ts'
import { caPaths, clientPaths } from './layout.ts'
import { readLedger } from './ledger.ts'
import { readIfThere } from '../base/files.ts'

/** Is the key of a client on the client's own machine? The ledger distinguishes this from a missing key. */
export async function isKeyElsewhere(root: string, name: string): Promise<boolean> {
  const { cert, key } = clientPaths(root, name)
  const pem = await readIfThere(cert)
  if (pem === undefined || (await readIfThere(key)) !== undefined) return false
  return (await requestedCertificates(root)).has(firstFingerprint(pem))
}

/** The fingerprints of the certificates that were signed for a request, as the ledger says. */
export async function requestedCertificates(root: string): Promise<ReadonlySet<string>> {
  const entries = await readLedger(caPaths(root).ledger)
  return new Set(entries.filter(({ keyHeld }) => keyHeld === 'client').map(({ fingerprint256 }) => fingerprint256))
}

/** Empty if it can't be read. */
function firstFingerprint(pem: string): string {
  try {
    return fingerprintsIn(pem)[0] ?? ''
  } catch {
    return ''
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
