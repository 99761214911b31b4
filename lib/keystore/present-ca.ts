import { isIssuedBy, openCertificate, splitPem } from '../identity/certificate.ts'
import { readTrusted } from './rotate/cas.ts'

/**
 * Is this certificate of the authority that is in the folder now? What an authority that was replaced has issued is in its
 * place until it is issued anew, and goes with a `ca.pem` that no other machine has any more. While an authority is
 * rotated, both are present.
 *
 * @param root - the folder that `init` made
 * @param pem - the certificate, the first one where there are several
 * @returns true also where there is no authority, as in a copy of the folder without it
 */
export async function isOfPresentAuthority(root: string, pem: string): Promise<boolean> {
  const trusted = await readTrusted(root)
  if (trusted === undefined) return true
  const [first = ''] = splitPem(pem)
  const leaf = openCertificate(first)
  return isIssuedBy(leaf, trusted)
}
